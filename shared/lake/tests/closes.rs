//! The law of the closes: the chain as written is sound, and whatever is done to a byte or a night of it is found.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use domain::because::Refused;
use domain::close::{ClosedNight, Withdrawn};
use domain::withdrawal::Withdrawal;
use domain::{
    Because, Cents, Clause, EntryKind, LedgerEntry, OrderId, RowCode, SellerId, Subject, Timestamp,
};
use lake::{ChainProof, CloseFiles, NightFile, prove_chain};
use proptest::prelude::*;
use proptest::sample::Index;

const NIGHTS: [&str; 4] = [
    "2024-05-02T07:15:00Z",
    "2024-05-03T07:15:00Z",
    "2024-05-04T07:15:00Z",
    "2024-05-05T07:15:00Z",
];

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn entry(order: &str, kind: EntryKind, ordinal: u32, cents: i64, as_of: Timestamp) -> LedgerEntry {
    let order_id = OrderId::parse(order).expect("an order id");
    let subject = Subject::order(Clause::A6);
    let reverses = (kind == EntryKind::Reversal).then(|| format!("{order}.A6.fine.{}", ordinal - 1));
    LedgerEntry {
        entry_id: format!("{order}.A6.{}.{ordinal}", kind.as_str()),
        order_id,
        seller_id: SellerId::parse("S1").expect("a seller"),
        clause: Clause::A6,
        kind,
        amount: Cents(cents),
        subject,
        as_of,
        effective_at: as_of,
        policy: "V4.2".to_owned(),
        because: Because::UploadFailed {
            code: RowCode::NumFormat,
            uploaded_at: as_of,
            row: 1,
            refused: Refused::default(),
        },
        reverses,
    }
}

/// Two fines; nothing; one taken back and posted anew, in one night; one more.
fn entries_of(night: usize, as_of: Timestamp) -> Vec<LedgerEntry> {
    let (one, other) = ("8000011000000005", "8000011000000006");
    match night {
        0 => vec![
            entry(one, EntryKind::Fine, 1, 50, as_of),
            entry(other, EntryKind::Fine, 1, 50, as_of),
        ],
        2 => vec![
            entry(one, EntryKind::Fine, 3, 60, as_of),
            entry(one, EntryKind::Reversal, 2, -50, as_of),
        ],
        3 => vec![entry("8000011000000007", EntryKind::Fine, 1, 50, as_of)],
        _ => Vec::new(),
    }
}

/// Writes the chain under `directory`; gives its newest close.
fn write_chain(directory: &Path) -> ClosedNight {
    let mut newest: Option<ClosedNight> = None;
    for (night, as_of) in NIGHTS.map(at).into_iter().enumerate() {
        newest = Some(write_close(
            directory,
            newest.as_ref(),
            as_of,
            &entries_of(night, as_of),
            None,
            "",
        ));
    }
    newest.expect("a chain of some nights")
}

/// Writes one close into its folder, whose name ends in `suffix`.
fn write_close(
    directory: &Path,
    newest: Option<&ClosedNight>,
    as_of: Timestamp,
    entries: &[LedgerEntry],
    withdraws: Option<Withdrawn>,
    suffix: &str,
) -> ClosedNight {
    let scratch = directory.join("scratch");
    let mut file = NightFile::create(&scratch).expect("a file");
    for entry in entries {
        file.add(entry).expect("an entry is written");
    }
    let date = as_of.date_in(domain::PolicyBook::shipped().zone);
    let mut close = file.close(as_of, date, newest).expect("a close");
    close.withdraws = withdraws;
    let files = CloseFiles::of(&close).expect("a close encodes");
    let name = as_of.to_string().replace(['-', ':'], "");
    let folder = directory.join(format!("date={date}/{name}{suffix}"));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::rename(&scratch, folder.join("entries.jsonl")).expect("a file");
    std::fs::write(folder.join("close.json"), &files.close).expect("a file");
    std::fs::write(folder.join("SHA256SUMS"), &files.sums).expect("a file");
    close.remembered(files.sha256)
}

