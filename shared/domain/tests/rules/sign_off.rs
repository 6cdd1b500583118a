//! B4: strictly more than 30 × 24 h from payment, not signed, no valid appeal: 5 % of the amount, at most USD 50.00.

use domain::Because;
use domain::assess::Verdict;
use domain::exchange::DatedRate;
use domain::facts::OrderFact;
use domain::{Clause, Currency, EntryKind, Money, Node, OrderStatus, PolicyBook, Rate, SendType, Timestamp};

use crate::season::{
    Case, NUMBERS, at, cents, day, deadline, hour, order_fact, paid, policy_with, sign_off_subject,
};

/// Just past the deadline.
fn past() -> Timestamp {
    deadline().next()
}

fn fine(amount: &str) -> Option<(Verdict, domain::Cents)> {
    Some((Verdict::Fine, cents(amount)))
}

#[test]
fn the_fine_is_five_per_cent_half_up_and_at_most_fifty_dollars() {
    for (amount, due) in [
        ("80.10", "4.01"),
        ("12.30", "0.62"),
        ("999.99", "50.00"),
        ("1000.00", "50.00"),
        ("1000.01", "50.00"),
        ("0.10", "0.01"),
    ] {
        assert_eq!(Case::paid(amount).sign_off(past()), fine(due), "{amount}");
    }
}

#[test]
fn a_fine_of_nothing_posts_nothing() {
    let mut case = Case::paid("0.09");
    assert_eq!(case.sign_off(past()), None);
    assert_eq!(case.night(day(31)), []);
    assert!(!case.order.is_sign_off_open(PolicyBook::shipped().newest()));
}

#[test]
fn exactly_thirty_days_are_in_time_and_one_second_more_is_not() {
    let case = Case::shipped();
    assert_eq!(case.sign_off(deadline()), None);
    assert_eq!(case.sign_off(past()), fine("4.01"));
    let in_time = Case::shipped().event(NUMBERS[0], Node::Signed, deadline());
    assert_eq!(in_time.sign_off(day(60)), None);
    let late = Case::shipped().event(NUMBERS[0], Node::Signed, past());
    assert_eq!(late.sign_off(day(60)), fine("4.01"));
}

#[test]
fn thirty_days_are_elapsed_time_across_daylight_saving() {
    // 2024-02-20 12:00 Pacific is 20:00 UTC; 2024-03-21 13:00 Pacific is 20:00 UTC too.
    let paid_at = at("2024-02-20T20:00:00Z");
    let case = Case::placed(&OrderFact {
        paid_at,
        recorded_at: paid_at,
        ..order_fact()
    });
    let last = at("2024-03-21T20:00:00Z");
    assert_eq!(last.display_in(case.book.zone), "2024-03-21 13:00 PDT");
    assert_eq!(case.sign_off(last), None);
    assert_eq!(case.sign_off(last.next()), fine("4.01"));
}

#[test]
fn the_entry_says_what_was_compared() {
    let due = Case::paid("999.99").due(Clause::B4, past());
    let Because::NotSigned {
        paid_at,
        deadline: until,
        signed_at,
        order_usd,
        comparison,
        held_by_appeal,
        grounds,
    } = &due[0].because
    else {
        panic!("{due:?}")
    };
    assert_eq!((*paid_at, *until, *signed_at), (paid(), deadline(), None));
    assert_eq!((*order_usd, held_by_appeal.as_deref()), (cents("999.99"), None));
    assert_eq!(comparison, "5 % of 999.99, at most 50.00 = 50.00");
    assert_eq!(grounds.elapsed, "720 h 00 m 01 s > 720 h 00 m");
    assert_eq!(grounds.unsigned.as_deref(), Some(&[][..]), "nothing was uploaded");
    assert_eq!(due[0].effective_at, past());
}

#[test]
fn signing_on_day_31_does_not_refund() {
    let mut case = Case::shipped();
    assert_eq!(case.night(past()), [(EntryKind::Fine, cents("4.01"))]);
    let mut case = case.event(NUMBERS[0], Node::Signed, day(31));
    assert_eq!(case.night(day(32)), []);
    assert_eq!(case.balance(), cents("4.01"));
}

#[test]
fn a_sign_off_in_time_that_is_learned_late_reverses_the_fine() {
    let mut case = Case::shipped();
    case.settle(day(31));
    let mut case = case.event_learned(NUMBERS[0], Node::Signed, day(29), day(33));
    assert_eq!(case.night(day(34)), [(EntryKind::Reversal, cents("-4.01"))]);
    assert_eq!(case.balance(), cents("0.00"));
}

#[test]
fn an_order_is_fined_once() {
    let mut case = Case::shipped();
    for night in 31..40 {
        case.settle(day(night));
    }
    assert_eq!(case.entries.len(), 1);
    assert_eq!(case.entries[0].subject, sign_off_subject());
}

