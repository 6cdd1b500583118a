//! What a later file may change, in any order of arrival.

use proptest::prelude::*;

use super::*;
use crate::ruling::Verdict;

fn fact(author: Author, learned: i64, upload: u64, told: Profile) -> SellerFact {
    SellerFact {
        seller_id: SellerId::parse("S1").expect("a seller id"),
        author,
        told,
        recorded_at: Timestamp::from_unix(learned),
        source: Source { upload, row: 1 },
    }
}

fn named(name: &str) -> Profile {
    Profile {
        name: Some(name.to_owned()),
        ..Profile::default()
    }
}

fn coded(code: &str) -> Profile {
    Profile {
        credit_code: Some(code.to_owned()),
        ..Profile::default()
    }
}

const LATER: Timestamp = Timestamp::from_unix(100);

#[test]
fn a_field_that_a_later_row_does_not_name_stands() {
    let facts = [
        fact(Author::Operator, 1, 1, named("Waymark Trading")),
        fact(Author::Operator, 2, 2, coded("X")),
    ];
    let known = profile(&facts, LATER);
    assert_eq!(
        (known.name.as_deref(), known.credit_code.as_deref()),
        (Some("Waymark Trading"), Some("X"))
    );
    assert_eq!(
        profile(&facts, Timestamp::from_unix(1)).credit_code,
        None,
        "nobody knew it then"
    );
}

#[test]
fn the_operators_word_stands_over_a_later_one_of_the_seller() {
    let known = [fact(Author::Operator, 1, 1, named("Right"))];
    let own = fact(Author::Seller, 2, 2, named("Wrong"));
    let ruling = own.rule(&known);
    assert_eq!(ruling.verdict, Verdict::AcceptedWithWarning);
    assert_eq!(
        (ruling.findings[0].code, ruling.findings[0].column.as_str()),
        (RowCode::StatementIgnored, "name")
    );
    assert_eq!(
        profile(known.iter().chain([&own]), LATER).name.as_deref(),
        Some("Right")
    );
}

#[test]
fn a_seller_states_who_it_is_once_and_the_operator_changes_it() {
    let mut known = vec![fact(Author::Seller, 1, 1, coded("FIRST"))];
    let second = fact(Author::Seller, 2, 2, coded("SECOND"));
    assert_eq!(second.rule(&known).findings[0].column, "credit_code");
    known.push(second);
    assert_eq!(profile(&known, LATER).credit_code.as_deref(), Some("FIRST"));
    let operators = fact(Author::Operator, 3, 3, coded("THIRD"));
    assert_eq!(operators.rule(&known).verdict, Verdict::Accepted);
    known.push(operators);
    assert_eq!(profile(&known, LATER).credit_code.as_deref(), Some("THIRD"));
}

#[test]
fn the_same_row_again_is_unchanged_and_a_redelivered_one_is_ruled_alike() {
    let first = fact(Author::Operator, 1, 1, named("A"));
    assert_eq!(first.rule(&[]).verdict, Verdict::Accepted);
    let known = [first.clone()];
    assert_eq!(
        first.rule(&known).verdict,
        Verdict::Accepted,
        "the very row that brought it"
    );
    assert_eq!(
        fact(Author::Operator, 2, 2, named("A")).rule(&known).verdict,
        Verdict::Unchanged
    );
}

#[test]
fn of_two_rows_of_one_file_the_first_stands() {
    let known = [fact(Author::Operator, 1, 1, named("A"))];
    let mut second = fact(Author::Operator, 1, 1, named("B"));
    second.source.row = 2;
    assert_eq!(second.rule(&known).findings[0].code, RowCode::RowConflict);
    second.told = named("A");
    assert_eq!(second.rule(&known).findings[0].code, RowCode::RowDuplicate);
}

fn any_fact() -> impl Strategy<Value = SellerFact> {
    let option = |texts: [&'static str; 2]| proptest::option::of(proptest::sample::select(texts.to_vec()));
    let instant = || proptest::option::of((0_i64..3).prop_map(Timestamp::from_unix));
    let told = (option(["A", "B"]), option(["X", "Y"]), instant(), instant());
    (any::<bool>(), 0_i64..4, any::<u64>(), told).prop_map(
        |(operator, learned, upload, (name, code, applied_at, opened_at))| {
            let author = if operator {
                Author::Operator
            } else {
                Author::Seller
            };
            let told = Profile {
                name: name.map(str::to_owned),
                credit_code: code.map(str::to_owned),
                steps: Steps {
                    applied_at,
                    opened_at,
                    ..Steps::default()
                },
                ..Profile::default()
            };
            fact(author, learned, upload, told)
        },
    )
}

proptest! {
    #[test]
    fn any_order_and_repetition_of_files_ends_in_the_same_profile(
        (facts, arrived) in prop::collection::vec(any_fact(), 0..8)
            .prop_flat_map(|facts| {
                let twice: Vec<SellerFact> = facts.iter().chain(&facts).cloned().collect();
                (Just(facts), Just(twice).prop_shuffle())
            }),
        as_of in 0_i64..5,
    ) {
        let as_of = Timestamp::from_unix(as_of);
        prop_assert_eq!(profile(&facts, as_of), profile(&arrived, as_of));
    }

    #[test]
    fn a_fact_reads_back_as_it_was_kept(fact in any_fact()) {
        let kept = serde_json::to_string(&fact).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<SellerFact>(&kept).expect("readable"), fact);
    }
}
