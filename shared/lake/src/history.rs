//! History: writing batches of rows, and fetching a month's files for a report.

use std::path::{Path, PathBuf};

use domain::Month;
use futures::stream::{self, StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};

use crate::keys::{ledger_of, orders_of};
use crate::rows::{EntryRow, OrderRow, parquet_of};
use crate::{Lake, LakeError};

/// A file of the lake, fetched to the local disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedFile {
    /// The object.
    pub key: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// The digest of what was written to the disk, in hex.
    pub sha256: String,
}

/// Downloads under way at once.
pub(crate) const FETCHES_AT_ONCE: usize = 8;

impl Lake {
    /// Writes a batch of order rows of one month. The same batch under the same name is the same object.
    ///
    /// # Errors
    /// [`LakeError`] when the rows do not encode or the bucket refuses.
    pub async fn put_order_rows(
        &self,
        month: Month,
        batch: &str,
        rows: &[OrderRow],
    ) -> Result<(), LakeError> {
        self.put(
            &format!("{}{batch}.parquet", orders_of(month)),
            parquet_of(rows)?,
            PARQUET,
        )
        .await
    }

    /// Writes a batch of entry rows of one month.
    ///
    /// # Errors
    /// [`LakeError`] when the rows do not encode or the bucket refuses.
    pub async fn put_entry_rows(
        &self,
        month: Month,
        batch: &str,
        rows: &[EntryRow],
    ) -> Result<(), LakeError> {
        self.put(
            &format!("{}{batch}.parquet", ledger_of(month)),
            parquet_of(rows)?,
            PARQUET,
        )
        .await
    }

    /// Fetches a month's order files into `directory`.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket or the disk refuses.
    pub async fn fetch_orders(&self, month: Month, directory: &Path) -> Result<Vec<FetchedFile>, LakeError> {
        self.fetch(&orders_of(month), &directory.join(format!("orders-{month}")))
            .await
    }

    /// Fetches a month's ledger files into `directory`.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket or the disk refuses.
    pub async fn fetch_ledger(&self, month: Month, directory: &Path) -> Result<Vec<FetchedFile>, LakeError> {
        self.fetch(&ledger_of(month), &directory.join(format!("ledger-{month}")))
            .await
    }

    async fn fetch(&self, prefix: &str, directory: &Path) -> Result<Vec<FetchedFile>, LakeError> {
        std::fs::create_dir_all(directory).map_err(|source| file_error("make", directory, source))?;
        let keys = self.keys_under(prefix).await?;
        let fetches = keys.into_iter().map(|key| {
            let path = directory.join(key.strip_prefix(prefix).unwrap_or(&key).replace('/', "_"));
            async move { self.fetch_one(key, path).await }
        });
        stream::iter(fetches)
            .buffered(FETCHES_AT_ONCE)
            .try_collect()
            .await
    }

    pub(crate) async fn fetch_one(&self, key: String, path: PathBuf) -> Result<FetchedFile, LakeError> {
        let call = self.client.get_object().bucket(&self.bucket).key(&key);
        let object = call
            .send()
            .await
            .map_err(|source| LakeError::call(format!("read {key}"), source))?;
        let mut body = object.body;
        let mut file = std::fs::File::create(&path).map_err(|source| file_error("write", &path, source))?;
        let (mut digest, mut bytes) = (Sha256::new(), 0);
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|source| LakeError::Call {
                attempt: format!("read {key}"),
                retryable: true,
                source: source.into(),
            })?;
            std::io::Write::write_all(&mut file, &chunk)
                .map_err(|source| file_error("write", &path, source))?;
            digest.update(&chunk);
            bytes += chunk.len() as u64;
        }
        Ok(FetchedFile {
            key,
            path,
            bytes,
            sha256: hex::encode(digest.finalize()),
        })
    }
}

const PARQUET: &str = "application/vnd.apache.parquet";

fn file_error(verb: &str, path: &Path, source: std::io::Error) -> LakeError {
    LakeError::File {
        attempt: format!("{verb} {}", path.display()),
        source,
    }
}
