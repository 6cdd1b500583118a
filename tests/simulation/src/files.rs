//! Files: rows written as the contract's columns.

use domain::{PolicyBook, SellerId, Timestamp};
use lake::UploadKey;

use crate::facts::{Kind, Says, Told};
use crate::people::{BEGINS, DAY, HOUR};

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

    /// When its content was learned, once it was written at an instant.
    pub fn learned_at(&self, written_at: i64) -> i64 {
        self.states.filter(|_| self.by.is_none()).unwrap_or(written_at)
    }

    /// What it tells by one of its writings, the first of which was number `file`, at `at`.
    pub fn told(&self, (file, at): (u32, i64), writing: u32) -> Vec<Told> {
        let rows = self.rows.iter().zip(1..);
        rows.map(|(says, row)| Told {
            writing,
            file,
            row,
            by: self.by.clone(),
            at,
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

/// A day of the platform's zone, in days from the season's first.
fn date(day: i64) -> String {
    let noon = Timestamp::from_unix(BEGINS + day * DAY + 12 * HOUR);
    noon.date_in(PolicyBook::shipped().zone).to_string()
}

fn maybe(at: Option<i64>) -> String {
    at.map(time).unwrap_or_default()
}

fn cells(says: &Says, by_seller: bool) -> Vec<String> {
    let own = |text: &str| text.to_owned();
    match says {
        Says::Rate {
            day,
            currency,
            ten_thousandths,
        } => vec![
            date(*day),
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
