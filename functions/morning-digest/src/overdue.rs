//! Which reports are not there although their date is over: of a schedule that no longer starts anything, nothing else tells.

use domain::{Elapsed, Month, Timestamp};
use lake::LakeError;
use serde::Deserialize;

use crate::MorningDigest;

/// How long after its date a report may take.
const GRACE: Elapsed = Elapsed::hours(24);
/// Months before the night's own that are looked at: a report that waits for signatures is final a month later.
const MONTHS: u32 = 2;

/// What a report's manifest says of its date.
#[derive(Deserialize)]
struct Manifest {
    #[serde(rename = "final")]
    is_final: bool,
    final_from: Timestamp,
}

/// The months whose reports are overdue as of a night, the latest first. A month that saw no morning has none: nobody was
/// there to report it.
pub(crate) async fn overdue(function: &MorningDigest, as_of: Timestamp) -> Result<Vec<Month>, LakeError> {
    let this = Month::of(as_of, function.policy.zone);
    let mut months = Vec::new();
    for month in (1..=MONTHS).map(|count| this.minus(count)) {
        if as_of >= date(function, month).plus(GRACE)
            && function.lake.has_digests_of(month).await?
            && !is_there(function, month, as_of).await?
        {
            months.push(month);
        }
    }
    Ok(months)
}

/// The earliest instant at which a month's report can be final. It may be later: the report itself says when.
fn date(function: &MorningDigest, month: Month) -> Timestamp {
    let end = month.ends_at(function.policy.zone);
    let policy = function.policy.in_force_at(Timestamp::from_unix(end.unix() - 1));
    end.plus(policy.upload_max()).plus(policy.pickup_max())
}

/// Whether a month's report is final, or need not be yet. One that cannot be read is none.
async fn is_there(function: &MorningDigest, month: Month, as_of: Timestamp) -> Result<bool, LakeError> {
    let Some(published) = function.lake.published_manifest(month).await? else {
        return Ok(false);
    };
    let manifest = serde_json::from_slice(&published.bytes);
    Ok(manifest.is_ok_and(|manifest: Manifest| manifest.is_final || as_of < manifest.final_from.plus(GRACE)))
}
