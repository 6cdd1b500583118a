//! `waymark validate`: a file judged on the clerk's own computer, with no cloud at hand.

use std::fs;
use std::path::{Path, PathBuf};

use lake::Answer;
use tempfile::TempDir;
use tests::{Ran, Waymark};

use crate::{assert_complains, waymark};

const LEARNED_AT: &str = "2024-05-04T00:00:00Z";
const ORDERS: &str = "\
order_id,seller_id,paid_at,amount,currency,destination_country
8200000000000000,S1,2024-05-01T00:00:00Z,80.10,USD,US
8200000000000001,S1,2024-05-01T00:00:00Z,80.10,USD,US
8200000000000010,S2,2024-05-01T00:00:00Z,80.10,USD,US
";
const CLEAN: &str = "\
order_id,carrier,tracking_number,uploaded_at
8200000000000000,DHL,3318810025,2024-05-01T10:00:00Z
";
/// Rows as clerks send them: sound ones, slips of many kinds, and one row twice. What a row says of another does not
/// make it refused, so that the refused rows alone are judged as they are among the others.
const DIRTY: &str = "\
订单号,物流方式,运单号,上传时间,备注
8200000000000000,DHL,3318810025,2024-05-01T10:00:00Z,\"首批，加急\"
8200000000000001,敦豪,1000000006,2024-05-03T00:00:00Z,
8200000000000002,燕文,UG328367918YP,2024-05-02T00:00:00Z,\"客户要求\"\"轻放\"\"\"
8200000000000003,DHL,43188 10021,2024-05-02T00:00:00Z,=1+1
8200000000000004,DHL,1.00000E+09,2024-05-02T00:00:00Z,
8200000000000005,信鸽,1000000010,2024-05-02T00:00:00Z,
8200000000000000,DHL,3318810025,2024-05-01T10:00:00Z,\"首批，加急\"
订单,DHL,1000000032,2024-05-02T00:00:00Z,
8200000000000010,ＤＨＬ,１０００００００４３,2024-05-01T10:00:00Z,
";

/// A folder with files, and a command whose cloud would lie beside them.
struct Desk {
    directory: TempDir,
    waymark: Waymark,
}

impl Desk {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let waymark = waymark(&directory.path().join("state"));
        Self { directory, waymark }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("a file");
        path
    }

    fn validate(&self, paths: &[&Path], kind: &str, more: &[&str]) -> Ran {
        let mut command = self.waymark.command(["validate", "--kind", kind]);
        command.args(["--recorded-at", LEARNED_AT]).args(more).args(paths);
        let ran = Ran::of(command.output().expect("the command can be started"));
        assert!(!self.path("state").exists(), "a dry run begins no cloud");
        ran
    }

    /// The answer to one file.
    fn answer(&self, path: &Path, kind: &str, more: &[&str]) -> Answer {
        let more: Vec<&str> = more.iter().copied().chain(["--json"]).collect();
        let ran = self.validate(&[path], kind, &more);
        let [answer] = &answers(&ran)[..] else {
            panic!("one answer: {ran:?}")
        };
        assert_eq!(
            ran.status,
            i32::from(answer.is_refused() || answer.counts.rejected > 0)
        );
        answer.clone()
    }
}

/// The lines of stdout, each an answer that adds up; nothing else is said.
fn answers(ran: &Ran) -> Vec<Answer> {
    assert_eq!(ran.stderr, "", "{ran:?}");
    let answer = |line: &str| -> Answer { serde_json::from_str(line).expect("a line is an answer") };
    let answers: Vec<Answer> = ran.stdout.lines().map(answer).collect();
    for answer in &answers {
        let counts = answer.counts;
        let applied = counts.accepted + counts.accepted_with_warning + counts.unchanged;
        assert_eq!(
            applied + counts.parked + counts.rejected,
            counts.rows,
            "{answer:?}"
        );
        assert!(answer.dry_run);
        assert_eq!(answer.fines.count, 0, "a dry run fines nothing");
    }
    answers
}

