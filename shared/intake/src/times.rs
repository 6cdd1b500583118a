//! Times of a row: read, each in its zone, and held to when they were recorded.
//!
//! Which zone that is where a cell says none is in [`crate::zones`].

use chrono::NaiveDate;
use domain::code::{Cause, RowCode};
use domain::time::{
    StatedZone, TimeError, TimeText, WrittenTime, not_beyond, parse_day, year_first_readings,
};
use domain::{Elapsed, Timestamp, Zone, country};

use crate::check::{Reading, Trust};
use crate::zones::{AssumedTimes, Noted, at_the_place};
use crate::{Column, Columns, Context, Kind, RawRow, check};

/// Which of two readings of a local time favours the seller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Favours {
    Earlier,
    Later,
}

/// The zone that a row states in its zone column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RowZone {
    /// Not looked at yet.
    #[default]
    Unread,
    /// None: the file has no such column, or the row no such cell.
    Silent,
    Stated(StatedZone),
    /// A text that names no zone, which was found already.
    Unreadable,
}

/// Columns whose cells are times, all that any kind has.
pub(crate) const TIMES: [Column; 10] = [
    Column::PaidAt,
    Column::SendDeadline,
    Column::StatusAt,
    Column::UploadedAt,
    Column::OccurredAt,
    Column::RecordedAt,
    Column::EpisodeStart,
    Column::FiledAt,
    Column::DecidedAt,
    Column::ChargedAt,
];

/// Columns that only an operator may state: a seller's are not read.
const OPERATORS: [Column; 4] = [
    Column::UploadedAt,
    Column::RecordedAt,
    Column::FiledAt,
    Column::DecidedAt,
];

/// The times of a row that have no zone and are read in an assumed one, as [`check()`] counts them, and nothing else of the
/// row: a file's times are looked at before any of its rows is applied.
pub fn assumed_times(row: &RawRow, columns: &Columns, context: &Context) -> AssumedTimes {
    if !context.zone.of_file(columns).1 {
        return AssumedTimes::default();
    }
    if columns.kind() == Kind::Sellers {
        // Its times stand within other values.
        return check(row, columns, context).assumed;
    }
    let mut reading = Reading::of(row, columns, context);
    if reading.is_misshapen() {
        return AssumedTimes::default();
    }
    let is_read = |column: &Column| {
        let is_ignored = matches!(context.trust, Trust::Seller(_)) && OPERATORS.contains(column);
        columns.at(*column).is_some() && !is_ignored
    };
    for column in TIMES.into_iter().filter(is_read) {
        reading.time(column, Favours::Earlier);
    }
    reading.assumed
}

