//! Dates: a spreadsheet keeps them as days since an epoch, the time as the day's fraction.

use chrono::{Datelike, Days, NaiveDate};

use super::number::Decimal;

const SECONDS_PER_DAY: u128 = 86_400;
/// Digits of the fraction that are looked at: a thousandth of a microsecond.
const FRACTION_DIGITS: usize = 15;
/// The serial of 9999-12-31 in the 1900 system.
const DAY_MAX: u64 = 2_958_465;
/// The day that was not: the 1900 system counts a 29th of February 1900.
const LEAP_BUG_DAY: u64 = 60;

/// From which day a workbook counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Epoch {
    /// Day 1 is 1900-01-01.
    #[default]
    Year1900,
    /// Day 0 is 1904-01-01.
    Year1904,
}

/// A serial as `YYYY-MM-DD HH:MM:SS`, rounded to the nearest second; as `YYYY-MM-DD` when it is whole and `dates_only`;
/// as `HH:MM:SS` when it is a time of no day. None when it is negative or beyond the year 9999.
pub(super) fn date_text(raw: &str, epoch: Epoch, dates_only: bool) -> Option<String> {
    let number = Decimal::parse(raw)?;
    let (whole, fraction) = number.parts()?;
    if number.negative {
        return None;
    }
    let mut day: u64 = whole.parse().ok()?;
    let fraction = fraction.get(..FRACTION_DIGITS).unwrap_or(&fraction);
    let denominator = 10_u128.pow(fraction.len() as u32);
    let numerator: u128 = if fraction.is_empty() {
        0
    } else {
        fraction.parse().ok()?
    };
    let mut seconds = (numerator * SECONDS_PER_DAY + denominator / 2) / denominator;
    if seconds == SECONDS_PER_DAY {
        (day, seconds) = (day.checked_add(1)?, 0);
    }
    let time = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    if day == 0 {
        return Some(time);
    }
    let date = calendar_day(day, epoch)?;
    Some(if dates_only && seconds == 0 {
        date
    } else {
        format!("{date} {time}")
    })
}

fn calendar_day(day: u64, epoch: Epoch) -> Option<String> {
    let (zero, day) = match epoch {
        Epoch::Year1904 => ((1904, 1, 1), day),
        Epoch::Year1900 if day == LEAP_BUG_DAY => return Some("1900-02-29".to_owned()),
        Epoch::Year1900 if day < LEAP_BUG_DAY => ((1899, 12, 31), day),
        Epoch::Year1900 => ((1899, 12, 30), day),
    };
    if day > DAY_MAX {
        return None;
    }
    let zero = NaiveDate::from_ymd_opt(zero.0, zero.1, zero.2)?;
    let date = zero.checked_add_days(Days::new(day))?;
    // A year of five digits is none that a sheet shows.
    (date.year() <= 9999).then(|| format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &str) -> Option<String> {
        date_text(raw, Epoch::Year1900, false)
    }

    #[test]
    fn serials_become_dates_to_the_second() {
        for (raw, expected) in [
            ("45413", "2024-05-01 00:00:00"),
            ("45413.416666666664", "2024-05-01 10:00:00"),
            ("45413.99999999", "2024-05-02 00:00:00"),
            ("45413.5000057870", "2024-05-01 12:00:00"),
            ("45413.5000057871", "2024-05-01 12:00:01"),
            ("4.5413E4", "2024-05-01 00:00:00"),
            ("2958465.5", "9999-12-31 12:00:00"),
            ("0.5", "12:00:00"),
        ] {
            assert_eq!(text(raw).as_deref(), Some(expected), "{raw}");
        }
        assert_eq!(
            date_text("45413", Epoch::Year1900, true).as_deref(),
            Some("2024-05-01")
        );
        assert_eq!(
            date_text("45413.25", Epoch::Year1900, true).as_deref(),
            Some("2024-05-01 06:00:00")
        );
    }

    #[test]
    fn the_day_that_was_not_is_shown_as_the_sheet_shows_it() {
        let date = |raw| date_text(raw, Epoch::Year1900, true);
        assert_eq!(date("1").as_deref(), Some("1900-01-01"));
        assert_eq!(date("59").as_deref(), Some("1900-02-28"));
        assert_eq!(date("60").as_deref(), Some("1900-02-29"));
        assert_eq!(date("61").as_deref(), Some("1900-03-01"));
    }

    #[test]
    fn the_system_of_1904_counts_from_its_own_day() {
        let date = |raw| date_text(raw, Epoch::Year1904, true);
        assert_eq!(date("43951").as_deref(), Some("2024-05-01"));
        assert_eq!(date("1").as_deref(), Some("1904-01-02"));
        assert_eq!(date("2957004"), None);
    }

    #[test]
    fn what_is_no_day_of_the_calendar_is_left() {
        for raw in [
            "-1",
            "2958466",
            "2958465.999999",
            "1E300",
            "99999999999999999999",
            "abc",
            "",
        ] {
            assert_eq!(text(raw), None, "{raw}");
        }
    }
}