/// What was found in a row.
fn codes(answer: &Answer, row: u64) -> Vec<&str> {
    let of_row = answer.issues.iter().filter(|issue| issue.row == row);
    of_row.map(|issue| issue.code.as_str()).collect()
}

/// Rows with an error, in order, with all that was found in each.
fn refused_rows(answer: &Answer) -> Vec<(u64, Vec<&str>)> {
    let rows = 1..=answer.counts.rows;
    let is_refused = |row: &u64| {
        let mut issues = answer.issues.iter();
        issues.any(|issue| issue.row == *row && issue.severity == "error")
    };
    rows.filter(is_refused)
        .map(|row| (row, codes(answer, row)))
        .collect()
}

#[test]
fn the_status_tells_whether_anything_was_refused() {
    let desk = Desk::new();
    let clean = desk.file("clean.csv", CLEAN);
    let dirty = desk.file("dirty.csv", DIRTY);
    assert_eq!(desk.validate(&[&clean], "tracking", &[]).status, 0);
    assert_eq!(desk.validate(&[&dirty], "tracking", &[]).status, 1);
    assert_eq!(
        desk.validate(&[&dirty, &clean], "tracking", &[]).status,
        1,
        "the worst counts, not the last"
    );
    let warned = desk.file("warned.csv", CLEAN.replace("3318810025", "3318810024"));
    assert_eq!(
        desk.validate(&[&warned], "tracking", &[]).status,
        0,
        "a warning refuses nothing"
    );
    let missing = desk.validate(&[&desk.path("missing.csv")], "tracking", &["--json"]);
    assert_complains(&missing, 2, &["missing.csv"]);
    assert_complains(
        &desk.validate(&[&desk.path("")], "tracking", &[]),
        2,
        &["not a file"],
    );
    let unknown = desk.validate(&[&clean], "parcels", &[]);
    assert_complains(&unknown, 2, &["parcels", "tracking"]);
    let orders = desk.path("none.csv").to_string_lossy().into_owned();
    let orders = desk.validate(&[&clean], "tracking", &["--orders", &orders]);
    assert_complains(&orders, 2, &["none.csv"]);
}

#[test]
fn with_json_every_file_has_one_answer_on_a_line_and_nothing_else_is_said() {
    let desk = Desk::new();
    let (clean, dirty) = (desk.file("clean.csv", CLEAN), desk.file("dirty.csv", DIRTY));
    let empty = desk.file("empty.csv", "");
    let ran = desk.validate(&[&clean, &dirty, &empty], "tracking", &["--json"]);
    let answers = answers(&ran);
    let rows: Vec<u64> = answers.iter().map(|answer| answer.counts.rows).collect();
    assert_eq!((ran.status, &rows[..]), (1, &[1, 9, 0][..]));
    for (answer, name) in answers.iter().zip(["clean.csv", "dirty.csv", "empty.csv"]) {
        assert!(
            answer.upload.key.ends_with(name),
            "in the order that was asked: {}",
            answer.upload.key
        );
    }
}

