//! Revisions: what was reported once stays, and what changed since is told.
//!
//! A revision is named by a digest of its files, so the same inputs give the same revision however often and in however
//! many runs it is made, and a run that was killed is simply done again: its files are written first, then what changed,
//! then the copies where readers look for the newest report, their manifest last.

use domain::{Month, Zone};
use lake::{Lake, ReportFile};
use report::{FileDigest, Manifest, MonthReport, Revision};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::months::Gathered;
use crate::{EligibilityReport, Error, aside};

const PARQUET: &str = "eligibility.parquet";
const MANIFEST: &str = "manifest.json";
const CHANGES: &str = "changes.json";
const JSON: &str = "application/json";
/// Hex digits of a revision's id: enough for the revisions of one month.
const ID_DIGITS: usize = 16;

/// What was written.
pub(crate) struct Written {
    pub(crate) revision: String,
    pub(crate) newest: bool,
    pub(crate) changed: Option<u64>,
    pub(crate) keys: Vec<String>,
}

pub(crate) async fn write(
    function: &EligibilityReport,
    report: &MonthReport,
    mut gathered: Gathered,
) -> Result<Written, Error> {
    let (lake, month) = (&function.lake, report.month);
    let refused = |source| Error::Lake(month, source);
    let mut files = forms(report, function.policy.zone)?;
    let policy_sha256 = hex::encode(Sha256::digest(function.policy.text()));
    let outputs = files.iter().map(digest_of).collect();
    let manifest = Manifest::of(report, policy_sha256, gathered.inputs(), outputs);
    let revision = id_of(&manifest);
    files.push(json(month, MANIFEST, &manifest)?);
    let keys = lake
        .put_revision(month, &revision, &files)
        .await
        .map_err(refused)?;
    let before = match lake.published_manifest(month).await.map_err(refused)? {
        Some(bytes) => Some(
            serde_json::from_slice::<Manifest>(&bytes).map_err(|source| Error::Manifest(month, source))?,
        ),
        None => None,
    };
    // A report of an earlier instant, made for study, does not push the newest from its place.
    let newest = before.as_ref().is_none_or(|before| before.as_of <= report.as_of);
    let mut written = Written {
        newest,
        changed: None,
        keys,
        revision,
    };
    if !newest {
        return Ok(written);
    }
    match before {
        // It stands there already, all of it: its manifest was written last.
        Some(before) if id_of(&before) == written.revision => {
            let keys = files.iter().map(|file| Lake::report_key(month, file.name));
            written.keys = keys.collect();
            return Ok(written);
        }
        Some(before) => {
            let changes = changes_since(function, before, &manifest, &files, &mut gathered).await?;
            written.changed = Some(changes.sellers.len() as u64);
            let file = json(month, CHANGES, &changes)?;
            let beside = std::slice::from_ref(&file);
            lake.put_revision(month, &written.revision, beside)
                .await
                .map_err(refused)?;
            files.push(file);
        }
        None => {}
    }
    written.keys = lake.publish_report(month, files).await.map_err(refused)?;
    Ok(written)
}

async fn changes_since(
    function: &EligibilityReport,
    before: Manifest,
    after: &Manifest,
    files: &[ReportFile],
    gathered: &mut Gathered,
) -> Result<report::Changes, Error> {
    let month = after.month;
    let (old_id, new_id) = (id_of(&before), id_of(after));
    let old_parquet = function.lake.revision_file(month, &old_id, PARQUET).await;
    let old_parquet = old_parquet.map_err(|source| Error::Lake(month, source))?;
    let new_parquet = files
        .iter()
        .find(|file| file.name == PARQUET)
        .map_or(Vec::new(), |file| file.bytes.clone());
    let after = after.clone();
    let lake_files = gathered.all_files(function).await?;
    aside(month, move || {
        let before = Revision {
            id: &old_id,
            manifest: &before,
            parquet: &old_parquet,
        };
        let after = Revision {
            id: &new_id,
            manifest: &after,
            parquet: &new_parquet,
        };
        report::changes(before, after, &lake_files)
    })
    .await
}

/// The report in every form.
fn forms(report: &MonthReport, zone: Zone) -> Result<Vec<ReportFile>, Error> {
    let failed = |source| Error::Report(report.month, source);
    let (mut parquet, mut csv) = (Vec::new(), Vec::new());
    report::write_parquet(report, &mut parquet).map_err(failed)?;
    report::write_csv(report, &mut csv).map_err(failed)?;
    Ok(vec![
        ReportFile {
            name: PARQUET,
            content_type: "application/vnd.apache.parquet",
            bytes: parquet,
        },
        ReportFile {
            name: "eligibility.csv",
            content_type: "text/csv; charset=utf-8",
            bytes: csv,
        },
        ReportFile {
            name: "eligibility.xlsx",
            content_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            bytes: report::xlsx(report).map_err(failed)?,
        },
        ReportFile {
            name: "eligibility.html",
            content_type: "text/html; charset=utf-8",
            bytes: report::html(report, zone).into_bytes(),
        },
    ])
}

fn digest_of(file: &ReportFile) -> FileDigest {
    FileDigest {
        name: file.name.to_owned(),
        bytes: file.bytes.len() as u64,
        sha256: hex::encode(Sha256::digest(&file.bytes)),
    }
}

/// A revision's id: its files' names and digests, digested. Their content holds the instant and the policy.
fn id_of(manifest: &Manifest) -> String {
    let mut digest = Sha256::new();
    for output in &manifest.outputs {
        digest.update(format!("{}  {}\n", output.sha256, output.name));
    }
    let mut id = hex::encode(digest.finalize());
    id.truncate(ID_DIGITS);
    id
}

fn json(month: Month, name: &'static str, value: &impl Serialize) -> Result<ReportFile, Error> {
    let bytes = serde_json::to_vec_pretty(value).map_err(|source| Error::Manifest(month, source))?;
    Ok(ReportFile {
        name,
        content_type: JSON,
        bytes,
    })
}
