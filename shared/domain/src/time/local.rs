//! A day and a time of it as clocks on a wall show them, and the short way by which nearly every cell is read.

use chrono::{NaiveDate, NaiveDateTime};

use super::StatedZone;

/// A day and a time of it, both of which exist; of no zone yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    pub(super) year: i32,
    month: u32,
    day: u32,
    second_of_day: u32,
}

impl LocalTime {
    /// `None` where the calendar has no such day or the day no such time.
    pub(super) fn of([year, month, day]: [u32; 3], [hour, minute, second]: [u32; 3]) -> Option<Self> {
        const DAYS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = *DAYS.get((month as usize).checked_sub(1)?)? + u32::from(is_leap && month == 2);
        let exists = (1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60;
        exists.then_some(Self {
            year: year as i32,
            month,
            day,
            second_of_day: (hour * 60 + minute) * 60 + second,
        })
    }

    /// Seconds since 1970, were it UTC.
    pub(super) fn seconds(&self) -> i64 {
        // The year begins in March here, so that a leap day is its last one.
        let (month, year) = ((self.month + 9) % 12, self.year - i32::from(self.month < 3));
        let day_of_year = i64::from((153 * month + 2) / 5 + self.day - 1);
        let year = i64::from(year);
        let days =
            365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year;
        (days - DAYS_TO_1970) * 86_400 + i64::from(self.second_of_day)
    }

    /// The day of the week, from Monday on.
    pub(super) fn weekday(&self) -> u32 {
        // 1 January 1970 was a Thursday.
        (self.seconds().div_euclid(86_400) + 3).rem_euclid(7) as u32
    }

    pub(super) fn naive(&self) -> Option<NaiveDateTime> {
        let date = NaiveDate::from_ymd_opt(self.year, self.month, self.day)?;
        let (minutes, second) = (self.second_of_day / 60, self.second_of_day % 60);
        date.and_hms_opt(minutes / 60, minutes % 60, second)
    }
}

/// Days from 1 March of the year 0 to 1 January 1970.
const DAYS_TO_1970: i64 = 719_468;

/// The form that nearly every file writes, `YYYY-MM-DD hh:mm:ss` or with a `T`, and behind it nothing, `Z` or `±hh:mm`.
/// `None` for anything else, which the general reader then looks at: this one is there because that takes half of a row's
/// time.
pub(super) fn fixed_width(text: &[u8]) -> Option<(LocalTime, Option<StatedZone>)> {
    let (clock, zone) = text.split_at_checked(19)?;
    let separated = clock[4] == b'-'
        && clock[7] == b'-'
        && matches!(clock[10], b'T' | b' ')
        && clock[13] == b':'
        && clock[16] == b':';
    if !separated {
        return None;
    }
    let zone = match zone {
        [] => None,
        b"Z" => Some(StatedZone::UTC),
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let (hours, minutes) = (two_digits(&zone[1..3])?, two_digits(&zone[4..6])?);
            Some(StatedZone::of_offset(*sign == b'-', hours, minutes)?)
        }
        _ => return None,
    };
    let year = two_digits(&clock[0..2])? * 100 + two_digits(&clock[2..4])?;
    let date = [year, two_digits(&clock[5..7])?, two_digits(&clock[8..10])?];
    let time = [
        two_digits(&clock[11..13])?,
        two_digits(&clock[14..16])?,
        two_digits(&clock[17..19])?,
    ];
    Some((LocalTime::of(date, time)?, zone))
}

fn two_digits(digits: &[u8]) -> Option<u32> {
    match digits {
        [tens @ b'0'..=b'9', units @ b'0'..=b'9'] => {
            Some(u32::from(tens - b'0') * 10 + u32::from(units - b'0'))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Datelike};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_day_is_reckoned_as_the_calendar_has_it() {
        let first = NaiveDate::from_ymd_opt(1969, 12, 1).expect("a day");
        for date in first.iter_days().take_while(|date| date.year() < 2105) {
            let noon = [date.year() as u32, date.month(), date.day()];
            let local = LocalTime::of(noon, [12, 0, 1]).expect("a day of the calendar");
            let expected = date.and_hms_opt(12, 0, 1);
            assert_eq!(local.naive(), expected);
            assert_eq!(local.weekday(), date.weekday().num_days_from_monday());
            assert_eq!(Some(local.seconds()), expected.map(|at| at.and_utc().timestamp()));
        }
        for date in [
            [2023, 2, 29],
            [2100, 2, 29],
            [2024, 2, 30],
            [2024, 4, 31],
            [2024, 0, 1],
            [2024, 13, 1],
            [2024, 1, 0],
        ] {
            assert!(LocalTime::of(date, [0, 0, 0]).is_none(), "{date:?}");
        }
        assert!(LocalTime::of([2000, 2, 29], [23, 59, 59]).is_some());
        assert!(LocalTime::of([2024, 1, 1], [24, 0, 0]).is_none());
    }

    proptest! {
        /// The short way says what a general reader says, wherever it says anything.
        #[test]
        fn the_short_way_reads_as_the_general_one(
            text in "[0-9]{4}-[0-1][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](|Z|[+-][0-1][0-9]:[0-6][0-9])"
        ) {
            if let Some((local, Some(zone))) = fixed_width(text.as_bytes()) {
                let general = DateTime::parse_from_rfc3339(&text.replace(' ', "T")).map(|at| at.timestamp());
                let offset = match zone {
                    StatedZone::Offset(seconds) => i64::from(seconds),
                    StatedZone::Named(_) => unreachable!("an offset has no name"),
                };
                prop_assert_eq!(general, Ok(local.seconds() - offset));
            } else if let Some((local, None)) = fixed_width(text.as_bytes()) {
                let general = NaiveDateTime::parse_from_str(&text.replace('T', " "), "%Y-%m-%d %H:%M:%S");
                prop_assert_eq!(general.ok(), local.naive());
                prop_assert_eq!(general.map(|local| local.and_utc().timestamp()), Ok(local.seconds()));
            }
        }
    }
}
