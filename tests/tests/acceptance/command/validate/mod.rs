//! `waymark validate`: a file judged on the clerk's own computer, with no cloud at hand.

mod answers;
mod verdicts;

use std::fs;
use std::path::{Path, PathBuf};

use lake::Answer;
use tempfile::TempDir;
use tests::{Ran, Waymark};

use crate::command::waymark;

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
            applied + counts.parked + counts.rejected + counts.skipped,
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
