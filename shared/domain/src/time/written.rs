//! Timestamps as files write them.

use chrono::{LocalResult, NaiveDate, TimeZone};

use super::local::{LocalTime, fixed_width};
use super::{StatedZone, TimeError, Timestamp, Zone, form, within_years};

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

/// A time as its text alone gives it: what a clock showed, and in which zone, if the text says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeText {
    local: LocalTime,
    zone: Option<StatedZone>,
}

impl TimeText {
    /// Reads a text: a day and a time of it in one of the accepted forms, with a zone or without.
    ///
    /// | part | forms |
    /// |---|---|
    /// | day | `2026-11-05`, `2026/11/5`, `2026.11.05`, `2026年11月5日` (`号`), `20261105`, `5 Nov 2026`, `Nov 5, 2026`; its weekday (`星期四`, `周四`, `Thu`) before or behind it |
    /// | time | `9:15`, `09:15:00`, `09:15:00.123`, `9时15分`, `9点15分08秒`, `9点`, `9点半`; behind `20261105` also `0915`, `091500`, `091500123` |
    /// | part of the day | `上午`, `下午`, `凌晨`, `早上`, `中午`, `傍晚`, `晚上`, `AM`, `PM`, before the time or behind it |
    /// | zone | what [`StatedZone::parse`] reads, perhaps in brackets |
    ///
    /// # Errors
    /// [`TimeError::DateOnly`] for a day without a time, [`TimeError::YearLast`] where day and month could be confused,
    /// [`TimeError::Unreadable`] for anything else.
    #[inline]
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        if let Some((local, zone)) = fixed_width(text.as_bytes()) {
            return Ok(Self { local, zone });
        }
        let (local, zone) = form::read(text)?;
        Ok(Self { local, zone })
    }

    /// Whether the text itself says in which zone it is.
    #[inline]
    pub fn has_zone(&self) -> bool {
        self.zone.is_some()
    }

    /// The instant or the two: by the text's own zone, else by that one.
    ///
    /// # Errors
    /// [`TimeError::Skipped`] for a local time that the zone does not have, [`TimeError::TooEarly`] and
    /// [`TimeError::Unreadable`] for a year that is no shipment's.
    pub fn read_in(&self, zone: StatedZone) -> Result<WrittenTime, TimeError> {
        match self.zone.unwrap_or(zone) {
            StatedZone::Offset(seconds) => self.exact(self.local.seconds() - i64::from(seconds)),
            StatedZone::Named(zone) => self.in_place(zone),
        }
    }

    fn in_place(&self, zone: Zone) -> Result<WrittenTime, TimeError> {
        let local = self.local.naive().ok_or(TimeError::Unreadable)?;
        match zone.from_local_datetime(&local) {
            LocalResult::Single(at) => self.exact(at.timestamp()),
            LocalResult::Ambiguous(one, other) => {
                let (earlier, later) = (Timestamp(one.timestamp()), Timestamp(other.timestamp()));
                Ok(WrittenTime::Ambiguous {
                    earlier: earlier.min(later),
                    later: earlier.max(later),
                })
            }
            LocalResult::None => Err(TimeError::Skipped),
        }
    }

    fn exact(&self, seconds: i64) -> Result<WrittenTime, TimeError> {
        within_years(seconds, self.local.year).map(WrittenTime::Exact)
    }
}

impl WrittenTime {
    /// Reads a timestamp as [`TimeText::parse`] does; one without a zone is read in `zone`.
    ///
    /// # Errors
    /// As [`TimeText::parse`] and [`TimeText::read_in`].
    pub fn parse(text: &str, zone: Zone) -> Result<Self, TimeError> {
        TimeText::parse(text)?.read_in(StatedZone::Named(zone))
    }

    /// The earlier reading.
    pub fn earliest(self) -> Timestamp {
        match self {
            Self::Exact(at) => at,
            Self::Ambiguous { earlier, .. } => earlier,
        }
    }

    /// The later reading.
    pub fn latest(self) -> Timestamp {
        match self {
            Self::Exact(at) => at,
            Self::Ambiguous { later, .. } => later,
        }
    }
}

/// Reads a calendar day, the year first: `2026-11-05`, `2026/11/5`, `2026.11.05`, `2026年11月5日`, `20261105`. Midnight behind it,
/// which spreadsheets write, says nothing more.
///
/// # Errors
/// [`TimeError::YearLast`] where day and month could be confused, [`TimeError::Unreadable`] for anything else.
pub fn parse_day(text: &str) -> Result<NaiveDate, TimeError> {
    let [year, month, day] = form::read_day(text)?;
    let date = NaiveDate::from_ymd_opt(year as i32, month, day);
    date.filter(|_| (1970..=9999).contains(&year))
        .ok_or(TimeError::Unreadable)
}

/// What a text with its year last may mean, with the year first, so that one of them can be chosen; none for other texts.
pub fn year_first_readings(text: &str) -> Vec<String> {
    form::year_first(text)
}

#[cfg(test)]
mod tests;
