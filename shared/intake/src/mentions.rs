//! Whether a file names an order or a number, whatever the file is: an upload of any kind, readable or not, or an answer to one.
//!
//! The text is searched and not the rows, so that titles, columns that nobody reads and files that were refused are searched
//! too. Digits and ASCII letters are the same bytes in every encoding that is read, but for UTF-16, which is searched as such.

use std::io::{Read, Seek};

use memchr::memmem::Finder;

use crate::file::{Container, container};
use crate::input::Encoded;
use crate::sheet::each_part;
use crate::{Limits, UploadError};

/// Bytes that are searched together.
const WINDOW_BYTES: usize = 1 << 20;

/// Bytes of a file by which its form is recognised.
const HEAD_BYTES: u64 = 4;

/// Ids, of which a file may name one.
#[derive(Clone, Debug)]
pub struct Mentions {
    /// Each in the encodings that differ, in lower case.
    finders: Vec<(Finder<'static>, Width)>,
    longest: usize,
}

/// Bytes of a character of ASCII, and which of them holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    One,
    TwoLittle,
    TwoBig,
}

impl Mentions {
    /// The search for these ids: ASCII letters in any case, digits. An id within a longer one is none.
    pub fn of<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        let widths = [Width::One, Width::TwoLittle, Width::TwoBig];
        let in_widths = |id: &str| {
            let id = id.to_ascii_lowercase();
            widths.map(|width| (Finder::new(&width.encoded(&id)).into_owned(), width))
        };
        let finders: Vec<_> = ids.into_iter().flat_map(in_widths).collect();
        let longest = finders.iter().map(|(finder, _)| finder.needle().len());
        Self {
            longest: longest.max().unwrap_or_default(),
            finders,
        }
    }

    /// Whether a file names one of them. Where it cannot be inflated to its end, what it holds was searched as far as it goes.
    ///
    /// # Errors
    /// [`UploadError::Refused`] for a file that is damaged, is larger than uploads may be, or inflates beyond their limit, and
    /// names none as far as it can be read; [`UploadError::Read`] when the source fails.
    pub fn are_in<R: Read + Seek>(&self, mut source: R, limits: &Limits) -> Result<bool, UploadError> {
        let mut head = Vec::new();
        source.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
        source.rewind()?;
        match container(&head) {
            Container::Zip => each_part(source, limits, &mut |part| self.are_in_text(part)),
            Container::Text(compression) => {
                Ok(self.are_in_text(Encoded::new(source, compression, limits)?)?)
            }
        }
    }

    fn are_in_text(&self, mut text: impl Read) -> std::io::Result<bool> {
        let mut window: Vec<u8> = Vec::with_capacity(WINDOW_BYTES);
        loop {
            let more = text
                .by_ref()
                .take((WINDOW_BYTES - window.len()) as u64)
                .read_to_end(&mut window);
            window.make_ascii_lowercase();
            let is_end = matches!(more, Ok(0) | Err(_));
            if self.are_in_window(&window, is_end) {
                return Ok(true);
            }
            if more? == 0 {
                return Ok(false);
            }
            // An id that the window's end cuts, with the character before it and the one behind it.
            let kept = window.len().min(self.longest + 4);
            window.drain(..window.len() - kept);
        }
    }

    /// `is_end`: nothing comes behind the window.
    fn are_in_window(&self, window: &[u8], is_end: bool) -> bool {
        self.finders.iter().any(|(finder, width)| {
            let mut places = finder.find_iter(window);
            places.any(|start| {
                let end = start + finder.needle().len();
                let is_whole = is_end || end + width.bytes() <= window.len();
                is_whole && !width.is_behind(window, start) && !width.is_at(window, end)
            })
        })
    }
}

impl Width {
    fn bytes(self) -> usize {
        match self {
            Self::One => 1,
            Self::TwoLittle | Self::TwoBig => 2,
        }
    }

