//! Files of one person: a data directory holds orders, a ledger and a secret, and other users of the machine are none of its
//! readers.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Makes a directory that its owner alone may enter; closes one that others may enter.
///
/// # Errors
/// The system's, when it cannot be made or closed.
pub(crate) fn directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    #[cfg(unix)]
    close(path)?;
    Ok(())
}

#[cfg(unix)]
fn close(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(|error| {
        let reason = format!("other users of this machine may enter it, and that cannot be changed: {error}");
        io::Error::new(error.kind(), reason)
    })
}

/// Puts a file that its owner alone may read in place of whatever is there: whole, or not at all.
///
/// # Errors
/// The system's; what was there stays then.
pub(crate) fn put(path: &Path, text: &str) -> io::Result<()> {
    let part = path.with_extension("part");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&part, path)
}
