//! The grid of accepted forms: a day, a time of it, perhaps a zone, each in the forms of the trade.
//!
//! | part | forms |
//! |---|---|
//! | day | `2026-11-05`, `2026/11/5`, `2026.11.05`, `2026年11月5日` (`号`), `20261105`, `5 Nov 2026`, `Nov 5, 2026`; its weekday (`星期四`, `周四`, perhaps in brackets, `Thu`) before it, behind it or at the end |
//! | between | a `T`, spaces, a comma, `at`; nothing behind `日` or a day without separators |
//! | time | `9:15`, `09:15:00`, `09:15:00.123`, `9时15分`, `9点15分08秒`, `9点`, `9点半`; behind a day without separators also `0915`, `091500`, `091500123` |
//! | part of the day | `上午`, `下午`, `凌晨`, `早上`, `中午`, `傍晚`, `晚上`, `AM`, `PM`, before the time or behind it |
//! | zone | whatever [`StatedZone::parse`] reads, perhaps in brackets |
//!
//! The year comes first, unless the month is a word: which of two numbers in front of it is the day would be a guess. A fraction of a second is cut off.

use super::local::LocalTime;
use super::{StatedZone, TimeError};

/// Bytes of a time, at most.
const TEXT_BYTES_MAX: usize = 96;

/// Digits of a fraction of a second, at most.
const FRACTION_DIGITS_MAX: usize = 9;

/// Signs that stand between the parts of a day.
const DAY_SIGNS: [char; 3] = ['-', '/', '.'];

/// Reads a text by the grid.
///
/// # Errors
/// [`TimeError::DateOnly`], [`TimeError::YearLast`], and [`TimeError::Unreadable`] for anything else.
pub(super) fn read(text: &str) -> Result<(LocalTime, Option<StatedZone>), TimeError> {
    let text = text.trim();
    if text.len() > TEXT_BYTES_MAX {
        return Err(TimeError::Unreadable);
    }
    if is_year_last(text) {
        return Err(TimeError::YearLast);
    }
    let mut cursor = Cursor { rest: text };
    let before = cursor.weekday();
    let day = cursor.day().ok_or(TimeError::Unreadable)?;
    // A day that the calendar has not is no day, whatever stands behind it.
    let midnight = LocalTime::of(day.date, [0, 0, 0]).ok_or(TimeError::Unreadable)?;
    let is_parted = cursor.parted();
    let behind = cursor.weekday();
    let is_its_day = |weekday: &Option<u32>| weekday.is_none_or(|weekday| weekday == midnight.weekday());
    if ![before, behind].iter().all(is_its_day) {
        return Err(TimeError::Unreadable);
    }
    if cursor.rest.trim_start().is_empty() {
        return Err(TimeError::DateOnly);
    }
    let is_parted = is_parted || behind.is_some();
    let rest = cursor
        .time_and_zone(&day, is_parted, midnight.weekday())
        .ok_or(TimeError::Unreadable)?;
    let local = LocalTime::of(day.date, rest.time).ok_or(TimeError::Unreadable)?;
    Ok((local, rest.zone))
}

/// The day that a text is, in any of the grid's forms; midnight behind it says nothing.
pub(super) fn read_day(text: &str) -> Result<[u32; 3], TimeError> {
    let text = text.trim();
    match read(text) {
        Err(TimeError::DateOnly) => Cursor { rest: text }.date().ok_or(TimeError::Unreadable),
        Err(error) => Err(error),
        Ok((local, zone)) => {
            let date = Cursor { rest: text }.date().ok_or(TimeError::Unreadable)?;
            let is_midnight = LocalTime::of(date, [0, 0, 0]) == Some(local);
            (is_midnight && zone.is_none())
                .then_some(date)
                .ok_or(TimeError::Unreadable)
        }
    }
}