#[test]
fn an_order_without_a_parcel_is_not_signed() {
    assert_eq!(Case::paid("80.10").sign_off(past()), fine("4.01"));
}

#[test]
fn every_live_parcel_must_be_signed() {
    let case = Case::paid("80.10")
        .upload(NUMBERS[0], SendType::Part, hour(1))
        .upload(NUMBERS[1], SendType::Part, hour(2));
    let case = case.event(NUMBERS[0], Node::Signed, day(10));
    assert_eq!(case.sign_off(past()), fine("4.01"));
    let case = case.event(NUMBERS[1], Node::Signed, day(29));
    assert_eq!(case.sign_off(past()), None);
}

#[test]
fn a_part_uploaded_before_the_deadline_is_a_parcel_too() {
    let case = Case::shipped().event(NUMBERS[0], Node::Signed, day(10));
    let in_time = case.clone().upload(NUMBERS[1], SendType::Part, deadline());
    assert_eq!(in_time.sign_off(past()), fine("4.01"));
    let later = case.upload(NUMBERS[1], SendType::Part, past());
    assert_eq!(later.sign_off(day(60)), None);
}

#[test]
fn a_replaced_number_needs_no_signature() {
    let case = Case::shipped().upload(NUMBERS[1], SendType::All, day(2));
    assert_eq!(case.sign_off(past()), fine("4.01"));
    let signed = case.event(NUMBERS[1], Node::Signed, day(20));
    assert_eq!(signed.sign_off(past()), None);
    // The other way round: only the replaced number was signed.
    let case =
        Case::shipped()
            .event(NUMBERS[0], Node::Signed, day(1))
            .upload(NUMBERS[1], SendType::All, day(2));
    assert_eq!(case.sign_off(past()), fine("4.01"));
}

#[test]
fn an_upload_of_all_replaces_every_earlier_number() {
    let case = Case::paid("80.10")
        .upload(NUMBERS[0], SendType::Part, hour(1))
        .upload(NUMBERS[1], SendType::Part, hour(2))
        .upload(NUMBERS[2], SendType::All, hour(3));
    assert_eq!(
        case.event(NUMBERS[2], Node::Signed, day(9)).sign_off(past()),
        None
    );
}

#[test]
fn replacing_a_number_after_the_deadline_neither_mends_nor_breaks() {
    let unsigned = Case::shipped().upload(NUMBERS[1], SendType::All, day(31));
    assert_eq!(
        unsigned
            .event(NUMBERS[1], Node::Signed, day(32))
            .sign_off(day(60)),
        fine("4.01")
    );
    let signed =
        Case::shipped()
            .event(NUMBERS[0], Node::Signed, day(9))
            .upload(NUMBERS[1], SendType::All, day(31));
    assert_eq!(signed.sign_off(day(60)), None);
}

#[test]
fn a_cancelled_parcel_needs_no_signature() {
    let case = Case::paid("80.10")
        .upload(NUMBERS[0], SendType::Part, hour(1))
        .upload(NUMBERS[1], SendType::Part, hour(2))
        .event(NUMBERS[0], Node::Signed, day(10));
    let cancelled = case.clone().event(NUMBERS[1], Node::Cancelled, deadline());
    assert_eq!(cancelled.sign_off(past()), None);
    let too_late = case.event(NUMBERS[1], Node::Cancelled, past());
    assert_eq!(too_late.sign_off(day(60)), fine("4.01"));
}

/// "An order is signed when it has parcels and all its live ones are": with every parcel cancelled there is no live
/// one to be signed, and the order was not delivered.
#[test]
fn an_order_whose_parcels_are_all_cancelled_is_not_signed() {
    let case = Case::shipped().event(NUMBERS[0], Node::Cancelled, day(3));
    assert_eq!(case.sign_off(past()), fine("4.01"));
}

#[test]
fn a_lost_or_returned_parcel_is_unsigned() {
    for end in [Node::Lost, Node::Returned] {
        let case = Case::shipped()
            .event(NUMBERS[0], end, day(9))
            .event(NUMBERS[0], Node::Signed, day(12));
        assert_eq!(case.sign_off(past()), fine("4.01"), "{end}");
    }
}

#[test]
fn a_status_at_or_before_the_deadline_exempts_and_one_after_does_not() {
    for status in [OrderStatus::Cancelled, OrderStatus::Refunded] {
        for (status_at, expected) in [(day(3), None), (deadline(), None), (past(), fine("4.01"))] {
            let case = Case::shipped().status(status, status_at);
            assert_eq!(case.sign_off(day(60)), expected, "{status:?} {status_at}");
        }
    }
}

