//! The directory of a zip file, read strictly: what two readers could take for two different files is damaged.
//!
//! Ours and not the `zip` crate's, which keeps every entry that a directory declares before its caller can count them
//! (a 512 MB file may declare ten million), and which is lenient where an upload must not be: directories elsewhere
//! than at the end, entries that overlap, names that stand twice.

use std::collections::BTreeMap;
use std::io::{BufReader, Read, Seek, SeekFrom, Take};

use domain::code::FileCode;

use super::bytes::{u16_at, u32_at, u64_at};
use super::{damaged, damaged_read};
use crate::{FileError, UploadError};

const LOCAL_HEADER: &[u8] = b"PK\x03\x04";
const DIRECTORY_HEADER: &[u8] = b"PK\x01\x02";
const DIRECTORY_END: &[u8] = b"PK\x05\x06";
const DIRECTORY_END_64: &[u8] = b"PK\x06\x06";
const DIRECTORY_LOCATOR_64: &[u8] = b"PK\x06\x07";

const LOCAL_HEADER_BYTES: u64 = 30;
const DIRECTORY_HEADER_BYTES: u64 = 46;
const DIRECTORY_END_BYTES: usize = 22;
const LOCATOR_64_BYTES: usize = 20;
const DIRECTORY_END_64_BYTES: u64 = 56;
const COMMENT_BYTES_MAX: usize = 0xffff;
/// Bytes of an entry's name; a workbook's parts have some dozens.
const NAME_BYTES_MAX: usize = 1024;
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
const ZIP64_FIELD: u16 = 1;

/// What the directory says about one entry. Its sizes are claims, proven by reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The name as the archive has it.
    name: Vec<u8>,
    method: u16,
    pub(super) crc: u32,
    packed_bytes: u64,
    pub(super) bytes: u64,
    header_at: u64,
    /// Where the next entry or the directory begins: the entry must end before.
    room_end: u64,
}

/// How an entry is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Stored,
    Deflated,
}

/// The entries of an archive by name; names are compared as parts of a package are, without regard to ASCII case.
#[derive(Debug)]
pub(super) struct Archive {
    entries: BTreeMap<String, Entry>,
}

/// Where the directory lies.
#[derive(Clone, Copy)]
struct Directory {
    at: u64,
    bytes: u64,
    entries: u64,
    /// Where its end record begins; nothing of the directory lies behind.
    end_at: u64,
}

impl Archive {
    /// Reads the directory. Nothing is inflated, and no more than `entries_max` entries are kept.
    ///
    /// # Errors
    /// `ZIP_ENTRY_LIMIT`; `FILE_DAMAGED` when the directory is cut off, lies about itself, or holds entries that are
    /// encrypted, overlap, lie outside the file or share a name.
    pub(super) fn open<R: Read + Seek>(source: &mut R, entries_max: u64) -> Result<Self, UploadError> {
        let directory = locate(source)?;
        if directory.entries > entries_max {
            let detail = format!("{entries_max} entries | {entries_max} 个条目");
            return Err(FileError::new(FileCode::ZipEntryLimit, detail).into());
        }
        source.seek(SeekFrom::Start(directory.at))?;
        let mut records = BufReader::new(source).take(directory.bytes);
        let mut listed = Vec::new();
        for _ in 0..directory.entries {
            listed.push(read_entry(&mut records)?);
        }
        if records.limit() != 0 {
            return Err(damaged(
                "the zip directory lists more than it says",
                "压缩包目录与条目数不符",
            ));
        }
        check_room(&mut listed, directory.at)?;
        by_name(listed).map(|entries| Self { entries })
    }

    /// Every entry.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The entry of that name.
    pub(super) fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.get(&key(name))
    }
}

