//! Revisions: what was reported once stays, and what changed since is told.
//!
//! A revision is named by a digest of its report and of the revision before it, whose difference its page and workbook
//! tell. So the same inputs give the same revision however often and in however many runs it is made, and a run that was
//! killed is simply done again: its files are written first, then the copies where readers look for the newest report,
//! their manifest last.
//!
//! Two runs may publish at once. The manifest is written over the one that was seen, or not at all: who comes second looks
//! again, and yields to a newer report. But copies are several objects, and the slower run may have put some of its own over
//! the newer one's. So whoever is done looks whether the copies are those of the revision that the manifest names, writes
//! what is not from where that revision is kept, and looks again if another is named by then. The last who wrote a copy has
//! seen its revision named after that; the last who named one has looked at every copy after that: so they are of one
//! revision once all are done, and if one was killed, once the next is.

use std::panic::resume_unwind;

use domain::{Month, Timestamp, Zone};
use lake::{Lake, PublishedManifest, ReportFile};
use report::{Changes, FileDigest, Manifest, MonthReport, ReportError, Revision};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::months::Gathered;
use crate::{EligibilityReport, Error, aside};

const PARQUET: &str = "eligibility.parquet";
const CSV: &str = "eligibility.csv";
const XLSX: &str = "eligibility.xlsx";
const HTML: &str = "eligibility.html";
pub(crate) const MANIFEST: &str = "manifest.json";
const CHANGES: &str = "changes.json";
pub(crate) const JSON: &str = "application/json";
/// The files of a revision but its manifest, by their media types.
pub(crate) const FORMS: [(&str, &str); 5] = [
    (PARQUET, "application/vnd.apache.parquet"),
    (CSV, "text/csv; charset=utf-8"),
    (
        XLSX,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    (HTML, "text/html; charset=utf-8"),
    (CHANGES, JSON),
];
/// Hex digits of a revision's id: enough for the revisions of one month.
const ID_DIGITS: usize = 16;

/// What was written.
pub(crate) struct Written {
    pub(crate) revision: String,
    pub(crate) newest: bool,
    pub(crate) changed: Option<u64>,
    pub(crate) keys: Vec<String>,
}

/// How often a run looks again when others publish the same month meanwhile.
pub(crate) const LOOKS_MAX: u32 = 8;

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
    for _ in 0..LOOKS_MAX {
        let written = draft.write(&plain, &mut gathered).await?;
        if let Some(written) = written {
            settle(&function.lake, report.month).await?;
            return Ok(written);
        }
    }
    Err(Error::Contended(report.month))
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
    /// Writes the revision after the one that stands where readers look; `None` when another came to stand there meanwhile.
    async fn write(&self, plain: &[ReportFile], gathered: &mut Gathered) -> Result<Option<Written>, Error> {
        let Some((seen, before)) = published(&self.function.lake, self.report.month).await? else {
            return self.publish(self.revision(plain.to_vec(), None)?, None).await;
        };
        // It stands there already.
        if content_of(&before) == content_of(&self.manifest) {
            return Ok(Some(self.standing(&before)));
        }
        // A report of an earlier instant, made for study, does not push the newest from its place.
        if before.as_of > self.report.as_of {
            return self.study(plain.to_vec(), before).await.map(Some);
        }
        let changes = self.changes_since(&before, plain, gathered).await?;
        let files = forms(self.report, Some(&changes), self.function.policy.zone)?;
        self.publish(self.revision(files, Some(changes))?, Some(&seen))
            .await
    }

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

    /// Keeps a revision, copies it to where readers look and names it there, over what was seen there; `None` when another
    /// one is named by then.
    async fn publish(
        &self,
        mut drafted: Drafted,
        over: Option<&PublishedManifest>,
    ) -> Result<Option<Written>, Error> {
        let (lake, month) = (&self.function.lake, self.report.month);
        let refused = |source| Error::Lake(month, source);
        lake.put_revision(month, &drafted.id, &drafted.files)
            .await
            .map_err(refused)?;
        let names = drafted
            .files
            .iter()
            .map(|file| Lake::report_key(month, file.name));
        let keys = names.collect();
        let manifest = drafted.files.pop();
        for file in drafted.files {
            lake.copy_report(month, &drafted.id, file)
                .await
                .map_err(refused)?;
        }
        let manifest = manifest.expect("a manifest is a revision's last file");
        let named = lake.publish_manifest(month, &manifest, over).await;
        Ok(named.map_err(refused)?.then_some(Written {
            keys,
            revision: drafted.id,
            newest: true,
            changed: drafted.changed,
        }))
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
        let learned = gathered.learned(self.function, before.as_of).await?;
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
            report::changes(before, after, learned)
        })
        .await
    }
}

