//! Zones as files, settings and people state them: a name of the tz database, a name of the trade, an offset from UTC.
//!
//! `PST`, `PDT` and `PT` name the Pacific clock, whatever the season: the platform writes `PST` all year round. `CST` is
//! China's: the sellers are Chinese. Letters of which no reading is the trade's (`IST`, `BST`) name no zone.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Zone;
use crate::wording::simplified;

/// A zone that was stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatedZone {
    /// A place's clock, with its changes of the season.
    Named(Zone),
    /// So many seconds east of UTC.
    Offset(i32),
}

/// The widest offset from UTC that any place has had since 1970, in minutes.
const OFFSET_MINUTES_MAX: u32 = 14 * 60;

/// Bytes of a zone's name, at most.
const NAME_BYTES_MAX: usize = 64;

impl StatedZone {
    /// UTC.
    pub const UTC: Self = Self::Offset(0);
    /// Beijing's clock.
    pub const BEIJING: Self = Self::Named(Zone::Asia__Shanghai);

    /// Reads a zone: `America/Los_Angeles`, `Beijing`, `北京时间`, `PST`, `Z`, `UTC`, `UTC+8`, `GMT+08:00`, `+8`, `+08`, `+0800`,
    /// `+08:00`; names in any case, without regard to spaces and `_`. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.len() > NAME_BYTES_MAX {
            return None;
        }
        let of_name = || NAMES.get(&normalised(text)).copied();
        offset(text)
            .or_else(of_name)
            .or_else(|| text.parse().ok().map(Self::Named))
    }

    /// An offset of hours and minutes west or east of UTC; `None` where no place has had it.
    pub(super) fn of_offset(is_west: bool, hours: u32, minutes: u32) -> Option<Self> {
        let all = hours * 60 + minutes;
        let exists = minutes < 60 && all <= OFFSET_MINUTES_MAX;
        let seconds = all as i32 * 60;
        exists.then_some(Self::Offset(if is_west { -seconds } else { seconds }))
    }

    /// What people call it in English: `Pacific time`, `UTC+08:00`.
    pub fn name_en(self) -> String {
        self.entry()
            .map_or_else(|| self.to_string(), |entry| entry.name_en.clone())
    }

    /// What people call it in Chinese: `太平洋时间`, `UTC+08:00`.
    pub fn name_zh(self) -> String {
        self.entry()
            .map_or_else(|| self.to_string(), |entry| entry.name_zh.clone())
    }

    fn entry(self) -> Option<&'static Entry> {
        let Self::Named(zone) = self else { return None };
        SHIPPED.iter().find(|entry| entry.id == zone.name())
    }
}

impl From<Zone> for StatedZone {
    fn from(zone: Zone) -> Self {
        Self::Named(zone)
    }
}

impl fmt::Display for StatedZone {
    /// As [`StatedZone::parse`] reads it: `America/Los_Angeles`, `UTC+08:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(zone) => f.write_str(zone.name()),
            Self::Offset(0) => f.write_str("UTC"),
            Self::Offset(seconds) => {
                let sign = if *seconds < 0 { '-' } else { '+' };
                let minutes = seconds.unsigned_abs() / 60;
                write!(f, "UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

impl Serialize for StatedZone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StatedZone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom(format!("no time zone `{text}`")))
    }
}

/// `Z`, `UTC`, `GMT`, and an offset alone or behind `UTC` or `GMT`.
fn offset(text: &str) -> Option<StatedZone> {
    let lead = text
        .get(..3)
        .filter(|lead| ["utc", "gmt"].iter().any(|name| lead.eq_ignore_ascii_case(name)));
    let rest = lead.map_or(text, |lead| text[lead.len()..].trim_start());
    if rest.is_empty() || rest.eq_ignore_ascii_case("z") && lead.is_none() {
        return Some(StatedZone::UTC);
    }
    let is_west = rest.starts_with(['-', '−']);
    let digits = rest.strip_prefix(['+', '-', '−'])?.trim_start();
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let number = |digits: &str| {
        let is_number = (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse().ok()).flatten()
    };
    StatedZone::of_offset(is_west, number(hours)?, number(minutes)?)
}

fn normalised(name: &str) -> String {
    name.chars()
        .map(simplified)
        .filter(|c| !c.is_whitespace() && *c != '_')
        .flat_map(char::to_lowercase)
        .collect()
}