#[test]
fn out_gets_a_directory_of_answers_for_each_file() {
    let desk = Desk::new();
    let (clean, dirty) = (desk.file("clean.csv", CLEAN), desk.file("dirty.csv", DIRTY));
    let out = desk.path("new/answers");
    let out_text = out.to_string_lossy().into_owned();
    let ran = desk.validate(&[&clean, &dirty], "tracking", &["--json", "--out", &out_text]);
    for (answer, name) in answers(&ran).iter().zip(["clean.csv", "dirty.csv"]) {
        let mut files: Vec<_> = fs::read_dir(out.join(name))
            .expect("a directory of the file's own")
            .map(|file| file.expect("a file").file_name())
            .collect();
        files.sort();
        assert_eq!(files, ["rejected.csv", "repaired.xlsx", "report.json"]);
        let report = fs::read(out.join(name).join("report.json")).expect("a report");
        let report: Answer = serde_json::from_slice(&report).expect("a report is an answer");
        assert_eq!(&report, answer, "the report is the answer");
        assert_eq!(answer.upload.sha256.len(), 64);
    }
    // Refused as a whole, the same file has no rows to hand back.
    desk.file("dirty.csv", "");
    let answer = desk.answer(&dirty, "tracking", &["--out", &out_text]);
    assert!(answer.is_refused());
    assert_eq!(
        fs::read(out.join("dirty.csv/rejected.csv")).expect("its list"),
        b""
    );
    assert!(
        !out.join("dirty.csv/repaired.xlsx").exists(),
        "nothing of an earlier answer is left"
    );
    let same_name = desk.directory.path().join("other");
    fs::create_dir(&same_name).expect("a directory");
    fs::write(same_name.join("clean.csv"), CLEAN).expect("a file");
    let both = [clean.as_path(), &same_name.join("clean.csv")];
    let ran = desk.validate(&both, "tracking", &["--out", &out_text]);
    assert_complains(&ran, 2, &["clean.csv", "overwrite"]);
}

#[test]
fn the_answers_files_sent_again_are_judged_the_same() {
    let desk = Desk::new();
    let dirty = desk.file("dirty.csv", DIRTY);
    let out = desk.path("out").to_string_lossy().into_owned();
    let first = desk.answer(&dirty, "tracking", &["--out", &out]);
    let refused = refused_rows(&first);
    assert_eq!(
        refused.iter().map(|(row, _)| *row).collect::<Vec<_>>(),
        [4, 5, 6, 8]
    );

    let rejected = desk.answer(&desk.path("out/dirty.csv/rejected.csv"), "tracking", &[]);
    let again: Vec<Vec<&str>> = refused_rows(&rejected)
        .into_iter()
        .map(|(_, codes)| codes)
        .collect();
    let before: Vec<Vec<&str>> = refused.iter().map(|(_, codes)| codes.clone()).collect();
    assert_eq!((rejected.counts.rows, again), (4, before));

    // The number with a space has one certain repair, and has it.
    let repaired = desk.answer(&desk.path("out/dirty.csv/repaired.xlsx"), "tracking", &[]);
    assert_eq!(codes(&first, 4), ["NUM_WHITESPACE"]);
    assert!(
        !codes(&repaired, 4).contains(&"NUM_WHITESPACE"),
        "{:?}",
        repaired.issues
    );
    for row in (1..=9).filter(|row| *row != 4) {
        assert_eq!(codes(&repaired, row), codes(&first, row), "row {row}");
    }
    assert_eq!((repaired.counts.rows, repaired.counts.rejected), (9, 3));
}

#[test]
fn a_file_that_is_refused_whole_has_its_code_and_no_rows() {
    let desk = Desk::new();
    let mut packed = super::hostile::gzip(DIRTY.repeat(100).as_bytes());
    packed.truncate(packed.len() / 2);
    let zip = super::hostile::zip("tracking.csv", DIRTY.as_bytes());
    let cases: [(&str, Vec<u8>, &str); 5] = [
        ("empty.csv", Vec::new(), "FILE_EMPTY"),
        ("really-a-zip.csv", zip, "FILE_TYPE"),
        ("cut.csv.gz", packed, "FILE_DAMAGED"),
        ("another.csv", b"name,price\nlamp,12\n".to_vec(), "HEADER_MISSING"),
        ("photo.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0".to_vec(), "FILE_TYPE"),
    ];
    for (name, content, code) in cases {
        let path = desk.file(name, content);
        let answer = desk.answer(&path, "tracking", &[]);
        assert!(answer.is_refused(), "{name}: {answer:?}");
        let found: Vec<&str> = answer.issues.iter().map(|issue| issue.code.as_str()).collect();
        assert_eq!((answer.counts.rows, found), (0, vec![code]), "{name}");
        let ran = desk.validate(&[&path], "tracking", &[]);
        assert!(ran.stdout.contains(code), "a person sees the code too: {ran:?}");
    }
}

