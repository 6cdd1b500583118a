//! What the clauses say, in English and Chinese, from `data/clauses.toml`.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::{Cents, Policy};

/// One clause as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClauseText {
    /// Its id: `B3`.
    pub id: String,
    /// Its name.
    pub name_en: String,
    /// Its name.
    pub name_zh: String,
    /// The sentence of the source that it rests on.
    pub source_zh: String,
    /// Our translation of that sentence.
    pub source_en: String,
    /// How we read it.
    pub rule_en: String,
    /// How we read it.
    pub rule_zh: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClausesFile {
    clause: Vec<ClauseText>,
}

static SHIPPED: LazyLock<Vec<ClauseText>> = LazyLock::new(|| {
    let file: ClausesFile =
        toml::from_str(include_str!("../data/clauses.toml")).expect("a test reads the shipped clauses");
    file.clause
});

const PLACEHOLDERS: [&str; 5] = ["{fine}", "{hours}", "{days}", "{percent}", "{cap}"];

/// The text of a clause with the numbers of a policy pack filled in, or `…` where the pack is not known; `None` for a
/// clause on which neither an entry nor a stage of a diagnosis rests.
pub fn clause_text(id: &str, policy: Option<&Policy>) -> Option<ClauseText> {
    let text = SHIPPED.iter().find(|text| text.id == id)?;
    let numbers = policy.map_or(PLACEHOLDERS.map(|_| "…".to_owned()), |policy| {
        numbers(id, policy)
    });
    let filled = |text: &str| {
        let pairs = PLACEHOLDERS.iter().zip(&numbers);
        pairs.fold(text.to_owned(), |text, (name, number)| text.replace(name, number))
    };
    Some(ClauseText {
        rule_en: filled(&text.rule_en),
        rule_zh: filled(&text.rule_zh),
        ..text.clone()
    })
}

/// What stands for the placeholders.
fn numbers(id: &str, policy: &Policy) -> [String; 5] {
    let cents = |cents: u32| Cents(i64::from(cents)).to_string();
    let fine = if id == "A6" {
        policy.upload.fine_cents
    } else {
        policy.silence.fine_cents
    };
    let limit = match id {
        "A1" => policy.upload_max(),
        "B1" => policy.pickup_max(),
        _ => policy.silence_max(),
    };
    [
        cents(fine),
        (limit.seconds() / 3_600).to_string(),
        (policy.sign_off_max().seconds() / 86_400).to_string(),
        policy.sign_off.percent(),
        cents(policy.sign_off.fine_cents_max),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PolicyBook;

    #[test]
    fn both_languages_say_the_same_numbers_and_neither_is_left_out() {
        for text in SHIPPED.iter() {
            for placeholder in PLACEHOLDERS {
                assert_eq!(
                    text.rule_en.contains(placeholder),
                    text.rule_zh.contains(placeholder),
                    "{} {placeholder}",
                    text.id
                );
            }
            let texts = [
                (&text.name_en, &text.name_zh),
                (&text.source_en, &text.source_zh),
                (&text.rule_en, &text.rule_zh),
            ];
            for (en, zh) in texts {
                assert!(
                    en.chars().filter(|c| !c.is_ascii()).all(|c| c == '×') && !en.is_empty(),
                    "{en}"
                );
                assert!(zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{zh}");
            }
        }
    }

    #[test]
    fn every_clause_that_a_stage_rests_on_and_every_fined_code_has_a_text_with_its_numbers() {
        let policy = PolicyBook::shipped().newest();
        let fined = policy.upload.fined_codes.iter().map(|code| code.clause());
        for id in ["A1", "A3", "A6", "B1", "B2", "B3", "B4", "B5"]
            .into_iter()
            .chain(fined)
        {
            let text = clause_text(id, Some(policy)).unwrap_or_else(|| panic!("a text for {id}"));
            assert!(
                !text.rule_en.contains('{') && !text.rule_zh.contains('{'),
                "{text:?}"
            );
        }
        let sign_off = clause_text("B4", Some(policy)).expect("a text");
        assert!(sign_off.rule_en.contains("5 % of") && sign_off.rule_en.contains("USD 50.00"));
        assert!(sign_off.rule_en.contains("30 × 24 hours"));
        let upload = clause_text("A1", Some(policy)).expect("a text");
        assert!(upload.rule_en.contains("24 hours"), "{upload:?}");
        let unknown = clause_text("B4", None).expect("a text");
        assert!(
            unknown.rule_en.starts_with("… % of the order's amount"),
            "{unknown:?}"
        );
    }
}
