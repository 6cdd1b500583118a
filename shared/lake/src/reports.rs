//! Reports: the files of a month.

use domain::Month;

use crate::keys::report_of;
use crate::{Lake, LakeError};

/// A file of a monthly report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFile {
    /// Its name: `eligibility.csv`.
    pub name: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Lake {
    /// Writes a month's report; gives the keys.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn put_report(&self, month: Month, files: Vec<ReportFile>) -> Result<Vec<String>, LakeError> {
        let mut keys = Vec::with_capacity(files.len());
        for file in files {
            let key = report_of(month, file.name);
            self.put(&key, file.bytes, file.content_type).await?;
            keys.push(key);
        }
        Ok(keys)
    }
}
