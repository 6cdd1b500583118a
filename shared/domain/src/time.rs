//! Instants, elapsed time and the platform's months.
//!
//! Instants are whole seconds of UTC. A fraction of a second is cut off at the door: a gap measured between two
//! cut instants exceeds a limit of whole seconds only if the true gap did, so cutting never makes a fine.

mod clock;
mod form;
mod local;
mod month;
mod place;
mod written;
mod zone;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use clock::{AHEAD_MAX, BeyondClock, not_beyond};
pub use place::zones_of;
pub use written::{TimeText, WrittenTime, parse_day, year_first_readings};
pub use zone::StatedZone;

/// A zone of the tz database. Months are counted in the platform's.
pub type Zone = chrono_tz::Tz;

/// An instant: whole seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Elapsed time in whole seconds. "48 hours" of the rulebook is elapsed time, never calendar days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Elapsed(i64);

/// A calendar month of the platform zone, e.g. `2024-03`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i32,
    month: u32,
}

/// Why a text is not an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// The text has no form of a date with a time that we read.
    #[error("not a date and time")]
    Unreadable,
    /// A local time that does not exist (the night clocks go forward).
    #[error("a local time that its zone skips")]
    Skipped,
    /// A day without a time of it.
    #[error("a date without a time of day")]
    DateOnly,
    /// The year comes last: which of the two numbers before it is the day would be a guess.
    #[error("a date whose day and month could be confused")]
    YearLast,
    /// A year before 1970.
    #[error("a year before 1970")]
    TooEarly,
}

impl Timestamp {
    /// Seconds since the epoch. Years outside 1970–9999 are refused by [`WrittenTime::parse`], not here.
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// This instant and `elapsed` more.
    pub const fn plus(self, elapsed: Elapsed) -> Self {
        Self(self.0.saturating_add(elapsed.0))
    }

    /// This instant less `elapsed`.
    pub const fn minus(self, elapsed: Elapsed) -> Self {
        Self(self.0.saturating_sub(elapsed.0))
    }

    /// Time from `earlier` to this instant; negative when `earlier` is later.
    pub const fn since(self, earlier: Self) -> Elapsed {
        Elapsed(self.0.saturating_sub(earlier.0))
    }

    /// The first instant strictly after this one, at our resolution.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The calendar day of `zone` on which this instant falls.
    pub fn date_in(self, zone: Zone) -> NaiveDate {
        self.utc().with_timezone(&zone).date_naive()
    }

    /// `2024-03-01 12:00 PST`: for people, in `zone`.
    pub fn display_in(self, zone: Zone) -> String {
        self.utc()
            .with_timezone(&zone)
            .format("%Y-%m-%d %H:%M %Z")
            .to_string()
    }

    /// As [`display_in`](Self::display_in), with seconds where they are not zero: a deadline may be missed by one.
    pub fn display_exact_in(self, zone: Zone) -> String {
        if self.0.rem_euclid(60) == 0 {
            return self.display_in(zone);
        }
        let local = self.utc().with_timezone(&zone);
        local.format("%Y-%m-%d %H:%M:%S %Z").to_string()
    }

    /// `2024-03-01 12:00` on the clock of a stated zone.
    pub fn written_in(self, zone: StatedZone) -> String {
        let local = match zone {
            StatedZone::Named(zone) => self.utc().with_timezone(&zone).naive_local(),
            StatedZone::Offset(seconds) => Self(self.0.saturating_add(i64::from(seconds))).utc().naive_utc(),
        };
        local.format("%Y-%m-%d %H:%M").to_string()
    }

    fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0, 0).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.timestamp())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.utc().format("%Y-%m-%dT%H:%M:%SZ"))
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    /// Reads an RFC 3339 instant (an offset is required).
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let at = DateTime::parse_from_rfc3339(text).map_err(|_| TimeError::Unreadable)?;
        within_years(at.timestamp(), at.year())
    }
}

impl Elapsed {
    /// So many seconds.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// `hours` × 3,600 s.
    pub const fn hours(hours: i64) -> Self {
        Self(hours * 3_600)
    }

    /// `days` × 24 h: elapsed days, not calendar days.
    pub const fn days(days: i64) -> Self {
        Self::hours(days * 24)
    }

    /// Whole seconds.
    pub const fn seconds(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Elapsed {
    /// `49 h 12 m`, with seconds only where they are not zero: `48 h 00 m 01 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let whole = self.0.unsigned_abs();
        write!(f, "{sign}{} h {:02} m", whole / 3_600, whole / 60 % 60)?;
        if !whole.is_multiple_of(60) {
            write!(f, " {:02} s", whole % 60)?;
        }
        Ok(())
    }
}

impl Month {
    /// The month of `zone` in which `at` falls.
    pub fn of(at: Timestamp, zone: Zone) -> Self {
        let day = at.date_in(zone);
        Self {
            year: day.year(),
            month: day.month(),
        }
    }

