//! What a file is, told by its first bytes and never by its name, and why it may be refused as a whole.

use std::io;

use domain::code::FileCode;

/// A file that is refused: nothing of it is applied. A result to show to the sender, not a failure of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct FileError {
    /// Why.
    pub code: FileCode,
    /// What the message adds to its text: the line, the columns, the limit, the remedy.
    pub detail: String,
}

/// Why reading an upload ended early.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The file is bad; reading it again gives the same answer.
    #[error("the file is refused")]
    Refused(#[source] FileError),
    /// The bytes did not come; a retry may help.
    #[error("failed to read the upload's bytes")]
    Read(#[source] io::Error),
}

impl FileError {
    /// A refusal for `code`, with what its message adds.
    pub fn new(code: FileCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

impl From<FileError> for UploadError {
    fn from(refusal: FileError) -> Self {
        Self::Refused(refusal)
    }
}

impl From<io::Error> for UploadError {
    /// Layers below (limits, and inflaters when they come) refuse a file by an `io::Error` around a [`FileError`].
    fn from(error: io::Error) -> Self {
        error
            .downcast::<FileError>()
            .map_or_else(Self::Read, Self::Refused)
    }
}

/// The leading bytes of kinds of file that are not read, what it is, and the sender's remedy in both languages.
const REFUSED: &[(&[u8], &str, Remedy)] = &[
    (b"PK\x03\x04", "XLSX / ZIP", Remedy::Save),
    (b"PK\x05\x06", "ZIP", Remedy::Unpack),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS", Remedy::Save),
    (b"\x1f\x8b", "gzip", Remedy::Unpack),
    (b"\x28\xb5\x2f\xfd", "zstd", Remedy::Unpack),
    (b"BZh", "bzip2", Remedy::Unpack),
    (b"\xfd7zXZ\x00", "xz", Remedy::Unpack),
    (b"7z\xbc\xaf\x27\x1c", "7z", Remedy::Unpack),
    (b"Rar!\x1a\x07", "RAR", Remedy::Unpack),
    (b"%PDF-", "PDF", Remedy::Save),
    (b"PAR1", "Parquet", Remedy::Save),
    (b"\xff\xfe", "UTF-16", Remedy::Save),
    (b"\xfe\xff", "UTF-16", Remedy::Save),
    (b"{", "JSON", Remedy::Save),
    (b"<", "HTML / XML", Remedy::Save),
];

#[derive(Clone, Copy)]
enum Remedy {
    Save,
    Unpack,
}

impl Remedy {
    fn detail(self, name: &str) -> String {
        match self {
            Self::Save => format!("{name} — save it as CSV UTF-8 | {name}，请另存为 CSV UTF-8"),
            Self::Unpack => format!("{name} — unpack it first | {name}，请先解压"),
        }
    }
}

const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

/// Looks at the file's first bytes: `Ok` with the number of bytes to skip (a byte order mark) when it is text that we
/// read.
///
/// # Errors
/// `FILE_TYPE` for a kind of file that is not read, `ENCODING_UNSURE` for UTF-16 that does not say so.
pub(crate) fn detect(head: &[u8]) -> Result<usize, FileError> {
    let skipped = if head.starts_with(UTF8_BOM) {
        UTF8_BOM.len()
    } else {
        0
    };
    let text = head[skipped..].trim_ascii_start();
    if let Some((_, name, remedy)) = REFUSED.iter().find(|(magic, ..)| text.starts_with(magic)) {
        return Err(FileError::new(FileCode::FileType, remedy.detail(name)));
    }
    if let [first, second, ..] = *text
        && (first == 0) != (second == 0)
    {
        return Err(FileError::new(
            FileCode::EncodingUnsure,
            Remedy::Save.detail("UTF-16?"),
        ));
    }
    Ok(skipped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_text_is_read_with_and_without_a_byte_order_mark() {
        assert_eq!(detect(b"order_id,carrier"), Ok(0));
        assert_eq!(detect("\u{feff}订单号".as_bytes()), Ok(3));
    }

    #[test]
    fn other_kinds_of_file_are_named_with_the_remedy() {
        for (head, name, remedy) in [
            (&b"PK\x03\x04\x14\x00"[..], "XLSX", "CSV UTF-8"),
            (b"\x1f\x8b\x08", "gzip", "解压"),
            (b"\x28\xb5\x2f\xfd\x04", "zstd", "unpack"),
            (b"\xff\xfeo\x00r\x00", "UTF-16", "CSV UTF-8"),
            (b"\xfe\xff\x00o", "UTF-16", "CSV UTF-8"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS", "另存为"),
            (b"<html><table>", "HTML", "CSV UTF-8"),
        ] {
            let refusal = detect(head).expect_err("refused");
            assert_eq!(refusal.code, FileCode::FileType);
            assert!(
                refusal.detail.contains(name) && refusal.detail.contains(remedy),
                "{refusal}"
            );
        }
    }

    #[test]
    fn utf16_without_a_byte_order_mark_is_not_guessed() {
        assert_eq!(
            detect(b"o\x00r\x00").map_err(|refusal| refusal.code),
            Err(FileCode::EncodingUnsure)
        );
        assert_eq!(
            detect(b"\x00o\x00r").map_err(|refusal| refusal.code),
            Err(FileCode::EncodingUnsure)
        );
    }

    #[test]
    fn a_failed_read_is_no_fault_of_the_file() {
        let error = UploadError::from(io::Error::from(io::ErrorKind::ConnectionReset));
        assert!(matches!(error, UploadError::Read(_)));
        let refusal = FileError::new(FileCode::FileTooLarge, "9");
        let error = UploadError::from(io::Error::other(refusal.clone()));
        assert!(matches!(error, UploadError::Refused(inner) if inner == refusal));
    }
}
