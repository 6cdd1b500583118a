//! C: admission rests on a source of its own, so it has packs of its own, each with its version and date.

use chrono::NaiveDate;
use serde::Deserialize;

use super::{PolicyBook, PolicyError};
use crate::seller::EntityType;
use crate::time::day_starts_at;
use crate::{Month, Timestamp};

/// One pack of admission (C): its source and its numbers from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdmissionPolicy {
    /// The pack's version: `2024-05`.
    pub version: String,
    /// The source's short name, with which reasons cite it.
    pub name_en: String,
    /// The same in Chinese.
    pub name_zh: String,
    /// The source's full title in our translation.
    pub title_en: String,
    /// The source's full title.
    pub title_zh: String,
    /// The first day (platform zone) on which the source is in force.
    pub effective_on: NaiveDate,
    /// Whether that day is our assumption.
    #[serde(default)]
    pub effective_assumed: bool,
    /// C1.
    pub key_account: KeyAccountPolicy,
    /// C4.
    pub entity: EntityPolicy,
}

/// C1: who is a key account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyAccountPolicy {
    /// Complete months looked at.
    pub months: u32,
    /// USD cents a month, on average.
    pub gmv_average_cents_min: i64,
    /// Whether each single month must reach the average's minimum.
    pub gmv_every_month: bool,
    /// Whole per cent of the due orders in each month.
    pub fulfilment_percent_min: u32,
}

/// C4: what the owner may be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityPolicy {
    /// Not admitted, whatever class holds.
    pub refused: Vec<EntityType>,
    /// Admitted only with notarised papers.
    pub notarised: Vec<EntityType>,
}

impl AdmissionPolicy {
    /// As reasons cite the pack, in English and Chinese: `Access Measures 2024-05`.
    pub fn cited(&self) -> (String, String) {
        let cited = |name: &str| format!("{name} {}", self.version);
        (cited(&self.name_en), cited(&self.name_zh))
    }

    fn check(&self) -> Result<(), PolicyError> {
        let unsound = |what: &str| {
            let pack = &self.version;
            Err(PolicyError::Unsound(format!("admission {pack}: {what}")))
        };
        let names = [
            &self.version,
            &self.name_en,
            &self.name_zh,
            &self.title_en,
            &self.title_zh,
        ];
        if names
            .iter()
            .any(|name| name.is_empty() || name.chars().count() > 128)
        {
            return unsound("its version, names and titles need 1-128 characters");
        }
        self.key_account.check().or_else(unsound)
    }
}

impl KeyAccountPolicy {
    /// What cannot be meant, if anything.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.fulfilment_percent_min > 100 {
            return Err("a share is over the whole");
        }
        if !(1..=12).contains(&self.months) {
            return Err("eligibility looks at 1–12 months");
        }
        Ok(())
    }
}

/// The packs of admission in the order of their dates, checked.
pub(super) fn in_order(mut packs: Vec<AdmissionPolicy>) -> Result<Vec<AdmissionPolicy>, PolicyError> {
    packs.sort_by_key(|pack| pack.effective_on);
    if packs.is_empty() {
        return Err(PolicyError::Unsound("it holds no pack of admission".to_owned()));
    }
    if let Some(pair) = packs
        .windows(2)
        .find(|pair| pair[0].effective_on == pair[1].effective_on || pair[0].version == pair[1].version)
    {
        return Err(PolicyError::Unsound(format!(
            "admission {} and {} share a day or a version",
            pair[0].version, pair[1].version
        )));
    }
    packs.iter().try_for_each(AdmissionPolicy::check)?;
    Ok(packs)
}

impl PolicyBook {
    /// The pack of admission (C) in force at an instant; before the first one's date, the first.
    pub fn admission_at(&self, at: Timestamp) -> &AdmissionPolicy {
        let later = self.admissions[1..]
            .iter()
            .rev()
            .find(|pack| day_starts_at(pack.effective_on, self.zone) <= at);
        later.unwrap_or(&self.admissions[0])
    }

    /// The pack of admission that decides a month: the one in force at its last second.
    pub fn admission_of(&self, month: Month) -> &AdmissionPolicy {
        self.admission_at(self.last_second(month))
    }

    /// Whether the pack that decides a month was not yet in force in it (reports say so).
    pub fn admission_applied_early(&self, month: Month) -> bool {
        self.last_second(month) < day_starts_at(self.admissions[0].effective_on, self.zone)
    }

