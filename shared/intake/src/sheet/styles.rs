//! Styles: the number format of each.

use std::collections::BTreeMap;
use std::io::Read;

use super::damaged;
use super::format::Format;
use super::xml::{Node, Tag, Xml};
use crate::UploadError;

/// Styles of a workbook; spreadsheets stop at 65,490.
const STYLES_MAX: usize = 1 << 16;

/// The number formats of a workbook's styles.
#[derive(Debug, Default)]
pub(super) struct Styles {
    formats: Vec<Format>,
}

impl Styles {
    /// Reads the part.
    ///
    /// # Errors
    /// `FILE_DAMAGED`.
    pub(super) fn read<R: Read>(xml: &mut Xml<R>) -> Result<Self, UploadError> {
        let mut styles = Self::default();
        let mut own: BTreeMap<u32, Format> = BTreeMap::new();
        // Formats and styles of other things (conditions, named styles) have elements of the same names.
        let mut within: &[u8] = b"";
        loop {
            match xml.next()? {
                Node::Open(tag) => match (within, tag.name()) {
                    (b"", b"numFmts") => within = b"numFmts",
                    (b"", b"cellXfs") => within = b"cellXfs",
                    (b"numFmts", b"numFmt") => {
                        let code = tag.attribute(b"formatCode")?.unwrap_or_default();
                        own.insert(format_id(&tag)?, Format::parse(&code));
                    }
                    (b"cellXfs", b"xf") => {
                        let id = format_id(&tag)?;
                        let format = own.get(&id).copied();
                        styles
                            .formats
                            .push(format.unwrap_or_else(|| Format::built_in(id)));
                    }
                    _ => {}
                },
                Node::Close(end) if end.name() == within => within = b"",
                Node::End => return Ok(styles),
                _ => {}
            }
            if styles.formats.len() > STYLES_MAX || own.len() > STYLES_MAX {
                return Err(damaged(
                    "it has more styles than a workbook can have",
                    "样式数量超过上限",
                ));
            }
        }
    }

    /// The number format of that style.
    pub(super) fn format(&self, style: usize) -> Format {
        self.formats.get(style).copied().unwrap_or_default()
    }
}

/// A format that is none of a number's (`numFmtId` absent or not a number) shows the number as it is.
fn format_id(tag: &Tag<'_>) -> Result<u32, UploadError> {
    Ok(tag
        .attribute(b"numFmtId")?
        .and_then(|id| id.parse().ok())
        .unwrap_or(0))
}
