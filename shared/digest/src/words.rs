//! Texts in both languages, and times as a clerk reads them.

use domain::carrier::CarrierTable;
use domain::{Elapsed, Node, Timestamp, Zone};
use serde::Serialize;

/// A text in English and Chinese.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Words {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

impl Words {
    /// The two texts.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self {
            en: en.into(),
            zh: zh.into(),
        }
    }

    /// Both languages in one line, for a table that has no switch.
    pub fn both(&self) -> String {
        if self.en == self.zh {
            self.en.clone()
        } else {
            format!("{} / {}", self.zh, self.en)
        }
    }
}

/// Where the sellers are.
pub(crate) const BEIJING: Zone = chrono_tz::Asia::Shanghai;

/// `2024-06-17 15:00` in Beijing.
pub fn beijing(at: Timestamp) -> String {
    minutes_in(at, BEIJING)
}

/// `2024-06-17 00:00` in the platform's zone.
pub fn pacific(at: Timestamp, zone: Zone) -> String {
    minutes_in(at, zone)
}

/// A date and time without its year: `06-17 15:00`.
pub fn short(written: &str) -> &str {
    written.get(5..).unwrap_or(written)
}

fn minutes_in(at: Timestamp, zone: Zone) -> String {
    let written = at.display_in(zone);
    written.get(..16).unwrap_or(&written).to_owned()
}

/// The time left, in days, hours and minutes, minutes cut off: `4 d 23:20`.
pub fn left(span: Elapsed) -> Words {
    let minutes = span.seconds().max(0) / 60;
    let (days, clock) = (
        minutes / 1_440,
        format!("{}:{:02}", minutes / 60 % 24, minutes % 60),
    );
    match days {
        0 => Words::new(clock.clone(), clock),
        _ => Words::new(format!("{days} d {clock:0>5}"), format!("{days} 天 {clock:0>5}")),
    }
}

/// A carrier's names; its id where the table has no such carrier.
pub fn carrier_words(id: &str, table: &CarrierTable) -> Words {
    table.find(id).map_or_else(
        || Words::new(id, id),
        |carrier| Words::new(carrier.name(), carrier.name_zh()),
    )
}

/// A node in words.
pub(crate) fn node_words(node: Node) -> Words {
    let (en, zh) = node.words();
    Words::new(en, zh)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_written_for_people() {
        let words = |seconds| left(Elapsed::from_seconds(seconds));
        assert_eq!(words(5 * 3_600 + 20 * 60 + 59), Words::new("5:20", "5:20"));
        assert_eq!(words(4 * 86_400 + 3_600), Words::new("4 d 01:00", "4 天 01:00"));
        assert_eq!(words(-5), Words::new("0:00", "0:00"));
    }

    #[test]
    fn a_deadline_is_told_in_both_zones() {
        let at: Timestamp = "2024-06-17T07:00:00Z".parse().expect("an instant");
        assert_eq!(beijing(at), "2024-06-17 15:00");
        assert_eq!(pacific(at, chrono_tz::America::Los_Angeles), "2024-06-17 00:00");
        assert_eq!(short(&beijing(at)), "06-17 15:00");
    }
}
