//! The parts of a night's pass, followed from each segment's start to its end.
//!
//! A run that stopped says after which order another goes on; only parts that are reached in this way count, so that a
//! run repeated with another amount of time is never counted twice. Where the chain breaks, the rest of the segment is missing.

use std::collections::BTreeSet;

use digest::{Missing, Part, Watch};
use domain::{PolicyBook, Timestamp};
use lake::{Lake, LakeError, Stretch};

/// Why the parts of a night cannot be put together.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PartsError {
    #[error("the bucket refused the parts of {0}")]
    Lake(Timestamp, #[source] LakeError),
    #[error("a part of {0} cannot be read")]
    Unreadable(Timestamp, #[source] serde_json::Error),
}

/// What a night's pass gathered, and what is missing of it. Holds one part beside the sum.
pub(crate) async fn gathered(
    lake: &Lake,
    as_of: Timestamp,
    book: &PolicyBook,
) -> Result<(Watch, Vec<Missing>), PartsError> {
    let stretches = lake.watched_stretches(as_of).await;
    let mut stretches: BTreeSet<Stretch> = stretches
        .map_err(|source| PartsError::Lake(as_of, source))?
        .into_iter()
        .collect();
    let (mut watch, mut missing) = (Watch::new(as_of, book), Vec::new());
    let segments = segments_of(&stretches);
    for segment in 0..segments {
        let mut stretch = Stretch {
            segments,
            segment,
            after: None,
        };
        let mut is_complete = false;
        // Each part is followed once: a chain that led back to itself would have no end.
        while !is_complete && stretches.remove(&stretch) {
            let part = lake.watched(as_of, &stretch).await;
            let part = part.map_err(|source| PartsError::Lake(as_of, source))?;
            let part: Part =
                serde_json::from_slice(&part).map_err(|source| PartsError::Unreadable(as_of, source))?;
            watch.merge(part.watch);
            is_complete = part.until.is_none();
            stretch.after = part.until;
        }
        if !is_complete {
            missing.push(Missing {
                segment,
                segments,
                after: stretch.after,
            });
        }
    }
    Ok((watch, missing))
}

/// Over how many segments the pass went. Should there be parts of passes over different numbers, the one of which most
/// segments have begun; one segment when there are no parts, so that all of it is missing.
fn segments_of(stretches: &BTreeSet<Stretch>) -> u32 {
    let begun = |segments: u32| {
        let starts = stretches
            .iter()
            .filter(|stretch| stretch.segments == segments && stretch.after.is_none());
        starts.count() as u64 * 1_000 / u64::from(segments.max(1))
    };
    let passes: BTreeSet<u32> = stretches.iter().map(|stretch| stretch.segments).collect();
    passes
        .into_iter()
        .max_by_key(|&segments| (begun(segments), segments))
        .unwrap_or(1)
}
