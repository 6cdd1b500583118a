//! What people write around a tax id: `CPF: 529…`, `ИНН 77…`, `RU7707083893`. Data: `data/tax_id_labels.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{COUNTRIES, RULES, TaxIdVerdict};

/// Names around one id, at most: `税号：INN 77…`.
const LABELS_MAX: usize = 3;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Labels {
    labels: Vec<String>,
    prefixes: Vec<String>,
}

static SHIPPED: LazyLock<Labels> = LazyLock::new(|| {
    let mut labels: Labels = toml::from_str(include_str!("../../data/tax_id_labels.toml"))
        .expect("a test reads the shipped labels");
    // The longest first: `vat number` before `vat`.
    labels.labels.sort_by_key(|label| std::cmp::Reverse(label.len()));
    labels
});

/// The id alone, without its name and its country's letters. A text that some country takes as it stands, and one without a
/// name that is known, stays as it is.
pub fn unlabelled(text: &str) -> &str {
    let mut id = text.trim();
    for _ in 0..LABELS_MAX {
        if is_an_id(id) {
            return id;
        }
        let Some(rest) = behind_label(id)
            .or_else(|| before_label(id))
            .or_else(|| behind_prefix(id))
        else {
            return id;
        };
        id = rest;
    }
    id
}

fn is_an_id(text: &str) -> bool {
    RULES.iter().any(|judge| judge(text) != TaxIdVerdict::Invalid)
}

/// What may stand between a name and its id.
fn is_gap(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(
            letter,
            ':' | '：' | '#' | '№' | '.' | '-' | '–' | '=' | '(' | ')' | '（' | '）' | ',' | ';'
        )
}

fn behind_label(text: &str) -> Option<&str> {
    SHIPPED.labels.iter().find_map(|label| {
        let rest = without_lead(text, label)?;
        let first = rest.chars().next()?;
        let is_parted = is_gap(first) || first.is_ascii_digit() || !label.is_ascii();
        let id = rest.trim_matches(is_gap);
        (is_parted && !id.is_empty()).then_some(id)
    })
}

/// `7707083893 (INN)`
fn before_label(text: &str) -> Option<&str> {
    let behind = text.rfind(|letter: char| letter.is_ascii_digit())? + 1;
    let (id, rest) = text.split_at(behind);
    let name = rest.trim_matches(is_gap);
    let is_label = |label: &String| without_lead(name, label).is_some_and(str::is_empty);
    SHIPPED.labels.iter().any(is_label).then_some(id)
}

/// `RU7707083893`: only where the country takes the rest.
fn behind_prefix(text: &str) -> Option<&str> {
    let (prefix, rest) = text.split_at_checked(2)?;
    let prefix = SHIPPED
        .prefixes
        .iter()
        .find(|known| known.eq_ignore_ascii_case(prefix))?;
    let place = COUNTRIES.iter().position(|country| country == prefix)?;
    let id = rest.trim_start_matches(is_gap);
    (RULES[place](id) != TaxIdVerdict::Invalid).then_some(id)
}

/// The text behind `lead`, in any case.
fn without_lead<'t>(text: &'t str, lead: &str) -> Option<&'t str> {
    let mut rest = text.chars();
    for letter in lead.chars() {
        let other = rest.next()?;
        other.to_lowercase().eq(letter.to_lowercase()).then_some(())?;
    }
    Some(rest.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_without_its_name() {
        for (text, id) in [
            ("CPF: 529.982.247-25", "529.982.247-25"),
            ("INN:7707083893", "7707083893"),
            ("ИНН 7707083893", "7707083893"),
            ("инн№7707083893", "7707083893"),
            ("RU7707083893", "7707083893"),
            ("RUT 12.345.678-5", "12.345.678-5"),
            ("税号：7707083893", "7707083893"),
            ("税号：INN 7707083893", "7707083893"),
            ("收件人税号 CPF/CNPJ: 52998224725", "52998224725"),
            ("RFC GODE561231GR8", "GODE561231GR8"),
            ("MX GODE561231GR8", "GODE561231GR8"),
            ("7707083893 (INN)", "7707083893"),
            ("CPF: 2345678054", "2345678054"),
            // Nothing is taken off what is an id, or has no name.
            ("RFC010101AB9", "RFC010101AB9"),
            ("7707083893", "7707083893"),
            ("RU77", "RU77"),
            ("INNOVATION LTD", "INNOVATION LTD"),
            ("CPF", "CPF"),
            ("", ""),
        ] {
            assert_eq!(unlabelled(text), id, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_left_stands_in_the_text_and_is_left_alone(text in "(CPF|INN|RU|税号|)[ :：]{0,2}[0-9A-Z.-]{0,16}") {
            let id = unlabelled(&text);
            proptest::prop_assert!(text.contains(id));
            proptest::prop_assert!(is_an_id(id) || unlabelled(id).len() <= id.len());
        }
    }
}