#[test]
fn given_orders_decide_what_depends_on_them() {
    let desk = Desk::new();
    let orders = desk.file("orders.csv", ORDERS).to_string_lossy().into_owned();
    let dirty = desk.file("dirty.csv", DIRTY);
    let without = desk.answer(&dirty, "tracking", &[]);
    assert!(!without.by_code.contains_key("ORDER_UNKNOWN"));
    assert!(
        without
            .notes
            .iter()
            .any(|note| note.code.as_deref() == Some("ORDER_UNKNOWN")),
        "what was not checked is said"
    );

    let with = desk.answer(&dirty, "tracking", &["--orders", &orders]);
    assert!(codes(&with, 3).contains(&"ORDER_UNKNOWN"), "{:?}", with.issues);
    assert_eq!(with.counts.parked, 1, "a sound row waits for its order");
    assert!(
        codes(&with, 2).contains(&"UPLOAD_LATE"),
        "48 hours after it was paid"
    );
    assert!(codes(&with, 1).is_empty(), "10 hours after it was paid");

    let sellers = ["--orders", &orders, "--seller", "S1"];
    let sellers = desk.answer(&dirty, "tracking", &sellers);
    assert_eq!(codes(&sellers, 9), ["ORDER_OTHER_SELLER"]);
    assert_eq!(sellers.upload.seller_id, "S1");
}

#[test]
fn a_seller_states_no_times() {
    let desk = Desk::new();
    let orders = desk.file("orders.csv", ORDERS).to_string_lossy().into_owned();
    let clean = desk.file("clean.csv", CLEAN);
    assert!(
        desk.answer(&clean, "tracking", &["--orders", &orders])
            .issues
            .is_empty(),
        "an operator's word counts"
    );
    let answer = desk.answer(&clean, "tracking", &["--orders", &orders, "--seller", "S1"]);
    assert_eq!(codes(&answer, 1), ["STATEMENT_IGNORED", "UPLOAD_LATE"]);
    let answer = desk.answer(&clean, "tracking", &["--seller", "S1"]);
    assert_eq!(codes(&answer, 1), ["STATEMENT_IGNORED"]);
}

#[test]
fn every_kind_can_be_judged() {
    let desk = Desk::new();
    let files = [
        ("orders", ORDERS, 3),
        ("tracking", CLEAN, 1),
        (
            "events",
            "carrier,tracking_number,event_code,occurred_at,recorded_at\n\
             DHL,3318810025,picked_up,2024-05-02T00:00:00Z,2024-05-02T01:00:00Z\n",
            1,
        ),
        (
            "appeals",
            "appeal_id,order_id,clause,reason,status,filed_at,evidence\n\
             A1,8200000000000000,A6,carrier_delay,pending,2024-05-03T00:00:00Z,pod.pdf\n",
            1,
        ),
        (
            "rates",
            "date,currency,usd_per_unit\n2024-05-01,EUR,1.0812\n2024-05-01,BRL,0.19\n",
            2,
        ),
        (
            "sellers",
            "{\"seller_id\":\"S1\",\"entity_type\":\"company\",\"name\":\"Lamps\"}\n",
            1,
        ),
        (
            "statement",
            "账单号,行号,order_id,扣款类型,扣款金额,币种,扣款时间,description\n\
             B1,1,8200000000000000,轨迹断更罚金,1.20,USD,2024-05-03T00:00:00Z,\n",
            1,
        ),
    ];
    for (kind, content, rows) in files {
        let path = desk.file(kind, content);
        let answer = desk.answer(&path, kind, &[]);
        assert_eq!(
            (
                &answer.upload.kind[..],
                answer.counts.rows,
                answer.counts.rejected
            ),
            (kind, rows, 0),
            "{:?}",
            answer.issues
        );
        // The same rows again are no news, whatever the kind.
        let header = content.lines().next().unwrap_or_default();
        let again = if kind == "sellers" {
            content
        } else {
            &content[header.len() + 1..]
        };
        let answer = desk.answer(&desk.file(kind, format!("{content}{again}")), kind, &[]);
        assert_eq!(
            (answer.counts.rows, answer.counts.unchanged),
            (2 * rows, rows),
            "{kind}: {:?}",
            answer.issues
        );
    }
}

