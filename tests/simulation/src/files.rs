//! Files: rows written as the contract's columns.

use domain::{SellerId, Timestamp};
use lake::UploadKey;

use crate::facts::{Kind, Says, Told};

/// A file of the inbox.
#[derive(Clone, Debug)]
pub struct File {
    /// Its kind.
    pub kind: Kind,
    /// Whose it is; an operator's when there is none.
    pub by: Option<String>,
    /// Its name.
    pub name: String,
    /// When its content was learned, as an operator's file may state it.
    pub states: Option<i64>,
    /// Its rows.
    pub rows: Vec<Says>,
}

impl File {
    /// Its key.
    pub fn key(&self) -> UploadKey {
        UploadKey {
            kind: self.kind.as_str().to_owned(),
            seller_id: self.by.as_deref().and_then(SellerId::parse),
            name: self.name.clone(),
        }
    }

    /// What it tells, once it was written at `at` as file number `file`.
    pub fn told(&self, file: u32, at: i64) -> Vec<Told> {
        let rows = self.rows.iter().zip(1..);
        rows.map(|(says, row)| Told {
            file,
            row,
            by: self.by.clone(),
            at: self.states.filter(|_| self.by.is_none()).unwrap_or(at),
            says: says.clone(),
        })
        .collect()
    }

    /// Its content.
    ///
    /// # Panics
    /// Never: memory takes every byte.
    pub fn csv(&self) -> Vec<u8> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(columns(self.kind))
            .expect("memory takes every record");
        for row in &self.rows {
            csv.write_record(cells(row, self.by.is_some()))
                .expect("memory takes every record");
        }
        csv.into_inner().expect("memory takes every byte")
    }
}

fn columns(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Rates => &["date", "currency", "usd_per_unit"],
        Kind::Orders => &[
            "order_id",
            "seller_id",
            "paid_at",
            "amount",
            "currency",
            "destination_country",
            "status",
            "status_at",
        ],
        Kind::Tracking => &[
            "order_id",
            "carrier",
            "tracking_number",
            "uploaded_at",
            "send_type",
            "invoice_no",
            "consignee_tax_id",
        ],
        Kind::Events => &[
            "carrier",
            "tracking_number",
            "event_code",
            "occurred_at",
            "recorded_at",
        ],
        Kind::Appeals => &[
            "appeal_id",
            "order_id",
            "clause",
            "reason",
            "status",
            "filed_at",
            "decided_at",
        ],
    }
}

fn time(at: i64) -> String {
    Timestamp::from_unix(at).to_string()
}

fn maybe(at: Option<i64>) -> String {
    at.map(time).unwrap_or_default()
}

fn cells(says: &Says, by_seller: bool) -> Vec<String> {
    let own = |text: &str| text.to_owned();
    match says {
        Says::Rate {
            date,
            currency,
            ten_thousandths,
        } => vec![
            own(date),
            own(currency),
            format!("{}.{:04}", ten_thousandths / 10_000, ten_thousandths % 10_000),
        ],
        Says::Order {
            order_id,
            seller,
            paid_at,
            cents,
            currency,
            country,
            status,
            status_at,
        } => vec![
            own(order_id),
            own(seller),
            time(*paid_at),
            format!("{}.{:02}", cents / 100, cents % 100),
            own(currency),
            own(country),
            own(status.as_str()),
            maybe(*status_at),
        ],
        Says::Tracking {
            order_id,
            carrier,
            number,
            uploaded_at,
            all,
            invoice,
            tax_id,
        } => vec![
            own(order_id),
            own(carrier),
            own(number),
            maybe(*uploaded_at),
            own(if *all { "all" } else { "part" }),
            own(if *invoice { "INV77" } else { "" }),
            own(tax_id),
        ],
        Says::Event {
            carrier,
            number,
            node,
            occurred_at,
            recorded_at,
        } => vec![
            own(carrier),
            own(number),
            own(node),
            time(*occurred_at),
            maybe(*recorded_at),
        ],
        Says::Appeal {
            appeal_id,
            order_id,
            clause,
            status,
            filed_at,
            decided_at,
            ..
        } => vec![
            own(appeal_id),
            own(order_id),
            own(clause),
            own("carrier_delay"),
            own(status.as_str()),
            // A seller's own file is not believed in its times.
            if by_seller { String::new() } else { time(*filed_at) },
            maybe(*decided_at),
        ],
        Says::Noise(kind) => columns(*kind).iter().map(|_| own("?")).collect(),
    }
}
