//! What a file is, told by its first bytes and never by its name, and why it may be refused as a whole.

use std::io;

use domain::code::FileCode;

use crate::about::{Compression, Encoding};
use crate::input::SourceError;

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

impl FileError {
    /// `ROW_LIMIT`: a file of more than so many rows.
    pub fn too_many_rows(max: u64) -> Self {
        Self::new(FileCode::RowLimit, format!("{max} rows | {max} 行"))
    }
}

impl From<FileError> for UploadError {
    fn from(refusal: FileError) -> Self {
        Self::Refused(refusal)
    }
}

impl From<io::Error> for UploadError {
    /// Layers below (limits, inflaters, decoders) refuse a file by an `io::Error` around a [`FileError`].
    fn from(error: io::Error) -> Self {
        match error.downcast::<FileError>() {
            Ok(refusal) => Self::Refused(refusal),
            Err(error) => Self::Read(
                error
                    .downcast::<SourceError>()
                    .map_or_else(|error| error, |SourceError(cause)| cause),
            ),
        }
    }
}

/// What a file's bytes hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    /// A zip, as workbooks are.
    Zip,
    /// Text, or what will be refused as none.
    Text(Option<Compression>),
}

/// The leading bytes of what can be read, or inflated and then read. The last two are zstd frames: data, or what may
/// stand before it (`\x50` to `\x5f`).
const CONTAINERS: &[(&[u8], Container)] = &[
    (b"PK\x03\x04", Container::Zip),
    (b"PK\x05\x06", Container::Zip),
    (b"\x1f\x8b", Container::Text(Some(Compression::Gzip))),
    (b"\x28\xb5\x2f\xfd", Container::Text(Some(Compression::Zstd))),
    (b"\x50\x2a\x4d\x18", Container::Text(Some(Compression::Zstd))),
];

/// The leading bytes of kinds of file that are not read, what it is, and the sender's remedy in both languages.
const REFUSED: &[(&[u8], &str, Remedy)] = &[
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS", Remedy::Save),
    (b"BZh", "bzip2", Remedy::Unpack),
    (b"\xfd7zXZ\x00", "xz", Remedy::Unpack),
    (b"7z\xbc\xaf\x27\x1c", "7z", Remedy::Unpack),
    (b"Rar!\x1a\x07", "RAR", Remedy::Unpack),
    (b"%PDF-", "PDF", Remedy::Save),
    (b"PAR1", "Parquet", Remedy::Save),
    (b"\x89PNG", "PNG", Remedy::Save),
    (b"\xff\xd8\xff", "JPEG", Remedy::Save),
    (b"[{", "JSON", Remedy::Lines),
    (b"<", "HTML / XML", Remedy::Save),
];

#[derive(Clone, Copy)]
enum Remedy {
    Save,
    Unpack,
    UnpackTwice,
    Lines,
}

impl Remedy {
    fn refusal(self, name: &str) -> FileError {
        let detail = match self {
            Self::Save => format!("{name} — save it as CSV UTF-8 | {name}，请另存为 CSV UTF-8"),
            Self::Unpack => format!("{name} — unpack it first | {name}，请先解压"),
            Self::UnpackTwice => {
                format!(
                    "{name} inside a compressed file — unpack it once | 压缩文件里还有 {name}，请先解压一层"
                )
            }
            Self::Lines => {
                format!("{name} — write one object a line | {name}，请每行写一个对象（JSON Lines）")
            }
        };
        FileError::new(FileCode::FileType, detail)
    }
}

/// Byte order marks.
const MARKS: &[(&[u8], Encoding)] = &[
    (b"\xef\xbb\xbf", Encoding::Utf8),
    (b"\xff\xfe", Encoding::Utf16Le),
    (b"\xfe\xff", Encoding::Utf16Be),
];

/// Tells what a file is by its first bytes.
pub(crate) fn container(head: &[u8]) -> Container {
    let known = CONTAINERS.iter().find(|(magic, _)| head.starts_with(magic));
    known.map_or(Container::Text(None), |&(_, container)| container)
}

/// Bytes of a UTF-8 byte order mark at the beginning of a text.
pub(crate) fn utf8_mark(text: &[u8]) -> usize {
    let (mark, _) = MARKS[0];
    if text.starts_with(mark) { mark.len() } else { 0 }
}

