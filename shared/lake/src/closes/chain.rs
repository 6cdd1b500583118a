//! The proof of a chain of closes: from the files alone, wherever they were copied to.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use domain::audit::{Trail, audit_entry, ordinal};
use domain::close::{Close, ClosedNight, EntriesFile, NightTotals};
use domain::{LedgerEntry, OrderId, Subject, Timestamp};
use sha2::{Digest, Sha256};

use super::night::line_of;
use super::standing::Standing;
use super::{CLOSE, CloseFiles, ENTRIES, SUMS};
use crate::LakeError;
use crate::keys::close_folder;

/// Findings told; the rest are counted.
const TOLD_MAX: usize = 100;
/// A line of entries longer than this is none: the longest real ones have a few hundred bytes.
const LINE_BYTES_MAX: u64 = 64 * 1024;
/// A `close.json` or `SHA256SUMS` longer than this is none.
const SMALL_FILE_BYTES_MAX: u64 = 1024 * 1024;

/// What proving a chain came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainProof {
    /// The closes, oldest first, without those that cannot be read. What the folder alone cannot prove is that no newer
    /// one than its newest was taken away.
    pub closes: Vec<ClosedNight>,
    /// Entries in them.
    pub entries: u64,
    /// What was found, each naming its place; empty when all is well.
    pub told: Vec<String>,
    /// How much was found.
    pub findings: u64,
}

/// Proves the chain of closes under `directory`, a copy of `closes/`: every file is what was written, every close
/// follows the one before, every entry is sound and takes back what stands. `seen` hears of every entry.
///
/// Holds what stands in the ledger, some hundred bytes a fine, and no file.
///
/// # Errors
/// [`LakeError::File`] when a file cannot be read.
pub fn prove_chain(
    directory: &Path,
    mut seen: impl FnMut(&Close, &LedgerEntry),
) -> Result<ChainProof, LakeError> {
    let mut chain = Chain {
        proof: ChainProof::default(),
        before: None,
        is_first: true,
        standing: Standing::default(),
        trails: HashMap::new(),
    };
    let folders = chain.folders(directory)?;
    for (name, folder) in in_order(folders)? {
        chain.before = chain.follow(&name, &folder, &mut seen)?;
        chain.is_first = false;
    }
    Ok(chain.proof)
}

struct Chain {
    proof: ChainProof,
    /// The close before the one that is looked at; `None` before the first, and when it could not be read.
    before: Option<ClosedNight>,
    is_first: bool,
    /// The closes that were not withdrawn.
    standing: Standing,
    trails: HashMap<(OrderId, Subject), Trail>,
}

impl Chain {
    fn tell(&mut self, finding: String) {
        self.proof.findings += 1;
        if self.proof.told.len() < TOLD_MAX {
            self.proof.told.push(finding);
        }
    }

    /// The folders of closes, by name. Whatever else lies there is a finding.
    fn folders(&mut self, directory: &Path) -> Result<BTreeMap<String, PathBuf>, LakeError> {
        let mut folders = BTreeMap::new();
        for (date, path) in listed(directory)? {
            if !path.is_dir() {
                self.tell(format!("{date} is no part of a close"));
                continue;
            }
            for (night, path) in listed(&path)? {
                let name = format!("{date}/{night}");
                if path.is_dir() {
                    folders.insert(name, path);
                } else {
                    self.tell(format!("{name} is no part of a close"));
                }
            }
        }
        Ok(folders)
    }

    /// Proves one close; gives it, unless it cannot be read.
    fn follow(
        &mut self,
        name: &str,
        folder: &Path,
        seen: &mut impl FnMut(&Close, &LedgerEntry),
    ) -> Result<Option<ClosedNight>, LakeError> {
        for (file, _) in listed(folder)? {
            if ![ENTRIES, CLOSE, SUMS].contains(&file.as_str()) {
                self.tell(format!("{name}/{file} is no part of a close"));
            }
        }
        let bytes = small_file(&folder.join(CLOSE))?;
        let sha256 = bytes.as_deref().map(|bytes| hex::encode(Sha256::digest(bytes)));
        let close: Option<Close> = bytes
            .as_deref()
            .and_then(|bytes| serde_json::from_slice(bytes).ok());
        let (Some(bytes), Some(sha256), Some(close)) = (bytes, sha256, close) else {
            self.tell(format!("{name}/{CLOSE} is missing or no close"));
            return Ok(None);
        };
        let files = CloseFiles::of(&close)?;
        if files.close != bytes {
            self.tell(format!("{name}/{CLOSE} is not as it was written"));
        }
        if small_file(&folder.join(SUMS))?.as_deref() != Some(files.sums.as_bytes()) {
            self.tell(format!("{name}/{SUMS} does not hold the sums of its close"));
        }
        if name != close_folder(&close, self.standing.was_closed(&close)) {
            self.tell(format!("{name} holds the close of {}", close.as_of));
        }
        self.follow_close(name, &close);
        self.follow_entries(name, &folder.join(ENTRIES), &close, seen)?;
        let remembered = close.remembered(sha256);
        for finding in self.standing.follow(&close, &remembered) {
            self.tell(format!("{name} {finding}"));
        }
        self.proof.closes.push(remembered.clone());
        Ok(Some(remembered))
    }

