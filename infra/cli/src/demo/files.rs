//! A season as files: `YYYY-MM-DD/<kind>.csv`, a fact on the day on which it was learned.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use chrono::NaiveDate;
use domain::{Timestamp, Zone};

/// A row and the day on which it was learned.
pub(super) struct Row {
    pub(super) day: NaiveDate,
    pub(super) kind: &'static str,
    pub(super) cells: Vec<String>,
}

/// Rows by day and kind.
#[derive(Default)]
pub(super) struct Files {
    rows: BTreeMap<(NaiveDate, &'static str), Vec<Vec<String>>>,
}

impl Files {
    pub(super) fn add(&mut self, day: NaiveDate, kind: &'static str, cells: Vec<String>) {
        self.rows.entry((day, kind)).or_default().push(cells);
    }

    /// Writes the files; gives how many there are and how many rows they hold.
    pub(super) fn write(self, directory: &Path) -> io::Result<(u64, u64)> {
        let (mut files, mut written) = (0, 0);
        for ((day, kind), rows) in self.rows {
            let folder = directory.join(day.to_string());
            fs::create_dir_all(&folder)?;
            let mut text = String::from(header(kind));
            for cells in rows {
                text.push('\n');
                text.push_str(&cells.join(","));
                written += 1;
            }
            text.push('\n');
            fs::write(folder.join(format!("{kind}.csv")), text)?;
            files += 1;
        }
        Ok((files, written))
    }
}

/// The day of `zone` on which something was learned.
pub(super) fn learned_on(at: Timestamp, zone: Zone) -> NaiveDate {
    at.date_in(zone)
}

fn header(kind: &str) -> &'static str {
    match kind {
        "rates" => "date,currency,usd_per_unit",
        "orders" => {
            "order_id,seller_id,paid_at,amount,currency,destination_country,category,status,status_at"
        }
        "tracking" => "order_id,carrier,tracking_number,uploaded_at,send_type,invoice_no,consignee_tax_id",
        "events" => "carrier,tracking_number,event_code,occurred_at,recorded_at,country",
        _ => "appeal_id,order_id,clause,reason,status,filed_at,decided_at",
    }
}
