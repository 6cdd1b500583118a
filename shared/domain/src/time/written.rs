//! Timestamps as files write them.

use chrono::{DateTime, Datelike, LocalResult, NaiveDate, NaiveDateTime, TimeZone};

use super::{TimeError, Timestamp, Zone, within_years};

/// A timestamp as a file wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrittenTime {
    /// One instant.
    Exact(Timestamp),
    /// A local time that exists twice (the night clocks go back).
    Ambiguous {
        /// The first of the two instants.
        earlier: Timestamp,
        /// The second of the two instants.
        later: Timestamp,
    },
}

/// Forms of a local date and time that seller tools write.
const LOCAL_FORMS: [&str; 8] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y/%m/%d %H:%M",
    "%Y.%m.%d %H:%M:%S",
    "%Y年%m月%d日 %H:%M:%S",
];

impl WrittenTime {
    /// Reads a timestamp: RFC 3339 (also with a space for the `T`), or a local time, which is read in `zone`.
    ///
    /// # Errors
    /// [`TimeError::Skipped`] for a local time that does not exist, [`TimeError::Unreadable`] for anything else.
    pub fn parse(text: &str, zone: Zone) -> Result<Self, TimeError> {
        if let Some((local, offset)) = fixed_width(text.as_bytes()) {
            return match offset {
                Some(seconds) => exact(local.seconds() - seconds, local.year),
                None => Self::in_zone(local.naive().ok_or(TimeError::Unreadable)?, zone),
            };
        }
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return exact(at.timestamp(), at.year());
        }
        if let Ok(at) = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%:z") {
            return exact(at.timestamp(), at.year());
        }
        let local = LOCAL_FORMS
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
            .ok_or(TimeError::Unreadable)?;
        Self::in_zone(local, zone)
    }

    fn in_zone(local: NaiveDateTime, zone: Zone) -> Result<Self, TimeError> {
        match zone.from_local_datetime(&local) {
            LocalResult::Single(at) => exact(at.timestamp(), local.year()),
            LocalResult::Ambiguous(one, other) => {
                let (earlier, later) = (Timestamp(one.timestamp()), Timestamp(other.timestamp()));
                Ok(Self::Ambiguous {
                    earlier: earlier.min(later),
                    later: earlier.max(later),
                })
            }
            LocalResult::None => Err(TimeError::Skipped),
        }
    }
}

fn exact(seconds: i64, year: i32) -> Result<WrittenTime, TimeError> {
    within_years(seconds, year).map(WrittenTime::Exact)
}

/// A day and a time of it, both of which exist.
struct Clock {
    year: i32,
    month: u32,
    day: u32,
    second_of_day: u32,
}