#[test]
fn a_refund_in_time_that_is_learned_late_reverses_the_fine() {
    let mut case = Case::shipped();
    case.settle(day(31));
    let fact = crate::season::status_fact(OrderStatus::Refunded, Some(day(20)), day(32));
    let mut case = case.order_row(fact);
    assert_eq!(case.night(day(33)), [(EntryKind::Reversal, cents("-4.01"))]);
}

/// A status without an instant holds from when it was learned.
#[test]
fn an_undated_status_exempts_when_it_was_learned_in_time() {
    let learned = |recorded_at| {
        let fact = crate::season::status_fact(OrderStatus::Cancelled, None, recorded_at);
        Case::shipped().order_row(fact).sign_off(day(60))
    };
    assert_eq!(learned(deadline()), None);
    assert_eq!(learned(past()), fine("4.01"));
}

#[test]
fn an_order_that_goes_on_after_all_is_not_exempt() {
    let case = Case::shipped()
        .status(OrderStatus::Cancelled, day(3))
        .status(OrderStatus::Paid, day(4));
    assert_eq!(case.sign_off(past()), fine("4.01"));
}

fn in_currency(code: &str, amount: &str, rate: &str) -> Case {
    let currency = Currency::parse(code).expect("a currency");
    let amount = Money::parse(amount, currency).expect("an amount");
    let date = paid().date_in(PolicyBook::shipped().zone);
    let rate = Rate::parse(rate).expect("a rate");
    let dated = DatedRate {
        rate,
        date,
        recorded_at: paid(),
    };
    Case::placed_at_rates(
        &OrderFact {
            amount,
            ..order_fact()
        },
        vec![dated],
    )
}

/// Both nights reckon with the rates of their own instant: a rate recorded later changes the amount from then on.
#[test]
fn a_fine_follows_the_rates_recorded_by_its_night() {
    let currency = Currency::parse("EUR").expect("a currency");
    let amount = Money::parse("500.00", currency).expect("an amount");
    let date = paid().date_in(PolicyBook::shipped().zone);
    let rate = |text: &str, recorded_at: Timestamp| DatedRate {
        rate: Rate::parse(text).expect("a rate"),
        date,
        recorded_at,
    };
    let fact = OrderFact {
        amount,
        ..order_fact()
    };
    let mut case = Case::placed_at_rates(&fact, vec![rate("1.20", paid()), rate("1.30", day(33))]);
    assert_eq!(case.night(past()), [(EntryKind::Fine, cents("30.00"))]);
    assert_eq!(
        case.night(day(33)),
        [
            (EntryKind::Reversal, cents("-30.00")),
            (EntryKind::Fine, cents("32.50"))
        ]
    );
    assert_eq!(case.figures(day(32)).gmv, cents("600.00"));
    assert_eq!(case.figures(day(33)).gmv, cents("650.00"));
}

#[test]
fn another_currency_becomes_usd_cents_first_and_then_five_per_cent() {
    // 37.99 × 0.05 = 1.8995, in cents 1.90; 5 % of it is 0.095, so 0.10. Computed at once it would be 0.09.
    assert_eq!(in_currency("BRL", "37.99", "0.05").sign_off(past()), fine("0.10"));
    assert_eq!(in_currency("EUR", "9.96", "0.9").sign_off(past()), fine("0.45"));
    assert_eq!(
        in_currency("JPY", "1000", "0.0067").sign_off(past()),
        fine("0.34")
    );
    assert_eq!(
        in_currency("KWD", "400.000", "3.25").sign_off(past()),
        fine("50.00")
    );
}

#[test]
fn the_pack_in_force_at_the_payment_decides() {
    let older = policy_with(&[]);
    let pack = crate::season::SHIPPED
        .find("[[pack]]")
        .map(|start| &crate::season::SHIPPED[start..])
        .expect("a pack");
    let newer = pack
        .replace("V4.2", "V5")
        .replace("2024-03-01", "2024-05-01")
        .replace("fine_basis_points = 500", "fine_basis_points = 1000");
    let book = PolicyBook::parse(&format!("{}\n{newer}", crate::season::SHIPPED)).expect("two packs");
    assert_eq!(Case::paid("80.10").under(older).sign_off(past()), fine("4.01"));
    let mut case = Case::paid("80.10").under(book);
    assert_eq!(case.sign_off(past()), fine("8.01"));
    case.settle(past());
    assert_eq!(case.entries[0].policy, "V5");
}

#[test]
fn a_number_replaced_at_the_very_deadline_is_not_live() {
    let case = Case::shipped().upload(NUMBERS[1], SendType::All, deadline());
    assert_eq!(
        case.clone()
            .event(NUMBERS[1], Node::Signed, day(9))
            .sign_off(past()),
        None
    );
    assert_eq!(
        case.event(NUMBERS[0], Node::Signed, day(9)).sign_off(past()),
        fine("4.01")
    );
}
