//! The texts that a workbook's cells share, held as one.

use std::io::Read;

use domain::code::FileCode;

use super::text::RichText;
use super::xml::{Node, Xml};
use crate::input::size;
use crate::{FileError, Limits, UploadError};

/// All shared texts, one behind the other: four bytes of bookkeeping each.
#[derive(Debug, Default)]
pub(super) struct SharedStrings {
    text: String,
    ends: Vec<u32>,
}

impl SharedStrings {
    /// Reads the part.
    ///
    /// # Errors
    /// `SHARED_STRING_LIMIT`, `CELL_LIMIT`, `FILE_DAMAGED`.
    pub(super) fn read<R: Read>(xml: &mut Xml<R>, limits: &Limits) -> Result<Self, UploadError> {
        let mut strings = Self::default();
        let mut string = RichText::default();
        loop {
            match xml.next()? {
                Node::Open(tag) if tag.name() == b"si" => string.clear(),
                Node::Open(tag) => string.open(&tag)?,
                Node::Text(piece) => string.push(&piece, limits)?,
                Node::Close(end) if end.name() == b"si" => strings.push(&string.text(limits)?, limits)?,
                Node::Close(end) => string.close(end.name()),
                Node::Aside => {}
                Node::End => return Ok(strings),
            }
        }
    }

    /// The text of that index.
    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = index
            .checked_sub(1)
            .map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end)
    }

    fn push(&mut self, string: &str, limits: &Limits) -> Result<(), FileError> {
        if self.ends.len() as u64 == limits.shared_strings_max {
            let max = limits.shared_strings_max;
            return Err(beyond(format!("{max} texts | {max} 条文本")));
        }
        let end = self.text.len() + string.len();
        let max = limits.shared_string_bytes_max.min(u64::from(u32::MAX));
        if end as u64 > max {
            let size = size(limits.shared_string_bytes_max);
            return Err(beyond(format!("{size} of text | {size} 文本")));
        }
        self.text.push_str(string);
        self.ends.push(end as u32);
        Ok(())
    }
}

fn beyond(detail: String) -> FileError {
    FileError::new(FileCode::SharedStringLimit, detail)
}
