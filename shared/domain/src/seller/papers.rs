//! What a seller's admission papers say (C2–C6, C8), in the shape in which files state them.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What a shop's owner is (C4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityType {
    /// A company of the Chinese mainland.
    Company,
    /// 个体工商户: refused before anything else.
    SoleProprietor,
    /// Registered in Hong Kong; wants notarised papers, as the next three.
    HongKong,
    /// Registered in Macau.
    Macau,
    /// Registered in Taiwan.
    Taiwan,
    /// Registered anywhere else.
    Overseas,
}

impl EntityType {
    /// Whether it has a mainland licence with a unified social credit code (C5).
    pub fn is_mainland(self) -> bool {
        matches!(self, Self::Company | Self::SoleProprietor)
    }
}

/// The last day on which a paper is in force: a calendar day of the platform zone, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ValidUntil {
    /// That day is the last.
    Day(NaiveDate),
    /// 长期: no end.
    Permanent,
}

/// A text that is no last day of a paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither a day (YYYY-MM-DD) nor permanent")]
pub struct ValidUntilError;

impl FromStr for ValidUntil {
    type Err = ValidUntilError;

    /// Reads `YYYY-MM-DD`, `permanent` or `长期`.
    fn from_str(text: &str) -> Result<Self, ValidUntilError> {
        if text.eq_ignore_ascii_case("permanent") || text == "长期" {
            return Ok(Self::Permanent);
        }
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| ValidUntilError)?;
        let is_exact = day.to_string() == text;
        is_exact.then_some(Self::Day(day)).ok_or(ValidUntilError)
    }
}

impl TryFrom<String> for ValidUntil {
    type Error = ValidUntilError;

    fn try_from(text: String) -> Result<Self, ValidUntilError> {
        text.parse()
    }
}

impl From<ValidUntil> for String {
    fn from(end: ValidUntil) -> Self {
        end.to_string()
    }
}

impl fmt::Display for ValidUntil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{day}"),
            Self::Permanent => f.write_str("permanent"),
        }
    }
}

impl ValidUntil {
    /// Whether a paper that is in force from a day on is in force on another, the first and the last day among them.
    fn covers(self, from: NaiveDate, day: NaiveDate) -> bool {
        let is_over = match self {
            Self::Day(last) => day > last,
            Self::Permanent => false,
        };
        from <= day && !is_over
    }
}

/// What a seller has in a country (C2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateKind {
    /// 海外仓
    OverseasWarehouse,
    /// 本地合作分拨中心
    DistributionCentre,
}

/// The platform's certificate of local fulfilment (C2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// What it certifies.
    pub kind: CertificateKind,
    /// Its first day.
    pub valid_from: NaiveDate,
    /// Its last day.
    pub valid_until: ValidUntil,
}

impl Certificate {
    /// Whether it is in force on a day of the platform zone.
    pub fn is_in_force(&self, day: NaiveDate) -> bool {
        self.valid_until.covers(self.valid_from, day)
    }
}

/// The compliance team's authorisation for a sensitive category (C3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authorisation {
    /// The category, as orders name it.
    pub category: String,
    /// Its first day.
    pub valid_from: NaiveDate,
    /// Its last day.
    pub valid_until: ValidUntil,
}

impl Authorisation {
    /// Whether it is in force on a day of the platform zone.
    pub fn is_in_force(&self, day: NaiveDate) -> bool {
        self.valid_until.covers(self.valid_from, day)
    }
}

/// A clause that an agreement must have (C6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgreementClause {
    /// 服务范围
    Scope,
    /// 赔偿条款
    Compensation,
    /// 数据回传义务
    DataReturn,
}

impl AgreementClause {
    /// The clauses that C6 asks for.
    pub const ALL: [Self; 3] = [Self::Scope, Self::Compensation, Self::DataReturn];
}

/// An agreement with a carrier (C6).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// The carrier: its id where the carrier table knows it, else its name as the file has it.
    pub carrier: String,
    /// Whether the carrier has stamped it.
    pub stamped: bool,
    /// The clauses it has.
    pub clauses: BTreeSet<AgreementClause>,
    /// Its first day.
    pub valid_from: NaiveDate,
    /// Its last day.
    pub valid_until: ValidUntil,
}

impl Agreement {
    /// C6: whether it is stamped, has the three clauses and is in force on a day of the platform zone.
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.stamped
            && AgreementClause::ALL
                .iter()
                .all(|clause| self.clauses.contains(clause))
            && self.valid_until.covers(self.valid_from, day)
    }
}

/// What the review came to (C8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Review {
    /// The papers are good.
    Passed,
    /// They are not.
    Refused,
}

/// The steps of an admission (C8) as far as they are done. The trial's five orders are counted from the orders
/// themselves, never stated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Steps {
    /// The seller applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied_at: Option<Timestamp>,
    /// The papers were reviewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reviewed_at: Option<Timestamp>,
    /// What the review came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
    /// The commitment was signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commitment_signed_at: Option<Timestamp>,
    /// The trial began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial_started_at: Option<Timestamp>,
    /// The channel was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
}
