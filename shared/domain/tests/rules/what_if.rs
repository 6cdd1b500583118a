//! What if another policy applied: the difference to the cent, over the same facts.

use domain::assess::Verdict;
use domain::what_if::{Charges, Compared, EXAMPLES_MAX, OrderDifference, SELLERS_MAX, due_under};
use domain::{
    AppealStatus, AppealedClause, Cents, Clause, Node, Order, OrderId, PolicyBook, SellerId, Timestamp,
    WhatIf,
};
use proptest::prelude::*;

use crate::desk::{Desk, season};
use crate::season::{
    Case, NUMBERS, SELLER, SHIPPED, appeal_fact, cents, day, hour, paid, policy_with, seller, silent_from,
};

/// Silences of 60 and 59 h, signed at 160 h.
fn two_silences() -> Case {
    Case::travelled(&[
        (Node::PickedUp, 0),
        (Node::ExportCustoms, 40),
        (Node::ArrivedDestination, 100),
        (Node::ImportCustoms, 101),
        (Node::Signed, 160),
    ])
}

fn examine(
    what_if: &mut WhatIf,
    order: &Order,
    alternative: &PolicyBook,
    as_of: Timestamp,
) -> Option<OrderDifference> {
    let due = |book| due_under(order, book, as_of);
    what_if.examine(order, &due(PolicyBook::shipped()), &due(alternative))
}

fn compare(case: &Case, alternative: &PolicyBook, as_of: Timestamp) -> (WhatIf, Option<OrderDifference>) {
    let mut what_if = WhatIf::default();
    let difference = examine(&mut what_if, &case.order, alternative, as_of);
    (what_if, difference)
}

fn fines(count: i64, amount: &str) -> Charges {
    Charges {
        fines: count,
        fined: cents(amount),
        ..Charges::default()
    }
}

#[test]
fn under_72_hours_two_silences_of_60_cost_nothing() {
    let (what_if, difference) = compare(
        &two_silences(),
        &policy_with(&[("hours_max = 48\nfine", "hours_max = 72\nfine")]),
        day(10),
    );
    let silence = what_if.clauses[&Clause::B3];
    assert_eq!(
        (silence.in_force, silence.alternative),
        (fines(2, "2.40"), Charges::default())
    );
    assert_eq!(silence.difference(), fines(-2, "-2.40"));
    assert_eq!(what_if.sellers[&seller(SELLER)][&Clause::B3], silence);
    let difference = difference.expect("they part");
    assert_eq!(difference.fined, cents("-2.40"));
    let starts = difference.matters.iter().map(|matter| {
        assert_eq!(
            (
                matter.clause,
                matter.tracking_number.as_ref().map(ToString::to_string),
                &matter.alternative
            ),
            (Clause::B3, Some(NUMBERS[0].to_owned()), &None)
        );
        silent_from(&matter.in_force.as_ref().expect("fined as shipped").because)
    });
    assert_eq!(starts.collect::<Vec<_>>(), [Some(hour(40)), Some(hour(101))]);
}

#[test]
fn once_a_shipment_the_first_silence_stays_and_the_second_goes() {
    let per_shipment = policy_with(&[("fined_per = \"episode\"", "fined_per = \"shipment\"")]);
    let (what_if, difference) = compare(&two_silences(), &per_shipment, day(10));
    assert_eq!(what_if.total().difference(), fines(-1, "-1.20"));
    let matters = difference.expect("they part").matters;
    let gone: Vec<_> = matters
        .iter()
        .map(|matter| {
            (
                silent_from(&matter.in_force.as_ref().expect("fined as shipped").because),
                &matter.alternative,
            )
        })
        .collect();
    assert_eq!(gone, [(Some(hour(101)), &None)], "the first is the same fine");
}

#[test]
fn another_cap_changes_the_amount_of_the_same_fine() {
    let case = Case::paid("1000.01");
    let (what_if, difference) = compare(
        &case,
        &policy_with(&[("fine_cents_max = 5000", "fine_cents_max = 3000")]),
        day(31),
    );
    let sign_off = what_if.clauses[&Clause::B4];
    assert_eq!(
        (sign_off.in_force, sign_off.alternative),
        (fines(1, "50.00"), fines(1, "30.00"))
    );
    let matters = difference.expect("they part").matters;
    let amount = |charge: &Option<domain::what_if::Charge>| charge.as_ref().map(|charge| charge.amount);
    assert_eq!(matters.len(), 1);
    assert_eq!(
        (amount(&matters[0].in_force), amount(&matters[0].alternative)),
        (Some(cents("50.00")), Some(cents("30.00")))
    );
}

