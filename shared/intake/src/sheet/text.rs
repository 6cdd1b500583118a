//! Texts of cells: runs joined, phonetic guides left out, escapes undone.

use std::borrow::Cow;

use domain::code::FileCode;

use super::xml::Tag;
use crate::{FileError, Limits, UploadError};

/// Bytes that one character takes at most before it is read: `_x000D_`.
const BYTES_PER_CHARACTER_MAX: usize = 8;

/// A text being put together from its runs; its memory is used again.
#[derive(Debug, Default)]
pub(super) struct RichText {
    text: String,
    /// The run being read: where it begins, and whether its white space stands.
    run: Option<(usize, bool)>,
    phonetic: bool,
}

impl RichText {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        (self.run, self.phonetic) = (None, false);
    }

    /// Sees an element begin: `t` holds a run's text, `rPh` the reading of an ideograph.
    pub(super) fn open(&mut self, tag: &Tag<'_>) -> Result<(), UploadError> {
        match tag.name() {
            b"rPh" => self.phonetic = true,
            b"t" if !self.phonetic => {
                let preserved = tag.attribute(b"space")?.as_deref() == Some("preserve");
                self.run = Some((self.text.len(), preserved));
            }
            _ => {}
        }
        Ok(())
    }

    /// Sees an element end. White space around a run that does not ask to keep it is layout.
    pub(super) fn close(&mut self, name: &[u8]) {
        match name {
            b"rPh" => self.phonetic = false,
            b"t" => {
                if let Some((start, false)) = self.run.take() {
                    let run = &self.text[start..];
                    let leading = run.len() - run.trim_ascii_start().len();
                    self.text.truncate(start + run.trim_ascii_end().len());
                    self.text.drain(start..(start + leading).min(self.text.len()));
                }
            }
            _ => {}
        }
    }

    /// Takes text that stands in a run.
    pub(super) fn push(&mut self, piece: &str, limits: &Limits) -> Result<(), FileError> {
        if self.run.is_none() {
            return Ok(());
        }
        push_bounded(&mut self.text, piece, limits)
    }

    /// The text as the sheet shows it.
    pub(super) fn text(&self, limits: &Limits) -> Result<Cow<'_, str>, FileError> {
        unescaped(&self.text, limits)
    }
}

/// Adds a piece to a text that no cell may outgrow.
pub(super) fn push_bounded(text: &mut String, piece: &str, limits: &Limits) -> Result<(), FileError> {
    let max = limits.cell_characters_max.saturating_mul(BYTES_PER_CHARACTER_MAX);
    if text.len().saturating_add(piece.len()) > max {
        return Err(too_long(limits));
    }
    text.push_str(piece);
    Ok(())
}

/// Undoes the escapes (`_x000D_`) by which a workbook spells what XML cannot, and bounds the result.
pub(super) fn unescaped<'a>(text: &'a str, limits: &Limits) -> Result<Cow<'a, str>, FileError> {
    let text = if text.contains("_x") {
        Cow::Owned(undo_escapes(text))
    } else {
        Cow::Borrowed(text)
    };
    let max = limits.cell_characters_max;
    if text.len() > max && text.chars().count() > max {
        return Err(too_long(limits));
    }
    Ok(text)
}

fn undo_escapes(text: &str) -> String {
    let mut undone = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        undone.push_str(&rest[..at]);
        rest = &rest[at..];
        let (character, bytes) = escape(rest).unwrap_or(('_', 1));
        undone.push(character);
        rest = &rest[bytes..];
    }
    undone.push_str(rest);
    undone
}

/// The character that an escape at the text's start stands for, and the escape's length: `_xHHHH_` is a unit of
/// UTF-16, so that a character beyond takes two. A NUL stays as it is spelled: no text holds one.
fn escape(text: &str) -> Option<(char, usize)> {
    const BYTES: usize = 7;
    let unit = escaped_unit(text)?;
    let low = text.get(BYTES..).and_then(escaped_unit);
    let mut decoded = char::decode_utf16([Some(unit), low].into_iter().flatten());
    let character = decoded.next()?.ok().filter(|&character| character != '\0')?;
    Some((character, BYTES * character.len_utf16()))
}

fn escaped_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("_x")?.get(..4)?;
    let closed = text.as_bytes().get(6) == Some(&b'_');
    (closed && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        .then(|| u16::from_str_radix(digits, 16).ok())
        .flatten()
}

fn too_long(limits: &Limits) -> FileError {
    let max = limits.cell_characters_max;
    FileError::new(
        FileCode::CellLimit,
        format!("more than {max} characters | 超过 {max} 个字符"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_as_the_spreadsheet_does() {
        for (spelled, shown) in [
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_xD83D__xDE00_!", "😀!"),
            ("_xD83D_", "_xD83D_"),
            ("_x0000_", "_x0000_"),
            ("_x00_", "_x00_"),
            ("_xZZZZ_", "_xZZZZ_"),
            ("_x敦豪", "_x敦豪"),
            ("_x", "_x"),
            ("__x0041__", "_A_"),
        ] {
            assert_eq!(undo_escapes(spelled), shown, "{spelled}");
        }
    }

    #[test]
    fn a_text_is_bounded_by_its_characters_not_its_bytes() {
        let limits = Limits {
            cell_characters_max: 3,
            ..Limits::default()
        };
        assert!(unescaped("敦豪豪", &limits).is_ok());
        assert!(unescaped("_x0041__x0041__x0041_", &limits).is_ok());
        assert_eq!(
            unescaped("敦豪豪豪", &limits).map_err(|refusal| refusal.code),
            Err(FileCode::CellLimit)
        );
    }
}
