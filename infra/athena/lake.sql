-- The lake as tables, for Athena (and Trino, whose Hive connector reads the same). Replace ${bucket}.
--
-- Partitions are computed, not crawled: a month is there as soon as it has a file, from 2015-01 on; whoever has older orders
-- begins both ranges earlier. Rows repeat and lie in any file of their month, so nobody counts rows of waymark_orders: the
-- view waymark_orders_latest holds one row an order, and the query at the end takes an order as of any instant.

CREATE EXTERNAL TABLE IF NOT EXISTS waymark_orders (
  order_id       string   COMMENT '10-20 digits',
  seller_id      string,
  version        bigint   COMMENT 'counts the writes of the order',
  learned_at     bigint   COMMENT 'Unix seconds; of the rows learned by an instant, the greatest (learned_at, version) counts',
  paid_at        bigint   COMMENT 'Unix seconds',
  destination    string   COMMENT 'ISO 3166-1 alpha-2',
  policy         string   COMMENT 'the pack that applies',
  policy_early   boolean  COMMENT 'it applies before its own date',
  gmv_cents      bigint   COMMENT 'USD cents; 0 when excluded',
  excluded       boolean  COMMENT 'cancelled before shipment, or stated by its seller alone',
  fulfilment_met boolean  COMMENT 'A1 and B1; a figure counts from its _at on',
  fulfilment_at  bigint   COMMENT 'Unix seconds',
  upload_met     boolean  COMMENT 'A1',
  upload_at      bigint   COMMENT 'Unix seconds',
  pickup_met     boolean  COMMENT 'B1',
  pickup_at      bigint   COMMENT 'Unix seconds',
  delivery_met   boolean  COMMENT 'signed within the deadline of B4',
  delivery_at    bigint   COMMENT 'Unix seconds',
  nodes_met      boolean  COMMENT 'B2, once all timelines have ended',
  nodes_at       bigint   COMMENT 'Unix seconds',
  nodes_missing  string   COMMENT 'what they lack, if B2 is not met: departed_origin,import_customs',
  carrier        string   COMMENT 'of the first accepted upload',
  first_upload_at bigint  COMMENT 'Unix seconds; the first accepted upload',
  late_pickup_at bigint   COMMENT 'Unix seconds; where B1 is missed, the pickup that came late',
  unconfirmed    boolean  COMMENT 'its seller alone stated it; empty where an operator did',
  superseded_at  bigint   COMMENT 'Unix seconds; in a compacted file, until when the row was the latest of its order',
  state          binary   COMMENT 'the order as stored'
)
PARTITIONED BY (month string COMMENT 'payment month in the platform zone, YYYY-MM')
STORED AS PARQUET
LOCATION 's3://${bucket}/lake/orders/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.month.type' = 'date',
  'projection.month.format' = 'yyyy-MM',
  'projection.month.range' = '2015-01,NOW',
  'projection.month.interval' = '1',
  'projection.month.interval.unit' = 'MONTHS',
  'storage.location.template' = 's3://${bucket}/lake/orders/month=${month}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS waymark_ledger (
  entry_id     string,
  order_id     string,
  seller_id    string,
  clause       string  COMMENT 'A6, B3 or B4',
  kind         string  COMMENT 'fine, hold, void or reversal',
  amount_cents bigint  COMMENT 'signed USD cents; fines and reversals make the balance',
  as_of        bigint  COMMENT 'Unix seconds; the instant of the scan that posted it',
  effective_at bigint  COMMENT 'Unix seconds',
  policy       string,
  document     string  COMMENT 'the entry as JSON'
)
PARTITIONED BY (month string COMMENT 'payment month of the order in the platform zone, YYYY-MM')
STORED AS PARQUET
LOCATION 's3://${bucket}/lake/ledger/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.month.type' = 'date',
  'projection.month.format' = 'yyyy-MM',
  'projection.month.range' = '2015-01,NOW',
  'projection.month.interval' = '1',
  'projection.month.interval.unit' = 'MONTHS',
  'storage.location.template' = 's3://${bucket}/lake/ledger/month=${month}/'
);

CREATE OR REPLACE VIEW waymark_orders_latest AS
SELECT * FROM (
  SELECT o.*, row_number() OVER (PARTITION BY month, order_id ORDER BY learned_at DESC, version DESC) AS place
  FROM waymark_orders o
  WHERE superseded_at IS NULL
) ranked
WHERE place = 1;

-- A month's figures as of an instant, seller by seller, as the report has them. Parameters: month, instant (Unix seconds).
PREPARE waymark_figures FROM
WITH known AS (
  SELECT o.*, row_number() OVER (PARTITION BY order_id ORDER BY learned_at DESC, version DESC) AS place
  FROM waymark_orders o
  WHERE month = ?
    AND learned_at <= ?
    AND (superseded_at IS NULL OR superseded_at > ?)
)
SELECT
  seller_id,
  count(*) AS orders,
  count(*) FILTER (WHERE excluded) AS excluded,
  sum(gmv_cents) AS gmv_cents,
  count(*) FILTER (WHERE NOT excluded AND fulfilment_at <= ?) AS fulfilment_due,
  count(*) FILTER (WHERE NOT excluded AND fulfilment_at <= ? AND fulfilment_met) AS fulfilment_met,
  count(*) FILTER (WHERE NOT excluded AND delivery_at <= ?) AS delivery_due,
  count(*) FILTER (WHERE NOT excluded AND delivery_at <= ? AND delivery_met) AS delivery_met,
  count(*) FILTER (WHERE NOT excluded AND nodes_at <= ?) AS nodes_due,
  count(*) FILTER (WHERE NOT excluded AND nodes_at <= ? AND nodes_met) AS nodes_met
FROM known
WHERE place = 1
GROUP BY seller_id
ORDER BY seller_id;
