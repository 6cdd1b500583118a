//! Answers to uploads: `report.json`, `rejected.csv` and `repaired.xlsx`.

use std::collections::BTreeMap;
use std::path::Path;

use aws_sdk_s3::primitives::ByteStream;
use domain::code::FileCode;
use domain::{Cents, RowCode, Severity, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Lake, LakeError, UploadKey};

/// `report.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// What was uploaded.
    pub upload: UploadSummary,
    /// The newest policy pack.
    pub policy: String,
    /// Whether nothing was applied by intent.
    pub dry_run: bool,
    /// Rows by verdict; they add up to `rows`.
    pub counts: Counts,
    /// Rows by code, all of them.
    pub by_code: BTreeMap<String, u64>,
    /// What the upload's failures cost (A6), charged by the night's scan.
    pub fines: FinesSummary,
    /// The first findings.
    pub issues: Vec<Issue>,
    /// Whether there are more findings than `issues` holds.
    pub truncated: bool,
    /// Rows in which a trick was undone, by the trick's name; nothing to mend.
    #[serde(default)]
    pub undone: BTreeMap<String, u64>,
    /// What a person should know of the answer as a whole: checks that could not be done, rows that did not fit.
    #[serde(default)]
    pub notes: Vec<Note>,
}

/// Something to know of the answer as a whole; no row is judged by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The code that it is about, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The sentence.
    pub message_en: String,
    /// The sentence.
    pub message_zh: String,
}

/// How a file was read, and what of it was passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutFile {
    /// `csv`, `xlsx` or `json_lines`.
    pub format: String,
    /// `gzip` or `zstd`, if it was packed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// How its text is encoded; absent for a workbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// What stands between its cells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// The sheet that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The sheets that were not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_sheets: Vec<String>,
    /// Rows above the header: titles, not read.
    #[serde(default)]
    pub title_rows: u64,
    /// Rows that the spreadsheet hides: read like any other.
    #[serde(default)]
    pub hidden_rows: u64,
    /// Ranges of merged cells.
    #[serde(default)]
    pub merged_ranges: u64,
    /// Cells whose formula's last value was read.
    #[serde(default)]
    pub formula_cells: u64,
    /// Rows of totals and remarks at the end: no data and not counted.
    #[serde(default)]
    pub totals_rows: u64,
}

/// The upload an answer is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadSummary {
    /// The object's key.
    pub key: String,
    /// Its entity tag.
    pub etag: String,
    /// When the object was written, which tells two uploads of the same bytes apart; absent in a dry run, and in answers of
    /// earlier releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_at: Option<Timestamp>,
    /// What was reported of this writing, with which it can be judged again; absent in a dry run, and in answers of earlier
    /// releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<Reported>,
    /// The kind.
    pub kind: String,
    /// The seller; `_` for an operator's file.
    pub seller_id: String,
    /// SHA-256 of the bytes, in hexadecimal; of those read, when the file was refused half-way.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
    /// Data rows.
    pub rows: u64,
    /// How the file was read; absent where it could not be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<AboutFile>,
}

/// What the bucket reported of a writing of an upload, and when its content was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// Tells this writing from another of the same bytes.
    pub sequencer: String,
    /// When it was written, in milliseconds since the epoch, where the report said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<i64>,
    /// The version of the object, where the bucket keeps versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When its content was recorded.
    pub recorded_at: Timestamp,
}

/// Rows by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All rows.
    pub rows: u64,
    /// Applied.
    pub accepted: u64,
    /// Applied; a person should look.
    pub accepted_with_warning: u64,
    /// Known already.
    pub unchanged: u64,
    /// Kept until their parent arrives.
    pub parked: u64,
    /// Refused.
    pub rejected: u64,
    /// No data: headers once more, orders that nobody has paid yet.
    #[serde(default)]
    pub skipped: u64,
}

/// What an upload's failures cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinesSummary {
    /// Orders fined.
    pub count: u64,
    /// USD.
    pub amount: Cents,
    /// USD: what rows will cost whose claims still wait for their numbers after 45 days (A6, `NUM_USED_ELSEWHERE`).
    #[serde(default)]
    pub pending: Cents,
}

