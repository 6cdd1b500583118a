//! The rows of many files, spread over buckets by their hash: each file is read once, however many buckets there are.
//!
//! Between the two the rows lie on the disk. A pass over a file spreads its rows over so few others that those which wait to
//! be written are no more than a bucket's; where there are more buckets, each of the files is spread again.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use aws_sdk_s3::error::BoxError;

use crate::LakeError;
use crate::history::FetchedFile;
use crate::reading::{ReadRow, row_groups};
use crate::writing::{RowFile, WriteRow};

/// A row that has its place in a bucket.
pub(crate) trait HashedRow: ReadRow + WriteRow {
    /// By which rows are spread over buckets.
    fn hash(&self) -> u32;
}

/// Files that one pass spreads the rows of a file over, at most.
const FILES_MAX: u32 = 64;

/// Rows that wait to be written to each of them.
const WAITING_ROWS: usize = 2_048;

/// Hands out one bucket after the other.
pub(crate) struct Spread<'a, R> {
    scratch: &'a Path,
    buckets: u32,
    /// Not handed out yet; the next one last.
    shares: Vec<Share>,
    files: u64,
    rows: PhantomData<R>,
}

/// Rows of one of so many buckets as they have been told apart so far.
struct Share {
    files: Vec<Source>,
    bucket: u32,
    of: u32,
}

struct Source {
    /// As errors name it.
    name: String,
    path: PathBuf,
    /// Whether it is of an earlier pass, and goes once it was read.
    is_ours: bool,
}

impl<'a, R: HashedRow> Spread<'a, R> {
    /// Spreads the rows of `files` over `buckets`, a power of two; `scratch` is a folder for what lies in between.
    pub(crate) fn over(files: &[FetchedFile], buckets: u32, scratch: &'a Path) -> Self {
        let files = files.iter().map(|file| Source {
            name: file.key.clone(),
            path: file.path.clone(),
            is_ours: false,
        });
        let all = Share {
            files: files.collect(),
            bucket: 0,
            of: 1,
        };
        Self {
            scratch,
            buckets,
            shares: vec![all],
            files: 0,
            rows: PhantomData,
        }
    }

    /// The next bucket that has rows: its number, and all of its rows.
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Vec<R>)>, LakeError> {
        while let Some(share) = self.shares.pop() {
            if share.of == self.buckets {
                let mut rows = Vec::new();
                read(&share, |row| {
                    rows.push(row);
                    Ok(())
                })?;
                if !rows.is_empty() {
                    return Ok(Some((share.bucket, rows)));
                }
            } else {
                self.split(&share)?;
            }
        }
        Ok(None)
    }

    /// Spreads the rows of a share over shares of their own.
    fn split(&mut self, share: &Share) -> Result<(), LakeError> {
        let count = (self.buckets / share.of).min(FILES_MAX);
        let mut written: Vec<Written<R>> = (0..count).map(|_| Written::default()).collect();
        read(share, |row: R| {
            let place = row.hash() / share.of % count;
            written[place as usize].put(row, || {
                self.files += 1;
                self.scratch.join(format!("spread-{}.parquet", self.files))
            })
        })?;
        for (place, written) in (0..count).zip(written).rev() {
            if let Some(path) = written.end()? {
                let source = Source {
                    name: path.display().to_string(),
                    path,
                    is_ours: true,
                };
                self.shares.push(Share {
                    files: vec![source],
                    bucket: share.bucket + place * share.of,
                    of: share.of * count,
                });
            }
        }
        Ok(())
    }
}

/// Hands out the rows of a share, whose files go if they are ours.
fn read<R: ReadRow>(
    share: &Share,
    mut each: impl FnMut(R) -> Result<(), LakeError>,
) -> Result<(), LakeError> {
    for file in &share.files {
        let unfit = |source| LakeError::Decode {
            key: file.name.clone(),
            source,
        };
        for rows in row_groups(&file.path).map_err(unfit)? {
            rows.map_err(unfit)?.into_iter().try_for_each(&mut each)?;
        }
        if file.is_ours {
            std::fs::remove_file(&file.path).map_err(|source| unusable(&file.path, source))?;
        }
    }
    Ok(())
}

/// A file that rows are spread to; there is none before there is a row.
struct Written<R> {
    waiting: Vec<R>,
    file: Option<(PathBuf, RowFile<R, BufWriter<File>>)>,
}

