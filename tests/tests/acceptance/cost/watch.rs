//! What the stack watches itself by: its alarms, and the figures that its functions log.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::cost::document::{grouped, table};

/// The table of what is paid for by the month, whatever it tells.
pub(crate) fn counted() -> String {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let template = fs::read_to_string(top.join("infra/template.yaml")).expect("the template");
    let rows = [
        ("metrics that alarms go by", metrics_of_alarms(&template)),
        (
            "figures that functions log and state machines put",
            figures(&top.join("functions")) + figures_put(&top.join("infra/statemachines")),
        ),
    ];
    table(
        &["of the stack", "count"],
        &rows.map(|(what, count)| vec![what.to_owned(), grouped(count)]),
    )
}

/// Only alarms name metrics. A band around one is charged as two more.
fn metrics_of_alarms(template: &str) -> u64 {
    let named = template.matches("MetricName: ").count();
    let bands = template.matches("ANOMALY_DETECTION_BAND(").count();
    (named + 2 * bands) as u64
}

/// Each figure of each function is a custom metric.
fn figures(functions: &Path) -> u64 {
    let mut found = BTreeSet::new();
    for function in entries(functions) {
        for file in entries(&function.join("src")) {
            if file.extension().is_some_and(|extension| extension == "rs") {
                let source = fs::read_to_string(&file).expect("a source");
                for call in source.split("Metric::").skip(1) {
                    let figure = call
                        .strip_prefix("count(")
                        .or_else(|| call.strip_prefix("amount("));
                    let name = figure.and_then(|figure| figure.split('"').nth(1));
                    found.extend(name.map(|name| (function.clone(), name.to_owned())));
                }
            }
        }
    }
    found.len() as u64
}

/// Each state of a state machine that puts a figure puts one of its own.
fn figures_put(machines: &Path) -> u64 {
    let texts = entries(machines).into_iter();
    let texts = texts.map(|path| fs::read_to_string(path).expect("a state machine"));
    texts
        .map(|text| text.matches("\"MetricName\": ").count() as u64)
        .sum()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}
