//! Stream records that could not be read: they are kept as they came, so that none is lost and none stops the others.

use crate::{Lake, LakeError};

const UNREADABLE: &str = "lake/unreadable/";

impl Lake {
    /// Keeps a record under its name, which follows from the record alone: kept twice, it is one object. Gives its key.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn put_unreadable(&self, name: &str, record: Vec<u8>) -> Result<String, LakeError> {
        let key = unreadable_key(name);
        self.put(&key, record, "application/json").await?;
        Ok(key)
    }

    /// The keys of all records that are kept, in order.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket cannot be listed.
    pub async fn unreadable(&self) -> Result<Vec<String>, LakeError> {
        self.keys_under(UNREADABLE).await
    }

    /// Forgets a record that was read since.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn remove_unreadable(&self, name: &str) -> Result<(), LakeError> {
        self.remove(&unreadable_key(name)).await
    }
}

fn unreadable_key(name: &str) -> String {
    format!("{UNREADABLE}{name}.json")
}
