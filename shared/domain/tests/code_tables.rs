//! The codes of carriers whose tables are written here from what they publish: each stands for the node that
//! `golden/code_tables.csv` says, and none of them is unmapped.

use domain::event_code::{Report, understand};

fn rows() -> Vec<[String; 4]> {
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/golden/code_tables.csv"
    ));
    let text = text.expect("the golden file");
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let row = |row: Result<csv::StringRecord, csv::Error>| {
        let row = row.expect("a row");
        [0, 1, 2, 3].map(|at| row.get(at).unwrap_or_default().to_owned())
    };
    rows.records().map(row).collect()
}

#[test]
fn every_code_of_a_written_table_stands_for_its_node() {
    for [carrier, code, country, node] in rows() {
        let report = Report {
            code: &code,
            description: "",
            country: domain::country::canonical(&country),
        };
        let understood = understand(&carrier, &report);
        let found = understood.map(|understood| (understood.node.as_str(), understood.is_code));
        assert_eq!(found, Some((node.as_str(), true)), "{carrier} {code} {country}");
    }
}

#[test]
fn the_written_tables_of_yunexpress_and_yanwen_are_complete() {
    let file: toml::Table = toml::from_str(include_str!("../data/event_codes.toml")).expect("the table");
    let rows = rows();
    for carrier in ["yunexpress", "yanwen"] {
        let table = file["tables"][carrier].as_table().expect("its table");
        for code in table.keys() {
            let is_held = rows
                .iter()
                .any(|[owner, held, ..]| owner == carrier && held == code);
            assert!(is_held, "{carrier} {code} is in no golden row");
        }
    }
}
