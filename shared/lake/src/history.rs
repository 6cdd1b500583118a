//! History: writing batches of rows, and fetching a month's files for a report.

use std::path::{Path, PathBuf};

use aws_sdk_s3::error::ProvideErrorMetadata;
use domain::Month;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::keys::{SetName, ledger_of, orders_of};
use crate::rows::{EntryRow, OrderRow};
use crate::writing::parquet_of;
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

/// A file of the lake as it was listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LakeObject {
    /// The object.
    pub key: String,
    /// Its entity tag.
    pub etag: String,
    /// Its size.
    pub bytes: u64,
}

impl LakeObject {
    /// Which bucket of how many a compacted file holds; `None` for a batch as it came.
    pub fn bucket(&self) -> Option<(u32, u32)> {
        let name = SetName::parse(&self.key)?;
        name.buckets
            .is_power_of_two()
            .then_some((name.bucket, name.buckets))
    }
}

/// How often files are listed when one of them goes meanwhile.
pub(crate) const LISTINGS_MAX: u32 = 5;

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

    /// Lists a month's order files.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket cannot be listed.
    pub async fn order_objects(&self, month: Month) -> Result<Vec<LakeObject>, LakeError> {
        self.objects_under(&orders_of(month)).await
    }

    /// Lists a month's ledger files.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket cannot be listed.
    pub async fn ledger_objects(&self, month: Month) -> Result<Vec<LakeObject>, LakeError> {
        self.objects_under(&ledger_of(month)).await
    }

    /// Fetches a month's order files into `directory`.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket or the disk refuses.
    pub async fn fetch_orders(&self, month: Month, directory: &Path) -> Result<Vec<FetchedFile>, LakeError> {
        self.fetch(&orders_of(month), directory).await
    }

    /// Fetches a month's ledger files into `directory`.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket or the disk refuses.
    pub async fn fetch_ledger(&self, month: Month, directory: &Path) -> Result<Vec<FetchedFile>, LakeError> {
        self.fetch(&ledger_of(month), directory).await
    }

    /// Lists and fetches, and does so again when a file is gone by then, because its rows were compacted.
    async fn fetch(&self, prefix: &str, directory: &Path) -> Result<Vec<FetchedFile>, LakeError> {
        let mut attempts = LISTINGS_MAX;
        loop {
            attempts -= 1;
            let objects = self.objects_under(prefix).await?;
            match self.fetch_objects(&objects, directory).await {
                Err(LakeError::Gone { .. }) if attempts > 0 => {}
                fetched => return fetched,
            }
        }
    }

    /// Fetches objects as they were listed into `directory`.
    ///
    /// # Errors
    /// [`LakeError::Gone`] when one is not there any more, then they are to be listed again; [`LakeError`] when the bucket
    /// or the disk refuses.
    pub async fn fetch_objects(
        &self,
        objects: &[LakeObject],
        directory: &Path,
    ) -> Result<Vec<FetchedFile>, LakeError> {
        let fetches = objects.iter().map(|object| {
            let key = object.key.clone();
            let path = directory.join(key.replace('/', "_"));
            async move { self.fetch_one(key, path).await }
        });
        stream::iter(fetches)
            .buffered(FETCHES_AT_ONCE)
            .try_collect()
            .await
    }

    /// Every object under a prefix, by key.
    pub(crate) async fn objects_under(&self, prefix: &str) -> Result<Vec<LakeObject>, LakeError> {
        let mut pages = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix)
            .into_paginator()
            .send();
        let mut objects = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|source| LakeError::call(format!("list {prefix}"), source))?;
            let listed = page.contents.unwrap_or_default().into_iter();
            objects.extend(listed.filter_map(|object| {
                Some(LakeObject {
                    key: object.key?,
                    etag: object.e_tag.unwrap_or_default(),
                    bytes: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                })
            }));
        }
        Ok(objects)
    }

    pub(crate) async fn fetch_one(&self, key: String, path: PathBuf) -> Result<FetchedFile, LakeError> {
        let call = self.client.get_object().bucket(&self.bucket).key(&key);
        let object = call.send().await.map_err(|source| match source.code() {
            Some("NoSuchKey") => LakeError::Gone { key: key.clone() },
            _ => LakeError::call(format!("read {key}"), source),
        })?;
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

pub(crate) const PARQUET: &str = "application/vnd.apache.parquet";

fn file_error(verb: &str, path: &Path, source: std::io::Error) -> LakeError {
    LakeError::File {
        attempt: format!("{verb} {}", path.display()),
        source,
    }
}