#[test]
fn a_fine_that_waits_is_no_money_and_told_apart() {
    let appeal = appeal_fact(AppealedClause::B4, AppealStatus::Pending, day(29));
    let case = Case::paid("80.10").appeal(appeal);
    // Under 28 days the appeal came after the deadline: it holds nothing.
    let (what_if, difference) = compare(
        &case,
        &policy_with(&[("days_max = 30", "days_max = 28")]),
        day(31),
    );
    let expected = Charges {
        holds: -1,
        held: cents("-4.01"),
        ..fines(1, "4.01")
    };
    assert_eq!(what_if.total().difference(), expected);
    let matters = difference.expect("they part").matters;
    let verdict = |charge: &Option<domain::what_if::Charge>| charge.as_ref().map(|charge| charge.verdict);
    assert_eq!(
        (verdict(&matters[0].in_force), verdict(&matters[0].alternative)),
        (Some(Verdict::Hold), Some(Verdict::Fine))
    );
}

#[test]
fn policies_that_charge_alike_do_not_differ() {
    let from_payment = policy_with(&[("runs_from = \"upload\"", "runs_from = \"payment\"")]);
    let (what_if, difference) = compare(&two_silences(), &from_payment, day(10));
    assert_eq!(
        (what_if.orders_examined, what_if.orders_differing, difference),
        (1, 0, None)
    );
    let total = what_if.total();
    assert_eq!(
        total.in_force,
        fines(2, "2.40"),
        "what both charge is told all the same"
    );
    assert_eq!(total.in_force, total.alternative);
    assert!(what_if.sellers_differing().is_empty());
    let (what_if, _) = compare(&Case::shipped(), &from_payment, day(1));
    assert!(
        what_if.sellers.is_empty(),
        "a seller who is charged nothing takes no place"
    );
}

/// Orders of two sellers that differ by 1.20, 2.40 and 20.00 and not at all, over and over.
fn many(count: usize) -> Vec<Order> {
    let kinds = [
        two_silences(),
        Case::travelled(&[(Node::PickedUp, 0), (Node::Signed, 60)]),
        Case::paid("1000.01"),
        Case::shipped().event(NUMBERS[0], Node::Signed, hour(1)),
    ];
    let orders = (0..count).map(|n| Order {
        order_id: OrderId::parse(&format!("{}", 8_000_011_000_000_000 + n as u64)).expect("an order id"),
        seller_id: seller(if n % 3 == 0 { "S1" } else { "S2" }),
        ..kinds[n % kinds.len()].order.clone()
    });
    orders.collect()
}

fn alternative() -> PolicyBook {
    policy_with(&[
        ("hours_max = 48\nfine", "hours_max = 72\nfine"),
        ("fine_cents_max = 5000", "fine_cents_max = 3000"),
    ])
}

#[test]
fn every_difference_is_counted_and_the_greatest_are_shown() {
    // Three in four differ.
    let orders = many(4 * EXAMPLES_MAX);
    let mut what_if = WhatIf::default();
    let told: Vec<_> = orders
        .iter()
        .filter_map(|order| examine(&mut what_if, order, &alternative(), day(31)))
        .collect();
    assert_eq!(
        (told.len(), what_if.orders_differing),
        (3 * EXAMPLES_MAX, 3 * EXAMPLES_MAX as u64)
    );
    assert_eq!(what_if.examples.len(), EXAMPLES_MAX);
    assert!(
        what_if
            .examples
            .iter()
            .all(|example| example.fined == cents("-20.00"))
    );
    assert!(what_if.examples.is_sorted_by_key(|example| &example.order_id));
    let sellers: Vec<&SellerId> = what_if
        .sellers_differing()
        .into_iter()
        .map(|(seller_id, _)| seller_id)
        .collect();
    assert_eq!(sellers, [&seller("S2"), &seller("S1")]);
}

#[test]
fn one_example_above_the_limit_is_left_out() {
    for (differing, shown) in [(EXAMPLES_MAX, EXAMPLES_MAX), (EXAMPLES_MAX + 1, EXAMPLES_MAX)] {
        let mut what_if = WhatIf::default();
        for order in many(4 * differing).into_iter().step_by(4) {
            examine(&mut what_if, &order, &alternative(), day(31));
        }
        assert_eq!(
            (what_if.orders_differing, what_if.examples.len()),
            (differing as u64, shown)
        );
    }
}