    fn encoded(self, id: &str) -> Vec<u8> {
        let character = |byte: u8| match self {
            Self::One => vec![byte],
            Self::TwoLittle => vec![byte, 0],
            Self::TwoBig => vec![0, byte],
        };
        id.bytes().flat_map(character).collect()
    }

    /// Whether a letter or a digit of an id stands at this place.
    fn is_at(self, window: &[u8], at: usize) -> bool {
        let Some(character) = window.get(at..at + self.bytes()) else {
            return false;
        };
        match (self, character) {
            (Self::One, [byte]) | (Self::TwoLittle, [byte, 0]) | (Self::TwoBig, [0, byte]) => {
                byte.is_ascii_alphanumeric()
            }
            _ => false,
        }
    }

    fn is_behind(self, window: &[u8], start: usize) -> bool {
        start
            .checked_sub(self.bytes())
            .is_some_and(|before| self.is_at(window, before))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    const ORDER: &str = "8200000000000001";

    fn is_named(file: &[u8]) -> bool {
        let mentions = Mentions::of([ORDER, "LK100000017CN"]);
        mentions
            .are_in(Cursor::new(file), &Limits::default())
            .expect("a sound file")
    }

    fn zipped(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in parts {
            zip.start_file(*name, zip::write::SimpleFileOptions::default())
                .expect("a part");
            zip.write_all(text.as_bytes()).expect("memory takes it");
        }
        zip.finish().expect("a zip").into_inner()
    }

    #[test]
    fn an_id_is_found_in_every_sort_of_file() {
        let text = format!("order_id,name\n{ORDER},Ana\n");
        let utf16 = |big: bool| -> Vec<u8> {
            let mark = std::iter::once(0xfeff);
            let units = mark.chain(text.encode_utf16());
            units
                .flat_map(|unit| {
                    if big {
                        unit.to_be_bytes()
                    } else {
                        unit.to_le_bytes()
                    }
                })
                .collect()
        };
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).expect("memory takes it");
        let sheet = format!("<row><c t=\"inlineStr\"><is><t>{ORDER}</t></is></c></row>");
        for file in [
            text.clone().into_bytes(),
            utf16(false),
            utf16(true),
            gzip.finish().expect("memory takes it"),
            zstd::encode_all(text.as_bytes(), 1).expect("memory takes it"),
            zipped(&[("a.xml", "<x/>"), ("xl/worksheets/sheet1.xml", &sheet)]),
            b"lk100000017cn".to_vec(),
            [vec![b' '; WINDOW_BYTES - 7], ORDER.into(), b"\n".to_vec()].concat(),
        ] {
            assert!(is_named(&file), "{:?}", &file[..file.len().min(8)]);
        }
    }

    #[test]
    fn an_id_within_a_longer_one_is_another() {
        for text in [
            "",
            "82000000000000010",
            "98200000000000001",
            "XLK100000017CN",
            "8200000000000002",
        ] {
            assert!(!is_named(text.as_bytes()), "{text}");
        }
        let cut = [vec![b' '; WINDOW_BYTES - ORDER.len()], format!("{ORDER}9").into()].concat();
        assert!(!is_named(&cut));
    }

    #[test]
    fn of_a_file_that_breaks_off_what_there_is_is_searched() {
        let mentions = Mentions::of([ORDER]);
        let text = format!("{ORDER}\n{}", "x,y,z\n".repeat(100_000));
        let packed = zstd::encode_all(text.as_bytes(), 1).expect("memory takes it");
        let half = &packed[..packed.len() - 3];
        assert!(matches!(
            mentions.are_in(Cursor::new(half), &Limits::default()),
            Ok(true)
        ));
        let other = Mentions::of(["8200000000000002"]);
        let searched = other.are_in(Cursor::new(half), &Limits::default());
        assert!(matches!(searched, Err(UploadError::Refused(_))), "{searched:?}");
    }
}
