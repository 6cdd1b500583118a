//! Figures of a run, as CloudWatch takes them from a log line (embedded metric format): what the alarms go by.

use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// The namespace of every figure.
const NAMESPACE: &str = "Waymark";
/// Its one dimension.
const FUNCTION: &str = "FunctionName";

/// A figure of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    name: &'static str,
    value: i64,
    unit: &'static str,
}

impl Metric {
    /// How many of something.
    pub fn count(name: &'static str, count: u64) -> Self {
        Self {
            name,
            value: i64::try_from(count).unwrap_or(i64::MAX),
            unit: "Count",
        }
    }

    /// An amount that has no unit of CloudWatch's: its name says the unit.
    pub fn amount(name: &'static str, value: i64) -> Self {
        Self {
            name,
            value,
            unit: "None",
        }
    }
}

/// Writes the figures of a run to standard output, which the function's log takes. No figures, no line.
pub(crate) fn emit(function: &str, metrics: &[Metric], now: SystemTime) {
    if metrics.is_empty() {
        return;
    }
    // A log that cannot be written is nothing that a run should fail of.
    let _ = writeln!(io::stdout().lock(), "{}", line(function, metrics, now));
}

fn line(function: &str, metrics: &[Metric], now: SystemTime) -> Value {
    let milliseconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let definitions = metrics
        .iter()
        .map(|metric| json!({ "Name": metric.name, "Unit": metric.unit }));
    let directive = json!({
        "Namespace": NAMESPACE,
        "Dimensions": [[FUNCTION]],
        "Metrics": definitions.collect::<Vec<Value>>(),
    });
    let mut line = json!({
        "_aws": { "Timestamp": u64::try_from(milliseconds).unwrap_or(u64::MAX), "CloudWatchMetrics": [directive] },
        FUNCTION: function,
    });
    for metric in metrics {
        line[metric.name] = metric.value.into();
    }
    line
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_line_names_each_figure_and_holds_it_at_its_root() {
        let metrics = [
            Metric::count("NightsClosed", 1),
            Metric::amount("NightBalanceCents", -120),
        ];
        let now = UNIX_EPOCH + Duration::from_millis(1_718_175_600_123);
        assert_eq!(
            line("waymark-live-night-close", &metrics, now),
            json!({
                "_aws": {
                    "Timestamp": 1_718_175_600_123_u64,
                    "CloudWatchMetrics": [{
                        "Namespace": "Waymark",
                        "Dimensions": [["FunctionName"]],
                        "Metrics": [
                            { "Name": "NightsClosed", "Unit": "Count" },
                            { "Name": "NightBalanceCents", "Unit": "None" },
                        ],
                    }],
                },
                "FunctionName": "waymark-live-night-close",
                "NightsClosed": 1,
                "NightBalanceCents": -120,
            })
        );
    }
}
