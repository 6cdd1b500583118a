//! Texts with placeholders, and what is put in their places.

use std::ops::Range;

use serde::Deserialize;

/// What stands for the placeholders, in one language.
#[derive(Clone, Copy)]
pub(super) struct Filling<'a> {
    pub(super) value: &'a str,
    pub(super) column: &'a str,
    pub(super) detail: &'a str,
    /// Whether there is one in any language.
    pub(super) has_detail: bool,
    pub(super) proposal: &'a str,
}

impl Filling<'_> {
    pub(super) fn push(&self, plain: &Template, with_detail: Option<&Template>, out: &mut String) {
        let template = with_detail.filter(|_| !self.detail.is_empty()).unwrap_or(plain);
        for part in &template.parts {
            out.push_str(match part {
                Part::Text(at) => &template.text[at.clone()],
                Part::Value => self.value,
                Part::Column => self.column,
                Part::Detail => self.detail,
                Part::Proposal => self.proposal,
            });
        }
    }
}

/// A text with placeholders, told apart once. What fills one is not read again: a cell may hold braces.
#[derive(Deserialize)]
#[serde(from = "String")]
pub(super) struct Template {
    pub(super) text: String,
    pub(super) parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Where in the template it stands.
    Text(Range<usize>),
    Value,
    Column,
    Detail,
    Proposal,
}

impl From<String> for Template {
    fn from(text: String) -> Self {
        let (mut parts, mut at) = (Vec::new(), 0);
        while let Some(open) = text[at..].find('{').map(|open| at + open) {
            let Some(close) = text[open..].find('}').map(|close| open + close) else {
                break;
            };
            let placeholder = match &text[open + 1..close] {
                "value" => Part::Value,
                "column" => Part::Column,
                "detail" => Part::Detail,
                "proposal" => Part::Proposal,
                _ => Part::Text(open..close + 1),
            };
            parts.extend([Part::Text(at..open), placeholder]);
            at = close + 1;
        }
        parts.push(Part::Text(at..text.len()));
        Self { text, parts }
    }
}
