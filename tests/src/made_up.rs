//! Made-up seasons: the same seed makes the same one, and all of it runs where no data is.
//!
//! Small, and dense in trouble: late uploads, bad numbers and their mending, replaced and second parcels, silences
//! around the 48 hours, back-filled and repeated events, parcels nobody knows, cancellations, appeals, three
//! currencies. Nothing is expected of a season: runs of it are held against each other.

use std::ops::RangeInclusive;

use domain::Timestamp;
use rand::Rng;
use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::{Season, Table};

/// 2024-04-01 00:00 in the platform zone.
const BEGINS: Timestamp = Timestamp::from_unix(1_711_954_800);
/// Orders are paid within so many days.
const PAID_WITHIN_DAYS: i64 = 6;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

const RATES: &[&str] = &["date", "currency", "usd_per_unit"];
const ORDERS: &[&str] = &[
    "order_id",
    "seller_id",
    "paid_at",
    "amount",
    "currency",
    "destination_country",
    "category",
    "status",
    "status_at",
];
const TRACKING: &[&str] = &[
    "order_id",
    "carrier",
    "tracking_number",
    "uploaded_at",
    "send_type",
    "invoice_no",
    "consignee_tax_id",
];
const EVENTS: &[&str] = &[
    "carrier",
    "tracking_number",
    "event_code",
    "occurred_at",
    "recorded_at",
    "country",
];
const APPEALS: &[&str] = &[
    "appeal_id",
    "order_id",
    "clause",
    "reason",
    "status",
    "filed_at",
    "decided_at",
    "evidence",
];

/// Destinations, with a tax id that passes where one is wanted.
const DESTINATIONS: &[(&str, &str)] = &[
    ("US", ""),
    ("ES", ""),
    ("FR", ""),
    ("PL", ""),
    ("RU", "7707083893"),
    ("BR", "52998224725"),
    ("KP", ""),
];

/// A season of so many orders.
pub fn made_up(seed: u64, orders: u32) -> Season {
    let mut maker = Maker {
        random: ChaCha8Rng::seed_from_u64(seed),
        orders: Table::new(ORDERS),
        tracking: Vec::new(),
        mended: Vec::new(),
        events: Vec::new(),
        appeals: Table::new(APPEALS),
    };
    for index in 0..orders {
        maker.order(index);
    }
    maker.strangers();
    maker.season()
}

