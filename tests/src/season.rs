//! Seasons: tables of orders, parcels and events, read from a folder, written to one, cut into days.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use domain::{Timestamp, Zone};

/// Files in the order in which they are uploaded.
const FILES: [&str; 6] = [
    "rates",
    "orders",
    "tracking",
    "tracking-mended",
    "events",
    "appeals",
];

/// One file of a season.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The columns.
    pub header: Vec<String>,
    /// The rows' cells.
    pub rows: Vec<Vec<String>>,
}

/// A season, or a day of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Season {
    tables: BTreeMap<&'static str, Table>,
}

/// The folder of a season under `shared/data`, which lies beside the checkout; `None`, and a word about it, where the
/// data is not there.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub fn real_season(name: &str) -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = data.join(name);
    if !folder.is_dir() {
        eprintln!("skipped: there is no season {name} at {}", data.display());
        return None;
    }
    Some(folder)
}

impl Table {
    /// A table of these columns, without rows.
    pub fn new(columns: &[&str]) -> Self {
        Self {
            header: columns.iter().map(|column| (*column).to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// The table as csv.
    ///
    /// # Panics
    /// Never: memory takes every byte.
    pub fn csv(&self) -> Vec<u8> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        for row in std::iter::once(&self.header).chain(&self.rows) {
            csv.write_record(row).expect("memory takes every record");
        }
        csv.into_inner().expect("memory takes every byte")
    }

    /// The cell of a row under a column; empty where the table has no such column.
    pub fn cell<'a>(&self, row: &'a [String], column: &str) -> &'a str {
        self.column(column).map_or("", |index| row[index].as_str())
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    fn with_cells(&self, row: &[String], cells: &[(&str, &str)]) -> Vec<String> {
        let mut changed = row.to_vec();
        for (column, cell) in cells {
            if let Some(index) = self.column(column) {
                (*cell).clone_into(&mut changed[index]);
            }
        }
        changed
    }
}

impl Season {
    /// Reads `<file>.csv` of a folder, as many of the season's files as there are.
    ///
    /// # Panics
    /// When a file is no csv.
    pub fn read(folder: &Path) -> Self {
        let mut season = Self::default();
        for file in FILES {
            let path = folder.join(format!("{file}.csv"));
            if path.exists() {
                let mut csv = csv::Reader::from_path(&path).expect("a season's file can be opened");
                let cells = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
                let header = cells(csv.headers().expect("a season's file has a header"));
                let rows = csv
                    .records()
                    .map(|record| cells(&record.expect("a season's file is sound csv")))
                    .collect();
                season.tables.insert(file, Table { header, rows });
            }
        }
        season
    }

    /// The season's table of that name.
    ///
    /// # Panics
    /// When the season has none.
    pub fn table(&self, file: &str) -> &Table {
        self.tables.get(file).expect("the season has the table")
    }

    /// Puts a table into the season.
    ///
    /// # Panics
    /// When no file of a season is called so.
    pub fn put(&mut self, file: &str, table: Table) {
        let file = FILES
            .into_iter()
            .find(|known| *known == file)
            .expect("a name of a season's file");
        self.tables.insert(file, table);
    }

    /// Names and contents of the season's files, in the order of their upload.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &Table)> {
        FILES
            .into_iter()
            .filter_map(|file| self.tables.get(file).map(|table| (file, table)))
    }

    /// Writes the season's files into a folder; gives their paths in the order of their upload.
    ///
    /// # Panics
    /// When the disk refuses.
    pub fn write(&self, folder: &Path) -> Vec<PathBuf> {
        fs::create_dir_all(folder).expect("a folder for the season can be made");
        let written = self.files().map(|(file, table)| {
            let path = folder.join(format!("{file}.csv"));
            fs::write(&path, table.csv()).expect("a season's file can be written");
            path
        });
        written.collect()
    }

    /// Writes the season as `waymark replay` plays it: a folder a day.
    ///
    /// # Panics
    /// When the disk refuses, or a row has no time to go by.
    pub fn write_days(&self, folder: &Path, zone: Zone) {
        for (day, season) in self.days(zone) {
            season.write(&folder.join(day.to_string()));
        }
    }

    /// The season cut into the days on which its facts were learned: an order on its payment day as `paid` and again
    /// on its status day; a parcel by its upload, an event by its recording; an appeal on its filing day as `pending`
    /// and again when decided; all rates on the first day.
    ///
    /// # Panics
    /// When a row has no time to go by.
    pub fn days(&self, zone: Zone) -> BTreeMap<NaiveDate, Self> {
        let mut days: BTreeMap<NaiveDate, Self> = BTreeMap::new();
        for (file, table) in self.files().filter(|(file, _)| *file != "rates") {
            for row in &table.rows {
                for (day, row) in learned_on(file, table, row, zone) {
                    days.entry(day).or_default().rows_of(file, table).push(row);
                }
            }
        }
        if let (Some(mut first), Some(rates)) = (days.first_entry(), self.tables.get("rates")) {
            first.get_mut().put("rates", rates.clone());
        }
        days
    }

    fn rows_of(&mut self, file: &'static str, like: &Table) -> &mut Vec<Vec<String>> {
        &mut self
            .tables
            .entry(file)
            .or_insert_with(|| Table {
                header: like.header.clone(),
                rows: Vec::new(),
            })
            .rows
    }
}

/// The days on which a row was learned, and as what.
fn learned_on(file: &str, table: &Table, row: &[String], zone: Zone) -> Vec<(NaiveDate, Vec<String>)> {
    let day = |column: &str| {
        let at: Timestamp = table
            .cell(row, column)
            .parse()
            .expect("a season's times are RFC 3339");
        at.date_in(zone)
    };
    let is = |column: &str, value: &str| table.cell(row, column) == value;
    let in_two = match file {
        "orders" if !is("status", "paid") => Some(("paid_at", "status_at", ["paid", ""])),
        "appeals" if !is("decided_at", "") => Some(("filed_at", "decided_at", ["pending", ""])),
        _ => None,
    };
    match in_two {
        Some((first, then, [status, none])) if day(first) != day(then) => {
            vec![
                (
                    day(first),
                    table.with_cells(row, &[("status", status), (then, none)]),
                ),
                (day(then), row.to_vec()),
            ]
        }
        Some((first, ..)) => vec![(day(first), row.to_vec())],
        None => {
            let column = match file {
                "orders" => "paid_at",
                "events" => "recorded_at",
                "appeals" => "filed_at",
                _ => "uploaded_at",
            };
            vec![(day(column), row.to_vec())]
        }
    }
}
