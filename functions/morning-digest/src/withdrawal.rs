//! Digests of nights later than an instant that was right: each is taken away, and where an earlier night of its day is
//! valid, that one's digest stands again (Conventions, "Now").

use chrono::NaiveDate;
use domain::Timestamp;
use entrypoint::Failure;
use serde::Serialize;
use store::Night;

use crate::{Error, FILES, MorningDigest, failure, files, make, written_at};

/// A day whose digest was withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// The day.
    pub date: NaiveDate,
    /// The night whose digest stands there now.
    pub as_of: Option<Timestamp>,
}

/// Takes away the digests of nights later than `after`, and writes that of the day's newest valid night anew. Run again it
/// finds nothing to do.
///
/// # Errors
/// [`Failure`] when the tables or the bucket refuse; a repeated run goes on where it stopped.
pub async fn withdraw(function: &MorningDigest, after: Timestamp) -> Result<Vec<Restored>, Failure> {
    let lake = &function.lake;
    let refused = |source| failure(Error::Lake(after, source));
    let from = after.date_in(function.policy.zone);
    let mut restored = Vec::new();
    for date in lake.digest_days(from).await.map_err(refused)? {
        let written = written_at(lake, date, after).await.map_err(failure)?;
        // A digest that was killed half-way has no instant; the next night of its day writes it whole.
        if written.is_none_or(|written| written <= after) {
            continue;
        }
        // The last file, by which the later night is known, is overwritten or removed last.
        let night = newest_night(function, date, after).await?;
        match night {
            Some(as_of) => {
                let digest = make(function, as_of).await?;
                let files = files(&digest, &function.policy).map_err(failure)?;
                lake.put_digest(date, files).await.map_err(refused)?;
            }
            None => {
                for file in FILES {
                    lake.remove_digest(date, file).await.map_err(refused)?;
                }
            }
        }
        restored.push(Restored { date, as_of: night });
    }
    Ok(restored)
}

/// The newest night of a day that is no later than `after` and was not withdrawn.
async fn newest_night(
    function: &MorningDigest,
    date: NaiveDate,
    after: Timestamp,
) -> Result<Option<Timestamp>, Failure> {
    let zone = function.policy.zone;
    let begins = domain::time::day_starts_at(date, zone);
    let nights = function.store.nights(Some(begins), after).await;
    let nights = nights.map_err(|source| failure(Error::Entries(after, source)))?;
    let is_valid = |night: &&Night| night.withdrawn.is_none() && night.as_of.date_in(zone) == date;
    Ok(nights.iter().rfind(is_valid).map(|night| night.as_of))
}