/// A clerk looks for a row by the number that the spreadsheet shows beside it.
#[test]
fn rows_are_found_by_the_files_own_lines() {
    let desk = Desk::new();
    let titled = "六月发货表\n\norder_id,carrier,tracking_number\n8200000000000000,DHL,3318810025\n\n1,DHL,3318810025\n";
    let file = desk.file("titled.csv", titled);
    let answer = desk.answer(&file, "tracking", &[]);
    let issue = answer.issues.iter().find(|issue| issue.severity == "error");
    assert_eq!(issue.map(|issue| (issue.row, issue.line)), Some((2, Some(6))));
    let about = answer.upload.about.expect("it was read");
    assert_eq!(about.title_rows, 1);
    for (lang, words) in [
        (
            "en",
            ["in the file, line 6", "Rows above the header were not read: 1."],
        ),
        ("zh", ["在文件的第 6 行", "表头上方的行未读取：1 行。"]),
    ] {
        let ran = desk.validate(&[&file], "tracking", &["--lang", lang]);
        assert!(
            words.iter().all(|word| ran.stdout.contains(word)),
            "{}",
            ran.stdout
        );
    }
    let plain = desk.file("plain.csv", DIRTY);
    let ran = desk.validate(&[&plain], "tracking", &[]);
    assert!(!ran.stdout.contains("in the file"), "{}", ran.stdout);
}

#[test]
fn a_header_without_rows_is_told() {
    let desk = Desk::new();
    let file = desk.file("empty.csv", "order_id,carrier,tracking_number\n");
    let ran = desk.validate(&[&file], "tracking", &[]);
    assert_eq!(ran.status, 0);
    assert!(ran.stdout.contains("no rows below the header"), "{}", ran.stdout);
    let ran = desk.validate(&[&file], "tracking", &["--lang", "zh"]);
    assert!(ran.stdout.contains("表头下面没有数据行"), "{}", ran.stdout);
}

/// A platform that numbers its orders by tens: only the orders tell such ids from cut ones.
#[test]
fn ids_that_look_cut_are_sound_where_their_orders_are_known() {
    let desk = Desk::new();
    let places = [10, 11, 13, 16, 17, 21, 28, 30, 41, 55, 62, 90];
    let rows: String = (0..12)
        .map(|at| {
            format!(
                "820000000000{}0,DHL,{}\n",
                100 + places[at],
                3_318_810_000_u64 + at as u64
            )
        })
        .collect();
    let tracking = desk.file(
        "tracking.csv",
        format!("order_id,carrier,tracking_number\n{rows}"),
    );
    let lost = |answer: &Answer| answer.by_code.get("ORDER_ID_PRECISION_LOST").copied();
    assert_eq!(lost(&desk.answer(&tracking, "tracking", &[])), Some(12));
    // Among the orders is one whose id has all its digits: a spreadsheet had no hand in that file.
    let known = |count: usize| {
        let orders = places[..count].iter().map(|place| {
            format!(
                "820000000000{}0,S1,2024-05-01T00:00:00Z,80.10,USD,US\n",
                100 + place
            )
        });
        format!(
            "{ORDERS}8200000000000003,S1,2024-05-01T00:00:00Z,80.10,USD,US\n{}",
            orders.collect::<String>()
        )
    };
    for (count, expected) in [(6, Some(12)), (7, None)] {
        let orders = desk.file("orders.csv", known(count));
        let orders = orders.to_string_lossy().into_owned();
        let answer = desk.answer(&tracking, "tracking", &["--orders", &orders]);
        assert_eq!(lost(&answer), expected, "{count} orders are known");
    }
}
