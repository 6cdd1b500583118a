//! Reading a policy file: TOML → a checked [`PolicyBook`].
//!
//! Any top-level section may be left out, and the shipped file's applies: an operator's file may hold nothing but its own
//! carriers and embargo. A section that is there stands in place of the shipped one; of `[[pack]]` all packs are one section.
//! A section that came with a later release is such a section too, so a file of an earlier release is read as before. A
//! field that came later has a default.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};
use serde::Deserialize;

use super::{
    AdmissionPolicy, BoardPolicy, Embargo, IntakePolicy, Policy, PolicyBook, PolicyError, UPLOAD_KINDS,
    ZonesSection, admission,
};
use crate::carrier::{CarrierTable, OwnCarrier};
use crate::claims::ClaimTerms;
use crate::event_code::{EventTables, KeepingPolicy, OwnEventCode, OwnEventText};
use crate::{Elapsed, Timestamp};

/// The file that ships with the software.
pub(super) const SHIPPED: &str = include_str!("../../data/policy.toml");

/// Bytes of a policy file, at most.
const FILE_BYTES_MAX: usize = 1 << 20;

/// Stands between an operator's text and what it leaves to the shipped file.
const REST: &str = "\n# ---- The rest is the policy that ships with waymark. ----\n\n";

/// The top level of a policy file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    platform: PlatformSection,
    zones: ZonesSection,
    intake: IntakeSection,
    claims: ClaimTerms,
    retention: RetentionSection,
    board: BoardPolicy,
    admission: Vec<AdmissionPolicy>,
    pack: Vec<Policy>,
    // The operator's own data: the shipped file has none of it.
    /// A3: carriers beside the shipped ones.
    #[serde(default)]
    carrier: Vec<OwnCarrier>,
    /// A5: destinations beside those of every pack.
    #[serde(default)]
    embargo: Vec<Embargo>,
    /// B2: what carriers' codes stand for, before the shipped tables.
    #[serde(default)]
    event_code: Vec<OwnEventCode>,
    /// B2: what carriers' texts stand for, before the shipped tables.
    #[serde(default)]
    event_text: Vec<OwnEventText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlatformSection {
    zone: String,
}

/// The fields that a file does not name are as they were when files first had them.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct IntakeSection {
    parked_days_max: u32,
    event_future_hours_max: u32,
    earliest_on: NaiveDate,
    rate_lookback_days_max: u32,
    events_per_order_max: usize,
    appeals_per_order_max: usize,
    states_per_appeal_max: usize,
    statuses_per_order_max: usize,
    seller_kinds: Vec<String>,
    proxy_is_signed: bool,
    station_is_signed: bool,
    answers_masked: bool,
}

