//! Rates as of an instant: whatever order rates, orders and nights come in, an order's amount and its ledger are the same.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use domain::assess::assess;
use domain::exchange::{RatesByDay, StatedRate, course_of};
use domain::facts::OrderFact;
use domain::ledger::reconcile;
use domain::ruling::Uploader;
use domain::{
    Cents, Clause, Currency, Elapsed, LedgerEntry, Money, Order, PolicyBook, Rate, Source, Timestamp,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::season::{cents, day, deadline, order_fact, paid};

fn book() -> &'static PolicyBook {
    PolicyBook::shipped()
}

fn euros() -> Currency {
    Currency::parse("EUR").expect("a currency")
}

fn paid_on() -> NaiveDate {
    paid().date_in(book().zone)
}

#[derive(Clone, Debug)]
enum Fact {
    Rate(NaiveDate, StatedRate),
    Order(OrderFact, Uploader),
}

fn rate(days_before: u64, text: &str, recorded_at: Timestamp) -> Fact {
    let date = paid_on().checked_sub_days(Days::new(days_before)).expect("a day");
    let rate = Rate::parse(text).expect("a rate");
    Fact::Rate(date, StatedRate { recorded_at, rate })
}

fn order(amount: &str, recorded_at: Timestamp, uploader: Uploader) -> Fact {
    let amount = Money::parse(amount, euros()).expect("an amount");
    let source = Source {
        upload: recorded_at.unix().unsigned_abs(),
        row: 1,
    };
    let fact = OrderFact {
        amount,
        recorded_at,
        source,
        ..order_fact()
    };
    Fact::Order(fact, uploader)
}

/// One order and the table of rates, as the functions keep them: an order waits for a rate, and every night takes up what was
/// recorded since.
#[derive(Clone, Debug, Default)]
struct Office {
    rates: RatesByDay,
    order: Option<Order>,
    waiting: Vec<(OrderFact, Uploader)>,
    entries: Vec<LedgerEntry>,
}

impl Office {
    fn of<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Self {
        let mut office = Self::default();
        facts.into_iter().for_each(|fact| office.take(fact));
        office
    }

    fn take(&mut self, fact: &Fact) {
        match fact {
            Fact::Rate(date, stated) => {
                self.rates.entry(*date).or_default().push(*stated);
                for (fact, uploader) in std::mem::take(&mut self.waiting) {
                    self.place(fact, uploader);
                }
            }
            Fact::Order(fact, uploader) => self.place(fact.clone(), uploader.clone()),
        }
    }

    fn place(&mut self, fact: OrderFact, uploader: Uploader) {
        let course = course_of(&self.rates, fact.paid_at, fact.recorded_at, book());
        let would_replace = self
            .order
            .as_ref()
            .is_none_or(|order| uploader == Uploader::Operator && !order.confirmed);
        if would_replace && course.is_empty() {
            self.waiting.push((fact, uploader));
        } else if let Some(order) = &mut self.order {
            order.rule_order(&fact, &uploader, &PolicyBook::shipped().intake);
            self.rate_anew();
        } else {
            self.order = Order::placed(&fact, course, &uploader);
        }
    }

    fn rate_anew(&mut self) {
        let rated = self
            .order
            .as_ref()
            .and_then(|order| order.rated_anew(&self.rates, book()));
        self.order = rated.or(self.order.take());
    }

    fn night(&mut self, as_of: Timestamp) {
        self.rate_anew();
        let Some(order) = &mut self.order else { return };
        let due = assess(order, book().newest(), as_of).due;
        let posted = reconcile(order, &due, as_of, book().newest());
        order.note_posted(&posted, as_of);
        self.entries.extend(posted);
    }

    fn net(&self) -> BTreeMap<Clause, Cents> {
        let mut sums = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| entry.kind.moves_money()) {
            *sums.entry(entry.clause).or_insert(Cents::ZERO) += entry.amount;
        }
        sums.retain(|_, sum| *sum != Cents::ZERO);
        sums
    }
}

/// What the rulebook says of an amount as of an instant, in other words than the code's: the operator's row where there is one,
/// at the rate of the latest day of the eight of which one was stated by then and in time, as it was stated last.
fn usd_by_the_book(facts: &[Fact], as_of: Timestamp) -> Option<Cents> {
    let rows = |wanted: &Uploader| {
        let rows = facts.iter().filter_map(|fact| match fact {
            Fact::Order(fact, uploader) if uploader == wanted => Some(fact),
            _ => None,
        });
        rows.min_by_key(|fact| fact.recorded_at)
    };
    let counts = rows(&Uploader::Operator).or_else(|| rows(&sellers()))?;
    let last_recorded_at = as_of.min(counts.recorded_at.plus(Elapsed::days(45)));
    let days = (0..8).filter_map(|back| paid_on().checked_sub_days(Days::new(back)));
    for date in days {
        let stated = facts.iter().filter_map(|fact| match fact {
            Fact::Rate(on, stated) if *on == date && stated.recorded_at <= last_recorded_at => Some(stated),
            _ => None,
        });
        if let Some(last) = stated.max_by_key(|stated| (stated.recorded_at, std::cmp::Reverse(stated.rate))) {
            return counts.amount.usd_cents(Some(last.rate));
        }
    }
    None
}

fn sellers() -> Uploader {
    Uploader::Seller(order_fact().seller_id)
}

