//! Folded figures as bytes: what is kept of a month that is over, and what the parts of a month hand to their merge.

use serde::{Deserialize, Serialize};

use crate::{FileDigest, Folded};

/// The form of the bytes and the meaning of the figures: a change of either raises it, and what was kept is folded anew.
const FORMAT: u8 = 1;

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
        let bytes = vec![FORMAT];
        postcard::to_extend(kept, bytes).expect("figures have a form of postcard")
    }

    /// Reads them back; `None` for bytes of another release's form.
    pub fn from_bytes(bytes: &[u8]) -> Option<Vec<Self>> {
        let (format, kept) = bytes.split_first()?;
        (*format == FORMAT)
            .then(|| postcard::from_bytes(kept).ok())
            .flatten()
    }
}
