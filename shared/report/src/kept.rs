//! Folded figures as bytes: what is kept of a month that is over, and what the parts of a month hand to their merge.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{FileDigest, Folded, Learned, OrdersByName};

/// The form of the bytes and the meaning of the figures: a change of either raises it, and what was kept is folded anew.
const FORMAT: u8 = 2;
/// Likewise, of a part.
const PART_FORMAT: u8 = 131;

/// Folded figures, and the files that they were folded from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The files.
    pub inputs: Vec<FileDigest>,
    /// The figures.
    pub folded: Folded,
}

impl Kept {
    /// Adds another part of the same month.
    pub fn merge(&mut self, other: Self) {
        self.inputs.extend(other.inputs);
        self.inputs.sort();
        self.inputs.dedup();
        self.folded.merge(other.folded);
    }

    /// As bytes: the same figures give the same bytes.
    pub fn to_bytes(kept: &[Self]) -> Vec<u8> {
        to_bytes(FORMAT, kept)
    }

    /// Reads them back; `None` for bytes of another release's form.
    pub fn from_bytes(bytes: &[u8]) -> Option<Vec<Self>> {
        from_bytes(FORMAT, bytes)
    }
}

/// What one run hands to the merge of a report in parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPart {
    /// The report's months.
    pub months: Vec<Kept>,
    /// Orders of the report's own month by name: of all sellers, since only all parts together decide whose are reported.
    pub named: OrdersByName,
    /// What was learned since the report that this one revises.
    pub learned: Option<Learned>,
}

impl KeptPart {
    /// As bytes: the same part gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_bytes(PART_FORMAT, self)
    }

    /// Reads it back; `None` for bytes of another release's form.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        from_bytes(PART_FORMAT, bytes)
    }

    /// Adds another part of the same report.
    pub fn merge(&mut self, other: Self) {
        for (all, part) in self.months.iter_mut().zip(other.months) {
            all.merge(part);
        }
        self.named.merge(other.named);
        self.learned = self.learned.take().zip(other.learned).map(|(mut all, part)| {
            all.merge(part);
            all
        });
    }
}

fn to_bytes(format: u8, value: &(impl Serialize + ?Sized)) -> Vec<u8> {
    postcard::to_extend(value, vec![format]).expect("figures have a form of postcard")
}

fn from_bytes<T: DeserializeOwned>(format: u8, bytes: &[u8]) -> Option<T> {
    let (first, value) = bytes.split_first()?;
    (*first == format)
        .then(|| postcard::from_bytes(value).ok())
        .flatten()
}