#[test]
fn a_rate_recorded_later_is_taken_up_by_the_night_and_posted_under_the_next_ordinals() {
    let mut office = Office::of(&[
        rate(1, "1.20", paid()),
        order("500.00", paid(), Uploader::Operator),
    ]);
    office.night(deadline().next());
    office.take(&rate(0, "1.30", day(33)));
    office.night(day(34));
    let posted = office.entries.iter();
    let posted: Vec<_> = posted
        .map(|entry| (entry.entry_id.rsplit('.').next().unwrap_or(""), entry.amount))
        .collect();
    assert_eq!(
        posted,
        [
            ("1", cents("30.00")),
            ("2", cents("-30.00")),
            ("3", cents("32.50"))
        ]
    );
    let order = office.order.expect("an order");
    assert_eq!(
        [day(32), day(33)].map(|at| order.usd_at(at)),
        [cents("600.00"), cents("650.00")],
        "what is recorded later changes nothing as of before"
    );
}

#[test]
fn a_rate_recorded_45_days_after_the_row_counts_and_a_second_later_it_does_not() {
    for (recorded_at, usd) in [(day(45), "650.00"), (day(45).next(), "600.00")] {
        let facts = [rate(0, "1.20", paid()), rate(0, "1.30", recorded_at)];
        let mut office = Office::of(&[order("500.00", paid(), Uploader::Operator)]);
        facts.iter().for_each(|fact| office.take(fact));
        office.night(day(60));
        let order = office.order.expect("an order");
        assert_eq!(order.usd_at(day(60)), cents(usd), "{recorded_at}");
    }
}

#[test]
fn rates_that_come_to_the_same_write_nothing() {
    let mut facts = vec![
        rate(0, "1.20", paid()),
        order("500.00", day(1), Uploader::Operator),
    ];
    // Another day's, the same again, and one that was overtaken before the order was recorded.
    facts.extend([
        rate(3, "9.99", day(2)),
        rate(0, "1.2", day(3)),
        rate(0, "1.10", paid().minus(Elapsed::days(1))),
    ]);
    let office = Office::of(&facts);
    let order = office.order.expect("an order");
    assert_eq!(order.rated_anew(&office.rates, book()), None);
}

#[test]
fn an_instant_that_a_rate_loses_stays_known_to_the_lake() {
    let mut office = Office::of(&[
        rate(1, "1.20", paid()),
        order("500.00", paid(), Uploader::Operator),
        rate(1, "1.25", day(9)),
    ]);
    office.night(day(10));
    // The day's own rate was recorded before: the older day's correction never counted.
    office.take(&rate(0, "1.30", day(5)));
    office.night(day(11));
    let order = office.order.expect("an order");
    assert_eq!(order.once_learned_at, [day(9)]);
    assert_eq!(order.learned_at(), [paid(), day(5)]);
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let texts = select(vec!["1.10", "1.20", "1.30", "1.31", "0.0001"]);
    let rates = proptest::collection::vec((0_u64..10, texts, 0_i64..70), 1..7);
    let rows = proptest::collection::vec((0_i64..20, any::<bool>()), 1..4);
    let first = proptest::option::weighted(0.8, 0_u64..8);
    (rates, rows, first).prop_map(|(rates, rows, first)| {
        let mut facts: Vec<Fact> = rates
            .into_iter()
            .map(|(before, text, at)| rate(before, text, day(at)))
            .collect();
        facts.extend(first.map(|before| rate(before, "1.15", paid())));
        facts.extend(rows.into_iter().map(|(at, is_operators)| {
            let (amount, uploader) = if is_operators {
                ("500.00", Uploader::Operator)
            } else {
                ("400.00", sellers())
            };
            order(amount, day(at), uploader)
        }));
        facts
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn rates_orders_and_nights_in_any_order_end_in_the_same_amount_and_the_same_net_sums(
        facts in facts(),
        places in proptest::collection::vec(any::<Index>(), 12..20),
        again in proptest::collection::vec(any::<Index>(), 0..4),
        nights in proptest::collection::vec((any::<Index>(), 1_i64..100), 0..6),
    ) {
        // Of a row that no rate came for in time nothing else is to be told.
        prop_assume!(usd_by_the_book(&facts, day(400)).is_some());
        let all = facts.iter().chain(again.iter().map(|index| index.get(&facts)));
        let mut arrived: Vec<&Fact> = Vec::new();
        for (fact, place) in all.zip(places.iter().cycle()) {
            arrived.insert(place.index(arrived.len() + 1), fact);
        }
        let mut instants: Vec<i64> = nights.iter().map(|(_, at)| *at).collect();
        instants.sort_unstable();
        let mut after: Vec<usize> = nights.iter().map(|(place, _)| place.index(arrived.len())).collect();
        after.sort_unstable();
        let mut runs = after.into_iter().zip(instants).peekable();
        let mut office = Office::default();
        for (place, fact) in arrived.into_iter().enumerate() {
            office.take(fact);
            while let Some((_, at)) = runs.next_if(|(after, _)| *after == place) {
                office.night(day(at));
            }
        }
        office.night(day(400));
        let order = office.order.as_ref().expect("its rate came");
        for at in (0..80).map(day).filter(|at| *at >= order.recorded_at) {
            if let Some(usd) = usd_by_the_book(&facts, at) {
                prop_assert_eq!(order.usd_at(at), usd, "as of {}", at);
            }
        }
        let usd = usd_by_the_book(&facts, day(400)).unwrap_or_default();
        let fine = book().newest().sign_off_fine(usd);
        let expected: BTreeMap<_, _> = (fine > Cents::ZERO).then_some((Clause::B4, fine)).into_iter().collect();
        prop_assert_eq!(office.net(), expected);
    }
}