/// A parcel that is shipped: its carrier and number.
type Parcel = (&'static str, String);
/// Rows with the instant that they are sorted by.
type Dated = Vec<(Timestamp, Vec<String>)>;

struct Maker {
    random: ChaCha8Rng,
    orders: Table,
    tracking: Dated,
    mended: Dated,
    events: Dated,
    appeals: Table,
}

struct Paid {
    order_id: String,
    at: Timestamp,
    destination: &'static (&'static str, &'static str),
}

impl Maker {
    fn chance(&mut self, percent: u32) -> bool {
        self.random.random_ratio(percent, 100)
    }

    /// Seconds within so many hours.
    fn within(&mut self, hours: RangeInclusive<i64>) -> i64 {
        self.random
            .random_range(hours.start() * HOUR..=hours.end() * HOUR)
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        *choices.choose(&mut self.random).expect("a choice among some")
    }

    fn order(&mut self, index: u32) {
        let at = after(BEGINS, self.random.random_range(0..PAID_WITHIN_DAYS * DAY));
        let paid = Paid {
            order_id: format!("{}", 8_100_000_000_000_000_u64 + u64::from(index) * 7),
            at,
            destination: DESTINATIONS
                .choose_weighted(
                    &mut self.random,
                    |(country, _)| if *country == "KP" { 1 } else { 8 },
                )
                .expect("weights"),
        };
        let (status, status_at) = match self.random.random_range(0..100) {
            0..5 => ("cancelled", after(at, self.within(1..=20)).to_string()),
            5..9 => ("refunded", after(at, self.within(24..=900)).to_string()),
            _ => ("paid", String::new()),
        };
        let cents: u32 = if self.chance(10) {
            self.pick(&[9, 10, 99_999, 100_001])
        } else {
            self.random.random_range(300..90_000)
        };
        let row = [
            paid.order_id.clone(),
            format!("S{:05}", self.random.random_range(1..=5)),
            at.to_string(),
            format!("{}.{:02}", cents / 100, cents % 100),
            self.pick(&["USD", "USD", "USD", "EUR", "BRL"]).to_owned(),
            paid.destination.0.to_owned(),
            "toys".to_owned(),
            status.to_owned(),
            status_at,
        ];
        self.orders.rows.push(row.to_vec());
        if status != "cancelled" || self.chance(30) {
            self.ship(&paid);
        }
        if self.chance(25) {
            self.appeal(index, &paid);
        }
    }

    /// Uploads the order's numbers, among them bad ones and their mending.
    fn ship(&mut self, paid: &Paid) {
        let delay = if self.chance(15) {
            self.pick(&[24 * HOUR, 24 * HOUR + 1, 40 * HOUR])
        } else {
            self.within(1..=23)
        };
        let uploaded_at = after(paid.at, delay);
        let parcel = self.parcel();
        if self.chance(14) {
            let taken = self
                .tracking
                .last()
                .map_or_else(String::new, |(_, row)| row[2].clone());
            let spaced = format!("{} {}", &parcel.1[..4], &parcel.1[4..]);
            let bad = self.pick(&[
                ("DHL", ""),
                ("DHL", "1234"),
                ("Nobody Post", "1234567890"),
                (parcel.0, &spaced),
                ("DHL", &taken),
            ]);
            let row = self.tracking_row(paid, (bad.0, bad.1.to_owned()), uploaded_at, "all");
            self.tracking.push((uploaded_at, row));
            if self.chance(70) {
                let mended_at = after(uploaded_at, self.within(2..=30));
                self.send(paid, parcel, mended_at, "all", true);
            }
            return;
        }
        self.send(paid, parcel, uploaded_at, "all", false);
        let again_at = after(uploaded_at, self.within(2..=60));
        match self.random.random_range(0..100) {
            0..6 => {
                let second = self.parcel();
                self.send(paid, second, again_at, "part", true)
            }
            6..10 => {
                let other = self.parcel();
                self.send(paid, other, again_at, "all", true)
            }
            _ => {}
        }
    }

    fn send(&mut self, paid: &Paid, parcel: Parcel, uploaded_at: Timestamp, send_type: &str, mended: bool) {
        let row = self.tracking_row(paid, parcel.clone(), uploaded_at, send_type);
        if mended {
            &mut self.mended
        } else {
            &mut self.tracking
        }
        .push((uploaded_at, row));
        self.travel(&parcel, uploaded_at, paid.destination.0);
    }

    fn tracking_row(
        &mut self,
        paid: &Paid,
        (carrier, number): (&str, String),
        uploaded_at: Timestamp,
        send_type: &str,
    ) -> Vec<String> {
        let invoice = if self.chance(4) {
            String::new()
        } else {
            format!("INV{}", &paid.order_id[10..])
        };
        let cells = [
            &paid.order_id,
            carrier,
            &number,
            &uploaded_at.to_string(),
            send_type,
            &invoice,
            paid.destination.1,
        ];
        cells.map(str::to_owned).to_vec()
    }

    fn parcel(&mut self) -> Parcel {
        if self.chance(50) {
            let serial: u32 = self.random.random_range(100_000_000..1_000_000_000);
            ("DHL", format!("{serial}{}", serial % 7))
        } else {
            (
                "YunExpress",
                format!(
                    "YT{:016}",
                    self.random.random_range(0..10_000_000_000_000_000_u64)
                ),
            )
        }
    }

    /// The parcel's way, which may stop anywhere.
    fn travel(&mut self, parcel: &Parcel, uploaded_at: Timestamp, country: &str) {
        const NODES: [&str; 8] = [
            "picked_up",
            "export_customs",
            "departed_origin",
            "in_transit",
            "arrived_destination",
            "import_customs",
            "out_for_delivery",
            "signed",
        ];
        let mut occurred_at = after(uploaded_at, self.within(2..=52));
        for node in NODES {
            if self.chance(3) {
                return;
            }
            if !self.chance(4) {
                self.report(parcel, node, occurred_at, country);
            }
            let gap = match self.random.random_range(0..100) {
                0..6 => 48 * HOUR,
                6..12 => 48 * HOUR + 1,
                12..22 => self.within(50..=190),
                _ => self.within(3..=46),
            };
            occurred_at = after(occurred_at, gap);
        }
    }

    /// An event, learned soon or late, at times more than once.
    fn report(&mut self, (carrier, number): &Parcel, node: &str, occurred_at: Timestamp, country: &str) {
        for _ in 0..if self.chance(6) { 2 } else { 1 } {
            let delay = if self.chance(10) {
                self.within(20..=120)
            } else {
                self.within(0..=3)
            };
            let recorded_at = after(occurred_at, delay);
            let cells = [
                carrier,
                number.as_str(),
                node,
                &occurred_at.to_string(),
                &recorded_at.to_string(),
                country,
            ];
            self.events.push((recorded_at, cells.map(str::to_owned).to_vec()));
        }
    }

    fn appeal(&mut self, index: u32, paid: &Paid) {
        let filed_at = after(paid.at, self.within(20 * 24..=32 * 24));
        let status = self.pick(&["pending", "accepted", "accepted", "rejected", "withdrawn"]);
        let decided_at = if status == "pending" {
            String::new()
        } else {
            after(filed_at, self.within(1..=120)).to_string()
        };
        let clause = self.pick(&["B4", "B4", "B4", "B3", "A6"]);
        let cells = [
            &format!("A{index:06}"),
            &paid.order_id,
            clause,
            "carrier_delay",
            status,
            &filed_at.to_string(),
            &decided_at,
            "pod.pdf",
        ];
        self.appeals.rows.push(cells.map(str::to_owned).to_vec());
    }

    /// Parcels that no order has.
    fn strangers(&mut self) {
        for _ in 0..3 {
            let parcel = self.parcel();
            let from = after(BEGINS, self.within(0..=100));
            self.travel(&parcel, from, "FR");
        }
    }

    fn season(self) -> Season {
        let mut season = Season::default();
        season.put("rates", rates());
        season.put("orders", self.orders);
        season.put("tracking", sorted(TRACKING, self.tracking));
        season.put("tracking-mended", sorted(TRACKING, self.mended));
        season.put("events", sorted(EVENTS, self.events));
        season.put("appeals", self.appeals);
        season
    }
}

/// Rows in the order in which they were learned, so that the first of two claims to a number is the first row too.
fn sorted(columns: &[&str], mut rows: Dated) -> Table {
    rows.sort();
    Table {
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        ..Table::new(columns)
    }
}

/// A rate every third day, from a week before the first order on.
fn rates() -> Table {
    let mut table = Table::new(RATES);
    for day in (-6..PAID_WITHIN_DAYS).step_by(3) {
        let date = after(BEGINS, day * DAY).to_string()[..10].to_owned();
        for (currency, rate) in [("EUR", "1.0800"), ("BRL", "0.2")] {
            table.rows.push(vec![
                date.clone(),
                currency.to_owned(),
                format!("{rate}{}", day + 7),
            ]);
        }
    }
    table
}

fn after(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_unix(at.unix() + seconds)
}
