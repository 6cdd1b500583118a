//! Counts by span of time, in buckets of fixed bounds: exact to add up and to merge, bounded whatever is counted.

use domain::Elapsed;
use serde::{Deserialize, Serialize};

/// The buckets' upper bounds, in minutes; the last bucket has none.
pub const BOUNDS_MINUTES: [i64; 16] = [
    15, 30, 60, 120, 180, 240, 360, 480, 720, 1_080, 1_440, 2_160, 2_880, 4_320, 5_760, 10_080,
];

/// How many spans fell into each bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram([u64; 17]);

impl Histogram {
    /// Counts a span; a negative one (a clock that is off) as none.
    pub fn add(&mut self, span: Elapsed) {
        let bucket = BOUNDS_MINUTES.partition_point(|minutes| minutes * 60 < span.seconds());
        self.0[bucket] += 1;
    }

    /// Adds another one.
    pub fn merge(&mut self, other: &Self) {
        for (count, other) in self.0.iter_mut().zip(other.0) {
            *count += other;
        }
    }

    /// How many spans were counted.
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The bucket that holds the span below which `percent` of all lie; `None` when nothing was counted.
    pub fn percentile(&self, percent: u64) -> Option<usize> {
        let total = self.count();
        let mut below = 0;
        self.0
            .iter()
            .position(|count| {
                below += count;
                below * 100 >= total * percent
            })
            .filter(|_| total > 0)
    }

    /// A bucket in words: the bound that its spans do not exceed, in hours and minutes.
    pub fn bound(bucket: usize) -> String {
        let written = |minutes: i64| match minutes {
            minutes if minutes < 60 => format!("{minutes} min"),
            minutes => format!("{} h", minutes / 60),
        };
        BOUNDS_MINUTES.get(bucket).map_or_else(
            || format!("> {}", written(BOUNDS_MINUTES[BOUNDS_MINUTES.len() - 1])),
            |minutes| format!("≤ {}", written(*minutes)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_bound_that_half_of_all_keep() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentile(50), None);
        for minutes in [-30, 10, 15, 16, 90, 100_000] {
            histogram.add(Elapsed::from_seconds(minutes * 60));
        }
        let bound = |percent| histogram.percentile(percent).map(Histogram::bound);
        assert_eq!(bound(50).as_deref(), Some("≤ 15 min"));
        assert_eq!(bound(51).as_deref(), Some("≤ 30 min"));
        assert_eq!(bound(83).as_deref(), Some("≤ 2 h"));
        assert_eq!(bound(100).as_deref(), Some("> 168 h"));
    }

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let mut histogram = Histogram::default();
        histogram.add(Elapsed::hours(48));
        assert_eq!(
            histogram.percentile(50).map(Histogram::bound).as_deref(),
            Some("≤ 48 h")
        );
        let mut late = Histogram::default();
        late.add(Elapsed::from_seconds(48 * 3_600 + 1));
        assert_eq!(
            late.percentile(50).map(Histogram::bound).as_deref(),
            Some("≤ 72 h")
        );
    }
}