/// The entries that take back those of the last two nights, in the order of a void close.
fn withdrawn_entries(withdrawal: Withdrawal) -> Vec<LedgerEntry> {
    let nights = NIGHTS.map(at).into_iter().enumerate();
    let posted: Vec<LedgerEntry> = nights
        .flat_map(|(night, as_of)| entries_of(night, as_of))
        .collect();
    let orders: BTreeSet<&OrderId> = posted.iter().map(|entry| &entry.order_id).collect();
    let of_orders = orders.into_iter().flat_map(|order| {
        let entries = posted.iter().filter(|entry| entry.order_id == *order);
        withdrawal.entries(&entries.cloned().collect::<Vec<_>>())
    });
    let mut entries: Vec<LedgerEntry> = of_orders.collect();
    entries.sort_by_key(|entry| (Reverse(entry.as_of), entry.entry_id.clone()));
    entries
}

/// The chain, a void close that withdraws its last two nights as `change` says, and the first of those closed again.
fn withdrawn_chain(change: impl Fn(&mut Withdrawn, &mut Vec<LedgerEntry>)) -> tempfile::TempDir {
    let (directory, newest) = chain();
    let proof = prove(directory.path());
    let after = at(NIGHTS[1]);
    let withdrawal = Withdrawal { number: 1, after };
    let mut entries = withdrawn_entries(withdrawal);
    let mut withdrawn = Withdrawn {
        withdrawal: 1,
        after,
        closes: proof.closes[2..].iter().map(ClosedNight::cited).collect(),
    };
    change(&mut withdrawn, &mut entries);
    let void = write_close(
        directory.path(),
        Some(&newest),
        after,
        &entries,
        Some(withdrawn),
        "-void-5",
    );
    let again = [entry("8000011000000008", EntryKind::Fine, 1, 50, at(NIGHTS[2]))];
    write_close(
        directory.path(),
        Some(&void),
        at(NIGHTS[2]),
        &again,
        None,
        "-again-6",
    );
    directory
}

fn chain() -> (tempfile::TempDir, ClosedNight) {
    let directory = tempfile::tempdir().expect("a directory");
    let newest = write_chain(directory.path());
    (directory, newest)
}

fn prove(directory: &Path) -> ChainProof {
    prove_chain(directory, |_, _| {}).expect("the files can be read")
}

/// Every file of the chain.
fn files(directory: &Path) -> Vec<PathBuf> {
    let listed = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).expect("a folder");
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        paths
    };
    let nights = listed(directory).into_iter().flat_map(|date| listed(&date));
    nights.flat_map(|night| listed(&night)).collect()
}

/// Fails unless something was found that names `place`.
fn assert_named(proof: &ChainProof, place: &str) {
    assert!(
        proof.findings > 0 && proof.told.iter().any(|told| told.contains(place)),
        "{place} is named: {proof:?}"
    );
}

/// A file's place as findings name it.
fn night_of(file: &Path) -> String {
    let folder = file.parent().and_then(Path::file_name).expect("a night's folder");
    folder.to_string_lossy().into_owned()
}

#[test]
fn a_chain_as_it_was_written_is_sound_and_told_whole() {
    let (directory, newest) = chain();
    let mut seen = BTreeMap::<Timestamp, u32>::new();
    let proof = prove_chain(directory.path(), |close, _| {
        *seen.entry(close.as_of).or_default() += 1
    })
    .expect("the files can be read");
    assert_eq!(
        (&proof.told, proof.closes.len(), proof.entries),
        (&Vec::new(), 4, 5)
    );
    assert_eq!(proof.closes.last(), Some(&newest));
    assert_eq!((newest.number, newest.balance), (4, Cents(160)));
    assert_eq!(seen.into_values().collect::<Vec<_>>(), [2, 2, 1]);
}