/// The shipped zones of `data/zones.toml`.
static SHIPPED: LazyLock<Vec<Entry>> =
    LazyLock::new(|| parsed(include_str!("../../data/zones.toml")).expect("a test reads the shipped zones"));

static NAMES: LazyLock<HashMap<String, StatedZone>> = LazyLock::new(|| {
    let of_entry = |entry: &'static Entry| {
        let zone = entry.id.parse().map(StatedZone::Named).ok();
        let names = [&entry.name_en, &entry.name_zh].into_iter().chain(&entry.names);
        names.filter_map(move |name| zone.map(|zone| (normalised(name), zone)))
    };
    SHIPPED.iter().flat_map(of_entry).collect()
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    zone: Vec<Entry>,
}

/// A zone and what the trade calls it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Its name in the tz database.
    id: String,
    name_en: String,
    name_zh: String,
    names: Vec<String>,
}

fn parsed(table: &str) -> Result<Vec<Entry>, String> {
    let table: Table = toml::from_str(table).map_err(|error| error.to_string())?;
    match table.zone.iter().find(|entry| entry.id.parse::<Zone>().is_err()) {
        Some(entry) => Err(format!("no time zone `{}`", entry.id)),
        None => Ok(table.zone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACIFIC: StatedZone = StatedZone::Named(Zone::America__Los_Angeles);

    #[test]
    fn no_name_of_the_shipped_table_stands_for_two_zones() {
        let mut seen = HashMap::new();
        for entry in SHIPPED.iter() {
            for name in [&entry.name_en, &entry.name_zh].into_iter().chain(&entry.names) {
                let other = seen.insert(normalised(name), &entry.id);
                assert!(other.is_none_or(|other| *other == entry.id), "{name}");
            }
        }
    }

    #[test]
    fn zones_are_read_however_they_are_stated() {
        for (text, zone) in [
            ("America/Los_Angeles", PACIFIC),
            ("PST", PACIFIC),
            ("pdt", PACIFIC),
            ("Pacific Time", PACIFIC),
            ("太平洋时间", PACIFIC),
            ("美西时间", PACIFIC),
            ("Asia/Shanghai", StatedZone::BEIJING),
            ("Beijing", StatedZone::BEIJING),
            ("beijing_time", StatedZone::BEIJING),
            ("北京时间", StatedZone::BEIJING),
            ("北京", StatedZone::BEIJING),
            ("北京時間", StatedZone::BEIJING),
            ("东8区", StatedZone::BEIJING),
            ("太平洋時間", PACIFIC),
            ("CST", StatedZone::BEIJING),
            ("Z", StatedZone::UTC),
            ("utc", StatedZone::UTC),
            ("GMT", StatedZone::UTC),
            ("UTC+8", StatedZone::Offset(28_800)),
            ("GMT+08:00", StatedZone::Offset(28_800)),
            ("UTC +8", StatedZone::Offset(28_800)),
            ("+8", StatedZone::Offset(28_800)),
            ("+08", StatedZone::Offset(28_800)),
            ("+0800", StatedZone::Offset(28_800)),
            ("-08:00", StatedZone::Offset(-28_800)),
            ("−08:00", StatedZone::Offset(-28_800)),
            ("+05:30", StatedZone::Offset(19_800)),
            ("+14:00", StatedZone::Offset(50_400)),
        ] {
            assert_eq!(StatedZone::parse(text), Some(zone), "{text}");
        }
        for text in [
            "", "8", "+", "+800", "+14:01", "+8:5", "UTC8", "IST", "Pekin", "+08:60", "Zulu Z",
        ] {
            assert_eq!(StatedZone::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_zone_is_written_as_it_is_read() {
        for zone in [
            PACIFIC,
            StatedZone::BEIJING,
            StatedZone::UTC,
            StatedZone::Offset(-12_600),
        ] {
            assert_eq!(StatedZone::parse(&zone.to_string()), Some(zone), "{zone}");
        }
        assert_eq!(
            (PACIFIC.name_en().as_str(), PACIFIC.name_zh().as_str()),
            ("Pacific time", "太平洋时间")
        );
        assert_eq!(StatedZone::Offset(-12_600).name_zh(), "UTC-03:30");
    }
}
