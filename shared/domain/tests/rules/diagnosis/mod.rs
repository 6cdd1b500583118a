//! D1 and D2: every stage of a number or an order, the failing ones first, and never against what the rules and the ledger say.

mod answers;
mod laws;
mod numbers;
mod orders;

use domain::assess::Verdict;
use domain::diagnosis::{
    Asked, Awaited, Diagnosis, Family, Known, Stage, StageName, Standing, Waiting, diagnose,
};
use domain::facts::{AppealFact, OrderFact};
use domain::{
    AppealStatus, AppealedClause, Because, Cents, Clause, Elapsed, EntryKind, Finding, Node, Order,
    OrderStatus, PolicyBook, RowCode, SendType, Timestamp,
};
use proptest::prelude::*;

use crate::desk::{Desk, Fact, moments, season};
use crate::season::{
    Case, NUMBERS, ORDER, SELLER, appeal_fact, cents, day, deadline, decision_fact, failing_fact, hour,
    number, order_fact, paid, policy_with, tracking_fact, usd,
};

/// The whole travel of a parcel, in time.
const TRAVEL: [(Node, i64); 8] = [
    (Node::PickedUp, 10),
    (Node::ExportCustoms, 40),
    (Node::DepartedOrigin, 80),
    (Node::InTransit, 120),
    (Node::ArrivedDestination, 160),
    (Node::ImportCustoms, 200),
    (Node::OutForDelivery, 240),
    (Node::Signed, 250),
];

/// What the tables have of a case.
fn known(case: &Case) -> Known<'_> {
    Known {
        order_id: Some(&case.order.order_id),
        order: Some(&case.order),
        entries: &case.entries,
        waiting: &[],
        agreements: &[],
    }
}

/// What is told of a case's order as of an instant.
fn of_order(case: &Case, as_of: Timestamp) -> Diagnosis {
    let asked = Asked {
        text: ORDER,
        number: None,
        order_id: None,
        fault: None,
    };
    diagnose(&asked, &known(case), &case.book, as_of)
}

/// What is told of one of its numbers.
fn of_number(case: &Case, text: &str, as_of: Timestamp) -> Diagnosis {
    let number = number(text);
    let asked = Asked {
        text,
        number: Some(&number),
        order_id: None,
        fault: None,
    };
    diagnose(&asked, &known(case), &case.book, as_of)
}

/// What is told of a number that no order has.
fn of_unknown(text: &str, fault: Option<&Finding>, waiting: Option<&Waiting>, as_of: Timestamp) -> Diagnosis {
    let number = domain::TrackingNumber::parse(text);
    let asked = Asked {
        text,
        number: number.as_ref(),
        order_id: None,
        fault,
    };
    let known = Known {
        waiting: waiting.map_or(&[], std::slice::from_ref),
        ..Known::default()
    };
    diagnose(&asked, &known, PolicyBook::shipped(), as_of)
}

fn stages(diagnosis: &Diagnosis, name: StageName) -> Vec<&Stage> {
    diagnosis
        .stages
        .iter()
        .filter(|stage| stage.stage == name)
        .collect()
}

/// The one stage of a name.
fn stage(diagnosis: &Diagnosis, name: StageName) -> &Stage {
    match &stages(diagnosis, name)[..] {
        [stage] => stage,
        several => panic!("{name:?} is told {} times: {several:?}", several.len()),
    }
}

fn standing(case: &Case, name: StageName, as_of: Timestamp) -> Standing {
    stage(&of_order(case, as_of), name).standing
}

fn assert_says(stage: &Stage, words: &[&str]) {
    let said = format!("{:?} {:?}", stage.cause, stage.remedy);
    assert!(
        words.iter().all(|word| said.contains(word)),
        "{words:?} in {said}"
    );
}