#[test]
fn the_same_nights_are_written_to_the_byte() {
    let (one, other) = (chain().0, chain().0);
    let read = |directory: &Path| -> Vec<Vec<u8>> {
        let read = |path: PathBuf| std::fs::read(path).expect("a file");
        files(directory).into_iter().map(read).collect()
    };
    assert_eq!(read(one.path()), read(other.path()));
}

/// Every bit of every byte that can be flipped in a place of its own; a property does the rest.
#[test]
fn every_byte_that_is_changed_is_found_and_its_night_named() {
    let (directory, _) = chain();
    for path in files(directory.path()) {
        let written = std::fs::read(&path).expect("a file");
        for place in 0..written.len() {
            let mut edited = written.clone();
            edited[place] ^= 1;
            std::fs::write(&path, &edited).expect("a file");
            assert_named(&prove(directory.path()), &night_of(&path));
        }
        std::fs::write(&path, &written).expect("a file");
    }
    assert_eq!(prove(directory.path()).findings, 0, "all is as it was");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_edit_of_a_file_is_found_and_its_night_named(
        file in any::<Index>(), place in any::<Index>(), cut in 0_usize..3, put in proptest::collection::vec(any::<u8>(), 0..3)
    ) {
        let (directory, _) = chain();
        let files = files(directory.path());
        let path = file.get(&files);
        let written = std::fs::read(path).expect("a file");
        let from = place.index(written.len() + 1);
        let until = (from + cut).min(written.len());
        let edited = [&written[..from], &put, &written[until..]].concat();
        prop_assume!(edited != written);
        std::fs::write(path, edited).expect("a file");
        assert_named(&prove(directory.path()), &night_of(path));
    }
}

#[test]
fn a_night_or_a_file_that_is_removed_is_named() {
    for night in 0..3 {
        let (directory, _) = chain();
        let date = at(NIGHTS[night]).date_in(domain::PolicyBook::shipped().zone);
        std::fs::remove_dir_all(directory.path().join(format!("date={date}"))).expect("a folder");
        let next = NIGHTS[night + 1].replace(['-', ':'], "");
        assert_named(&prove(directory.path()), &next);
    }
    let (directory, _) = chain();
    for path in files(directory.path()) {
        let written = std::fs::read(&path).expect("a file");
        std::fs::remove_file(&path).expect("a file");
        assert_named(&prove(directory.path()), &night_of(&path));
        std::fs::write(&path, written).expect("a file");
    }
}

/// The one thing that a folder cannot prove by itself: the newest close is what tells it.
#[test]
fn the_newest_night_removed_shows_in_the_newest_close() {
    let (directory, newest) = chain();
    let date = at(NIGHTS[3]).date_in(domain::PolicyBook::shipped().zone);
    std::fs::remove_dir_all(directory.path().join(format!("date={date}"))).expect("a folder");
    let proof = prove(directory.path());
    assert_eq!(proof.findings, 0, "{proof:?}");
    assert_ne!(proof.closes.last(), Some(&newest));
}

#[test]
fn nights_that_are_exchanged_copied_or_added_are_named() {
    let folder = |directory: &Path, night: usize| {
        let date = at(NIGHTS[night]).date_in(domain::PolicyBook::shipped().zone);
        let name = NIGHTS[night].replace(['-', ':'], "");
        directory.join(format!("date={date}/{name}"))
    };
    let (directory, _) = chain();
    let aside = directory.path().join("aside");
    std::fs::rename(folder(directory.path(), 1), &aside).expect("a folder");
    std::fs::rename(folder(directory.path(), 2), folder(directory.path(), 1)).expect("a folder");
    std::fs::rename(&aside, folder(directory.path(), 2)).expect("a folder");
    let proof = prove(directory.path());
    for night in [1, 2] {
        assert_named(&proof, &NIGHTS[night].replace(['-', ':'], ""));
    }

    let (directory, _) = chain();
    let copy = directory.path().join("date=2024-05-03/20240503T120000Z");
    std::fs::create_dir_all(&copy).expect("a folder");
    for file in ["close.json", "entries.jsonl", "SHA256SUMS"] {
        std::fs::copy(folder(directory.path(), 1).join(file), copy.join(file)).expect("a file");
    }
    assert_named(&prove(directory.path()), "20240503T120000Z");

    let (directory, _) = chain();
    std::fs::write(folder(directory.path(), 0).join("notes.txt"), "nothing").expect("a file");
    assert_named(&prove(directory.path()), "notes.txt");
}

