//! The manifest of a report: what it was made from and what it is, so that anyone can check it or make it again.

use domain::{Month, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{CitedAdmission, Lacking, MonthReport};

/// As inputs name the sellers' papers, which are no file of the lake.
pub const PAPERS: &str = "sellers' papers";

/// What a report was made from and what came of it. The same inputs give the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The revision's id; empty in manifests of releases that did not tell what changed in the files themselves.
    #[serde(default)]
    pub revision: String,
    /// A digest of the report without what it changes: the same inputs give the same, whatever revision is before it.
    #[serde(default)]
    pub content: String,
    /// The revision before it, of which its files tell what changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The month.
    pub month: Month,
    /// What was recorded by this instant is in it.
    pub as_of: Timestamp,
    /// Whether the eligibility figures are final: by time, and the lake lacked nothing.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// What the lake lacked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacking: Option<Lacking>,
    /// The first instant as of which they are.
    pub final_from: Timestamp,
    /// The pack of the figures that decided.
    pub policy: String,
    /// The pack of admission (C) that decided; none in manifests of releases that cited the other alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admission: Option<CitedAdmission>,
    /// The SHA-256 of the policy file, in hex.
    #[serde(default)]
    pub policy_sha256: String,
    /// The release that made it.
    pub waymark: String,
    /// The lake's files of the report's window, by key.
    pub inputs: Vec<FileDigest>,
    /// The report's files, by name; this one is not among them.
    pub outputs: Vec<FileDigest>,
}

/// A file by its content.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileDigest {
    /// Its key (inputs) or name (outputs).
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in hex.
    pub sha256: String,
}

impl Manifest {
    /// The manifest of a report that was made under the policy file of this digest; what names it is left empty.
    pub fn of(
        report: &MonthReport,
        policy_sha256: String,
        mut inputs: Vec<FileDigest>,
        mut outputs: Vec<FileDigest>,
    ) -> Self {
        inputs.sort();
        outputs.sort();
        Self {
            revision: String::new(),
            content: String::new(),
            before: None,
            month: report.month,
            as_of: report.as_of,
            is_final: report.is_final(),
            lacking: report.lacking.clone(),
            final_from: report.final_from,
            policy: report.policy.clone(),
            admission: Some(report.admission.clone()),
            policy_sha256,
            waymark: env!("CARGO_PKG_VERSION").to_owned(),
            inputs,
            outputs,
        }
    }
}
