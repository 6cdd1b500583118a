//! Laws over random seasons: what is due, what to warn of and what counts in a month depend on the facts alone, not on
//! how they were split, ordered, repeated or redelivered.

use domain::Because;
use domain::assess::{Assessment, assess};
use domain::because::Refused;
use domain::figures::{Figures, figures};
use domain::{Elapsed, Order, PolicyBook, RowCode, Source, Timestamp};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::desk::{Desk, Fact, moments, season, season_for_splitting};

type Seen = (Timestamp, Assessment, Option<Figures>);

/// Everything the rules say of an order, at every moment that may matter.
fn seen(order: Option<&Order>, moments: &[Timestamp]) -> Vec<Seen> {
    let book = PolicyBook::shipped();
    let policy = book.newest();
    let look = |&at: &Timestamp| {
        let assessment = order.map(|order| assess(order, policy, at)).unwrap_or_default();
        (at, assessment, order.and_then(|order| figures(order, book, at)))
    };
    moments.iter().map(look).collect()
}

/// Puts facts into another order: each in turn goes where its index points.
fn shuffled(facts: &[Fact], places: &[Index]) -> Vec<Fact> {
    let mut shuffled = Vec::with_capacity(facts.len());
    for (fact, place) in facts.iter().zip(places.iter().cycle()) {
        shuffled.insert(place.index(shuffled.len() + 1), fact.clone());
    }
    shuffled
}

fn places() -> impl Strategy<Value = Vec<Index>> {
    proptest::collection::vec(any::<Index>(), 16..48)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn facts_mean_the_same_in_any_order(facts in season(), places in places()) {
        let moments = moments(&facts);
        let expected = seen(Desk::order_of(&facts).as_ref(), &moments);
        let reordered = Desk::order_of(&shuffled(&facts, &places));
        prop_assert_eq!(seen(reordered.as_ref(), &moments), expected);
    }

    #[test]
    fn facts_delivered_again_or_sent_again_later_change_nothing(
        facts in season(),
        again in proptest::collection::vec((any::<Index>(), 0_i64..90), 1..12),
        places in places(),
    ) {
        let moments = moments(&facts);
        let expected = seen(Desk::order_of(&facts).as_ref(), &moments);
        let mut delivered = facts.clone();
        for (copy, (index, later)) in (1_000..).zip(again) {
            let fact = index.get(&facts);
            delivered.push(match later {
                0..30 => fact.clone(),
                later => fact.sent_again(Elapsed::hours(later * 3), Source { upload: copy, row: 1 }),
            });
        }
        let order = Desk::order_of(&shuffled(&delivered, &places));
        prop_assert_eq!(seen(order.as_ref(), &moments), expected);
    }

    #[test]
    fn facts_mean_the_same_however_they_are_split_into_files(
        facts in season_for_splitting(),
        files in proptest::collection::vec(0_u64..5, 16..48),
        places in places(),
    ) {
        let moments = moments(&facts);
        let expected = seen(Desk::order_of(&facts).as_ref(), &moments);
        let split: Vec<Fact> = (1..)
            .zip(shuffled(&facts, &places))
            .zip(files.iter().cycle())
            .map(|((row, fact), &upload)| fact.at_source(Source { upload, row }))
            .collect();
        // Every fact in one file, and every fact in one of several.
        let one_file: Vec<Fact> =
            (1..).zip(&split).map(|(row, fact)| fact.at_source(Source { upload: 1, row })).collect();
        for told in [one_file, split] {
            prop_assert_eq!(because_apart(seen(Desk::order_of(&told).as_ref(), &moments)), because_apart(expected.clone()));
        }
    }

    #[test]
    fn what_was_learned_later_changes_nothing_as_of_then(facts in season()) {
        let moments = moments(&facts);
        let all = Desk::order_of(&facts);
        for at in moments {
            let known: Vec<&Fact> = facts.iter().filter(|fact| fact.recorded_at() <= at).collect();
            let then = Desk::order_of(known);
            prop_assert_eq!(seen(all.as_ref(), &[at]), seen(then.as_ref(), &[at]));
        }
    }

    #[test]
    fn no_two_due_entries_are_about_one_subject(facts in season()) {
        for (at, assessment, _) in seen(Desk::order_of(&facts).as_ref(), &moments(&facts)) {
            let mut subjects: Vec<_> = assessment.due.iter().map(|due| &due.subject).collect();
            subjects.sort();
            let count = subjects.len();
            subjects.dedup();
            prop_assert_eq!(subjects.len(), count, "as of {}", at);
        }
    }

    #[test]
    fn nothing_is_due_before_it_came_about(facts in season()) {
        for (at, assessment, _) in seen(Desk::order_of(&facts).as_ref(), &moments(&facts)) {
            prop_assert!(assessment.due.iter().all(|due| due.effective_at <= at && due.amount.0 > 0), "as of {}", at);
        }
    }
}

/// What a reason cites of the file is the file's, not the fact's: of rows that failed at one instant, the first.
fn because_apart(mut seen: Vec<Seen>) -> Vec<Seen> {
    for (_, assessment, _) in &mut seen {
        for due in &mut assessment.due {
            if let Because::UploadFailed {
                row, code, refused, ..
            } = &mut due.because
            {
                (*row, *code, *refused) = (0, RowCode::NumEmpty, Refused::default());
            }
        }
    }
    seen
}