/// Whoever rewrites a night and all its sums is found by the close that follows; an entry that is then no ledger's, by
/// itself.
#[test]
fn a_night_written_anew_with_its_sums_is_found() {
    let (directory, _) = chain();
    let as_of = at(NIGHTS[3]);
    let date = as_of.date_in(domain::PolicyBook::shipped().zone);
    let folder = directory
        .path()
        .join(format!("date={date}/{}", NIGHTS[3].replace(['-', ':'], "")));
    let before = {
        let shorter = tempfile::tempdir().expect("a directory");
        write_chain(shorter.path());
        std::fs::remove_dir_all(shorter.path().join(format!("date={date}"))).expect("a folder");
        prove(shorter.path()).closes.pop().expect("a close")
    };
    // Order …6 has a fine that stands: a second one, soundly written and summed, is none that a ledger would hold.
    let mut file = NightFile::create(&folder.join("entries.jsonl")).expect("a file");
    file.add(&entry("8000011000000006", EntryKind::Fine, 2, 50, as_of))
        .expect("an entry");
    let close = file.close(as_of, date, Some(&before)).expect("a close");
    let files = CloseFiles::of(&close).expect("a close encodes");
    std::fs::write(folder.join("close.json"), &files.close).expect("a file");
    std::fs::write(folder.join("SHA256SUMS"), &files.sums).expect("a file");
    let proof = prove(directory.path());
    assert_eq!(proof.findings, 1, "{proof:?}");
    assert_named(&proof, "doubles one that stands");
}

#[test]
fn a_void_close_takes_the_chain_back_and_it_goes_on() {
    let directory = withdrawn_chain(|_, _| {});
    let proof = prove(directory.path());
    assert_eq!(proof.told, Vec::<String>::new());
    let balances: Vec<_> = proof.closes.iter().map(|close| close.balance.0).collect();
    assert_eq!(balances, [100, 100, 110, 160, 100, 150]);
    assert_eq!(proof.closes[4].withdrawal, Some(1));
    for path in files(directory.path()) {
        let written = std::fs::read(&path).expect("a file");
        for place in (0..written.len()).step_by(7) {
            let mut edited = written.clone();
            edited[place] ^= 1;
            std::fs::write(&path, &edited).expect("a file");
            assert_named(&prove(directory.path()), &night_of(&path));
        }
        std::fs::write(&path, &written).expect("a file");
    }
}

#[test]
fn a_void_close_that_takes_back_something_else_is_named() {
    type Change = (&'static str, fn(&mut Withdrawn, &mut Vec<LedgerEntry>));
    let changes: [Change; 5] = [
        ("an entry is left out", |_, entries| drop(entries.pop())),
        ("a close is left out", |withdrawn, _| drop(withdrawn.closes.pop())),
        ("another instant", |withdrawn, _| withdrawn.after = at(NIGHTS[0])),
        ("another withdrawal", |withdrawn, _| withdrawn.withdrawal = 2),
        ("another order of entries", |_, entries| entries.reverse()),
    ];
    for (what, change) in changes {
        let directory = withdrawn_chain(change);
        let proof = prove(directory.path());
        assert!(
            proof.told.iter().any(|told| told.contains("-void-5")),
            "{what}: {proof:?}"
        );
    }
}
