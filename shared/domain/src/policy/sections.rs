//! The sections of a policy pack, a clause each.

use chrono::NaiveDate;
use serde::Deserialize;

use super::KeyAccountPolicy;
use crate::deadlines::{Deadline, Matter};
use crate::{Cents, Elapsed, Node, RowCode, Timestamp};

/// The deadline board: which deadlines are urgent, which are listed besides, and how many. A policy file without the section
/// takes these.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BoardPolicy {
    upload_hours_left: u32,
    pickup_hours_left: u32,
    silence_hours: u32,
    sign_off_days: u32,
    ahead_hours: u32,
    /// Rows listed: the dearest, then the nearest. The rest is counted.
    pub rows_max: usize,
    carrier_days: u32,
}

impl Default for BoardPolicy {
    fn default() -> Self {
        Self {
            upload_hours_left: 6,
            pickup_hours_left: 12,
            silence_hours: 36,
            sign_off_days: 25,
            ahead_hours: 24,
            rows_max: 20_000,
            carrier_days: 30,
        }
    }
}

impl BoardPolicy {
    /// Whether a deadline is urgent as of an instant.
    pub fn is_urgent(&self, deadline: &Deadline<'_>, as_of: Timestamp) -> bool {
        let hours = |hours: u32| Elapsed::hours(i64::from(hours));
        let left = deadline.at.since(as_of);
        let run = as_of.since(deadline.since);
        match deadline.matter {
            Matter::Upload => left <= hours(self.upload_hours_left),
            Matter::Pickup => left <= hours(self.pickup_hours_left),
            Matter::Silence => run > hours(self.silence_hours),
            Matter::SignOff => run >= hours(self.sign_off_days.saturating_mul(24)),
        }
    }

    /// Whether a deadline is listed as of an instant: it is urgent, or passes before the next night's board.
    pub fn lists(&self, deadline: &Deadline<'_>, as_of: Timestamp) -> bool {
        deadline.at <= as_of.plus(Elapsed::hours(i64::from(self.ahead_hours)))
            || self.is_urgent(deadline, as_of)
    }

    /// How far back carriers are judged.
    pub fn carriers_judged(&self) -> Elapsed {
        Elapsed::days(i64::from(self.carrier_days))
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let spans = [
            self.upload_hours_left,
            self.pickup_hours_left,
            self.silence_hours,
            self.sign_off_days,
            self.ahead_hours,
            self.carrier_days,
        ];
        if spans.iter().any(|&span| span > 10_000) {
            return Err("the board: a span is beyond 10,000".to_owned());
        }
        if !(1..=100_000).contains(&self.rows_max) {
            return Err("the board lists 1–100,000 rows".to_owned());
        }
        Ok(())
    }
}

/// A1: the upload's deadline. A6: the fine for a failed upload.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UploadPolicy {
    pub(super) deadline_hours: u32,
    /// A6: USD cents, once per order ever.
    pub fine_cents: u32,
    /// A6: the row codes that are fined.
    pub fined_codes: Vec<RowCode>,
}

/// A4: destinations that want a commercial invoice and a local tax id.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PapersPolicy {
    /// ISO 3166-1 alpha-2.
    pub countries: Vec<String>,
}

/// A5: one sanctioned or embargoed destination.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Embargo {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// First day (platform zone); always, when absent.
    pub from: Option<NaiveDate>,
    /// First day on which it no longer holds; for ever, when absent.
    pub until: Option<NaiveDate>,
}

/// B1: the first pickup.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PickupPolicy {
    pub(super) deadline_hours: u32,
    /// What the deadline is counted from.
    pub runs_from: PickupStart,
}

/// What B1's deadline is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PickupStart {
    /// The parcel's accepted upload.
    Upload,
    /// The order's payment.
    Payment,
}

/// B2: the nodes of a complete trace.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodesPolicy {
    /// Nodes that must all be there.
    pub required: Vec<Node>,
    /// Distinct canonical nodes, at least.
    pub distinct_min: u32,
    /// What may be the seventh.
    pub seventh: SeventhNode,
}

/// Which node may be B2's seventh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeventhNode {
    /// Any canonical node.
    Any,
    /// "Departure from Origin Country" and no other.
    DepartedOrigin,
}

/// B3: silence.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SilencePolicy {
    pub(super) hours_max: u32,
    /// USD cents.
    pub fine_cents: u32,
    /// What is fined once.
    pub fined_per: SilenceUnit,
}

/// What B3 fines once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SilenceUnit {
    /// Each episode of silence.
    Episode,
    /// Each shipment, at its first episode.
    Shipment,
}

/// B4: the sign-off deadline.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignOffPolicy {
    pub(super) days_max: u32,
    /// Of the order's amount in USD cents, half-up.
    pub fine_basis_points: u32,
    /// USD cents, at most.
    pub fine_cents_max: u32,
}

impl SignOffPolicy {
    /// The share of the order's amount in per cent, for people: `5`, `2.5`.
    pub fn percent(&self) -> String {
        let percent = Cents(i64::from(self.fine_basis_points)).to_string();
        percent.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// The figures of a month.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "EligibilitySection")]
pub struct EligibilityPolicy {
    /// C1's numbers, where a file of an earlier release states them here; else they are the admission pack's.
    pub(super) key_account: Option<KeyAccountPolicy>,
    /// What fulfilment asks for beside A1 and B1.
    pub fulfilment_requires: Vec<FulfilmentExtra>,
    /// Whether refunded orders leave GMV.
    pub subtract_refunds: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EligibilitySection {
    months: Option<u32>,
    gmv_average_cents_min: Option<i64>,
    gmv_every_month: Option<bool>,
    fulfilment_percent_min: Option<u32>,
    fulfilment_requires: Vec<FulfilmentExtra>,
    subtract_refunds: bool,
}

impl TryFrom<EligibilitySection> for EligibilityPolicy {
    type Error = &'static str;

    fn try_from(section: EligibilitySection) -> Result<Self, Self::Error> {
        let stated = (
            section.months,
            section.gmv_average_cents_min,
            section.gmv_every_month,
            section.fulfilment_percent_min,
        );
        let key_account = match stated {
            (None, None, None, None) => None,
            (
                Some(months),
                Some(gmv_average_cents_min),
                Some(gmv_every_month),
                Some(fulfilment_percent_min),
            ) => Some(KeyAccountPolicy {
                months,
                gmv_average_cents_min,
                gmv_every_month,
                fulfilment_percent_min,
            }),
            _ => return Err("C1's four numbers are stated together, in [admission.key_account]"),
        };
        Ok(Self {
            key_account,
            fulfilment_requires: section.fulfilment_requires,
            subtract_refunds: section.subtract_refunds,
        })
    }
}

/// What fulfilment may ask for beside A1 and B1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FulfilmentExtra {
    /// B2.
    Nodes,
    /// B4.
    SignOff,
}