#[test]
fn one_seller_above_the_limit_is_in_the_sums_alone_however_the_orders_were_split() {
    let order = Case::paid("1000.01").order;
    let due = |book| due_under(&order, book, day(31));
    let (in_force, alternative) = (due(PolicyBook::shipped()), due(&alternative()));
    let examined = |sellers: &mut dyn Iterator<Item = usize>| {
        let mut what_if = WhatIf::default();
        for number in sellers {
            let seller_id = seller(&format!("S{number:06}"));
            let order = Order {
                seller_id,
                ..order.clone()
            };
            what_if.examine(&order, &in_force, &alternative);
        }
        what_if
    };
    let whole = examined(&mut (0..=SELLERS_MAX).rev());
    let other = Compared {
        in_force: fines(1, "50.00"),
        alternative: fines(1, "30.00"),
    };
    assert_eq!(
        (whole.sellers.len(), whole.of_other_sellers()),
        (SELLERS_MAX, other)
    );
    assert!(!whole.sellers.contains_key(&seller(&format!("S{SELLERS_MAX:06}"))));
    let mut merged = examined(&mut (0..=SELLERS_MAX).skip(1).step_by(2));
    merged.merge(examined(&mut (0..=SELLERS_MAX).step_by(2)));
    assert_eq!((&merged.sellers, merged.total()), (&whole.sellers, whole.total()));
    let few = examined(&mut (0..SELLERS_MAX));
    assert_eq!(few.of_other_sellers(), Compared::default());
}

#[test]
fn parts_merge_in_any_order_to_the_whole_and_survive_being_written() {
    let orders = many(403);
    let mut whole = WhatIf::default();
    for order in &orders {
        examine(&mut whole, order, &alternative(), day(31));
    }
    for parts in [1, 2, 7] {
        let mut merged = WhatIf::default();
        for part in (0..parts).rev() {
            let mut what_if = WhatIf::default();
            for order in orders.iter().skip(part).step_by(parts) {
                examine(&mut what_if, order, &alternative(), day(31));
            }
            let written = serde_json::to_string(&what_if).expect("a part can be written");
            merged.merge(serde_json::from_str(&written).expect("a part can be read"));
        }
        assert_eq!(merged, whole, "{parts} parts");
    }
}

#[test]
fn only_what_decides_at_uploads_makes_the_facts_differ() {
    let shipped = PolicyBook::shipped();
    let alike = [
        policy_with(&[("hours_max = 48\nfine", "hours_max = 72\nfine")]),
        policy_with(&[("fine_cents = 50", "fine_cents = 70")]),
        policy_with(&[("fine_cents_max = 5000", "fine_cents_max = 3000")]),
        policy_with(&[("runs_from = \"upload\"", "runs_from = \"payment\"")]),
        policy_with(&[("settled_days = 90", "settled_days = 30")]),
        policy_with(&[("deadline_hours = 24", "deadline_hours = 36")]),
    ];
    assert!(
        alike
            .iter()
            .all(|book| shipped.takes_in_like(book) && book.takes_in_like(shipped))
    );
    let (shared, pack) = SHIPPED.split_at(SHIPPED.find("[[pack]]").expect("a pack"));
    let later = pack.replace("V4.2", "V5").replace("2024-03-01", "2025-01-01");
    let with_later = |later: &str| PolicyBook::parse(&format!("{shared}{pack}\n{later}")).expect("sound");
    assert!(shipped.takes_in_like(&with_later(&later)));
    let differing = [
        policy_with(&[("\"NUM_EMPTY\", ", "")]),
        policy_with(&[("\"KP\"", "\"IR\"")]),
        policy_with(&[("[\"RU\", \"BR\", \"MX\"]", "[\"RU\", \"BR\"]")]),
        policy_with(&[("parked_days_max = 45", "parked_days_max = 44")]),
        policy_with(&[("America/Los_Angeles", "Asia/Shanghai")]),
        with_later(&later.replace("\"NUM_EMPTY\", ", "")),
    ];
    for book in &differing {
        assert!(!shipped.takes_in_like(book) && !book.takes_in_like(shipped));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_difference_is_what_the_one_charges_less_what_the_other_does(facts in season(), after in 0_i64..80) {
        let order = Desk::order_of(&facts).expect("a season has its order");
        let (as_of, book) = (paid().plus(domain::Elapsed::days(after)), alternative());
        let (in_force, alternative) = (due_under(&order, PolicyBook::shipped(), as_of), due_under(&order, &book, as_of));
        let sum = |due: &[domain::assess::Due]| -> Cents {
            due.iter().filter(|due| due.verdict == Verdict::Fine).map(|due| due.amount).sum()
        };
        let mut what_if = WhatIf::default();
        let difference = what_if.examine(&order, &in_force, &alternative);
        prop_assert_eq!(what_if.total().difference().fined, sum(&alternative) - sum(&in_force));
        // What is left out of the difference is charged alike.
        let told: Cents = difference.iter().flat_map(|difference| &difference.matters).map(|matter| {
            let fined = |charge: &Option<domain::what_if::Charge>| charge.iter()
                .filter(|charge| charge.verdict == Verdict::Fine).map(|charge| charge.amount).sum::<Cents>();
            fined(&matter.alternative) - fined(&matter.in_force)
        }).sum();
        prop_assert_eq!(told, sum(&alternative) - sum(&in_force));
        // A policy against itself never differs.
        prop_assert_eq!(WhatIf::default().examine(&order, &in_force, &in_force), None);
    }
}
