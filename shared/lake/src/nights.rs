//! Nights: what the pass over the live orders gathered, a part a run, and the morning's digest.

use chrono::NaiveDate;
use domain::{Month, Timestamp};

use crate::reports::ReportFile;
use crate::{Lake, LakeError};

/// Where a run of the pass began: its segment, and after which order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// How many segments the pass has.
    pub segments: u32,
    /// The segment, from 0.
    pub segment: u32,
    /// The order after which the run began, whatever its id looks like; `None` at the segment's start.
    pub after: Option<String>,
}

fn watch_prefix(as_of: Timestamp) -> String {
    format!(
        "nights/as_of={}/watch/",
        as_of.to_string().replace(['-', ':'], "")
    )
}

fn digest_key(date: NaiveDate, file: &str) -> String {
    format!("digest/date={date}/{file}")
}

impl Stretch {
    fn key(&self, as_of: Timestamp) -> String {
        let after = self.after.as_ref().map_or_else(
            || "start".to_owned(),
            |after| format!("after-{}", urlencoding::encode(after)),
        );
        format!(
            "{}{:05}-of-{:05}/{after}.json",
            watch_prefix(as_of),
            self.segment,
            self.segments
        )
    }

    fn parse(key: &str, as_of: Timestamp) -> Option<Self> {
        let (segment, after) = key.strip_prefix(&watch_prefix(as_of))?.split_once('/')?;
        let (segment, segments) = segment.split_once("-of-")?;
        let after = match after.strip_suffix(".json")? {
            "start" => None,
            after => Some(
                urlencoding::decode(after.strip_prefix("after-")?)
                    .ok()?
                    .into_owned(),
            ),
        };
        Some(Self {
            segments: segments.parse().ok()?,
            segment: segment.parse().ok()?,
            after,
        })
    }
}

impl Lake {
    /// Keeps what a run of a night's pass gathered; the same run again overwrites it.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn put_watched(
        &self,
        as_of: Timestamp,
        stretch: &Stretch,
        part: Vec<u8>,
    ) -> Result<(), LakeError> {
        self.put(&stretch.key(as_of), part, "application/json").await
    }

    /// The stretches of a night's pass of which there are parts.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket cannot be listed.
    pub async fn watched_stretches(&self, as_of: Timestamp) -> Result<Vec<Stretch>, LakeError> {
        let keys = self.keys_under(&watch_prefix(as_of)).await?;
        Ok(keys.iter().filter_map(|key| Stretch::parse(key, as_of)).collect())
    }

    /// What a run gathered.
    ///
    /// # Errors
    /// [`LakeError`] when the part cannot be read.
    pub async fn watched(&self, as_of: Timestamp, stretch: &Stretch) -> Result<Vec<u8>, LakeError> {
        self.bytes(&stretch.key(as_of)).await
    }

    /// Removes what the runs of a night's pass gathered: the night was withdrawn.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn remove_watched(&self, as_of: Timestamp) -> Result<(), LakeError> {
        for key in self.keys_under(&watch_prefix(as_of)).await? {
            self.remove(&key).await?;
        }
        Ok(())
    }

    /// Writes files of a day's digest, in order; gives the keys.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn put_digest(
        &self,
        date: NaiveDate,
        files: Vec<ReportFile>,
    ) -> Result<Vec<String>, LakeError> {
        let mut keys = Vec::with_capacity(files.len());
        for file in files {
            let key = digest_key(date, file.name);
            self.put(&key, file.bytes, file.content_type).await?;
            keys.push(key);
        }
        Ok(keys)
    }

    /// A file of a day's digest; `None` when there is none.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket cannot be read.
    pub async fn digest_file(&self, date: NaiveDate, file: &str) -> Result<Option<Vec<u8>>, LakeError> {
        let key = digest_key(date, file);
        self.bytes_if_there(&key).await
    }

    /// Removes a file of a day's digest, if it is there.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn remove_digest(&self, date: NaiveDate, file: &str) -> Result<(), LakeError> {
        self.remove(&digest_key(date, file)).await
    }

    /// The days that have a digest, from `from` on, in order.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket cannot be listed.
    pub async fn digest_days(&self, from: NaiveDate) -> Result<Vec<NaiveDate>, LakeError> {
        let keys = self.keys_under("digest/date=").await?;
        let days = keys.iter().filter_map(|key| {
            let (day, _) = key.strip_prefix("digest/date=")?.split_once('/')?;
            day.parse().ok().filter(|day| *day >= from)
        });
        let mut days: Vec<NaiveDate> = days.collect();
        days.dedup();
        Ok(days)
    }

    /// Whether any day of a month has a digest.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket cannot be listed.
    pub async fn has_digests_of(&self, month: Month) -> Result<bool, LakeError> {
        let keys = self.keys_under(&format!("digest/date={month}-")).await?;
        Ok(!keys.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parts_key_names_its_night_its_segment_and_where_it_began() {
        let as_of: Timestamp = "2024-06-12T07:00:00Z".parse().expect("an instant");
        let start = Stretch {
            segments: 16,
            segment: 3,
            after: None,
        };
        assert_eq!(
            start.key(as_of),
            "nights/as_of=20240612T070000Z/watch/00003-of-00016/start.json"
        );
        let later = Stretch {
            after: Some("8000011000000005".to_owned()),
            ..start.clone()
        };
        let odd = Stretch {
            after: Some("no order/at all.json".to_owned()),
            ..start.clone()
        };
        for stretch in [start, later, odd] {
            assert_eq!(Stretch::parse(&stretch.key(as_of), as_of), Some(stretch.clone()));
            assert_eq!(Stretch::parse(&stretch.key(as_of), as_of.next()), None);
        }
    }
}
