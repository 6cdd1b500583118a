//! Reports as of instants later than one that was right: of each month the newest valid revision stands where readers look
//! again, or none (Conventions, "Now"). The revisions themselves stay.
//!
//! A revision's files are copied first and its manifest is put last, as when a report is published: a run that was killed
//! is done again, and a report that is published meanwhile makes this look again.

use domain::{Month, Timestamp};
use entrypoint::Failure;
use lake::{Lake, PublishedManifest, ReportFile};
use report::Manifest;
use serde::Serialize;

use crate::revisions::{FORMS, JSON, LOOKS_MAX, MANIFEST, parsed, published, revision_of, settle};
use crate::{EligibilityReport, Error, failure};

/// A month whose newest report was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// The month.
    pub month: Month,
    /// The revision that stands where readers look now; `None` when no valid one was made.
    pub revision: Option<String>,
}

/// Puts the newest revision as of no later than `after` where readers look, for each month where a later one stands there.
/// Run again it finds nothing to do.
///
/// # Errors
/// [`Failure`] when the bucket refuses or a manifest cannot be read; a repeated run goes on where it stopped.
pub async fn withdraw(function: &EligibilityReport, after: Timestamp) -> Result<Vec<Restored>, Failure> {
    let months = function.lake.revisions().await;
    let months = months.map_err(|source| {
        let retryable = source.is_retryable();
        Failure::of(source, retryable)
    })?;
    let mut restored = Vec::new();
    for (month, revisions) in months {
        let found = restore(&function.lake, month, &revisions, after).await;
        restored.extend(found.map_err(failure)?);
    }
    Ok(restored)
}

async fn restore(
    lake: &Lake,
    month: Month,
    revisions: &[String],
    after: Timestamp,
) -> Result<Option<Restored>, Error> {
    let mut changed = None;
    for _ in 0..LOOKS_MAX {
        let Some((seen, manifest)) = published(lake, month).await? else {
            return Ok(changed);
        };
        if manifest.as_of <= after {
            return Ok(changed);
        }
        let valid = newest_valid(lake, month, revisions, after).await?;
        let revision = valid.as_ref().map(|(_, manifest)| revision_of(manifest));
        match valid {
            Some(valid) => put_back(lake, month, &seen, valid).await?,
            None => take_away(lake, month).await?,
        }
        changed = Some(Restored { month, revision });
    }
    Err(Error::Contended(month))
}

/// The newest revision as of no later than `after`, with its manifest as it lies there.
async fn newest_valid(
    lake: &Lake,
    month: Month,
    revisions: &[String],
    after: Timestamp,
) -> Result<Option<(Vec<u8>, Manifest)>, Error> {
    let mut newest: Option<(Vec<u8>, Manifest)> = None;
    for revision in revisions {
        let bytes = lake.revision_file(month, revision, MANIFEST).await;
        let bytes = bytes.map_err(|source| Error::Lake(month, source))?;
        let manifest = parsed(month, &bytes)?;
        // Of one instant, the one that revises another stood in front.
        let place = |manifest: &Manifest| (manifest.as_of, manifest.before.is_some(), revision_of(manifest));
        let is_newer = newest
            .as_ref()
            .is_none_or(|(_, known)| place(&manifest) > place(known));
        if manifest.as_of <= after && is_newer {
            newest = Some((bytes, manifest));
        }
    }
    Ok(newest)
}

/// Copies a revision to where readers look and names it there, over what was seen.
async fn put_back(
    lake: &Lake,
    month: Month,
    seen: &PublishedManifest,
    (bytes, manifest): (Vec<u8>, Manifest),
) -> Result<(), Error> {
    let refused = |source| Error::Lake(month, source);
    let revision = revision_of(&manifest);
    for (name, content_type) in FORMS {
        if !manifest.outputs.iter().any(|output| output.name == name) {
            lake.remove_report(month, name).await.map_err(refused)?;
            continue;
        }
        let bytes = lake.revision_file(month, &revision, name).await;
        let file = ReportFile {
            name,
            content_type,
            bytes: bytes.map_err(refused)?,
        };
        lake.copy_report(month, &revision, file).await.map_err(refused)?;
    }
    let manifest = ReportFile {
        name: MANIFEST,
        content_type: JSON,
        bytes,
    };
    let named = lake.publish_manifest(month, &manifest, Some(seen)).await;
    if named.map_err(refused)? {
        settle(lake, month).await?;
    }
    Ok(())
}

/// Takes a month's report away from where readers look, its manifest last.
async fn take_away(lake: &Lake, month: Month) -> Result<(), Error> {
    for name in FORMS.map(|(name, _)| name).into_iter().chain([MANIFEST]) {
        let removed = lake.remove_report(month, name).await;
        removed.map_err(|source| Error::Lake(month, source))?;
    }
    Ok(())
}