impl<R> Default for Written<R> {
    fn default() -> Self {
        Self {
            waiting: Vec::new(),
            file: None,
        }
    }
}

impl<R: WriteRow> Written<R> {
    /// Adds a row; `path` names the file, if it is the first.
    fn put(&mut self, row: R, path: impl FnOnce() -> PathBuf) -> Result<(), LakeError> {
        if self.file.is_none() {
            let path = path();
            let file = File::create_new(&path).map_err(|source| unusable(&path, source))?;
            let file = RowFile::begin(BufWriter::new(file), &[]).map_err(unwritten)?;
            self.file = Some((path, file));
        }
        self.waiting.push(row);
        if self.waiting.len() == WAITING_ROWS {
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), LakeError> {
        if let Some((_, file)) = &mut self.file {
            file.write(&self.waiting).map_err(unwritten)?;
            self.waiting.clear();
        }
        Ok(())
    }

    /// Writes what is left; gives the file's place, if there is one.
    fn end(mut self) -> Result<Option<PathBuf>, LakeError> {
        self.write()?;
        let Some((path, file)) = self.file else {
            return Ok(None);
        };
        let mut file = file.end().map_err(unwritten)?;
        file.flush().map_err(|source| unusable(&path, source))?;
        Ok(Some(path))
    }
}

fn unwritten(source: BoxError) -> LakeError {
    LakeError::Encode {
        what: "rows that are spread over buckets",
        source,
    }
}

fn unusable(path: &Path, source: std::io::Error) -> LakeError {
    LakeError::File {
        attempt: format!("use {}", path.display()),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::rows::EntryRow;
    use crate::writing::parquet_of;

    fn entry(number: usize) -> EntryRow {
        let text = || "text".to_owned();
        EntryRow {
            entry_id: format!("entry-{number}"),
            order_id: text(),
            seller_id: text(),
            clause: text(),
            kind: text(),
            amount_cents: 1,
            as_of: 1,
            effective_at: 1,
            policy: text(),
            document: text(),
        }
    }

    fn fetched(folder: &Path, name: &str, rows: &[EntryRow]) -> FetchedFile {
        let path = folder.join(name);
        std::fs::write(&path, parquet_of(rows).expect("rows encode")).expect("a file");
        FetchedFile {
            key: name.to_owned(),
            path,
            bytes: 0,
            sha256: String::new(),
        }
    }

    #[test]
    fn every_row_comes_once_in_its_bucket_in_one_pass_and_in_several() {
        let folder = tempfile::tempdir().expect("a directory");
        let rows: Vec<_> = (0..20_000).map(entry).collect();
        let (some, others) = rows.split_at(15_000);
        let files = [
            fetched(folder.path(), "some", some),
            fetched(folder.path(), "none", &[]),
            fetched(folder.path(), "others", others),
        ];
        for buckets in [1, 4, FILES_MAX, 4 * FILES_MAX] {
            let scratch = tempfile::tempdir().expect("a directory");
            let mut expected: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
            for row in &rows {
                let of_bucket = expected.entry(row.hash() % buckets).or_default();
                of_bucket.insert(&row.entry_id);
            }
            let mut spread = Spread::<EntryRow>::over(&files, buckets, scratch.path());
            while let Some((bucket, found)) = spread.next().expect("rows are read") {
                let wanted = expected.remove(&bucket).expect("a bucket comes once");
                let ids: BTreeSet<_> = found.iter().map(|row| row.entry_id.as_str()).collect();
                assert_eq!(
                    (&ids, found.len()),
                    (&wanted, wanted.len()),
                    "{bucket} of {buckets}"
                );
            }
            assert!(expected.is_empty(), "{buckets}");
            let left = std::fs::read_dir(scratch.path()).expect("a directory").count();
            assert_eq!(left, 0, "what lay in between is gone");
        }
        assert!(files.iter().all(|file| file.path.exists()));
    }

    #[test]
    fn a_file_that_holds_no_rows_is_named() {
        let folder = tempfile::tempdir().expect("a directory");
        let file = fetched(folder.path(), "broken", &[entry(1)]);
        std::fs::write(&file.path, b"PAR1 or not").expect("a file");
        let refused = Spread::<EntryRow>::over(&[file], 4, folder.path()).next();
        let Err(LakeError::Decode { key, .. }) = refused else {
            panic!("a broken file was read");
        };
        assert_eq!(key, "broken");
    }
}
