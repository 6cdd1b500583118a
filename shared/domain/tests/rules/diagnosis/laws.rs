//! What holds of every diagnosis.

use super::*;

/// The night's entries of a season up to an instant, a night a day.
fn settled(order: &Order, until: Timestamp) -> Case {
    let mut case = Case::paid("80.10");
    case.order = order.clone();
    let mut night = paid();
    while night <= until {
        case.settle(night);
        night = night.plus(Elapsed::hours(72));
    }
    case
}

/// The stage under which a due entry's failing is told.
fn named_by(because: &Because, clause: Clause) -> StageName {
    match (because, clause) {
        (
            Because::UploadFailed {
                code: RowCode::InvoiceMissing,
                ..
            },
            _,
        ) => StageName::CustomsPapers,
        (_, Clause::A6) => StageName::Format,
        (_, Clause::B3) => StageName::Staleness,
        (_, Clause::B4) => StageName::SignOff,
    }
}

fn is_sorted(stages: &[Stage]) -> bool {
    stages.is_sorted_by_key(|stage| (stage.standing.min(Standing::Pending), stage.stage))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Every stage is told, the failing ones first; each failing has its clause, family and remedy; nothing that the rules
    /// charge passes; what is fined is what the ledger holds; and what is learned later does not show.
    #[test]
    fn a_diagnosis_says_what_the_rules_and_the_ledger_say(facts in season()) {
        let Some(whole) = Desk::order_of(&facts) else { return Ok(()) };
        let last = moments(&facts).into_iter().max().expect("a season has its moments");
        let case = settled(&whole, last);
        for as_of in moments(&facts) {
            if whole.as_of(as_of, PolicyBook::shipped().newest()).is_none() {
                continue;
            }
            let told = of_order(&case, as_of);
            for name in StageName::ALL {
                prop_assert!(told.stages.iter().any(|stage| stage.stage == name), "{:?} as of {}", name, as_of);
            }
            prop_assert!(is_sorted(&told.stages));
            for stage in &told.stages {
                let texts = [&stage.cause.en, &stage.cause.zh];
                prop_assert!(texts.iter().all(|text| !text.is_empty() && !text.contains(['{', '}'])), "{:?}", stage);
                if stage.standing == Standing::Failed {
                    prop_assert!(stage.family.is_some() && !stage.clauses.is_empty(), "{:?}", stage);
                    prop_assert!(stage.remedy.is_some(), "{:?}", stage);
                }
            }
            for due in case.assess(as_of).due {
                let name = named_by(&due.because, due.subject.clause);
                let worst = told.stages.iter().filter(|stage| stage.stage == name && (stage.tracking_number.is_none() || stage.tracking_number == due.subject.tracking_number));
                let expected = if due.verdict == Verdict::Fine { Standing::Failed } else { Standing::AtRisk };
                prop_assert_eq!(worst.map(|stage| stage.standing).min(), Some(expected), "{:?} as of {}", due, as_of);
            }
            let moving = case.entries.iter().filter(|entry| entry.as_of <= as_of && entry.kind != EntryKind::Hold && entry.kind != EntryKind::Void);
            prop_assert_eq!(told.fined, moving.map(|entry| entry.amount).sum());
            // The same from what was known by then alone.
            let known: Vec<Fact> = facts.iter().filter(|fact| fact.recorded_at() <= as_of).cloned().collect();
            let mut then = case.clone();
            then.order = Desk::order_of(&known).expect("it was known");
            prop_assert_eq!(of_order(&then, as_of), told, "as of {}", as_of);
        }
    }
}
