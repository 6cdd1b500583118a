//! Exchange rates: which one an order is reckoned by, as of an instant (conventions, "Rates").
//!
//! Rates are facts with the instant at which each was recorded, so the rate of an order is a function of the instant as of which
//! it is asked. An order keeps the course of its rates, which is short: most have one, or none in US dollars.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::{Order, PolicyBook, Rate, Timestamp};

/// A rate as a file states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatedRate {
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// USD per unit.
    pub rate: Rate,
}

/// A currency's rates by day (platform zone), each day as often as it was stated.
pub type RatesByDay = BTreeMap<NaiveDate, Vec<StatedRate>>;

/// The rate that applies to an order from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatedRate {
    /// USD per unit.
    pub rate: Rate,
    /// The day it is of: the payment day, or the latest before within the lookback.
    pub date: NaiveDate,
    /// When it was recorded: it applies from then on.
    pub recorded_at: Timestamp,
}

/// The rates that apply to an order in turn, by when they were recorded: the payment day's, else the latest of the
/// `lookback_days_max` days before; of a day stated several times the one recorded last, at one instant the lower. What was
/// recorded after `until` no longer counts.
pub fn course(
    rates: &RatesByDay,
    paid_on: NaiveDate,
    lookback_days_max: u32,
    until: Timestamp,
) -> Vec<DatedRate> {
    let Some(earliest) = paid_on.checked_sub_days(Days::new(u64::from(lookback_days_max))) else {
        return Vec::new();
    };
    let mut stated: Vec<DatedRate> = rates
        .range(earliest..=paid_on)
        .flat_map(|(&date, stated)| {
            stated.iter().map(move |stated| DatedRate {
                rate: stated.rate,
                date,
                recorded_at: stated.recorded_at,
            })
        })
        .filter(|stated| stated.recorded_at <= until)
        .collect();
    // Of one day at one instant the lower comes last, so that it counts.
    stated.sort_by(|one, other| {
        (one.recorded_at, one.date)
            .cmp(&(other.recorded_at, other.date))
            .then_with(|| other.rate.cmp(&one.rate))
    });
    let mut course: Vec<DatedRate> = Vec::new();
    for next in stated {
        match course.last_mut() {
            Some(last) if next.date < last.date => {}
            Some(last) if next.recorded_at == last.recorded_at => *last = next,
            _ => course.push(next),
        }
    }
    course.dedup_by(|later, earlier| (later.rate, later.date) == (earlier.rate, earlier.date));
    course
}

/// The rates that apply in turn to an order paid at an instant, whose counting row was first recorded at another.
pub fn course_of(
    rates: &RatesByDay,
    paid_at: Timestamp,
    recorded_at: Timestamp,
    book: &PolicyBook,
) -> Vec<DatedRate> {
    course(
        rates,
        paid_at.date_in(book.zone),
        book.intake.rate_lookback_days_max,
        recorded_at.plus(book.intake.parked_max),
    )
}

impl Order {
    /// The order reckoned by the rates that are known now; `None` where they come to those it has. `rates` hold all that was
    /// stated of its currency for the days that count.
    ///
    /// An order that has a rate is never left without one: rates that would all have come too late leave it as it is.
    pub fn rated_anew(&self, rates: &RatesByDay, book: &PolicyBook) -> Option<Self> {
        let course = course_of(rates, self.paid_at, self.recorded_at, book);
        let comes_to_the_same =
            || applied(&course, self.recorded_at).eq(applied(&self.rates, self.recorded_at));
        if course.is_empty() || comes_to_the_same() {
            return None;
        }
        let mut rated = self.clone();
        rated.rates = course;
        let learned_at = rated.learned_at();
        for overtaken in self.learned_at() {
            if learned_at.binary_search(&overtaken).is_err() {
                rated.note_overtaken(overtaken);
            }
        }
        Some(rated)
    }
}

/// A course as it applies to an order that was recorded at an instant: of the rates recorded before only the last one, from
/// then on.
fn applied(course: &[DatedRate], recorded_at: Timestamp) -> impl Iterator<Item = DatedRate> {
    let before = course.iter().take_while(|rate| rate.recorded_at <= recorded_at);
    let first = before.count().saturating_sub(1);
    course[first..].iter().map(move |rate| DatedRate {
        recorded_at: rate.recorded_at.max(recorded_at),
        ..*rate
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 3, day).expect("a day of March")
    }

    fn at(day: u32) -> Timestamp {
        format!("2024-03-{day:02}T12:00:00Z").parse().expect("an instant")
    }

    fn rates(stated: &[(u32, &str, u32)]) -> RatesByDay {
        let mut rates = RatesByDay::new();
        for &(day, rate, recorded) in stated {
            rates.entry(on(day)).or_default().push(StatedRate {
                recorded_at: at(recorded),
                rate: Rate::parse(rate).expect("a rate"),
            });
        }
        rates
    }

    fn told(stated: &[(u32, &str, u32)], until: u32) -> Vec<(String, u32)> {
        let course = course(&rates(stated), on(12), 7, at(until));
        let day = |rate: &DatedRate| (1..29).find(|day| at(*day) == rate.recorded_at).unwrap_or(0);
        course
            .iter()
            .map(|rate| (rate.rate.to_string(), day(rate)))
            .collect()
    }

    #[test]
    fn the_days_own_rate_follows_an_older_one_whenever_it_is_recorded() {
        let stated = [(8, "1.20", 8), (12, "1.30", 14)];
        assert_eq!(told(&stated, 28), [("1.2".to_owned(), 8), ("1.3".to_owned(), 14)]);
        assert_eq!(told(&stated, 13), [("1.2".to_owned(), 8)]);
    }

    #[test]
    fn an_older_day_recorded_later_changes_nothing() {
        assert_eq!(
            told(&[(12, "1.30", 12), (11, "1.10", 15)], 28),
            [("1.3".to_owned(), 12)]
        );
    }

    #[test]
    fn a_day_stated_again_is_the_one_recorded_last_and_at_one_instant_the_lower() {
        assert_eq!(
            told(&[(12, "1.30", 12), (12, "1.25", 13), (12, "1.250", 14)], 28),
            [("1.3".to_owned(), 12), ("1.25".to_owned(), 13)]
        );
        assert_eq!(
            told(&[(12, "1.30", 12), (12, "1.3", 12), (12, "1.29", 12)], 28),
            [("1.29".to_owned(), 12)]
        );
    }

    #[test]
    fn eight_days_back_is_no_rate() {
        assert_eq!(told(&[(4, "1.20", 4)], 28), []);
        assert_eq!(told(&[(5, "1.20", 5)], 28).len(), 1);
    }
}
