//! What a file is, told by its first bytes and never by its name, and why it may be refused as a whole.

use std::io;

use domain::code::FileCode;

use crate::Column;
use crate::about::{Compression, Encoding};
use crate::foreign::{packed_twice, refuse_unread};
use crate::input::SourceError;

/// A file that is refused: nothing of it is applied. A result to show to the sender, not a failure of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct FileError {
    /// Why.
    pub code: FileCode,
    /// What the message adds to its text: the line, the columns, the limit, the remedy.
    pub detail: String,
    /// The required columns that a header lacks.
    pub missing: Vec<Column>,
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
            missing: Vec::new(),
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

/// Characters of UTF-16 that are looked at to tell what it is.
const NARROWED_BYTES: usize = 4 << 10;

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
            return Err(packed_twice(&nested));
        }
    }
    if let Some(&(_, encoding)) = MARKS.iter().find(|(mark, _)| head.starts_with(mark)) {
        match encoding {
            Encoding::Utf16Le | Encoding::Utf16Be => refuse_unread(&narrowed(head))?,
            _ => refuse_unread(&head[utf8_mark(head)..])?,
        }
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

/// The first ASCII characters of UTF-16, the byte order mark left out.
fn narrowed(head: &[u8]) -> Vec<u8> {
    let ascii = head.iter().copied().filter(|byte| byte.is_ascii() && *byte != 0);
    ascii.take(NARROWED_BYTES).collect()
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
