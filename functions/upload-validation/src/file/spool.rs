//! An object on its way to the local disk.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use aws_lc_rs::digest;

/// What came of an object's bytes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Spooled {
    /// SHA-256 of the bytes that were kept, in hexadecimal.
    pub(super) sha256: String,
    /// How many they are.
    pub(super) bytes: u64,
    /// Whether there was no room for all of them: then none is kept.
    pub(super) is_disk_full: bool,
}

/// Keeps an object's bytes in a file. Trying again finds no larger disk, so a full one is a result and no error: the file is
/// refused, and its room is free for the answer.
pub(super) async fn spool<C: AsRef<[u8]>>(
    mut next: impl AsyncFnMut() -> Option<io::Result<C>>,
    path: &Path,
) -> io::Result<Spooled> {
    let (mut file, mut digest) = (File::create(path)?, digest::Context::new(&digest::SHA256));
    let mut spooled = Spooled::default();
    while let Some(chunk) = next().await {
        let chunk = chunk?;
        match file.write_all(chunk.as_ref()) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                fs::remove_file(path)?;
                spooled.is_disk_full = true;
                break;
            }
            Err(error) => return Err(error),
        }
        spooled.bytes += chunk.as_ref().len() as u64;
        digest.update(chunk.as_ref());
    }
    spooled.sha256 = hex::encode(digest.finish());
    Ok(spooled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_has_no_room_on_the_disk_is_a_result() {
        let directory = tempfile::tempdir().expect("a directory");
        let full = directory.path().join("full");
        // A disk without room: what is written to the file goes to a device that takes nothing.
        std::os::unix::fs::symlink("/dev/full", &full).expect("a link");
        let mut chunks = [b"order_id"].into_iter();
        let spooled = spool(async || chunks.next().map(Ok), &full).await;
        let spooled = spooled.expect("a full disk is no error");
        assert!(spooled.is_disk_full && !full.exists());

        let path = directory.path().join("kept");
        let mut chunks = [b"order_id"].into_iter();
        let spooled = spool(async || chunks.next().map(Ok), &path).await;
        let spooled = spooled.expect("the bytes are kept");
        assert_eq!((spooled.bytes, spooled.is_disk_full), (8, false));
        assert_eq!(fs::read(&path).expect("the file"), b"order_id");
    }
}