/// The days that a text with its year last may mean, with the year first: both orders of day and month where the calendar
/// has both.
pub(super) fn year_first(text: &str) -> Vec<String> {
    let text = text.trim();
    let Some(([one, other, year], rest)) = year_last(text) else {
        return Vec::new();
    };
    let mut readings: Vec<[u32; 3]> = vec![[year, one, other], [year, other, one]];
    readings.retain(|&date| LocalTime::of(date, [0, 0, 0]).is_some());
    readings.dedup();
    let written = |[year, month, day]: [u32; 3]| format!("{year:04}-{month:02}-{day:02}{rest}");
    readings.into_iter().map(written).collect()
}

fn is_year_last(text: &str) -> bool {
    year_last(text).is_some()
}

/// The numbers of a day whose year of four digits comes last, and what stands behind it.
fn year_last(text: &str) -> Option<([u32; 3], &str)> {
    let mut cursor = Cursor { rest: text };
    let one = cursor.number(1, 2)?;
    let sign = cursor.one_of(&DAY_SIGNS)?;
    let other = cursor.number(1, 2)?;
    cursor.one_of(&[sign])?;
    let year = cursor.number(4, 4)?;
    let ends = !cursor.rest.starts_with(|c: char| c.is_ascii_digit());
    ends.then_some(([one, other, year], cursor.rest))
}

struct Day {
    date: [u32; 3],
    /// What may stand between it and its time.
    is_compact: bool,
    is_named: bool,
}

struct TimeOfDay {
    time: [u32; 3],
    zone: Option<StatedZone>,
}

/// A part of the day as people name it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// AM.
    Morning,
    /// PM.
    Afternoon,
    /// 凌晨: from midnight on.
    SmallHours,
    /// 早上
    Early,
    /// 中午
    Noon,
    /// 傍晚
    Dusk,
    /// 晚上: before midnight. Twelve of the night may be the day before or the day after, and is not read.
    Evening,
}

/// Words for the parts of the day, in lower case; a word before those that it begins with.
const PARTS: [(&str, Part); 27] = [
    ("上午", Part::Morning),
    ("下午", Part::Afternoon),
    ("凌晨", Part::SmallHours),
    ("淩晨", Part::SmallHours),
    ("清晨", Part::Early),
    ("清早", Part::Early),
    ("早晨", Part::Early),
    ("早上", Part::Early),
    ("早", Part::Early),
    ("中午", Part::Noon),
    ("正午", Part::Noon),
    ("午后", Part::Afternoon),
    ("傍晚", Part::Dusk),
    ("晚上", Part::Evening),
    ("晚间", Part::Evening),
    ("晚間", Part::Evening),
    ("夜晚", Part::Evening),
    ("夜间", Part::Evening),
    ("夜間", Part::Evening),
    ("晚", Part::Evening),
    ("午後", Part::Afternoon),
    ("a.m.", Part::Morning),
    ("p.m.", Part::Afternoon),
    ("am", Part::Morning),
    ("pm", Part::Afternoon),
    ("오전", Part::Morning),
    ("오후", Part::Afternoon),
];

/// Words before the day of a week, and those days from Monday on.
const WEEKS: [&str; 5] = ["星期", "周", "週", "礼拜", "禮拜"];
const WEEKDAYS: [(char, u32); 8] = [
    ('一', 0),
    ('二', 1),
    ('三', 2),
    ('四', 3),
    ('五', 4),
    ('六', 5),
    ('日', 6),
    ('天', 6),
];

const ENGLISH_WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// What is left of a text to be read.
pub(super) struct Cursor<'t> {
    pub(super) rest: &'t str,
}

