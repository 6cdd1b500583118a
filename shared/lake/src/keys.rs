//! Key names.

use std::fmt;

use domain::close::Close;
use domain::{Month, SellerId};
use serde::{Deserialize, Serialize};

use crate::aggregates::{PlanKey, Share};

/// The inbox's prefix: objects under it are uploads.
pub const INBOX: &str = "inbox/";

/// Characters in an upload's file name, at most: its answers' keys must fit S3's 1,024 bytes.
const FILE_NAME_BYTES_MAX: usize = 512;

/// The key of an upload: `inbox/<kind>/<seller>/<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UploadKey {
    /// The kind, as the key has it.
    pub kind: String,
    /// The seller; `None` for an operator's file (`_`).
    pub seller_id: Option<SellerId>,
    /// The file's name.
    pub name: String,
}

/// Why a key is no upload's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an upload's key: inbox/<kind>/<seller>/<name>")]
pub struct KeyError(pub String);

impl UploadKey {
    /// Reads an object's key (already URL-decoded).
    ///
    /// # Errors
    /// [`KeyError`] when the key has another form.
    pub fn parse(key: &str) -> Result<Self, KeyError> {
        let refused = || KeyError(key.to_owned());
        let mut parts = key.strip_prefix(INBOX).ok_or_else(refused)?.splitn(3, '/');
        let (Some(kind), Some(seller), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(refused());
        };
        let seller_id = match seller {
            "_" => None,
            seller => Some(SellerId::parse(seller).ok_or_else(refused)?),
        };
        if kind.is_empty() || name.is_empty() || name.len() > FILE_NAME_BYTES_MAX {
            return Err(refused());
        }
        Ok(Self {
            kind: kind.to_owned(),
            seller_id,
            name: name.to_owned(),
        })
    }

    /// The folder of the inbox that the upload lies in: its kind's, of its seller or the operator.
    pub fn prefix(&self) -> String {
        format!("{INBOX}{}/{}/", self.kind, self.seller())
    }

    /// The key of one of the upload's answers.
    pub fn answer(&self, file: &str) -> String {
        format!("outbox/{}/{}/{}/{file}", self.kind, self.seller(), self.name)
    }

    fn seller(&self) -> &str {
        self.seller_id.as_ref().map_or("_", SellerId::as_str)
    }
}

impl TryFrom<String> for UploadKey {
    type Error = KeyError;

    fn try_from(key: String) -> Result<Self, KeyError> {
        Self::parse(&key)
    }
}

impl From<UploadKey> for String {
    fn from(key: UploadKey) -> Self {
        key.to_string()
    }
}

impl fmt::Display for UploadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{INBOX}{}/{}/{}", self.kind, self.seller(), self.name)
    }
}

pub(crate) fn orders_of(month: Month) -> String {
    format!("lake/orders/month={month}/")
}

pub(crate) fn ledger_of(month: Month) -> String {
    format!("lake/ledger/month={month}/")
}

/// Where what is kept of a month lies.
pub(crate) fn aggregate_of(month: Month, id: &str) -> String {
    format!("aggregates/month={month}/{id}.postcard")
}

/// Where the plan of a report in parts lies.
pub(crate) fn plan_of(key: PlanKey) -> String {
    format!("{}/plan.json", parts_of(key))
}

/// Where what a run folded of its share lies.
pub(crate) fn part_of(share: &Share) -> String {
    format!(
        "{}/{}/{:05}.postcard",
        parts_of(share.of),
        share.plan,
        share.bucket
    )
}

fn parts_of(key: PlanKey) -> String {
    let as_of = key.as_of.to_string().replace(['-', ':'], "");
    format!(
        "aggregates/month={}/parts/as_of={as_of}/{:05}",
        key.month, key.buckets
    )
}

/// What the name of a compacted file says of it: `set-<generation>-<set>-<bucket>-of-<buckets>.parquet`.
///
/// A batch's name begins with a digit and a later generation sorts behind an earlier one, so a listing that no longer
/// finds a file, because its rows were compacted, still comes to where they went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SetName {
    pub(crate) generation: u32,
    pub(crate) set: String,
    pub(crate) bucket: u32,
    pub(crate) buckets: u32,
}

impl SetName {
    /// Reads a key's last part; `None` for a batch as it came.
    pub(crate) fn parse(key: &str) -> Option<Self> {
        let name = key
            .rsplit('/')
            .next()?
            .strip_prefix("set-")?
            .strip_suffix(".parquet")?;
        let mut parts = name.split('-');
        let parsed = Self {
            generation: parts.next()?.parse().ok()?,
            set: parts.next()?.to_owned(),
            bucket: parts.next()?.parse().ok()?,
            buckets: parts.nth(1)?.parse().ok()?,
        };
        parts.next().is_none().then_some(parsed)
    }
}

impl fmt::Display for SetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            generation,
            set,
            bucket,
            buckets,
        } = self;
        write!(f, "set-{generation:06}-{set}-{bucket:05}-of-{buckets:05}.parquet")
    }
}

pub(crate) fn report_of(month: Month, file: &str) -> String {
    format!("reports/month={month}/{file}")
}

/// The closes' prefix.
pub(crate) const CLOSES: &str = "closes/";

/// The folder of a night's close under [`CLOSES`]; folders sort as their nights.
pub(crate) fn close_folder(close: &Close, again: bool) -> String {
    let as_of = close.as_of.to_string().replace(['-', ':'], "");
    let night = format!("date={}/{as_of}", close.date);
    match &close.withdraws {
        Some(_) => format!("{night}-void-{}", close.number),
        None if again => format!("{night}-again-{}", close.number),
        None => night,
    }
}

pub(crate) fn close_of(close: &Close, again: bool, file: &str) -> String {
    format!("{CLOSES}{}/{file}", close_folder(close, again))
}

pub(crate) fn revision_of(month: Month, revision: &str, file: &str) -> String {
    format!("reports/month={month}/revision={revision}/{file}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compacted_files_name_tells_its_bucket_and_sorts_behind_batches() {
        let name = SetName {
            generation: 12,
            set: "0123456789abcdef".to_owned(),
            bucket: 3,
            buckets: 16,
        };
        let key = format!("{}{name}", orders_of("2024-04".parse().expect("a month")));
        assert_eq!(SetName::parse(&key), Some(name));
        let batch =
            "lake/orders/month=2024-04/49590338271490256608559692538361571095921575989136588898-4.parquet";
        assert_eq!(SetName::parse(batch), None);
        assert!(key.as_str() > batch);
    }

    #[test]
    fn an_uploads_key_names_its_kind_seller_and_file() {
        let key = UploadKey::parse("inbox/tracking/S00004/三月 运单.csv").expect("a key");
        assert_eq!(
            (key.kind.as_str(), key.name.as_str()),
            ("tracking", "三月 运单.csv")
        );
        assert_eq!(
            key.answer("report.json"),
            "outbox/tracking/S00004/三月 运单.csv/report.json"
        );
        assert_eq!(
            UploadKey::parse("inbox/tracking/_/a/b.csv").map(|key| key.to_string()),
            Ok("inbox/tracking/_/a/b.csv".to_owned())
        );
        for bad in [
            "inbox/tracking/S1",
            "inbox//S1/x",
            "outbox/tracking/_/x",
            "inbox/tracking/店铺/x",
            "inbox/tracking/_/",
        ] {
            assert!(UploadKey::parse(bad).is_err(), "{bad}");
        }
    }
}
