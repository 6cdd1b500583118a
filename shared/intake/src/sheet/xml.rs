//! The XML of a part, piece by piece: no document type and no entities but the five of XML itself, names without
//! their namespace (the strict and the transitional dialect differ in nothing else that is read here), bounded depth.

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::Arc;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesEnd, BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use super::part::Part;
use super::{damage, damaged};
use crate::{FileError, UploadError};

/// Elements within elements; workbooks have a dozen.
const DEPTH_MAX: u32 = 128;

/// A part read as XML.
pub(super) struct Xml<R> {
    reader: Reader<Part<R>>,
    piece: Vec<u8>,
    depth: u32,
    /// Whether it is read from the middle, so that its ends need not pair.
    tail: bool,
}

/// A piece of it. An element without content comes as its beginning and its end.
pub(super) enum Node<'a> {
    Open(Tag<'a>),
    Close(End<'a>),
    /// Text, or a piece of it: entities and CDATA come one by one.
    Text(Cow<'a, str>),
    /// A comment or an instruction.
    Aside,
    /// The part is read to its end.
    End,
}

/// The beginning of an element.
pub(super) struct Tag<'a>(BytesStart<'a>);

/// The end of an element.
pub(super) struct End<'a>(BytesEnd<'a>);

impl<R: Read> Xml<R> {
    pub(super) fn new(part: Part<R>) -> Self {
        let mut reader = Reader::from_reader(part);
        reader.config_mut().expand_empty_elements = true;
        Self {
            reader,
            piece: Vec::new(),
            depth: 0,
            tail: false,
        }
    }

    /// Reads a part of which the beginning was passed over.
    pub(super) fn tail(part: Part<R>) -> Self {
        let mut xml = Self::new(part);
        xml.reader.config_mut().check_end_names = false;
        xml.reader.config_mut().allow_unmatched_ends = true;
        xml.tail = true;
        xml
    }

    /// Bytes inflated so far.
    pub(super) fn bytes(&self) -> u64 {
        self.reader.get_ref().bytes()
    }

    /// What is buffered of what comes next, right behind the beginning or the end of an element. Nothing behind `/>`:
    /// of an element without content the reader may still owe the end.
    pub(super) fn buffered(&self) -> &[u8] {
        match self.reader.get_ref().buffered() {
            (None | Some(b"/>"), _) => &[],
            (Some(_), buffered) => buffered,
        }
    }

    /// Passes over so much of what is buffered, whole elements.
    pub(super) fn pass(&mut self, bytes: usize) {
        self.reader.get_mut().begin_piece();
        self.reader.get_mut().pass(bytes);
    }

    /// The next piece.
    ///
    /// # Errors
    /// `FILE_DAMAGED` for what is not well-formed or has a document type; a bound of the part.
    pub(super) fn next(&mut self) -> Result<Node<'_>, UploadError> {
        self.piece.clear();
        self.reader.get_mut().begin_piece();
        match self.reader.read_event_into(&mut self.piece).map_err(broken)? {
            Event::Start(tag) => {
                self.depth += 1;
                if self.depth > DEPTH_MAX && !self.tail {
                    return Err(damaged("elements are nested too deeply", "XML 嵌套过深"));
                }
                Ok(Node::Open(Tag(tag)))
            }
            Event::End(end) => {
                self.depth = self.depth.saturating_sub(1);
                Ok(Node::Close(End(end)))
            }
            // Line ends are looked for in the few texts that have some.
            Event::Text(text) if !text.contains(&b'\r') => text
                .decode()
                .map(Node::Text)
                .map_err(|error| broken(error.into())),
            Event::Text(text) => text
                .xml10_content()
                .map(Node::Text)
                .map_err(|error| broken(error.into())),
            Event::CData(text) => text
                .xml10_content()
                .map(Node::Text)
                .map_err(|error| broken(error.into())),
            Event::GeneralRef(reference) => resolve(&reference).map(Node::Text),
            Event::DocType(_) => Err(damaged(
                "it declares a document type",
                "含有不允许的 DOCTYPE 声明",
            )),
            Event::Eof if self.depth > 0 && !self.tail => Err(damaged("a part breaks off", "内容不完整")),
            Event::Eof => Ok(Node::End),
            _ => Ok(Node::Aside),
        }
    }
}

impl Tag<'_> {
    /// The name without its namespace.
    pub(super) fn name(&self) -> &[u8] {
        self.0.local_name().into_inner()
    }

    /// The attributes by name without namespace, values as they stand, not unescaped.
    pub(super) fn attributes(&self) -> impl Iterator<Item = Result<(&[u8], Cow<'_, [u8]>), UploadError>> {
        let mut attributes = self.0.attributes();
        attributes.with_checks(false);
        attributes.map(|attribute| {
            attribute
                .map(|attribute| (attribute.key.local_name().into_inner(), attribute.value))
                .map_err(|error| broken(error.into()))
        })
    }

    /// The value of an attribute.
    pub(super) fn attribute(&self, name: &[u8]) -> Result<Option<String>, UploadError> {
        for attribute in self.0.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| broken(error.into()))?;
            if attribute.key.local_name().into_inner() == name {
                let value = attribute
                    .normalized_value(XmlVersion::Implicit1_0)
                    .map_err(broken)?;
                return Ok(Some(value.into_owned()));
            }
        }
        Ok(None)
    }

    /// The value of an attribute that is a truth: `1` or `true`.
    pub(super) fn is(&self, name: &[u8]) -> Result<bool, UploadError> {
        Ok(matches!(self.attribute(name)?.as_deref(), Some("1" | "true")))
    }
}

impl End<'_> {
    /// The name without its namespace.
    pub(super) fn name(&self) -> &[u8] {
        self.0.local_name().into_inner()
    }
}

fn resolve(reference: &BytesRef<'_>) -> Result<Cow<'static, str>, UploadError> {
    if let Some(character) = reference.resolve_char_ref().map_err(broken)? {
        return Ok(Cow::Owned(character.to_string()));
    }
    let name = reference.decode().map_err(|error| broken(error.into()))?;
    quick_xml::escape::resolve_predefined_entity(&name)
        .map(Cow::Borrowed)
        .ok_or_else(|| damaged("it uses an entity of its own", "含有不允许的自定义实体"))
}

/// A refusal from below as it came, bytes that do not come as such, and anything else as damage.
fn broken(error: quick_xml::Error) -> UploadError {
    match error {
        quick_xml::Error::Io(error) => match Arc::try_unwrap(error) {
            Ok(error) => error.into(),
            Err(shared) => io::Error::new(shared.kind(), shared.to_string()).into(),
        },
        error => {
            let refusal: FileError = damage(&format!("not well-formed XML: {error}"), "XML 格式错误");
            refusal.into()
        }
    }
}