impl Entry {
    /// Positions `source` at the entry's packed bytes and bounds it to them.
    ///
    /// # Errors
    /// `FILE_DAMAGED` when the entry's own header contradicts the directory, or its packing is not one of workbooks.
    pub(super) fn unpack<R: Read + Seek>(&self, mut source: R) -> Result<(Take<R>, Packing), UploadError> {
        let packing = match self.method {
            0 if self.packed_bytes == self.bytes => Packing::Stored,
            8 => Packing::Deflated,
            _ => {
                return Err(damaged(
                    "an entry is packed in a way that workbooks do not use",
                    "条目使用了不支持的压缩方式",
                ));
            }
        };
        source.seek(SeekFrom::Start(self.header_at))?;
        let mut header = [0; LOCAL_HEADER_BYTES as usize];
        source.read_exact(&mut header).map_err(damaged_read)?;
        let mut name = vec![0; usize::from(u16_at(&header, 26))];
        source.read_exact(&mut name).map_err(damaged_read)?;
        let extra_bytes = u64::from(u16_at(&header, 28));
        let data_at = self.header_at + LOCAL_HEADER_BYTES + name.len() as u64 + extra_bytes;
        let fits = data_at
            .checked_add(self.packed_bytes)
            .is_some_and(|end| end <= self.room_end);
        if !header.starts_with(LOCAL_HEADER)
            || name != self.name
            || u16_at(&header, 8) != self.method
            || !fits
        {
            return Err(damaged(
                "an entry of the zip does not stand where the directory says",
                "压缩包条目与目录不一致",
            ));
        }
        source.seek(SeekFrom::Start(data_at))?;
        Ok((source.take(self.packed_bytes), packing))
    }
}

/// Part names are compared without regard to ASCII case; some writers separate by backslashes.
fn key(name: &str) -> String {
    name.replace('\\', "/")
        .trim_start_matches('/')
        .to_ascii_lowercase()
}

/// Finds the directory by the record that ends the file.
fn locate<R: Read + Seek>(source: &mut R) -> Result<Directory, UploadError> {
    let file_bytes = source.seek(SeekFrom::End(0))?;
    let tail_bytes = file_bytes.min((COMMENT_BYTES_MAX + DIRECTORY_END_BYTES + LOCATOR_64_BYTES) as u64);
    let tail_at = file_bytes - tail_bytes;
    source.seek(SeekFrom::Start(tail_at))?;
    let mut tail = vec![0; tail_bytes as usize];
    source.read_exact(&mut tail).map_err(damaged_read)?;
    let end = (0..tail.len().saturating_sub(DIRECTORY_END_BYTES - 1))
        .rev()
        .find(|&at| {
            tail[at..].starts_with(DIRECTORY_END)
                && at + DIRECTORY_END_BYTES + usize::from(u16_at(&tail, at + 20)) == tail.len()
        })
        .ok_or_else(|| damaged("the zip has no end: it is cut off", "压缩包不完整，结尾缺失"))?;
    let record = &tail[end..];
    let mut directory = Directory {
        at: u64::from(u32_at(record, 16)),
        bytes: u64::from(u32_at(record, 12)),
        entries: u64::from(u16_at(record, 10)),
        end_at: tail_at + end as u64,
    };
    let mut whole = u32_at(record, 4) == 0 && u16_at(record, 8) == u16_at(record, 10);
    if let Some(locator) = end.checked_sub(LOCATOR_64_BYTES).map(|at| &tail[at..end])
        && locator.starts_with(DIRECTORY_LOCATOR_64)
    {
        directory = read_end_64(source, u64_at(locator, 8), &directory)?;
        whole = u32_at(locator, 4) == 0;
    }
    let fits = directory
        .at
        .checked_add(directory.bytes)
        .is_some_and(|end| end <= directory.end_at)
        && directory.entries <= directory.bytes / DIRECTORY_HEADER_BYTES;
    if whole && fits {
        Ok(directory)
    } else {
        Err(damaged(
            "the zip directory does not fit the file",
            "压缩包目录与文件不符",
        ))
    }
}

/// The 64-bit record stands for the fields that the short one leaves at their highest value, and must agree in the
/// others: a reader that does not know it must not see another archive.
fn read_end_64<R: Read + Seek>(source: &mut R, at: u64, short: &Directory) -> Result<Directory, UploadError> {
    let contradicts = || damaged("the zip has two directories", "压缩包存在两份不一致的目录");
    let end = at.checked_add(DIRECTORY_END_64_BYTES);
    if end.is_none_or(|end| end > short.end_at) {
        return Err(contradicts());
    }
    source.seek(SeekFrom::Start(at))?;
    let mut record = [0; DIRECTORY_END_64_BYTES as usize];
    source.read_exact(&mut record).map_err(damaged_read)?;
    let long = Directory {
        at: u64_at(&record, 48),
        bytes: u64_at(&record, 40),
        entries: u64_at(&record, 32),
        end_at: at,
    };
    let agree = |short: u64, unset: u64, long: u64| short == unset || short == long;
    if !record.starts_with(DIRECTORY_END_64)
        || u64_at(&record, 24) != long.entries
        || !agree(short.at, u64::from(u32::MAX), long.at)
        || !agree(short.bytes, u64::from(u32::MAX), long.bytes)
        || !agree(short.entries, u64::from(u16::MAX), long.entries)
    {
        return Err(contradicts());
    }
    Ok(long)
}

