//! The data folder beside the project, where it is there: every file reads, and tracking rows get the codes that the
//! rulebook's own computation expects of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use intake::{Context, Kind, Limits, check, open};

use crate::{at, codes, operator};

/// Codes that need the order, so that intake cannot find them.
const OF_THE_ORDER: [&str; 10] = [
    "UPLOAD_LATE",
    "DEST_SANCTIONED",
    "ORDER_STATE",
    "ORDER_UNKNOWN",
    "INVOICE_MISSING",
    "TAX_ID_MISSING",
    "TAX_ID_INVALID",
    "TAX_ID_CHECK_DIGIT",
    "TAX_ID_MASKED",
    "NUM_USED_ELSEWHERE",
];

/// Later than everything that the files hold.
const AFTER_ALL: &str = "2026-06-01T00:00:00Z";

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn data(folder: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(folder);
    if !path.is_dir() {
        eprintln!("skipped: no data folder {folder}");
        return None;
    }
    Some(path)
}

fn codes_by_row(path: &PathBuf, kind: Kind) -> BTreeMap<u64, Vec<&'static str>> {
    let file = fs::File::open(path).expect("a file of the data folder");
    let mut upload = open(file, kind, Limits::default()).expect("a readable header");
    let columns = upload.columns().clone();
    let context = Context {
        recorded_at: at(AFTER_ALL),
        clock: at(AFTER_ALL),
        ..operator()
    };
    upload
        .by_ref()
        .map(|row| row.expect("a readable row"))
        .map(|row| (row.number(), codes(&check(&row, &columns, &context))))
        .collect()
}

#[test]
fn orders_events_appeals_and_rates_are_taken_whole() {
    for folder in ["season-a", "olist-2017", "scms"] {
        let Some(path) = data(folder) else { return };
        for kind in [Kind::Orders, Kind::Events, Kind::Appeals, Kind::Rates] {
            let file = path.join(format!("{kind}.csv"));
            if !file.exists() {
                continue;
            }
            let found: Vec<_> = codes_by_row(&file, kind)
                .into_iter()
                .filter(|(_, codes)| !codes.is_empty())
                .collect();
            assert!(
                found.is_empty(),
                "{folder} {kind}: {:?}",
                &found[..found.len().min(5)]
            );
        }
    }
}

#[test]
fn tracking_rows_get_the_codes_that_are_expected_of_them() {
    for folder in ["season-a", "olist-2017", "scms"] {
        let Some(path) = data(folder) else { return };
        let expected = expected_codes(
            &fs::read_to_string(path.join("expected.json")).expect("a file of the data folder"),
        );
        for name in ["tracking.csv", "tracking-mended.csv"] {
            let file = path.join(name);
            if !file.exists() {
                continue;
            }
            for (row, mut found) in codes_by_row(&file, Kind::Tracking) {
                found.sort_unstable();
                let mut wanted = expected
                    .get(&format!("{name}:{row}"))
                    .cloned()
                    .unwrap_or_default();
                wanted.retain(|code| !OF_THE_ORDER.contains(&code.as_str()));
                wanted.sort_unstable();
                assert_eq!(found, wanted, "{folder} {name} row {row}");
            }
        }
    }
}

/// The `tracking_codes` of an `expected.json`: `"tracking.csv:7": ["UPLOAD_LATE"]`.
fn expected_codes(json: &str) -> BTreeMap<String, Vec<String>> {
    let json: serde_json::Value = serde_json::from_str(json).expect("JSON");
    let codes = json["tracking_codes"].as_object().expect("an object").iter();
    codes
        .map(|(row, codes)| (row.clone(), serde_json::from_value(codes.clone()).expect("codes")))
        .collect()
}