impl Reading<'_> {
    /// A time that must be there.
    pub(crate) fn required_time(&mut self, column: Column, favours: Favours) -> Option<Timestamp> {
        let text = self.required(column)?;
        self.time_of(&text, column, favours)
    }

    /// A time that may be missing; `None` also for one that cannot be read, which is then a finding.
    pub(crate) fn time(&mut self, column: Column, favours: Favours) -> Option<Timestamp> {
        let text = self.given(column)?;
        self.time_of(&text, column, favours)
    }

    /// A time that is held to the upload's recording (conventions, "Arrival").
    pub(crate) fn past_time(&mut self, column: Column, favours: Favours) -> Option<Timestamp> {
        let at = self.time(column, favours)?;
        self.not_in_future(at, column)
    }

    /// A time that must be there and is held to the upload's recording.
    pub(crate) fn required_past_time(&mut self, column: Column, favours: Favours) -> Option<Timestamp> {
        let at = self.required_time(column, favours)?;
        self.not_in_future(at, column)
    }

    /// A time that only an operator may state, else the upload's own (conventions, "Two times"). `None` when an operator
    /// states one that cannot be read or has not come.
    pub(crate) fn stated_time(&mut self, column: Column) -> Option<Timestamp> {
        if self.given(column).is_none() {
            return Some(self.context.recorded_at);
        }
        match (&self.context.trust, column) {
            (Trust::Operator, Column::RecordedAt) => self.recorded_time(),
            (Trust::Operator, _) => self.past_time(column, Favours::Earlier),
            (Trust::Seller(_), _) => {
                self.find(RowCode::StatementIgnored, column);
                Some(self.context.recorded_at)
            }
        }
    }

    /// Conventions, "Now": nothing was recorded later than now.
    fn recorded_time(&mut self) -> Option<Timestamp> {
        let at = self.time(Column::RecordedAt, Favours::Earlier)?;
        let beyond = not_beyond(at, self.context.clock).err();
        if let Some(beyond) = beyond {
            let ahead = beyond.at.since(beyond.clock);
            let (code, cause) = (RowCode::TimeInFuture, Cause::AheadOfClock);
            self.find_because(code, Column::RecordedAt, cause, ahead.to_string());
            return None;
        }
        Some(at)
    }

    /// Conventions, "Arrival": what is stated to lie more than 14 h after it was recorded is an error.
    pub(crate) fn not_in_future(&mut self, at: Timestamp, column: Column) -> Option<Timestamp> {
        let (ahead, max) = (at.since(self.context.recorded_at), self.context.future_max);
        if ahead > max {
            self.find_with(RowCode::TimeInFuture, column, beyond(ahead, max));
            return None;
        }
        Some(at)
    }

    fn time_of(&mut self, text: &str, column: Column, favours: Favours) -> Option<Timestamp> {
        let (read, detail) = self.time_in(text, column, favours)?;
        if let Some(detail) = detail {
            self.find_with(RowCode::TimeAmbiguous, column, detail);
        }
        Some(read)
    }

    /// The instant that a text is in a cell of that column, with what is to be said where it may be another one too. `None`
    /// for a text that is no time, which is then a finding.
    pub(crate) fn time_in(
        &mut self,
        text: &str,
        column: Column,
        favours: Favours,
    ) -> Option<(Timestamp, Option<String>)> {
        let read = match TimeText::parse(text) {
            Ok(text) => self.read_in_its_zone(text, column)?,
            Err(error) => Err(error),
        };
        let read = read.and_then(|at| {
            let is_too_early = at.earliest() < self.context.earliest;
            if is_too_early {
                Err(TimeError::TooEarly)
            } else {
                Ok(at)
            }
        });
        match read {
            Ok(WrittenTime::Exact(at)) => Some((at, None)),
            Ok(WrittenTime::Ambiguous { earlier, later }) => {
                let read = if favours == Favours::Later { later } else { earlier };
                let other = if read == later { earlier } else { later };
                let detail = format!("{read}, not {other} | {read}（而不是 {other}）");
                Some((read, Some(detail)))
            }
            Err(error) => {
                self.find_no_time(error, text, column);
                None
            }
        }
    }

    /// The first day of which a row may state a time.
    fn earliest_day(&self) -> NaiveDate {
        self.context.earliest.date_in(Zone::UTC)
    }

    /// Notes why a text is no time.
    fn find_no_time(&mut self, error: TimeError, text: &str, column: Column) {
        let mut detail = String::new();
        let cause = match error {
            TimeError::Unreadable => return self.find(RowCode::TimeInvalid, column),
            TimeError::TooEarly => {
                detail = self.earliest_day().to_string();
                Cause::TooEarly
            }
            // A day is too early whatever its time of day: 1970-01-01 stands for none.
            TimeError::DateOnly if parse_day(text).map_or(true, |day| day < self.earliest_day()) => {
                detail = self.earliest_day().to_string();
                Cause::TooEarly
            }
            TimeError::DateOnly => Cause::DateOnly,
            TimeError::Skipped => Cause::Skipped,
            TimeError::YearLast => {
                let mut readings = year_first_readings(text);
                let is_day = |reading: &String| TimeText::parse(reading) == Err(TimeError::DateOnly);
                let lacks_time = readings.iter().any(is_day);
                readings.retain(|reading| is_day(reading) || TimeText::parse(reading).is_ok());
                let with_time = if lacks_time {
                    ", with its time of day | ，并补上具体时间"
                } else {
                    ""
                };
                return self.find_readings(column, &readings, with_time);
            }
        };
        self.find_because(RowCode::TimeInvalid, column, cause, detail);
    }

    /// Notes that a text does not begin with its year, with what it may mean; `behind` is said behind that, in both languages.
    /// A single reading is proposed.
    pub(crate) fn find_readings(&mut self, column: Column, readings: &[String], behind: &str) {
        let (behind_en, behind_zh) = behind.split_once(" | ").unwrap_or_default();
        let detail = match readings {
            [] => String::new(),
            [reading] => format!("{reading}{behind_en} | {reading}{behind_zh}"),
            several => format!(
                "{}{behind_en} | {}{behind_zh}",
                several.join(" or "),
                several.join(" 或 ")
            ),
        };
        self.find_because(RowCode::TimeInvalid, column, Cause::YearLast, detail);
        if let [reading] = readings {
            self.propose(column, reading);
        }
    }

    /// The time in the zone that holds for it; `None` where the row states a zone that is none, which is found once.
    fn read_in_its_zone(&mut self, text: TimeText, column: Column) -> Option<Result<WrittenTime, TimeError>> {
        let (context, columns) = (self.context, self.columns());
        if text.has_zone() {
            return Some(text.read_in(context.zone.default));
        }
        match self.row_zone() {
            RowZone::Stated(zone) => return Some(text.read_in(zone)),
            RowZone::Unreadable => return None,
            RowZone::Silent | RowZone::Unread => {}
        }
        match columns.noted(column) {
            Some(Noted::Zone(zone)) => return Some(text.read_in(zone)),
            Some(Noted::Local) => {
                let place = self.given(Column::Country);
                let place = place.as_deref().and_then(country::canonical).unwrap_or_default();
                let read = at_the_place(place, |zone| text.read_in(zone).ok());
                if let Some(read) = read {
                    return Some(Ok(read));
                }
            }
            None => {}
        }
        let (zone, is_assumed) = context.zone.of_file(columns);
        let read = text.read_in(zone);
        // A deadline may well lie ahead: it says nothing of the zone.
        if is_assumed
            && let Ok(at) = read
            && column != Column::SendDeadline
        {
            let in_beijing = text.read_in(StatedZone::BEIJING).ok().map(WrittenTime::earliest);
            self.assumed.note(at.earliest(), in_beijing, context.recorded_at);
        }
        Some(read)
    }

    /// The row's own zone.
    fn row_zone(&mut self) -> RowZone {
        if self.row_zone == RowZone::Unread {
            self.row_zone = match self.given(Column::Zone) {
                None => RowZone::Silent,
                Some(text) => StatedZone::parse(&text).map_or(RowZone::Unreadable, RowZone::Stated),
            };
            if self.row_zone == RowZone::Unreadable {
                let detail = "a time zone, like Beijing, PST, UTC+8 or Asia/Shanghai | 时区，例如 北京时间、PST、UTC+8 或 Asia/Shanghai";
                self.find_with(RowCode::TypeInvalid, Column::Zone, detail);
            }
        }
        self.row_zone
    }
}

/// A comparison with a limit, for a message.
pub(crate) fn beyond(ahead: Elapsed, max: Elapsed) -> String {
    format!("{ahead} > {max}")
}
