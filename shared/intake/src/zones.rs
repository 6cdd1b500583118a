//! The zone of a time without one (conventions, "Time"). In this order: the row's zone column; the header's own note; the
//! zone stated with the upload; the policy's setting for the sender and the kind; the source's own zone, where the file is
//! recognised; the policy's default for the kind. The last two are assumed: the answer says so, and the file may be doubtful.

use domain::code::FileCode;
use domain::time::{StatedZone, WrittenTime, zones_of};
use domain::{Elapsed, PolicyBook, SellerId, Timestamp};

use crate::cell::{self, Use};
use crate::header::normalised;
use crate::{Columns, FileError, Kind};

/// How near to the upload's recording a time shows which zone it is of: the widest difference of Beijing from Pacific time.
const NEAR: Elapsed = Elapsed::hours(16);

/// Bytes of a header's cell that is looked at for a zone, at most: what is longer is a text, not a name.
const HEADER_BYTES_MAX: usize = 200;

/// Headers of the platform's own exports, normalised, at their beginning: its clock is Pacific.
const PLATFORM_HEADERS: [&str; 8] = [
    "gmtcreate",
    "gmtpay",
    "gmtsend",
    "gmtmodified",
    "gmtupdate",
    "gmttradeend",
    "gmtreceived",
    "gmtfinish",
];

/// Words by which a header says that its times are those of the place, normalised.
const LOCAL_WORDS: [&str; 8] = [
    "当地时间",
    "当地",
    "本地时间",
    "目的地时间",
    "local",
    "localtime",
    "当地時間",
    "местноевремя",
];

/// The zones of a file's times, as far as the file itself does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileZone {
    /// Stated with the upload.
    pub stated: Option<StatedZone>,
    /// What the policy has for the sender and the kind.
    pub setting: Option<StatedZone>,
    /// The clock of the platform's own exports.
    pub platform: StatedZone,
    /// The policy's default for the kind.
    pub default: StatedZone,
    /// A file is doubtful when more than this share of its times near its recording lie after it.
    pub doubtful_percent: u32,
}

impl FileZone {
    /// Of a kind of file by a sender (the operator, when `None`), with what was stated with the upload.
    pub fn of(book: &PolicyBook, kind: Kind, sender: Option<&SellerId>, stated: Option<StatedZone>) -> Self {
        Self {
            stated,
            setting: book.zones.setting(sender, kind.as_str()),
            platform: StatedZone::Named(book.zone),
            default: book.zones.default_of(kind.as_str()),
            doubtful_percent: book.zones.doubtful_percent,
        }
    }

    /// The zone of a file's times where the row and the header say nothing, and whether it is only assumed.
    pub(crate) fn of_file(&self, columns: &Columns) -> (StatedZone, bool) {
        if let Some(zone) = self.stated.or(self.setting) {
            return (zone, false);
        }
        let is_platforms = columns.is_platform_export();
        (if is_platforms { self.platform } else { self.default }, true)
    }
}

/// What a header says of its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noted {
    /// Their zone.
    Zone(StatedZone),
    /// That they are local times of the places where things happened.
    Local,
}

impl Noted {
    fn parse(text: &str) -> Option<Self> {
        if LOCAL_WORDS.contains(&normalised(text).as_str()) {
            return Some(Self::Local);
        }
        StatedZone::parse(text).map(Self::Zone)
    }
}

/// What a header says of the zone of its times, and the header without it: `paid_at (PST)`, `发生时间（北京时间）`, `occurred at UTC`.
pub(crate) fn noted(header: &str) -> Option<(String, Noted)> {
    if header.len() > HEADER_BYTES_MAX {
        return None;
    }
    let (text, _) = cell::clean(header, Use::Text);
    in_brackets(&text).or_else(|| at_the_end(&text))
}

