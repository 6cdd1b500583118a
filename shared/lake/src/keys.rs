//! Key names.

use std::fmt;

use chrono::NaiveDate;
use domain::{Month, SellerId, Timestamp};

/// The inbox's prefix: objects under it are uploads.
pub const INBOX: &str = "inbox/";

/// Characters in an upload's file name, at most: its answers' keys must fit S3's 1,024 bytes.
const FILE_NAME_BYTES_MAX: usize = 512;

/// The key of an upload: `inbox/<kind>/<seller>/<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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

    /// The key of one of the upload's answers.
    pub fn answer(&self, file: &str) -> String {
        format!("outbox/{}/{}/{}/{file}", self.kind, self.seller(), self.name)
    }

    fn seller(&self) -> &str {
        self.seller_id.as_ref().map_or("_", SellerId::as_str)
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

pub(crate) fn report_of(month: Month, file: &str) -> String {
    format!("reports/month={month}/{file}")
}

/// The closes' prefix.
pub(crate) const CLOSES: &str = "closes/";

/// The folder of a night's close under [`CLOSES`]; folders sort as their nights.
pub(crate) fn close_folder(date: NaiveDate, as_of: Timestamp) -> String {
    format!("date={date}/{}", as_of.to_string().replace(['-', ':'], ""))
}

pub(crate) fn close_of(date: NaiveDate, as_of: Timestamp, file: &str) -> String {
    format!("{CLOSES}{}/{file}", close_folder(date, as_of))
}

pub(crate) fn revision_of(month: Month, revision: &str, file: &str) -> String {
    format!("reports/month={month}/revision={revision}/{file}")
}

#[cfg(test)]
mod tests {
    use super::*;

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