    /// Holds a close against the one before.
    fn follow_close(&mut self, name: &str, close: &Close) {
        if self.is_cut_off() {
            return;
        }
        let before = self.before.clone();
        let number = before.as_ref().map_or(0, |before| before.number) + 1;
        if close.number != number {
            self.tell(format!(
                "{name} is close number {}, where number {number} should be: a night was removed, inserted or moved",
                close.number
            ));
        }
        let follows = match (&close.previous, &before) {
            (Some(previous), Some(before)) => {
                (previous.as_of, &previous.sha256) == (before.as_of, &before.sha256)
            }
            (None, None) => true,
            _ => false,
        };
        if !follows {
            let cited = close.previous.as_ref().map_or("no close".to_owned(), |previous| {
                format!("the close of {}", previous.as_of)
            });
            let stands = before
                .as_ref()
                .map_or("none".to_owned(), |before| format!("that of {}", before.as_of));
            self.tell(format!(
                "{name} follows {cited}, and before it stands {stands}, or that one is not as it was"
            ));
        }
    }

    /// Reads a night's entries, and holds the close against them.
    fn follow_entries(
        &mut self,
        name: &str,
        path: &Path,
        close: &Close,
        seen: &mut impl FnMut(&Close, &LedgerEntry),
    ) -> Result<(), LakeError> {
        let Ok(file) = File::open(path) else {
            self.tell(format!("{name}/{ENTRIES} is missing"));
            return Ok(());
        };
        let mut lines = Lines::new(file);
        let mut totals = NightTotals::default();
        // The entries of one order: their ids are not in the order in which they were posted.
        let mut order: Vec<LedgerEntry> = Vec::new();
        let mut last: Option<Place> = None;
        while lines.read(path)? {
            let place = format!("{name}/{ENTRIES} line {}", lines.count);
            let entry: Option<LedgerEntry> = serde_json::from_slice(&lines.line).ok();
            let Some(entry) = entry.filter(|entry| line_of(entry).is_ok_and(|own| own == lines.line)) else {
                self.tell(format!("{place} is no entry as it was written"));
                continue;
            };
            let at = place_of(&entry);
            if last.as_ref().is_some_and(|last| at <= *last) {
                self.tell(format!("{place}: entry {} is out of order", entry.entry_id));
            }
            last = Some(at);
            self.judge(&place, &entry, close);
            totals.count(&entry);
            seen(close, &entry);
            if order
                .first()
                .is_some_and(|first| first.order_id != entry.order_id)
            {
                self.follow_order(name, &mut order);
            }
            order.push(entry);
        }
        self.follow_order(name, &mut order);
        self.proof.entries += lines.count;
        self.hold_against(name, close, totals, lines.file());
        Ok(())
    }

    /// What can be said of an entry alone.
    fn judge(&mut self, place: &str, entry: &LedgerEntry, close: &Close) {
        let id = &entry.entry_id;
        if !is_of(entry, close) {
            self.tell(format!("{place}: entry {id} is of another night"));
        }
        audit_entry(entry, &mut |told| self.tell(format!("{place}: {told}")));
    }

    fn hold_against(&mut self, name: &str, close: &Close, totals: NightTotals, file: EntriesFile) {
        if file != close.entries {
            self.tell(format!("{name}/{ENTRIES} is not the file that was closed"));
        }
        let made = totals.close(close.as_of, close.date, file, self.before.as_ref());
        let balance_follows = made.balance == close.balance || self.is_cut_off();
        let tells = (&made.totals, &made.policies, made.balance_moved, made.currency)
            == (
                &close.totals,
                &close.policies,
                close.balance_moved,
                close.currency,
            );
        if !(tells && balance_follows) {
            self.tell(format!("{name}/{CLOSE} does not tell what its entries come to"));
        }
    }