/// Looks at a text's first bytes, inflated: the encoding that its byte order mark states; `None` without one.
///
/// # Errors
/// `FILE_TYPE` for what is no text that we read, or is compressed within what was compressed: that is never followed.
/// `ENCODING_UNSURE` for UTF-16 that does not say so.
pub(crate) fn stated_encoding(
    head: &[u8],
    compression: Option<Compression>,
) -> Result<Option<Encoding>, FileError> {
    if compression.is_some() {
        let nested = match container(head) {
            Container::Zip => Some("XLSX / ZIP".to_owned()),
            Container::Text(nested) => nested.map(|nested| nested.to_string()),
        };
        if let Some(nested) = nested {
            return Err(Remedy::UnpackTwice.refusal(&nested));
        }
    }
    if let Some(&(_, encoding)) = MARKS.iter().find(|(mark, _)| head.starts_with(mark)) {
        refuse_unread(&head[utf8_mark(head)..])?;
        return Ok(Some(encoding));
    }
    refuse_unread(head)?;
    match *head {
        [first, second, ..] if (first == 0) != (second == 0) => {
            let detail = "UTF-16 without a byte order mark? | 疑似没有 BOM 的 UTF-16";
            Err(FileError::new(FileCode::EncodingUnsure, detail))
        }
        _ => Ok(None),
    }
}

fn refuse_unread(text: &[u8]) -> Result<(), FileError> {
    let text = text.trim_ascii_start();
    match REFUSED.iter().find(|(magic, ..)| text.starts_with(magic)) {
        Some((_, name, remedy)) => Err(remedy.refusal(name)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_is_is_told_by_its_first_bytes() {
        assert_eq!(container(b"PK\x03\x04\x14"), Container::Zip);
        assert_eq!(
            container(b"\x1f\x8b\x08"),
            Container::Text(Some(Compression::Gzip))
        );
        assert_eq!(
            container(b"\x28\xb5\x2f\xfd"),
            Container::Text(Some(Compression::Zstd))
        );
        assert_eq!(container(b"order_id,carrier"), Container::Text(None));
        assert_eq!(container(b""), Container::Text(None));
    }

    #[test]
    fn a_byte_order_mark_states_the_encoding() {
        assert_eq!(stated_encoding(b"order_id,carrier", None), Ok(None));
        assert_eq!(
            stated_encoding("\u{feff}订单号".as_bytes(), None),
            Ok(Some(Encoding::Utf8))
        );
        assert_eq!(stated_encoding(b"\xff\xfeo\0", None), Ok(Some(Encoding::Utf16Le)));
        assert_eq!(stated_encoding(b"\xfe\xff\0o", None), Ok(Some(Encoding::Utf16Be)));
    }

    #[test]
    fn other_kinds_of_file_are_named_with_the_remedy() {
        for (head, name, remedy) in [
            (&b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"[..], "XLS", "另存为"),
            (b"Rar!\x1a\x07\x01", "RAR", "解压"),
            (b"\x89PNG\r\n", "PNG", "CSV UTF-8"),
            (b"<html><table>", "HTML", "CSV UTF-8"),
            (b"\xef\xbb\xbf\n <html>", "HTML", "CSV UTF-8"),
            (b"[{\"order_id\": 1}]", "JSON", "one object a line"),
        ] {
            let refusal = stated_encoding(head, None).expect_err("refused");
            assert_eq!(refusal.code, FileCode::FileType);
            assert!(
                refusal.detail.contains(name) && refusal.detail.contains(remedy),
                "{refusal}"
            );
        }
    }

    #[test]
    fn what_is_compressed_twice_is_not_followed() {
        for nested in [&b"\x1f\x8b\x08"[..], b"\x28\xb5\x2f\xfd", b"PK\x03\x04"] {
            let refusal = stated_encoding(nested, Some(Compression::Gzip)).expect_err("refused");
            assert_eq!(refusal.code, FileCode::FileType);
            assert!(refusal.detail.contains("inside a compressed file"), "{refusal}");
        }
    }

    #[test]
    fn utf16_without_a_byte_order_mark_is_not_guessed() {
        for head in [b"o\x00r\x00", b"\x00o\x00r"] {
            let refusal = stated_encoding(head, None).expect_err("refused");
            assert_eq!(refusal.code, FileCode::EncodingUnsure);
        }
    }

    #[test]
    fn a_failed_read_is_no_fault_of_the_file() {
        let reset = || io::Error::from(io::ErrorKind::ConnectionReset);
        for error in [reset(), io::Error::other(SourceError(reset()))] {
            let error = UploadError::from(error);
            assert!(
                matches!(&error, UploadError::Read(cause) if cause.kind() == io::ErrorKind::ConnectionReset),
                "{error:?}"
            );
        }
        let refusal = FileError::new(FileCode::FileTooLarge, "9");
        let error = UploadError::from(io::Error::other(refusal.clone()));
        assert!(matches!(error, UploadError::Refused(inner) if inner == refusal));
    }
}
