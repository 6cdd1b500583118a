//! What a stage says, in English and Chinese, from `data/diagnosis.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::because::Told;

macro_rules! cases {
    ($($(#[$doc:meta])* $variant:ident)*) => {
        /// What is the case at a stage.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(super) enum Case {
            $($(#[$doc])* $variant,)*
        }

        impl Case {
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$variant,)*];
        }
    };
}

cases! {
    NumberFits NumberNone CarrierCertified CarrierPartner CarrierWaived CarrierUnlisted CarrierCandidates CarrierUntold
    OrderKnown OrderUnconfirmed OrderEnded OrderOver OrderDeparted NumberUnknown NumberAndOrderUnknown NumberUnreadable RowsWait RowsLapsed RowsWaitForOrder RowsLapsedForOrder RateWaits RateLapsed NeedsOrder
    ClaimWaits ClaimLapsed ClaimRivals
    UploadFailed UploadFailedBesideEarlier UploadFailedAndMended UploadFailedAndExcused
    UploadInTime UploadLate UploadMissing UploadNotNeeded
    RunsUntil
    NothingSent NumbersHeldElsewhere ParcelReplaced ParcelEnded
    PickupInTime PickupLate PickupMissing
    NodesComplete NodesMissing NodesSoFar NodesSkipped
    SilenceNotBegun SilenceFine SilenceWithin SilenceExcused SilenceUnpriced
    PapersNotWanted PapersShown PapersWanted DestinationServed DestinationEmbargoed
    SignedInTime SignOffFine SignOffHeld SignOffExempt SignOffExcused SignOffUnpriced SignOffAhead
    AppealsNone AppealPending AppealLate AppealHoldsNothing AppealRefused AppealMoot AppealAccepted AppealsMore
    FinesNone FinesStand FinesUnposted FinesToReverse FinesHeld FinesAhead
}

/// What stands for the placeholders of a text: names and their values.
pub(super) type Given<'a> = &'a [(&'static str, Told)];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    cause_en: String,
    cause_zh: String,
    do_en: Option<String>,
    do_zh: Option<String>,
}

static SHIPPED: LazyLock<BTreeMap<Case, Texts>> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/diagnosis.toml"))
        .expect("a test reads the shipped texts of diagnoses")
});

impl Case {
    /// What is the case.
    pub(super) fn cause(self, given: Given<'_>) -> Told {
        let texts = &SHIPPED[&self];
        filled(&texts.cause_en, &texts.cause_zh, given)
    }

    /// What to do about it, where there is something.
    pub(super) fn remedy(self, given: Given<'_>) -> Option<Told> {
        let texts = &SHIPPED[&self];
        let (en, zh) = (texts.do_en.as_ref()?, texts.do_zh.as_ref()?);
        Some(filled(en, zh, given))
    }
}

fn filled(en: &str, zh: &str, given: Given<'_>) -> Told {
    Told {
        en: fill(en, given, |told| &told.en),
        zh: fill(zh, given, |told| &told.zh),
    }
}

/// Reads the template once: what fills a placeholder may hold braces of its own.
fn fill<'a>(template: &str, given: Given<'a>, language: impl Fn(&'a Told) -> &'a String) -> String {
    let mut text = String::with_capacity(2 * template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text += before;
        let Some((name, behind)) = after.split_once('}') else {
            break;
        };
        if let Some((_, told)) = given.iter().find(|(given, _)| *given == name) {
            text += language(told);
        }
        rest = behind;
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{')
            .skip(1)
            .filter_map(|piece| piece.split_once('}').map(|(name, _)| name))
            .collect()
    }

    #[test]
    fn every_case_speaks_both_languages_of_the_same_things() {
        let shipped: BTreeMap<Case, Texts> =
            toml::from_str(include_str!("../../data/diagnosis.toml")).expect("the shipped texts");
        assert_eq!(shipped.keys().copied().collect::<Vec<_>>(), Case::ALL);
        for (case, texts) in &shipped {
            assert_eq!(texts.do_en.is_some(), texts.do_zh.is_some(), "{case:?}");
            let remedy = texts.do_en.as_ref().zip(texts.do_zh.as_ref());
            for (en, zh) in std::iter::once((&texts.cause_en, &texts.cause_zh)).chain(remedy) {
                assert_eq!(placeholders(en), placeholders(zh), "{case:?}");
                assert!(en.is_ascii() && !zh.is_ascii(), "{case:?}: {en} / {zh}");
            }
        }
    }

    #[test]
    fn what_fills_a_text_is_not_read_again() {
        let given = [("count", Told::alike("{list}")), ("list", Told::alike("x"))];
        assert_eq!(
            Case::AppealsMore.cause(&given),
            Told::new("And {list} more.", "另有 {list} 件。")
        );
    }
}