    /// C1's numbers for a month. A file of an earlier release states them in `[pack.eligibility]`: there they go before
    /// those of the admission pack.
    pub fn key_account_of(&self, month: Month) -> &KeyAccountPolicy {
        let pack = self.in_force_at(self.last_second(month));
        let stated = pack.eligibility.key_account.as_ref();
        stated.unwrap_or_else(|| &self.admission_of(month).key_account)
    }

    /// C1's numbers as they stand last.
    pub fn newest_key_account(&self) -> &KeyAccountPolicy {
        let stated = self.newest().eligibility.key_account.as_ref();
        stated.unwrap_or_else(|| &self.admissions[self.admissions.len() - 1].key_account)
    }

    fn last_second(&self, month: Month) -> Timestamp {
        Timestamp::from_unix(month.ends_at(self.zone).unix() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../data/policy.toml");

    fn month(text: &str) -> Month {
        text.parse().expect("a month")
    }

    /// The shipped file with a later pack of admission.
    fn with_a_later_pack() -> PolicyBook {
        let begin = SHIPPED.find("[[admission]]").expect("a pack of admission");
        let end = SHIPPED.find("[[pack]]").expect("a pack");
        let later = SHIPPED[begin..end]
            .replace("2024-05", "2025-02")
            .replace("fulfilment_percent_min = 95", "fulfilment_percent_min = 97");
        PolicyBook::parse(&format!("{SHIPPED}\n{later}")).expect("sound")
    }

    #[test]
    fn a_month_is_decided_by_the_pack_in_force_at_its_end_and_an_early_one_by_the_first() {
        let book = with_a_later_pack();
        for (of, version, is_early, percent) in [
            ("2024-04", "2024-05", true, 95),
            ("2024-05", "2024-05", false, 95),
            ("2025-01", "2024-05", false, 95),
            ("2025-02", "2025-02", false, 97),
        ] {
            let of = month(of);
            let decided = (
                book.admission_of(of).version.as_str(),
                book.admission_applied_early(of),
                book.key_account_of(of).fulfilment_percent_min,
            );
            assert_eq!(decided, (version, is_early, percent), "{of}");
        }
        assert_eq!(book.newest_key_account().fulfilment_percent_min, 97);
    }

    #[test]
    fn a_file_of_an_earlier_release_keeps_its_numbers_of_c1() {
        let stated = "[pack.eligibility]\nmonths = 2\ngmv_average_cents_min = 1_000\n\
                      gmv_every_month = true\nfulfilment_percent_min = 90";
        let begin = SHIPPED.find("[[admission]]").expect("a pack of admission");
        let end = SHIPPED.find("[[pack]]").expect("a pack");
        let earlier = format!("{}{}", &SHIPPED[..begin], &SHIPPED[end..]);
        let earlier = earlier.replace("[pack.eligibility]", stated);
        let book = PolicyBook::parse(&earlier).expect("it is read as before");
        let numbers = book.key_account_of(month("2024-06"));
        assert_eq!((numbers.months, numbers.fulfilment_percent_min), (2, 90));
        assert_eq!(book.newest_key_account(), numbers);
        // What it does not state is as shipped.
        let shipped = PolicyBook::shipped();
        assert_eq!(
            book.admission_of(month("2024-06")),
            shipped.admission_of(month("2024-06"))
        );
        // Half of them is a slip.
        let half = earlier.replace("months = 2\n", "");
        assert!(PolicyBook::parse(&half).is_err());
    }

    #[test]
    fn a_slip_in_a_pack_of_admission_is_refused() {
        for (from, to) in [
            ("\"sole_proprietor\"", "\"sole\""),
            ("months = 3", "months = 13"),
            ("fulfilment_percent_min = 95", "fulfilment_percent_min = 950"),
            ("name_en = \"Access Measures\"", "name_en = \"\""),
        ] {
            assert!(SHIPPED.contains(from), "{from}");
            assert!(
                PolicyBook::parse(&SHIPPED.replace(from, to)).is_err(),
                "{from} → {to}"
            );
        }
        let begin = SHIPPED.find("[[admission]]").expect("a pack of admission");
        let end = SHIPPED.find("[[pack]]").expect("a pack");
        let twice = format!("{SHIPPED}\n{}", &SHIPPED[begin..end]);
        assert!(PolicyBook::parse(&twice).is_err(), "one version twice");
    }
}