impl Clock {
    /// `None` where the calendar has no such day or the day no such time.
    fn of([year, month, day]: [u32; 3], [hour, minute, second]: [u32; 3]) -> Option<Self> {
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
    fn seconds(&self) -> i64 {
        // The year begins in March here, so that a leap day is its last one.
        let (month, year) = ((self.month + 9) % 12, self.year - i32::from(self.month < 3));
        let day_of_year = i64::from((153 * month + 2) / 5 + self.day - 1);
        let year = i64::from(year);
        let days =
            365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year;
        (days - DAYS_TO_1970) * 86_400 + i64::from(self.second_of_day)
    }

    fn naive(&self) -> Option<NaiveDateTime> {
        let date = NaiveDate::from_ymd_opt(self.year, self.month, self.day)?;
        let (minutes, second) = (self.second_of_day / 60, self.second_of_day % 60);
        date.and_hms_opt(minutes / 60, minutes % 60, second)
    }
}

/// Days from 1 March of the year 0 to 1 January 1970.
const DAYS_TO_1970: i64 = 719_468;

/// The form that nearly every file writes, `YYYY-MM-DD hh:mm:ss` or with a `T`, and behind it nothing, `Z` or `±hh:mm`:
/// the local time and the offset's seconds. `None` for anything else, which the general readers then look at: this one
/// is there because they take half of a row's time.
fn fixed_width(text: &[u8]) -> Option<(Clock, Option<i64>)> {
    let (clock, zone) = text.split_at_checked(19)?;
    let separated = clock[4] == b'-'
        && clock[7] == b'-'
        && matches!(clock[10], b'T' | b' ')
        && clock[13] == b':'
        && clock[16] == b':';
    if !separated {
        return None;
    }
    let offset = match zone {
        [] => None,
        b"Z" => Some(0),
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let (hours, minutes) = (two_digits(&zone[1..3])?, two_digits(&zone[4..6])?);
            let seconds = i64::from(hours * 3_600 + minutes * 60);
            (hours < 24 && minutes < 60).then_some(Some(if *sign == b'-' { -seconds } else { seconds }))?
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
    Some((Clock::of(date, time)?, offset))
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
    use proptest::prelude::*;

    use super::*;

    const PACIFIC: Zone = chrono_tz::America::Los_Angeles;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a test's instant")
    }

    #[test]
    fn a_local_time_that_exists_twice_gives_both_readings() {
        let written = WrittenTime::parse("2024-11-03 01:30", PACIFIC);
        let expected = WrittenTime::Ambiguous {
            earlier: at("2024-11-03T08:30:00Z"),
            later: at("2024-11-03T09:30:00Z"),
        };
        assert_eq!(written, Ok(expected));
    }

    #[test]
    fn a_local_time_that_does_not_exist_is_an_error() {
        assert_eq!(
            WrittenTime::parse("2024-03-10 02:30", PACIFIC),
            Err(TimeError::Skipped)
        );
    }

    #[test]
    fn times_without_offset_are_read_in_the_platform_zone() {
        for text in [
            "2024-07-01 08:00:00",
            "2024/7/1 8:00",
            "2024-07-01T08:00:00.999",
            "2024年7月1日 08:00:00",
        ] {
            assert_eq!(
                WrittenTime::parse(text, PACIFIC),
                Ok(WrittenTime::Exact(at("2024-07-01T15:00:00Z"))),
                "{text}"
            );
        }
        for text in [
            "",
            "2024-07-01",
            "yesterday",
            "0024-07-01 08:00",
            "2024-13-01 08:00",
            "45000.5",
        ] {
            assert_eq!(
                WrittenTime::parse(text, PACIFIC),
                Err(TimeError::Unreadable),
                "{text}"
            );
        }
    }

    #[test]
    fn every_day_is_reckoned_as_the_calendar_has_it() {
        let first = NaiveDate::from_ymd_opt(1969, 12, 1).expect("a day");
        for date in first.iter_days().take_while(|date| date.year() < 2105) {
            let noon = [date.year() as u32, date.month(), date.day()];
            let clock = Clock::of(noon, [12, 0, 1]).expect("a day of the calendar");
            let expected = date.and_hms_opt(12, 0, 1);
            assert_eq!(clock.naive(), expected);
            assert_eq!(Some(clock.seconds()), expected.map(|at| at.and_utc().timestamp()));
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
            assert!(Clock::of(date, [0, 0, 0]).is_none(), "{date:?}");
        }
        assert!(
            Clock::of([2000, 2, 29], [23, 59, 59]).is_some() && Clock::of([2024, 1, 1], [24, 0, 0]).is_none()
        );
    }

    proptest! {
        /// The short way says what the general readers say, wherever it says anything.
        #[test]
        fn the_short_way_reads_as_the_general_one(
            text in "[0-9]{4}-[0-1][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](|Z|[+-][0-2][0-9]:[0-6][0-9])"
        ) {
            if let Some((local, Some(offset))) = fixed_width(text.as_bytes()) {
                let general = DateTime::parse_from_rfc3339(&text.replace(' ', "T")).map(|at| at.timestamp());
                prop_assert_eq!(general, Ok(local.seconds() - offset));
            } else if let Some((local, None)) = fixed_width(text.as_bytes()) {
                let general = NaiveDateTime::parse_from_str(&text.replace('T', " "), "%Y-%m-%d %H:%M:%S");
                prop_assert_eq!(general.ok(), local.naive());
                prop_assert_eq!(general.map(|local| local.and_utc().timestamp()), Ok(local.seconds()));
            }
        }
    }
}