impl Cursor<'_> {
    fn day(&mut self) -> Option<Day> {
        let digits = self.digits();
        if digits >= 8 {
            let date = [self.number(4, 4)?, self.number(2, 2)?, self.number(2, 2)?];
            return Some(Day {
                date,
                is_compact: true,
                is_named: false,
            });
        }
        if digits < 3 {
            return Some(Day {
                date: self.day_by_month_name()?,
                is_compact: false,
                is_named: false,
            });
        }
        let year = (digits == 4).then(|| self.number(4, 4)).flatten()?;
        if self.take("年") {
            let month = self.number(1, 2)?;
            self.take("月").then_some(())?;
            let day = self.number(1, 2)?;
            (self.take("日") || self.take("号")).then_some(())?;
            return Some(Day {
                date: [year, month, day],
                is_compact: false,
                is_named: true,
            });
        }
        let sign = self.one_of(&DAY_SIGNS)?;
        let month = self.number(1, 2)?;
        self.one_of(&[sign])?;
        let day = self.number(1, 2)?;
        Some(Day {
            date: [year, month, day],
            is_compact: false,
            is_named: false,
        })
    }

    /// The day, whatever weekday stands before it.
    fn date(&mut self) -> Option<[u32; 3]> {
        self.weekday();
        self.day().map(|day| day.date)
    }

    /// The day of a week, perhaps in brackets, from Monday on, with what parts it from the rest.
    fn weekday(&mut self) -> Option<u32> {
        let mut ahead = Self { rest: self.rest };
        let bracket = ahead.one_of(&['(', '（', '[', '【']);
        let weekday = if WEEKS.iter().any(|week| ahead.take(week)) {
            let name = |(name, weekday): &(char, u32)| ahead.one_of(&[*name]).map(|_| *weekday);
            WEEKDAYS.iter().find_map(name)?
        } else {
            ahead.english_weekday()?
        };
        if bracket.is_some() {
            ahead.one_of(&[')', '）', ']', '】'])?;
        }
        ahead.one_of(&[',', '，']);
        ahead.spaces();
        self.rest = ahead.rest;
        Some(weekday)
    }

    /// `Thu`, `Thursday`.
    fn english_weekday(&mut self) -> Option<u32> {
        let end = self.rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (word, rest) = self.rest.split_at(end);
        let is_it = |name: &&str| word.eq_ignore_ascii_case(name) || word.eq_ignore_ascii_case(&name[..3]);
        let weekday = ENGLISH_WEEKDAYS.iter().position(is_it)?;
        self.rest = rest;
        Some(weekday as u32)
    }

    /// What stands behind the day; to the end of the text. `weekday` is the day's.
    fn time_and_zone(&mut self, day: &Day, is_parted: bool, weekday: u32) -> Option<TimeOfDay> {
        let is_parted = is_parted || self.take("T") || self.take("t");
        let before = self.part();
        (is_parted || day.is_compact || day.is_named || before.is_some()).then_some(())?;
        let digits = self.digits();
        let mut time = if day.is_compact && digits >= 4 {
            self.compact_time(digits)?
        } else {
            self.clock_time()?
        };
        self.spaces();
        let part = match (before, self.part()) {
            (Some(_), Some(_)) => return None,
            (before, behind) => before.or(behind),
        };
        time[0] = hour_of(time[0], part)?;
        self.spaces();
        if self.weekday().is_some_and(|stated| stated != weekday) {
            return None;
        }
        let zone = match self.rest {
            "" => None,
            rest => Some(StatedZone::parse(without_brackets(rest))?),
        };
        Some(TimeOfDay { time, zone })
    }

    /// `0915`, `091500`, `091500123`.
    fn compact_time(&mut self, digits: usize) -> Option<[u32; 3]> {
        let (hour, minute) = (self.number(2, 2)?, self.number(2, 2)?);
        let second = match digits {
            4 => 0,
            6 | 9 => self.number(2, 2)?,
            _ => return None,
        };
        if digits == 9 {
            self.number(3, 3)?;
        } else if digits == 6 {
            self.fraction()?;
        }
        Some([hour, minute, second])
    }

    /// `9:15`, `09:15:00.123`, `9时15分`, `9点15分08秒`, `9点`, `9点半`.
    fn clock_time(&mut self) -> Option<[u32; 3]> {
        let hour = self.number(1, 2)?;
        if self.take(":") {
            let minute = self.number(2, 2)?;
            if !self.take(":") {
                return Some([hour, minute, 0]);
            }
            let second = self.number(2, 2)?;
            self.fraction()?;
            return Some([hour, minute, second]);
        }
        (self.take("时") || self.take("点") || self.take("時") || self.take("點")).then_some(())?;
        if self.take("半") {
            return Some([hour, 30, 0]);
        }
        if self.digits() == 0 {
            self.take("整");
            return Some([hour, 0, 0]);
        }
        let minute = self.number(1, 2)?;
        let is_named = self.take("分") || self.take("分鐘") || self.take("分钟");
        if self.digits() == 0 {
            return Some([hour, minute, 0]);
        }
        is_named.then_some(())?;
        let second = self.number(1, 2)?;
        self.take("秒").then_some([hour, minute, second])
    }

    /// A fraction of a second, which is cut off; nothing is one too.
    fn fraction(&mut self) -> Option<()> {
        if !(self.take(".") || self.take(",")) {
            return Some(());
        }
        let digits = self.digits();
        self.rest = &self.rest[digits..];
        (1..=FRACTION_DIGITS_MAX).contains(&digits).then_some(())
    }

    fn part(&mut self) -> Option<Part> {
        for (word, part) in PARTS {
            let is_there = self
                .rest
                .get(..word.len())
                .is_some_and(|lead| lead.eq_ignore_ascii_case(word));
            // `AMT` is a zone, and `Amsterdam` a place.
            let ends = is_there && !self.rest[word.len()..].starts_with(|c: char| c.is_ascii_alphabetic());
            if ends {
                self.rest = &self.rest[word.len()..];
                self.spaces();
                return Some(part);
            }
        }
        None
    }

    /// Digits at the front.
    pub(super) fn digits(&self) -> usize {
        self.rest.bytes().take_while(u8::is_ascii_digit).count()
    }

    /// A number of so many digits at least; those beyond the most are left.
    pub(super) fn number(&mut self, digits_min: usize, digits_max: usize) -> Option<u32> {
        let digits = self.digits().min(digits_max);
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        (digits >= digits_min).then(|| number.parse().ok()).flatten()
    }

    pub(super) fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        if let Some(rest) = rest {
            self.rest = rest;
        }
        rest.is_some()
    }

    pub(super) fn one_of(&mut self, signs: &[char]) -> Option<char> {
        signs.iter().copied().find(|sign| {
            let mut buffer = [0; 4];
            self.take(sign.encode_utf8(&mut buffer))
        })
    }

    /// Whether anything parts a day from its time: spaces, a comma, `at`.
    fn parted(&mut self) -> bool {
        let before = self.spaces();
        let has_comma = self.one_of(&[',', '，']).is_some();
        let behind = self.spaces();
        let is_parted = before || has_comma || behind;
        if is_parted {
            self.take("at ");
        }
        is_parted
    }

    /// Whether there were any.
    pub(super) fn spaces(&mut self) -> bool {
        let rest = self.rest.trim_start();
        let were_any = rest.len() < self.rest.len();
        self.rest = rest;
        were_any
    }
}

/// The hour of 24 that an hour of a part of the day is. `下午14:00` says it twice, `上午14:00` says nothing.
fn hour_of(hour: u32, part: Option<Part>) -> Option<u32> {
    match (part, hour) {
        (None, _) => Some(hour),
        (Some(Part::Morning | Part::SmallHours), 12) => Some(0),
        (Some(Part::Morning), 0..12)
        | (Some(Part::Afternoon), 12..24)
        | (Some(Part::SmallHours), 0..7)
        | (Some(Part::Early), 4..12)
        | (Some(Part::Noon), 11..15)
        | (Some(Part::Dusk), 16..21)
        | (Some(Part::Evening), 17..24) => Some(hour),
        (Some(Part::Afternoon), 1..12)
        | (Some(Part::Noon), 1..3)
        | (Some(Part::Dusk), 4..9)
        | (Some(Part::Evening), 5..12) => Some(hour + 12),
        _ => None,
    }
}

fn without_brackets(text: &str) -> &str {
    let pairs = [('(', ')'), ('[', ']'), ('（', '）'), ('【', '】')];
    let inner = pairs
        .iter()
        .find_map(|&(open, close)| text.strip_prefix(open)?.strip_suffix(close));
    inner.unwrap_or(text)
}