/// In any brackets of the header.
fn in_brackets(text: &str) -> Option<(String, Noted)> {
    let mut from = 0;
    while let Some(open) = text[from..].find(['(', '[', '【']).map(|at| from + at) {
        let opened = text[open..].chars().next().map_or(1, char::len_utf8);
        let inner = &text[open + opened..];
        let close = inner.find([')', ']', '】'])?;
        if let Some(noted) = Noted::parse(inner[..close].trim_start_matches(['-', ':']).trim()) {
            let closed = inner[close..].chars().next().map_or(1, char::len_utf8);
            return Some((format!("{}{}", &text[..open], &inner[close + closed..]), noted));
        }
        from = open + opened;
    }
    None
}

/// Behind a space, a line's end or a sign at the header's end. The longest that is one counts: `Pacific time`, not `time`.
fn at_the_end(text: &str) -> Option<(String, Noted)> {
    let is_sign = |c: char| c.is_whitespace() || matches!(c, '_' | '-' | ':' | '/' | ',' | '、');
    let ends = text.char_indices().filter(|&(_, c)| is_sign(c));
    ends.map(|(at, sign)| (&text[..at], &text[at + sign.len_utf8()..]))
        .find_map(|(name, rest)| Some((name.to_owned(), Noted::parse(rest)?)))
}

/// Whether a header is one of the platform's own exports.
pub(crate) fn is_platform_export(header: &[String]) -> bool {
    header.iter().any(|cell| {
        let name = normalised(cell);
        PLATFORM_HEADERS.iter().any(|known| name.starts_with(known))
    })
}

/// The reading of a local time at a country's place: where it has several zones, from the earliest to the latest of them.
pub(crate) fn at_the_place(
    country: &str,
    read: impl Fn(StatedZone) -> Option<WrittenTime>,
) -> Option<WrittenTime> {
    let readings = zones_of(country)
        .iter()
        .filter_map(|&zone| read(StatedZone::Named(zone)));
    readings.reduce(|one, other| {
        let (earlier, later) = (
            one.earliest().min(other.earliest()),
            one.latest().max(other.latest()),
        );
        if earlier == later {
            WrittenTime::Exact(earlier)
        } else {
            WrittenTime::Ambiguous { earlier, later }
        }
    })
}

/// Times of a row or a file that had no zone and were read in an assumed one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AssumedTimes {
    /// How many there were.
    count: u64,
    /// Those near the upload's recording.
    near: u64,
    /// Those near it that lie after it.
    after: u64,
    /// Those near it that would lie after it in Beijing time.
    after_in_beijing: u64,
    /// The first.
    first: Option<Timestamp>,
    /// The first that lies after the recording.
    first_after: Option<Timestamp>,
}

impl AssumedTimes {
    /// Counts a time that was read in an assumed zone, and would be the other one in Beijing's.
    pub(crate) fn note(&mut self, at: Timestamp, in_beijing: Option<Timestamp>, recorded_at: Timestamp) {
        self.count += 1;
        self.first = self.first.or(Some(at));
        let ahead = at.since(recorded_at).seconds();
        if ahead.abs() > NEAR.seconds() {
            return;
        }
        self.near += 1;
        self.after += u64::from(ahead > 0);
        self.after_in_beijing += u64::from(in_beijing.is_none_or(|at| at > recorded_at));
        self.first_after = self.first_after.or((ahead > 0).then_some(at));
    }

    /// Adds those of what comes behind.
    pub fn add(&mut self, behind: &Self) {
        self.count += behind.count;
        self.near += behind.near;
        self.after += behind.after;
        self.after_in_beijing += behind.after_in_beijing;
        self.first = self.first.or(behind.first);
        self.first_after = self.first_after.or(behind.first_after);
    }

    /// What the answer says of all times of a file: the zone that was assumed, where there were any.
    ///
    /// # Errors
    /// `ZONE_DOUBTFUL`, where too many of the times near the recording lie after it in the assumed zone and none would in
    /// Beijing time.
    pub fn settled(&self, zone: &FileZone, columns: &Columns) -> Result<Option<Assumed>, FileError> {
        let Some(first) = self.first else {
            return Ok(None);
        };
        let (assumed, _) = zone.of_file(columns);
        let is_doubtful =
            self.after * 100 > self.near * u64::from(zone.doubtful_percent) && self.after_in_beijing == 0;
        if let Some(example) = self.first_after.filter(|_| is_doubtful) {
            return Err(self.doubt(assumed, example));
        }
        Ok(Some(Assumed {
            zone: assumed,
            count: self.count,
            example: in_both(first, assumed),
        }))
    }