/// The instant of the report that one as of an instant would revise.
pub(crate) async fn revised_at(
    function: &EligibilityReport,
    month: Month,
    as_of: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let before = published(&function.lake, month).await?;
    let revised = before.map(|(_, manifest)| manifest.as_of);
    Ok(revised.filter(|revised| *revised <= as_of))
}

/// What stands where readers look: its manifest as it lies there, and what that says.
pub(crate) async fn published(
    lake: &Lake,
    month: Month,
) -> Result<Option<(PublishedManifest, Manifest)>, Error> {
    let seen = lake.published_manifest(month).await;
    let Some(seen) = seen.map_err(|source| Error::Lake(month, source))? else {
        return Ok(None);
    };
    let manifest = parsed(month, &seen.bytes)?;
    Ok(Some((seen, manifest)))
}

/// Makes the copies where readers look those of the revision that is named there.
pub(crate) async fn settle(lake: &Lake, month: Month) -> Result<(), Error> {
    let refused = |source| Error::Lake(month, source);
    let mut named = published(lake, month).await?;
    for _ in 0..LOOKS_MAX {
        let Some((seen, manifest)) = named else {
            return Ok(());
        };
        let revision = revision_of(&manifest);
        let is_of_it = |name: &str| manifest.outputs.iter().any(|output| output.name == name);
        for (name, content_type) in FORMS.into_iter().filter(|(name, _)| is_of_it(name)) {
            let copied = lake.copied_revision(month, name).await.map_err(refused)?;
            if copied.as_ref() != Some(&revision) {
                let file = ReportFile {
                    name,
                    content_type,
                    bytes: lake
                        .revision_file(month, &revision, name)
                        .await
                        .map_err(refused)?,
                };
                lake.copy_report(month, &revision, file).await.map_err(refused)?;
            }
        }
        named = published(lake, month).await?;
        if named.as_ref().is_some_and(|(now, _)| now.etag == seen.etag) {
            return Ok(());
        }
    }
    Err(Error::Contended(month))
}

pub(crate) fn parsed(month: Month, bytes: &[u8]) -> Result<Manifest, Error> {
    serde_json::from_slice(bytes).map_err(|source| Error::Manifest(month, source))
}

/// The report in every form, with what it changes in those that people read.
fn forms(report: &MonthReport, changes: Option<&Changes>, zone: Zone) -> Result<Vec<ReportFile>, Error> {
    type Made = Result<Vec<u8>, ReportError>;
    let table = |write: &dyn Fn(&mut Vec<u8>) -> Result<(), ReportError>| {
        let mut bytes = Vec::new();
        write(&mut bytes).map(|()| bytes)
    };
    let forms: [&(dyn Fn() -> Made + Sync); 4] = [
        &|| table(&|bytes| report::write_parquet(report, bytes)),
        &|| table(&|bytes| report::write_csv(report, bytes)),
        &|| report::xlsx(report, changes, zone),
        &|| Ok(report::html(report, changes, zone).into_bytes()),
    ];
    // Beside one another: with many sellers each takes a good part of a second.
    let made = std::thread::scope(|scope| {
        let threads = forms.map(|form| scope.spawn(form));
        threads.map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    let files = FORMS.into_iter().zip(made).map(|((name, content_type), bytes)| {
        Ok(ReportFile {
            name,
            content_type,
            bytes: bytes.map_err(|source| Error::Report(report.month, source))?,
        })
    });
    files.collect()
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

pub(crate) fn revision_of(manifest: &Manifest) -> String {
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