/// One finding of one row; row 0 is the file itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// The data row, from 1.
    pub row: u64,
    /// Where the row begins in the file itself: a sheet's own row, a text's line. Blank ones and titles count here; absent
    /// where the finding is about the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The column's canonical name; empty when it is about the row.
    pub column: String,
    /// The code.
    pub code: String,
    /// `error` or `warning`.
    pub severity: String,
    /// The rulebook's clause; empty for matters of form.
    pub clause: String,
    /// The cell as it came, tax ids masked.
    pub value: String,
    /// What is wrong.
    pub message_en: String,
    /// What is wrong.
    pub message_zh: String,
    /// What to do.
    pub fix_en: String,
    /// What to do.
    pub fix_zh: String,
    /// What the cell should hold instead: the row is accepted in that cell with it. Absent where nothing is certain.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub proposal: String,
}

impl Answer {
    /// The finding that says that the file failed half-way for a reason of ours (`FILE_FAILED`), if it did.
    pub fn failure(&self) -> Option<&Issue> {
        let code = FileCode::FileFailed.as_str();
        self.issues
            .iter()
            .find(|issue| issue.row == 0 && issue.code == code)
    }

    /// Whether the whole file was refused.
    pub fn is_refused(&self) -> bool {
        self.issues.iter().any(|issue| issue.row == 0)
    }
}

/// How a code's severity reads in an answer: what waits is no error of the clerk's.
pub fn severity_in_answers(code: RowCode) -> &'static str {
    match code.severity() {
        Severity::Error => "error",
        Severity::Parked | Severity::Warning => "warning",
    }
}

impl Lake {
    /// Writes `rejected.csv` from a local file. Written before the report, which tells that the answer is whole.
    ///
    /// # Errors
    /// [`LakeError`] when the file cannot be read or the bucket refuses.
    pub async fn put_rejected(&self, key: &UploadKey, path: &Path) -> Result<(), LakeError> {
        self.put_file(&key.answer("rejected.csv"), path, "text/csv; charset=utf-8")
            .await
    }

    /// Writes `repaired.xlsx` from a local file, likewise before the report.
    ///
    /// # Errors
    /// [`LakeError`] when the file cannot be read or the bucket refuses.
    pub async fn put_repaired(&self, key: &UploadKey, path: &Path) -> Result<(), LakeError> {
        const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        self.put_file(&key.answer("repaired.xlsx"), path, XLSX).await
    }

    /// Removes the `repaired.xlsx` of an earlier upload of the same name, if there was one.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn remove_repaired(&self, key: &UploadKey) -> Result<(), LakeError> {
        self.remove(&key.answer("repaired.xlsx")).await
    }

    pub(crate) async fn put_file(
        &self,
        object: &str,
        path: &Path,
        content_type: &str,
    ) -> Result<(), LakeError> {
        let body = ByteStream::from_path(path).await;
        let body = body.map_err(|source| LakeError::File {
            attempt: format!("read what becomes {object}"),
            source: std::io::Error::other(source),
        })?;
        self.put(object, body, content_type).await
    }

    /// Writes `report.json`: the answer is whole with it.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn put_answer(&self, key: &UploadKey, answer: &Answer) -> Result<(), LakeError> {
        let body = serde_json::to_vec_pretty(answer).map_err(|source| LakeError::Encode {
            what: "an answer",
            source: source.into(),
        })?;
        self.put(&key.answer("report.json"), body, "application/json")
            .await
    }

    /// The answer to an upload, if there is one.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses, or what is there is no answer.
    pub async fn answer_if_there(&self, key: &UploadKey) -> Result<Option<Answer>, LakeError> {
        self.if_there(&key.answer("report.json"), self.answer(key)).await
    }

    /// Copies a file of an answer to `path`, piece by piece: it may be larger than memory. Whether there is one.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket or the disk refuses.
    pub async fn fetch_answer_file(
        &self,
        key: &UploadKey,
        name: &str,
        path: &Path,
    ) -> Result<bool, LakeError> {
        let object = key.answer(name);
        let fetched = self.if_there(&object, self.fetch_one(object.clone(), path.to_owned()));
        Ok(fetched.await?.is_some())
    }

    /// Reads the answer to an upload.
    ///
    /// # Errors
    /// [`LakeError`] when there is none, or it cannot be read.
    pub async fn answer(&self, key: &UploadKey) -> Result<Answer, LakeError> {
        let object = key.answer("report.json");
        let bytes = self.bytes(&object).await?;
        serde_json::from_slice(&bytes).map_err(|source| LakeError::Decode {
            key: object,
            source: source.into(),
        })
    }
}