    fn doubt(&self, assumed: StatedZone, example: Timestamp) -> FileError {
        let (after, near) = (self.after, self.near);
        let [there, beijing] = in_both(example, assumed);
        let (name_en, name_zh) = (assumed.name_en(), assumed.name_zh());
        let detail = format!(
            "read as {name_en}, {after} of {near} times near the upload lie after it (like {there}, in Beijing {beijing}), and in Beijing time none would | 按{name_zh}读取，上传前后的 {near} 个时间中有 {after} 个晚于上传时间（例如 {there}，即北京时间 {beijing}），按北京时间读取则没有"
        );
        FileError::new(FileCode::ZoneDoubtful, detail)
    }
}

/// The zone that was assumed for a file's times without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumed {
    /// The zone.
    pub zone: StatedZone,
    /// How many times were read in it.
    pub count: u64,
    /// The first of them on its clock and on Beijing's.
    pub example: [String; 2],
}

/// An instant on the clock of a zone and on Beijing's: `2024-03-01 12:00`.
fn in_both(at: Timestamp, zone: StatedZone) -> [String; 2] {
    [zone, StatedZone::BEIJING].map(|zone| at.written_in(zone))
}

/// A zone that was stated with an upload.
///
/// # Errors
/// `ZONE_DOUBTFUL` for a text that names none.
pub fn stated_zone(text: &str) -> Result<StatedZone, FileError> {
    StatedZone::parse(text).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        let detail = format!("`{shown}` names no time zone | “{shown}”不是时区");
        FileError::new(FileCode::ZoneDoubtful, detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_the_zone_of_its_times() {
        let beijing = Noted::Zone(StatedZone::BEIJING);
        let pacific = Noted::Zone(StatedZone::Named(chrono_tz::America::Los_Angeles));
        for (header, name, expected) in [
            ("paid_at (Beijing)", "paid_at", beijing),
            ("paid_at (PST)", "paid_at", pacific),
            ("付款时间（北京时间）", "付款时间", beijing),
            ("付款时间【北京时间】*", "付款时间*", beijing),
            ("付款时间(必填)(北京时间)", "付款时间(必填)", beijing),
            ("付款时间\n北京时间", "付款时间", beijing),
            ("付款时间-北京时间", "付款时间", beijing),
            ("Paid at Pacific time", "paidat", pacific),
            ("paid_at_utc", "paidat", Noted::Zone(StatedZone::UTC)),
            (
                "paid_at [UTC+8]",
                "paid_at",
                Noted::Zone(StatedZone::Offset(28_800)),
            ),
            ("occurred_at (local time)", "occurred_at", Noted::Local),
            ("发生时间（当地时间）", "发生时间", Noted::Local),
        ] {
            let (rest, found) = noted(header).expect(header);
            assert_eq!(
                (normalised(&rest), found),
                (normalised(name), expected),
                "{header}"
            );
        }
        for header in [
            "paid_at",
            "付款时间（必填）",
            "paid_at (",
            "发生时间",
            "pay_time",
            "payment time",
            "",
            "（",
        ] {
            assert_eq!(noted(header), None, "{header}");
        }
    }

    #[test]
    fn the_platforms_own_exports_are_known_by_their_headers() {
        let is_platforms = |cell: &str| is_platform_export(&[cell.to_owned()]);
        assert!(is_platforms("gmt_pay_success") && is_platforms("gmtCreate") && is_platforms("GMT_pay_time"));
        assert!(!is_platforms("paid_at") && !is_platforms("gmt") && !is_platforms(""));
    }
}
