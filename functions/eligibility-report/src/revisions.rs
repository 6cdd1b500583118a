//! Revisions: what was reported once stays, and what changed since is told.
//!
//! A revision is named by a digest of its report and of the revision before it, whose difference its page and workbook
//! tell. So the same inputs give the same revision however often and in however many runs it is made, and a run that was
//! killed is simply done again: its files are written first, then the copies where readers look for the newest report,
//! their manifest last.

use domain::{Month, Zone};
use lake::{Lake, ReportFile};
use report::{Changes, FileDigest, Manifest, MonthReport, Revision};
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
    let plain = forms(report, None, function.policy.zone)?;
    let policy_sha256 = hex::encode(Sha256::digest(function.policy.text()));
    let draft = Draft {
        function,
        report,
        manifest: Manifest::of(report, policy_sha256, gathered.inputs(), digests(&plain)),
    };
    match published(&function.lake, report.month).await? {
        None => draft.publish(draft.revision(plain, None)?).await,
        // It stands there already, all of it: its manifest was written last.
        Some(before) if content_of(&before) == content_of(&draft.manifest) => Ok(draft.standing(&before)),
        Some(before) if before.as_of <= report.as_of => {
            let changes = draft.changes_since(&before, &plain, &mut gathered).await?;
            let files = forms(report, Some(&changes), function.policy.zone)?;
            draft.publish(draft.revision(files, Some(changes))?).await
        }
        // A report of an earlier instant, made for study, does not push the newest from its place.
        Some(newest) => draft.study(plain, newest).await,
    }
}

/// A report that is to become a revision, or is one already.
struct Draft<'a> {
    function: &'a EligibilityReport,
    report: &'a MonthReport,
    /// Without what names the revision, and of the files that tell nothing of changes.
    manifest: Manifest,
}

/// A revision to be written.
struct Drafted {
    id: String,
    changed: Option<u64>,
    /// Its manifest is the last.
    files: Vec<ReportFile>,
}

impl Draft<'_> {
    /// The revision of these files, with what it changes.
    fn revision(&self, mut files: Vec<ReportFile>, changes: Option<Changes>) -> Result<Drafted, Error> {
        let content = content_of(&self.manifest);
        let before = changes.as_ref().map(|changes| changes.before.revision.clone());
        let id = id_of(&content, before.as_deref());
        if let Some(changes) = &changes {
            files.push(json(self.report.month, CHANGES, changes)?);
        }
        let manifest = Manifest {
            revision: id.clone(),
            content,
            before,
            outputs: digests(&files),
            ..self.manifest.clone()
        };
        files.push(json(self.report.month, MANIFEST, &manifest)?);
        Ok(Drafted {
            id,
            changed: changes.map(|changes| changes.sellers.len() as u64),
            files,
        })
    }

    /// Keeps a revision and copies it to where readers look.
    async fn publish(&self, drafted: Drafted) -> Result<Written, Error> {
        let (lake, month) = (&self.function.lake, self.report.month);
        let refused = |source| Error::Lake(month, source);
        lake.put_revision(month, &drafted.id, &drafted.files)
            .await
            .map_err(refused)?;
        Ok(Written {
            keys: lake.publish_report(month, drafted.files).await.map_err(refused)?,
            revision: drafted.id,
            newest: true,
            changed: drafted.changed,
        })
    }

    /// What stands where readers look.
    fn standing(&self, published: &Manifest) -> Written {
        let names = names_of(published);
        Written {
            keys: names
                .map(|name| Lake::report_key(self.report.month, name))
                .collect(),
            revision: revision_of(published),
            newest: true,
            changed: None,
        }
    }

    /// Keeps a report of an instant before the newest revision's, unless it is one of those before it.
    async fn study(&self, plain: Vec<ReportFile>, newest: Manifest) -> Result<Written, Error> {
        let (lake, month) = (&self.function.lake, self.report.month);
        let mut later = newest;
        while let Some(before) = later.before.take()
            && later.as_of >= self.report.as_of
        {
            let bytes = lake.revision_file(month, &before, MANIFEST).await;
            later = parsed(month, &bytes.map_err(|source| Error::Lake(month, source))?)?;
            if content_of(&later) == content_of(&self.manifest) {
                let names = names_of(&later);
                return Ok(Written {
                    keys: names
                        .map(|name| Lake::revision_key(month, &before, name))
                        .collect(),
                    revision: before,
                    newest: false,
                    changed: None,
                });
            }
        }
        let drafted = self.revision(plain, None)?;
        let keys = lake.put_revision(month, &drafted.id, &drafted.files).await;
        Ok(Written {
            keys: keys.map_err(|source| Error::Lake(month, source))?,
            revision: drafted.id,
            newest: false,
            changed: None,
        })
    }

    async fn changes_since(
        &self,
        before: &Manifest,
        plain: &[ReportFile],
        gathered: &mut Gathered,
    ) -> Result<Changes, Error> {
        let month = self.report.month;
        let (before, after) = (before.clone(), self.manifest.clone());
        let old_id = revision_of(&before);
        let new_id = id_of(&content_of(&after), Some(&old_id));
        let old_parquet = self.function.lake.revision_file(month, &old_id, PARQUET).await;
        let old_parquet = old_parquet.map_err(|source| Error::Lake(month, source))?;
        let new_parquet = plain
            .iter()
            .find(|file| file.name == PARQUET)
            .map_or(Vec::new(), |file| file.bytes.clone());
        let lake_files = gathered.all_files(self.function).await?;
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
}