impl Default for IntakeSection {
    fn default() -> Self {
        Self {
            parked_days_max: 45,
            event_future_hours_max: 14,
            earliest_on: NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default(),
            rate_lookback_days_max: 7,
            events_per_order_max: 400,
            appeals_per_order_max: 50,
            states_per_appeal_max: 10,
            statuses_per_order_max: 20,
            seller_kinds: ["tracking", "appeals", "sellers"].map(str::to_owned).to_vec(),
            proxy_is_signed: true,
            station_is_signed: false,
            answers_masked: false,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RetentionSection {
    settled_days: u32,
}

impl PolicyBook {
    /// Reads a policy file.
    ///
    /// # Errors
    /// [`PolicyError`] for a file that cannot be read or says something that cannot be meant.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > FILE_BYTES_MAX {
            return Err(PolicyError::Unsound(format!(
                "it has more than {FILE_BYTES_MAX} bytes"
            )));
        }
        let text = completed(text)?;
        let file: PolicyFile = toml::from_str(&text).map_err(unreadable)?;
        let zone = file
            .platform
            .zone
            .parse()
            .map_err(|_| PolicyError::Unsound(format!("no time zone `{}`", file.platform.zone)))?;
        let zones = file.zones.checked(zone).map_err(PolicyError::Unsound)?;
        file.board.check().map_err(PolicyError::Unsound)?;
        let carriers = match file.carrier.as_slice() {
            [] => Arc::clone(CarrierTable::shipped()),
            own => Arc::new(CarrierTable::shipped().with_own(own)?),
        };
        let intake = file.intake.checked()?;
        let (codes, texts) = (file.event_code, file.event_text);
        let events = EventTables::with_own(intake.keeping, &codes, &texts, &carriers)?;
        Ok(Self {
            zone,
            zones,
            intake,
            retention: Elapsed::days(i64::from(file.retention.settled_days)),
            board: file.board,
            carriers,
            own_carriers: file.carrier,
            events: Arc::new(events),
            own_events: (codes, texts),
            packs: checked_packs(file.pack, &file.embargo, file.claims)?,
            admissions: admission::in_order(file.admission)?,
            text: text.into_owned(),
        })
    }
}

impl IntakeSection {
    fn checked(self) -> Result<IntakePolicy, PolicyError> {
        let is_kind = |kind: &&String| UPLOAD_KINDS.contains(&kind.as_str());
        if let Some(kind) = self.seller_kinds.iter().find(|kind| !is_kind(kind)) {
            return Err(PolicyError::Unsound(format!(
                "`{kind}` in seller_kinds is not one of {}",
                UPLOAD_KINDS.join(", ")
            )));
        }
        let counts = [
            self.events_per_order_max,
            self.appeals_per_order_max,
            self.states_per_appeal_max,
            self.statuses_per_order_max,
        ];
        if counts.contains(&0) {
            return Err(PolicyError::Unsound(
                "intake: an order takes at least one event, appeal, state and status".to_owned(),
            ));
        }
        Ok(IntakePolicy {
            parked_max: Elapsed::days(i64::from(self.parked_days_max)),
            event_future_max: Elapsed::hours(i64::from(self.event_future_hours_max)),
            earliest: Timestamp::from(self.earliest_on.and_time(NaiveTime::MIN).and_utc()),
            rate_lookback_days_max: self.rate_lookback_days_max,
            events_per_order_max: self.events_per_order_max,
            appeals_per_order_max: self.appeals_per_order_max,
            states_per_appeal_max: self.states_per_appeal_max,
            statuses_per_order_max: self.statuses_per_order_max,
            seller_kinds: self.seller_kinds,
            answers_masked: self.answers_masked,
            keeping: KeepingPolicy {
                proxy_is_signed: self.proxy_is_signed,
                station_is_signed: self.station_is_signed,
            },
        })
    }
}

/// The packs by their first days, each with the operator's embargo and the terms of claims.
fn checked_packs(
    mut packs: Vec<Policy>,
    embargo: &[Embargo],
    claims: ClaimTerms,
) -> Result<Vec<Policy>, PolicyError> {
    claims.check().map_err(PolicyError::Unsound)?;
    if packs.is_empty() {
        return Err(PolicyError::Unsound("it holds no pack".to_owned()));
    }
    packs.sort_by_key(|pack| pack.effective_on);
    if let Some(pair) = packs
        .windows(2)
        .find(|pair| pair[0].effective_on == pair[1].effective_on || pair[0].version == pair[1].version)
    {
        return Err(PolicyError::Unsound(format!(
            "packs {} and {} share a day or a name",
            pair[0].version, pair[1].version
        )));
    }
    for pack in &mut packs {
        pack.embargo.extend_from_slice(embargo);
        pack.claims = claims;
        pack.check()?;
    }
    Ok(packs)
}

/// The text with the shipped file's sections that it does not have. They come after it, so that what is said of its lines
/// stands.
fn completed(text: &str) -> Result<Cow<'_, str>, PolicyError> {
    let own: toml::Table = toml::from_str(text).map_err(unreadable)?;
    let missing: Vec<&str> = sections(SHIPPED)
        .into_iter()
        .filter(|(name, _)| !own.contains_key(*name))
        .map(|(_, section)| section)
        .collect();
    Ok(if missing.is_empty() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("{text}{REST}{}", missing.concat()))
    })
}

/// The top-level sections of a text whose headers, and nothing else, stand at the beginning of a line with `[`: each part of
/// the text with the name it is about.
fn sections(text: &str) -> Vec<(&str, &str)> {
    let mut sections: Vec<(&str, usize, usize)> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        let header = line.starts_with('[').then(|| line.trim_start_matches('['));
        let name = header.and_then(|header| header.split(['.', ']']).next());
        match (name, sections.last_mut()) {
            (Some(name), Some(last)) if last.0 == name => last.2 = end,
            (Some(name), _) => sections.push((name, at, end)),
            (None, Some(last)) => last.2 = end,
            // What comes before the first header is about the file.
            (None, None) => {}
        }
        at = end;
    }
    sections
        .into_iter()
        .map(|(name, from, to)| (name, &text[from..to]))
        .collect()
}

fn unreadable(error: toml::de::Error) -> PolicyError {
    PolicyError::Unreadable(Box::new(error))
}