fn read_entry(records: &mut impl Read) -> Result<Entry, UploadError> {
    let mut header = [0; DIRECTORY_HEADER_BYTES as usize];
    records.read_exact(&mut header).map_err(damaged_read)?;
    let name_bytes = usize::from(u16_at(&header, 28));
    if !header.starts_with(DIRECTORY_HEADER) || name_bytes > NAME_BYTES_MAX {
        return Err(damaged("the zip directory is broken", "压缩包目录已损坏"));
    }
    if u16_at(&header, 8) & ENCRYPTED != 0 {
        return Err(damaged(
            "it is protected by a password: save it without one",
            "文件有密码保护，请取消密码后重新保存",
        ));
    }
    let mut name = vec![0; name_bytes];
    records.read_exact(&mut name).map_err(damaged_read)?;
    let mut extra = vec![0; usize::from(u16_at(&header, 30)) + usize::from(u16_at(&header, 32))];
    records.read_exact(&mut extra).map_err(damaged_read)?;
    extra.truncate(usize::from(u16_at(&header, 30)));
    let mut entry = Entry {
        name,
        method: u16_at(&header, 10),
        crc: u32_at(&header, 16),
        packed_bytes: u64::from(u32_at(&header, 20)),
        bytes: u64::from(u32_at(&header, 24)),
        header_at: u64::from(u32_at(&header, 42)),
        room_end: 0,
    };
    widen(&mut entry, &extra)?;
    Ok(entry)
}

/// Takes the sizes that do not fit 32 bits from the zip64 field: only those, in their order.
fn widen(entry: &mut Entry, extra: &[u8]) -> Result<(), UploadError> {
    let mut wide = zip64_field(extra);
    for size in [&mut entry.bytes, &mut entry.packed_bytes, &mut entry.header_at] {
        if *size == u64::from(u32::MAX) {
            let (first, rest) = wide
                .split_at_checked(8)
                .ok_or_else(|| damaged("an entry of the zip has no size", "压缩包条目缺少大小信息"))?;
            (*size, wide) = (u64_at(first, 0), rest);
        }
    }
    Ok(())
}

fn zip64_field(mut extra: &[u8]) -> &[u8] {
    while let Some((head, rest)) = extra.split_at_checked(4) {
        let Some((field, after)) = rest.split_at_checked(usize::from(u16_at(head, 2))) else {
            break;
        };
        if u16_at(head, 0) == ZIP64_FIELD {
            return field;
        }
        extra = after;
    }
    &[]
}

/// Gives each entry the room up to the next one; entries that overlap (as those of a quadratic bomb do) are refused.
fn check_room(entries: &mut [Entry], directory_at: u64) -> Result<(), UploadError> {
    entries.sort_unstable_by_key(|entry| entry.header_at);
    let mut room_end = directory_at;
    for entry in entries.iter_mut().rev() {
        entry.room_end = room_end;
        room_end = entry.header_at;
        let end = [LOCAL_HEADER_BYTES, entry.name.len() as u64, entry.packed_bytes]
            .into_iter()
            .try_fold(entry.header_at, u64::checked_add);
        if end.is_none_or(|end| end > entry.room_end) {
            return Err(damaged(
                "entries of the zip overlap or lie outside it",
                "压缩包条目重叠或超出文件范围",
            ));
        }
    }
    Ok(())
}

fn by_name(listed: Vec<Entry>) -> Result<BTreeMap<String, Entry>, UploadError> {
    let mut entries = BTreeMap::new();
    for entry in listed {
        let name = key(&String::from_utf8_lossy(&entry.name));
        if entries.insert(name, entry).is_some() {
            return Err(damaged(
                "two entries of the zip have one name",
                "压缩包中有两个同名条目",
            ));
        }
    }
    Ok(entries)
}
