//! A workbook's file: its parts by name, and what they may still inflate to.

use std::io::{self, Read, Seek};

use super::archive::Archive;
use super::damaged;
use super::part::{Allowance, Part};
use super::xml::Xml;
use crate::{Limits, UploadError};

/// Bytes of a part that is held as a whole: the workbook's own, and relations.
const SMALL_PART_BYTES_MAX: u64 = 16 << 20;
/// Bytes of a text or a tag, whatever the cells' limit is.
const PIECE_BYTES_MIN: usize = 1 << 20;

/// A zip file, its directory, and the bytes that its parts may still inflate to.
pub(super) struct Package<R> {
    source: R,
    archive: Archive,
    allowance: Allowance,
}

impl<R: Read + Seek> Package<R> {
    /// Reads the directory.
    ///
    /// # Errors
    /// Those of [`Archive::open`].
    pub(super) fn open(mut source: R, limits: &Limits) -> Result<Self, UploadError> {
        let archive = Archive::open(&mut source, limits.zip_entries_max)?;
        let allowance = Allowance {
            bytes_max: limits.sheet_bytes_max,
            bytes_left: limits.sheet_bytes_max,
            piece_bytes_max: limits.cell_characters_max.saturating_mul(8).max(PIECE_BYTES_MIN),
        };
        Ok(Self {
            source,
            archive,
            allowance,
        })
    }

    pub(super) fn archive(&self) -> &Archive {
        &self.archive
    }

    /// Opens a part that is held as a whole, if there is one of that name.
    pub(super) fn small(&mut self, name: &str) -> Result<Option<Xml<&mut R>>, UploadError> {
        let mut allowance = self.allowance;
        if allowance.bytes_left > SMALL_PART_BYTES_MAX {
            (allowance.bytes_max, allowance.bytes_left) = (SMALL_PART_BYTES_MAX, SMALL_PART_BYTES_MAX);
        }
        self.archive
            .find(name)
            .map(|entry| Part::open(&mut self.source, entry, allowance).map(Xml::new))
            .transpose()
    }

    /// Opens a part.
    ///
    /// # Errors
    /// `FILE_DAMAGED`, also when there is none of that name.
    pub(super) fn part(&mut self, name: &str) -> Result<Part<&mut R>, UploadError> {
        let entry = self.archive.find(name).ok_or_else(missing)?;
        Part::open(&mut self.source, entry, self.allowance)
    }

    /// Opens the part that is read last.
    ///
    /// # Errors
    /// As [`Package::part`].
    pub(super) fn into_part(self, name: &str) -> Result<Part<R>, UploadError> {
        let entry = self.archive.find(name).ok_or_else(missing)?;
        Part::open(self.source, entry, self.allowance)
    }

    /// Reads the parts one by one, for as long as `read` finds nothing in them; whether it has found anything.
    pub(super) fn each(
        &mut self,
        read: &mut dyn FnMut(&mut dyn Read) -> io::Result<bool>,
    ) -> Result<bool, UploadError> {
        // What is searched is not held as a whole.
        self.allowance.piece_bytes_max = usize::MAX;
        for entry in self.archive.entries() {
            let mut part = Part::open(&mut self.source, entry, self.allowance)?;
            let found = read(&mut part)?;
            let inflated = Part::bytes(&part);
            if found {
                return Ok(true);
            }
            self.allowance.bytes_left = self.allowance.bytes_left.saturating_sub(inflated);
        }
        Ok(false)
    }

    /// Takes what a part has inflated to from what is left.
    pub(super) fn charge(&mut self, bytes: u64) {
        self.allowance.bytes_left = self.allowance.bytes_left.saturating_sub(bytes);
    }
}

fn missing() -> UploadError {
    damaged(
        "a part that the workbook names is missing",
        "缺少工作簿引用的内容",
    )
}
