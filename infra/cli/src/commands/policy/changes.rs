//! What one policy says otherwise than another, value by value.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use toml::Value;

/// Fields by which the tables of a list are told apart, else their places.
const NAMES: [&str; 3] = ["version", "id", "country"];

/// A value that is not the same in both.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Change {
    /// Where it stands: `pack[V4.2].silence.fine_cents`.
    at: String,
    /// Absent where only the later policy says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    /// Absent where only the earlier policy says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
        write!(f, "{}: {} → {}", self.at, said(&self.before), said(&self.after))
    }
}

/// The values in which two texts differ, by their places. A text that is no TOML says nothing.
pub(super) fn changes(before: &str, after: &str) -> Vec<Change> {
    let (before, mut after) = (values(before), values(after));
    let mut changes = Vec::new();
    for (at, before) in before {
        let after = after.remove(&at);
        if after.as_ref() != Some(&before) {
            let before = Some(before);
            changes.push(Change { at, before, after });
        }
    }
    changes.extend(after.into_iter().map(|(at, after)| Change {
        at,
        before: None,
        after: Some(after),
    }));
    changes.sort_by(|one, other| one.at.cmp(&other.at));
    changes
}

fn values(text: &str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for (name, value) in toml::from_str::<toml::Table>(text).unwrap_or_default() {
        add(&mut values, name, &value);
    }
    values
}

fn add(values: &mut BTreeMap<String, String>, at: String, value: &Value) {
    match value {
        Value::Table(table) => {
            for (name, value) in table {
                add(values, format!("{at}.{name}"), value);
            }
        }
        Value::Array(list) if list.iter().any(Value::is_table) => {
            for (index, value) in list.iter().enumerate() {
                let named = NAMES.iter().find_map(|name| value.get(name)?.as_str());
                let place = named.map_or_else(|| (index + 1).to_string(), str::to_owned);
                let mut place = format!("{at}[{place}]");
                // Two of one name: a country that is on the list for two spans.
                while values.keys().any(|known| known.starts_with(&format!("{place}."))) {
                    place.push('\'');
                }
                add(values, place, value);
            }
        }
        value => {
            values.insert(at, written(value));
        }
    }
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(yes) => yes.to_string(),
        Value::Datetime(at) => at.to_string(),
        Value::Array(list) => list.iter().map(written).collect::<Vec<_>>().join(", "),
        Value::Table(table) => table.keys().cloned().collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_has_its_place_and_both_values() {
        let before = "zone = 'A'\n[[pack]]\nversion = 'V1'\n[pack.silence]\nfine_cents = 120\n";
        let after = "zone = 'A'\n[[carrier]]\nid = 'nt'\n[[pack]]\nversion = 'V1'\n[pack.silence]\nfine_cents = 150\n";
        let told: Vec<String> = changes(before, after).iter().map(Change::to_string).collect();
        assert_eq!(
            told,
            ["carrier[nt].id: – → nt", "pack[V1].silence.fine_cents: 120 → 150"]
        );
        assert!(changes(after, after).is_empty());
    }

    #[test]
    fn a_country_on_a_list_twice_keeps_both_spans() {
        let list = |until: &str| {
            format!(
                "[[embargo]]\ncountry = 'IR'\nuntil = '2020-01-01'\n[[embargo]]\ncountry = 'IR'\nuntil = '{until}'\n"
            )
        };
        let told = changes(&list("2026-01-01"), &list("2027-01-01"));
        assert_eq!(told.len(), 1, "{told:?}");
    }
}
