//! Delimited text: cut into blocks of whole records, and the records of a block.

mod blocks;
mod marks;
mod records;

use std::io::Read;
use std::mem;

use memchr::{memchr, memchr_iter};

pub(crate) use blocks::{Block, Blocks};
pub(crate) use records::{Place, Records};

use crate::input::Input;
use crate::{Chunk, Limits, RawRow, UploadError};

/// A delimited text, read from front to back.
pub(crate) struct Delimited<R> {
    delimiter: u8,
    limits: Limits,
    blocks: Blocks<Input<R>>,
    records: Records,
    block: Block,
    place: Place,
}

impl<R: Read> Delimited<R> {
    pub(crate) fn new(input: Input<R>, delimiter: u8, limits: Limits) -> Self {
        Self {
            delimiter,
            limits,
            blocks: Blocks::new(input, delimiter, &limits),
            records: Records::new(delimiter, limits),
            block: Block::default(),
            place: Place::default(),
        }
    }

    /// The records that follow, not read yet; `None` at the end.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<Chunk>, UploadError> {
        let place = mem::take(&mut self.place);
        let block = mem::take(&mut self.block);
        let rest = if block.is_read(place) {
            self.blocks.next()?.map(|block| (block, Place::default()))
        } else {
            Some((block, place))
        };
        Ok(rest.map(|(block, place)| Chunk::of_block(block, place, self.delimiter, self.limits)))
    }

    /// Reads the next record that is not blank; false at the end.
    pub(crate) fn read(&mut self, row: &mut RawRow) -> Result<bool, UploadError> {
        while !self.records.read(&self.block, &mut self.place, row)? {
            let Some(block) = self.blocks.next()? else {
                return Ok(false);
            };
            (self.block, self.place) = (block, Place::default());
        }
        Ok(true)
    }
}

/// Line ends of a text: LF, CR LF or CR.
fn line_ends(text: &[u8]) -> u64 {
    let feeds = memchr_iter(b'\n', text).count();
    // Most texts have no CR at all, or one before every LF.
    let lone_returns = if memchr(b'\r', text).is_some() {
        memchr_iter(b'\r', text)
            .filter(|&at| text.get(at + 1) != Some(&b'\n'))
            .count()
    } else {
        0
    };
    (feeds + lone_returns) as u64
}
