//! What to do before a deadline, in English and Chinese, from `data/deadlines.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::policy::KeyAccountPolicy;
use crate::{Cents, Policy};

/// What to do before a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// Upload the tracking number (A1).
    Upload,
    /// Mend the row that failed and upload it again (A1, A6).
    UploadAgain,
    /// Get the parcel picked up (B1).
    Pickup,
    /// Get the carrier to report, or report what it has not (B3).
    Silence,
    /// Get the parcel delivered, or appeal (B4).
    SignOff,
    /// The order has no live parcel at all: send it, refund it or appeal (B4).
    SignOffUnsent,
    /// An appeal is pending: follow it up (B5).
    SignOffAppealed,
}

/// The texts of one advice, filled in for a policy pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdviceTexts {
    /// What happens at the deadline, in English.
    pub risk_en: String,
    /// What happens at the deadline, in Chinese.
    pub risk_zh: String,
    /// What to do, in English: short enough for a table's cell.
    pub do_en: String,
    /// What to do, in Chinese.
    pub do_zh: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    risk_en: String,
    risk_zh: String,
    do_en: String,
    do_zh: String,
}

static SHIPPED: LazyLock<BTreeMap<Advice, Texts>> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/deadlines.toml"))
        .expect("a test reads the shipped texts of deadlines")
});

impl Advice {
    /// Every advice.
    pub const ALL: [Self; 7] = [
        Self::Upload,
        Self::UploadAgain,
        Self::Pickup,
        Self::Silence,
        Self::SignOff,
        Self::SignOffUnsent,
        Self::SignOffAppealed,
    ];

    /// The advice in words, with the numbers of a policy pack and C1's.
    pub fn texts(self, policy: &Policy, key_account: &KeyAccountPolicy) -> AdviceTexts {
        let texts = &SHIPPED[&self];
        let numbers = Numbers::of(policy, key_account);
        AdviceTexts {
            risk_en: numbers.fill(&texts.risk_en),
            risk_zh: numbers.fill(&texts.risk_zh),
            do_en: numbers.fill(&texts.do_en),
            do_zh: numbers.fill(&texts.do_zh),
        }
    }
}

/// What the placeholders stand for: a name and its value.
struct Numbers([(&'static str, String); 8]);

impl Numbers {
    fn of(policy: &Policy, key_account: &KeyAccountPolicy) -> Self {
        let hours = |elapsed: crate::Elapsed| (elapsed.seconds() / 3_600).to_string();
        let percent = Cents(i64::from(policy.sign_off.fine_basis_points)).to_string();
        Self([
            ("{upload_hours}", hours(policy.upload_max())),
            (
                "{upload_fine}",
                Cents(i64::from(policy.upload.fine_cents)).to_string(),
            ),
            ("{pickup_hours}", hours(policy.pickup_max())),
            ("{silence_hours}", hours(policy.silence_max())),
            (
                "{silence_fine}",
                Cents(i64::from(policy.silence.fine_cents)).to_string(),
            ),
            (
                "{sign_off_days}",
                (policy.sign_off_max().seconds() / 86_400).to_string(),
            ),
            (
                "{sign_off_percent}",
                percent.trim_end_matches('0').trim_end_matches('.').to_owned(),
            ),
            (
                "{fulfilment_percent}",
                key_account.fulfilment_percent_min.to_string(),
            ),
        ])
    }

    fn fill(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::PolicyBook;

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{')
            .skip(1)
            .filter_map(|piece| piece.split_once('}').map(|(name, _)| name))
            .collect()
    }

    #[test]
    fn every_advice_speaks_both_languages_of_the_same_numbers() {
        let shipped: BTreeMap<Advice, Texts> =
            toml::from_str(include_str!("../../data/deadlines.toml")).expect("the shipped texts");
        assert_eq!(shipped.keys().copied().collect::<Vec<_>>(), Advice::ALL);
        for (advice, texts) in &shipped {
            for (en, zh) in [(&texts.risk_en, &texts.risk_zh), (&texts.do_en, &texts.do_zh)] {
                assert_eq!(placeholders(en), placeholders(zh), "{advice:?}");
                assert!(en.is_ascii() && !zh.is_ascii(), "{advice:?}: {en} / {zh}");
            }
        }
    }

    #[test]
    fn the_numbers_are_the_policys() {
        let book = PolicyBook::shipped();
        for advice in Advice::ALL {
            let texts = advice.texts(book.newest(), book.newest_key_account());
            for text in [&texts.risk_en, &texts.risk_zh, &texts.do_en, &texts.do_zh] {
                assert!(!text.contains(['{', '}']), "{advice:?}: {text}");
            }
        }
        let silence = Advice::Silence.texts(book.newest(), book.newest_key_account());
        assert!(
            silence.risk_en.contains("48 h") && silence.risk_en.contains("1.20"),
            "{}",
            silence.risk_en
        );
    }
}
