//! A copy of the closes on the local disk, where they are proved.

use std::path::{Component, Path};

use futures::stream::{self, StreamExt, TryStreamExt};

use crate::history::FETCHES_AT_ONCE;
use crate::keys::CLOSES;
use crate::{Lake, LakeError};

impl Lake {
    /// Copies everything under `closes/` into `directory`, folders and all.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket or the disk refuses, or a key would lead out of the directory.
    pub async fn fetch_closes(&self, directory: &Path) -> Result<(), LakeError> {
        let fetches = self.keys_under(CLOSES).await?.into_iter().map(|key| async move {
            let inner = Path::new(key.strip_prefix(CLOSES).unwrap_or(&key));
            if !inner
                .components()
                .all(|part| matches!(part, Component::Normal(_)))
            {
                return Err(LakeError::Decode {
                    source: "its name leads out of the folder".into(),
                    key,
                });
            }
            let path = directory.join(inner);
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(|source| LakeError::File {
                    attempt: format!("make {}", folder.display()),
                    source,
                })?;
            }
            self.fetch_one(key, path).await.map(|_| ())
        });
        stream::iter(fetches)
            .buffered(FETCHES_AT_ONCE)
            .try_collect()
            .await
    }
}