    /// Whether the close before could not be read, which was told: nothing can be held against it.
    fn is_cut_off(&self) -> bool {
        self.before.is_none() && !self.is_first
    }

    fn follow_order(&mut self, name: &str, order: &mut Vec<LedgerEntry>) {
        order.sort_by_key(ordinal);
        for entry in order.drain(..) {
            let mut told = Vec::new();
            self.trails
                .entry((entry.order_id.clone(), entry.subject.clone()))
                .or_default()
                .follow(&entry, &mut |finding| told.push(finding));
            told.into_iter()
                .for_each(|finding| self.tell(format!("{name}: {finding}")));
        }
    }
}

/// An entry's place in its file: in a void close the newest night comes first.
type Place = (Reverse<Timestamp>, String);

fn place_of(entry: &LedgerEntry) -> Place {
    (Reverse(entry.as_of), entry.entry_id.clone())
}

/// Whether an entry belongs into a close: its night posted it, or the close's withdrawal of that night.
fn is_of(entry: &LedgerEntry, close: &Close) -> bool {
    match &close.withdraws {
        None => entry.as_of == close.as_of && entry.withdrawal().is_none(),
        Some(withdrawn) => {
            entry.withdrawal() == Some(withdrawn.withdrawal)
                && withdrawn.closes.iter().any(|close| close.as_of == entry.as_of)
        }
    }
}

/// The folders in the order of their closes' numbers; what cannot be read stays behind the one before it.
fn in_order(folders: BTreeMap<String, PathBuf>) -> Result<Vec<(String, PathBuf)>, LakeError> {
    let (mut numbered, mut number) = (Vec::with_capacity(folders.len()), 0);
    for (name, folder) in folders {
        let close: Option<Close> =
            small_file(&folder.join(CLOSE))?.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        number = close.map_or(number, |close| close.number);
        numbered.push((number, name, folder));
    }
    numbered.sort_by_key(|(number, ..)| *number);
    Ok(numbered
        .into_iter()
        .map(|(_, name, folder)| (name, folder))
        .collect())
}

/// The lines of a file, each with its end, summed as they are read.
struct Lines {
    file: BufReader<File>,
    line: Vec<u8>,
    count: u64,
    bytes: u64,
    sha256: Sha256,
}

impl Lines {
    fn new(file: File) -> Self {
        Self {
            file: BufReader::new(file),
            line: Vec::new(),
            count: 0,
            bytes: 0,
            sha256: Sha256::new(),
        }
    }

    /// Reads the next line; one that is too long comes in pieces, none of which is an entry. False at the end.
    fn read(&mut self, path: &Path) -> Result<bool, LakeError> {
        self.line.clear();
        let mut bounded = (&mut self.file).take(LINE_BYTES_MAX);
        bounded
            .read_until(b'\n', &mut self.line)
            .map_err(|source| unreadable(path, source))?;
        if self.line.is_empty() {
            return Ok(false);
        }
        self.count += 1;
        self.bytes += self.line.len() as u64;
        self.sha256.update(&self.line);
        Ok(true)
    }

    /// The file as a close speaks of it.
    fn file(self) -> EntriesFile {
        EntriesFile {
            count: self.count,
            bytes: self.bytes,
            sha256: hex::encode(self.sha256.finalize()),
        }
    }
}

/// What lies in a folder, by name.
fn listed(folder: &Path) -> Result<BTreeMap<String, PathBuf>, LakeError> {
    let entries = std::fs::read_dir(folder).map_err(|source| unreadable(folder, source))?;
    entries
        .map(|entry| {
            let entry = entry.map_err(|source| unreadable(folder, source))?;
            Ok((entry.file_name().to_string_lossy().into_owned(), entry.path()))
        })
        .collect()
}

/// A small file's bytes; `None` when it is missing or far too large.
fn small_file(path: &Path) -> Result<Option<Vec<u8>>, LakeError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(unreadable(path, source)),
    };
    let mut bytes = Vec::new();
    file.take(SMALL_FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| unreadable(path, source))?;
    Ok((bytes.len() as u64 <= SMALL_FILE_BYTES_MAX).then_some(bytes))
}

fn unreadable(path: &Path, source: std::io::Error) -> LakeError {
    LakeError::File {
        attempt: format!("read {}", path.display()),
        source,
    }
}
