//! A cell as the sheet shows it.

use std::borrow::Cow;
use std::io::Read;

use super::plain::PlainCell;
use super::reference::Place;
use super::text::{RichText, push_bounded, unescaped};
use super::xml::{Node, Tag, Xml};
use super::{Book, damaged};
use crate::{Limits, UploadError};

/// What a cell says about itself before its content.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Head {
    /// Where it stands; a cell without a reference follows the one before.
    pub(super) place: Option<Place>,
    style: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Number,
    Shared,
    Inline,
    Formula,
    Truth,
    Error,
    Date,
}

/// A cell's content; its memory is used again.
#[derive(Debug, Default)]
pub(super) struct Cell {
    value: String,
    inline: RichText,
    kind: Kind,
    style: usize,
    /// Whether a formula computes it.
    pub(super) formula: bool,
}

impl Head {
    pub(super) fn of(tag: &Tag<'_>) -> Result<Self, UploadError> {
        let mut head = Self::default();
        for attribute in tag.attributes() {
            let (name, value) = attribute?;
            head.take(name, &value)?;
        }
        Ok(head)
    }

    pub(super) fn of_plain(cell: &PlainCell<'_>) -> Result<Self, UploadError> {
        let mut head = Self::default();
        for (name, value) in cell.attributes.iter().flatten() {
            head.take(name, value)?;
        }
        Ok(head)
    }

    fn take(&mut self, name: &[u8], value: &[u8]) -> Result<(), UploadError> {
        match name {
            b"r" => {
                let place = Place::parse(value);
                self.place =
                    Some(place.ok_or_else(|| damaged("a cell's reference is none", "单元格引用无效"))?);
            }
            b"s" => {
                let style = str::from_utf8(value).ok().and_then(|style| style.parse().ok());
                self.style = style.ok_or_else(|| damaged("a cell's style is none", "单元格样式无效"))?;
            }
            b"t" => self.kind = Kind::of(value)?,
            _ => {}
        }
        Ok(())
    }
}

impl Kind {
    fn of(name: &[u8]) -> Result<Self, UploadError> {
        Ok(match name {
            b"n" => Self::Number,
            b"s" => Self::Shared,
            b"inlineStr" => Self::Inline,
            b"str" => Self::Formula,
            b"b" => Self::Truth,
            b"e" => Self::Error,
            b"d" => Self::Date,
            _ => return Err(damaged("a cell is of an unknown type", "单元格类型未知")),
        })
    }
}

impl Cell {
    fn begin(&mut self, head: Head) {
        self.value.clear();
        self.inline.clear();
        (self.kind, self.style, self.formula) = (head.kind, head.style, false);
    }

    /// Takes over the content of a plain cell.
    pub(super) fn take(&mut self, head: Head, value: &str, limits: &Limits) -> Result<(), UploadError> {
        self.begin(head);
        Ok(push_bounded(&mut self.value, value, limits)?)
    }

    /// Reads a cell's content up to its end.
    pub(super) fn read<R: Read>(
        &mut self,
        head: Head,
        xml: &mut Xml<R>,
        limits: &Limits,
    ) -> Result<(), UploadError> {
        self.begin(head);
        let mut within_value = false;
        loop {
            match xml.next()? {
                Node::Text(piece) if within_value => push_bounded(&mut self.value, &piece, limits)?,
                Node::Text(piece) => self.inline.push(&piece, limits)?,
                Node::Open(tag) => match tag.name() {
                    b"v" => within_value = true,
                    b"f" => self.formula = true,
                    b"c" | b"row" => return Err(damaged("a cell lies within a cell", "单元格嵌套")),
                    _ => self.inline.open(&tag)?,
                },
                Node::Close(end) => match end.name() {
                    b"v" => within_value = false,
                    b"c" => return Ok(()),
                    name => self.inline.close(name),
                },
                Node::Aside => {}
                // The reader gives no end within an element.
                Node::End => return Err(damaged("a part breaks off", "内容不完整")),
            }
        }
    }

    /// The cell as the sheet shows it, and whether it is a number there.
    pub(super) fn shown<'a>(&'a self, book: &'a Book) -> Result<(Cow<'a, str>, bool), UploadError> {
        let value = self.value.as_str();
        let raw = value.trim_ascii();
        let text = match self.kind {
            Kind::Inline => self.inline.text(&book.limits)?,
            Kind::Formula => unescaped(value, &book.limits)?,
            _ if raw.is_empty() => Cow::Borrowed(""),
            Kind::Number => {
                let format = book.styles.format(self.style);
                let (text, number) = format.show(raw, book.epoch);
                return Ok((bounded(text, &book.limits)?, number));
            }
            Kind::Shared => {
                let string = raw.parse().ok().and_then(|index| book.strings.get(index));
                Cow::Borrowed(string.ok_or_else(|| damaged("a cell's text is missing", "缺少单元格文本"))?)
            }
            Kind::Truth if raw == "1" || raw == "true" => Cow::Borrowed("TRUE"),
            Kind::Truth if raw == "0" || raw == "false" => Cow::Borrowed("FALSE"),
            Kind::Truth | Kind::Error => bounded(Cow::Borrowed(raw), &book.limits)?,
            Kind::Date => bounded(iso_date(raw), &book.limits)?,
        };
        Ok((text, false))
    }
}

/// A number or a date is longer than a cell only in a forged file.
fn bounded<'a>(text: Cow<'a, str>, limits: &Limits) -> Result<Cow<'a, str>, UploadError> {
    if text.len() > limits.cell_characters_max {
        unescaped(&text, limits)?;
    }
    Ok(text)
}

/// `2024-05-01T10:00:00` as dates stand in all other cells: with a space.
fn iso_date(raw: &str) -> Cow<'_, str> {
    match raw.split_once('T') {
        Some((date, time)) if date.len() == 10 => Cow::Owned(format!("{date} {time}")),
        _ => Cow::Borrowed(raw),
    }
}