/// The manifest of what stands where readers look.
async fn published(lake: &Lake, month: Month) -> Result<Option<Manifest>, Error> {
    let bytes = lake.published_manifest(month).await;
    let bytes = bytes.map_err(|source| Error::Lake(month, source))?;
    bytes.map(|bytes| parsed(month, &bytes)).transpose()
}

fn parsed(month: Month, bytes: &[u8]) -> Result<Manifest, Error> {
    serde_json::from_slice(bytes).map_err(|source| Error::Manifest(month, source))
}

/// The report in every form, with what it changes in those that people read.
fn forms(report: &MonthReport, changes: Option<&Changes>, zone: Zone) -> Result<Vec<ReportFile>, Error> {
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
            bytes: report::xlsx(report, changes).map_err(failed)?,
        },
        ReportFile {
            name: "eligibility.html",
            content_type: "text/html; charset=utf-8",
            bytes: report::html(report, changes, zone).into_bytes(),
        },
    ])
}

/// The files' digests, by name.
fn digests(files: &[ReportFile]) -> Vec<FileDigest> {
    let digests = files.iter().map(|file| FileDigest {
        name: file.name.to_owned(),
        bytes: file.bytes.len() as u64,
        sha256: hex::encode(Sha256::digest(&file.bytes)),
    });
    let mut digests: Vec<_> = digests.collect();
    digests.sort();
    digests
}

/// The names of a revision's files, its manifest's last.
fn names_of(manifest: &Manifest) -> impl Iterator<Item = &str> {
    let outputs = manifest.outputs.iter().map(|output| output.name.as_str());
    outputs.chain([MANIFEST])
}

/// A report's digest: the names and digests of its files, digested. Their content holds the instant and the policy.
fn content_of(manifest: &Manifest) -> String {
    if !manifest.content.is_empty() {
        return manifest.content.clone();
    }
    let outputs = manifest.outputs.iter();
    short_digest(outputs.map(|output| format!("{}  {}\n", output.sha256, output.name)))
}

/// A revision's id: of its report and of the revision that it tells changes of. Without one, the report's digest, which
/// was the id in earlier releases.
fn id_of(content: &str, before: Option<&str>) -> String {
    match before {
        None => content.to_owned(),
        Some(before) => short_digest([format!("{content}\n"), format!("{before}\n")]),
    }
}

fn revision_of(manifest: &Manifest) -> String {
    match manifest.revision.as_str() {
        "" => content_of(manifest),
        revision => revision.to_owned(),
    }
}

fn short_digest(texts: impl IntoIterator<Item = String>) -> String {
    let mut digest = Sha256::new();
    for text in texts {
        digest.update(text);
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