    /// The month `count` before this one.
    pub fn minus(self, count: u32) -> Self {
        let index = self.year * 12 + self.month as i32 - 1 - count as i32;
        Self {
            year: index.div_euclid(12),
            month: index.rem_euclid(12) as u32 + 1,
        }
    }

    /// The month after this one.
    pub fn next(self) -> Self {
        if self.month == 12 {
            Self {
                year: self.year + 1,
                month: 1,
            }
        } else {
            Self {
                year: self.year,
                month: self.month + 1,
            }
        }
    }

    /// The month's first instant in `zone`.
    pub fn starts_at(self, zone: Zone) -> Timestamp {
        NaiveDate::from_ymd_opt(self.year, self.month, 1).map_or(Timestamp(0), |day| day_starts_at(day, zone))
    }

    /// The month's end: the next month's first instant.
    pub fn ends_at(self, zone: Zone) -> Timestamp {
        self.next().starts_at(zone)
    }
}

/// The first instant of a calendar day in `zone` (clocks may skip midnight; then the first that exists).
pub fn day_starts_at(day: NaiveDate, zone: Zone) -> Timestamp {
    (0..24)
        .filter_map(|hour| day.and_hms_opt(hour, 0, 0))
        .find_map(|local| zone.from_local_datetime(&local).earliest())
        .map_or(Timestamp(0), |at| Timestamp(at.timestamp()))
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl Month {
    /// The month of that number, from 1 to 12, of a year.
    ///
    /// # Panics
    /// For a month that there is not, so that a constant of it does not compile.
    pub const fn of_year(year: i32, month: u32) -> Self {
        assert!(month >= 1 && month <= 12, "a month from 1 to 12");
        Self { year, month }
    }
}

impl FromStr for Month {
    type Err = TimeError;

    /// Reads `YYYY-MM`.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let well_formed = text.len() == 7
            && text
                .bytes()
                .enumerate()
                .all(|(i, b)| if i == 4 { b == b'-' } else { b.is_ascii_digit() });
        let (year, month) = text
            .split_at_checked(4)
            .filter(|_| well_formed)
            .ok_or(TimeError::Unreadable)?;
        let year = year.parse().map_err(|_| TimeError::Unreadable)?;
        let month = month[1..].parse().map_err(|_| TimeError::Unreadable)?;
        (1..=12)
            .contains(&month)
            .then_some(Self { year, month })
            .ok_or(TimeError::Unreadable)
    }
}

/// Guards against slips such as year 0024: nothing before the epoch or past 9999 is a shipment's time.
fn within_years(seconds: i64, year: i32) -> Result<Timestamp, TimeError> {
    match year {
        ..1970 => Err(TimeError::TooEarly),
        1970..=9999 => Ok(Timestamp(seconds)),
        _ => Err(TimeError::Unreadable),
    }
}

impl Serialize for Timestamp {
    /// RFC 3339 text where people read it (JSON), the bare integer where they do not.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            text.parse().map_err(de::Error::custom)
        } else {
            i64::deserialize(deserializer).map(Self)
        }
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACIFIC: Zone = chrono_tz::America::Los_Angeles;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a test's instant")
    }

    #[test]
    fn thirty_days_are_elapsed_time_across_daylight_saving() {
        let paid = WrittenTime::parse("2024-02-20 12:00", PACIFIC);
        let Ok(WrittenTime::Exact(paid)) = paid else {
            panic!("{paid:?}")
        };
        assert_eq!(
            paid.plus(Elapsed::days(30)).display_in(PACIFIC),
            "2024-03-21 13:00 PDT"
        );
    }

    #[test]
    fn seconds_are_shown_where_they_are_not_zero() {
        let second_late = at("2024-03-21T20:00:01Z");
        assert_eq!(second_late.display_exact_in(PACIFIC), "2024-03-21 13:00:01 PDT");
        assert_eq!(
            at("2024-03-21T20:00:00Z").display_exact_in(PACIFIC),
            "2024-03-21 13:00 PDT"
        );
    }

    #[test]
    fn elapsed_reads_like_a_comparison() {
        assert_eq!(Elapsed(49 * 3_600 + 12 * 60).to_string(), "49 h 12 m");
        assert_eq!(Elapsed(48 * 3_600 + 1).to_string(), "48 h 00 m 01 s");
    }

    #[test]
    fn months_step_over_the_year() {
        let january: Month = "2024-01".parse().expect("month");
        assert_eq!(january.minus(2).to_string(), "2023-11");
        assert_eq!(january.minus(1).next(), january);
        assert!("2024-13".parse::<Month>().is_err() && "2024-1".parse::<Month>().is_err());
        assert_eq!(january.ends_at(PACIFIC), at("2024-02-01T08:00:00Z"));
    }
}
