//! The answer files of a dry run: of files too long for a sheet, and of runs killed half-way.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use domain::PolicyBook;
use domain::ruling::Uploader;
use intake::{Kind, Limits};
use tempfile::TempDir;
use tests::at;
use upload_validation::dry_run::DryRun;

const LEARNED_AT: &str = "2024-07-01T00:00:00Z";

/// Rows of every sort, more than findings are kept of.
fn rows_of_every_sort() -> Vec<String> {
    let mut rows = Vec::new();
    for index in 0..14_000_u64 {
        let (order, number) = (8_000_000_000_000_000 + index, format!("YT{index:016}"));
        let row = |order: u64, number: &str, uploaded_at: &str, destination: &str| {
            format!("{order},YunExpress,{number},{uploaded_at},2024-06-01T00:00:00Z,{destination},")
        };
        let (prompt, late) = ("2024-06-01T08:00:00Z", "2024-06-09T08:00:00Z");
        let earlier = |by: u64| format!("YT{:016}", index.saturating_sub(by));
        rows.push(match index % 14 {
            0 => row(order, &number, prompt, "ES"),
            1 => row(order, &number, late, "ES"),
            // The number and the order of a row before, the number of another order.
            2 => row(order - 1, &earlier(1), late, "ES"),
            3 => row(order, &earlier(2), prompt, "ES"),
            4 => row(order - 3, &number, prompt, "ES"),
            5 => row(order, "YT12", prompt, "ES"),
            // Refused for its papers, and once more because the number is another's.
            6 => row(order, &number, prompt, "RU"),
            7 => row(order, &earlier(7), prompt, "RU"),
            8 => format!("{order},Nobody Post,{number},{prompt},,ES,"),
            9 => format!("{order},DHL,3318810024,{prompt},,ES,\"Madrid, =1+1\""),
            10 => format!("'{order},YunExpress,{number}\t,yesterday,,ES,"),
            11 => format!("{order},AliExpress Standard Shipping,{number},{prompt},,XX,"),
            12 => format!("{order},YunExpress,,{prompt},,ES,,,beyond"),
            _ => format!("{order},YunExpress,{number},{late},2024-06-01T00:00:00Z,XX,\"say \"\"hi\"\"\""),
        });
    }
    rows
}

/// A dry run of an operator's tracking file.
fn dry_run(limits: Limits) -> DryRun<'static> {
    DryRun {
        filled: intake::Filled::default(),
        kind: Kind::Tracking,
        uploader: Uploader::Operator,
        recorded_at: at(LEARNED_AT),
        clock: at(LEARNED_AT),
        zone: None,
        policy: PolicyBook::shipped(),
        limits,
        orders: None,
        progress: &|_| {},
    }
}

/// A file too long for a sheet is judged row by row by a shorter way: it says the same.
#[test]
fn a_file_too_long_for_a_sheet_is_judged_like_a_short_one() {
    let directory: TempDir = tempfile::tempdir().expect("a directory");
    let header = "order_id,carrier,tracking_number,uploaded_at,paid_at,destination_country,description\n";
    let text = format!("{header}{}\n", rows_of_every_sort().join("\n"));
    // Blank lines are no rows.
    let blank = usize::try_from(intake::SHEET_ROWS_MAX).expect("a sheet's rows");
    let judged = |name: &str, text: String| {
        let (path, out) = (
            directory.path().join(name),
            directory.path().join(format!("{name}.out")),
        );
        std::fs::write(&path, text).expect("a file");
        let answer = dry_run(Limits::default())
            .run(&path, Some(&out))
            .expect("the file is there");
        assert_eq!(
            out.join("repaired.xlsx").exists(),
            name == "short",
            "only what fits a sheet is repaired"
        );
        (
            answer,
            std::fs::read(out.join("rejected.csv")).expect("refused rows"),
        )
    };
    let (short, short_rejected) = judged("short", text.clone());
    let (long, long_rejected) = judged("long", text + &"\n".repeat(blank));
    assert!(short.truncated && short.counts.rejected > 0 && short.counts.unchanged > 0);
    assert!(short.by_code.len() >= 12, "{:?}", short.by_code);
    assert_eq!((short.counts, &short.by_code), (long.counts, &long.by_code));
    assert_eq!((&short.undone, short.truncated), (&long.undone, long.truncated));
    assert_eq!(short.issues, long.issues);
    assert!(short_rejected == long_rejected, "the refused rows differ");
}

/// An answer that would be larger than it may be holds the first rows, and says so.
#[test]
fn an_answer_holds_what_fits_and_says_so() {
    let directory: TempDir = tempfile::tempdir().expect("a directory");
    let (path, out) = (directory.path().join("bad.csv"), directory.path().join("out"));
    let header = "order_id,carrier,tracking_number\n";
    std::fs::write(&path, header.to_owned() + &"x,y,z\n".repeat(3_000)).expect("a file");
    let judged = |answer_bytes_max| {
        let limits = Limits {
            answer_bytes_max,
            ..Limits::default()
        };
        let answer = dry_run(limits).run(&path, Some(&out)).expect("the file is there");
        let limited = answer
            .notes
            .iter()
            .filter(|note| note.code.as_deref() == Some("ANSWER_LIMIT"));
        let limited: Vec<String> = limited.map(|note| note.message_en.clone()).collect();
        let rejected = std::fs::read_to_string(out.join("rejected.csv")).expect("refused rows");
        let repaired = std::fs::read(out.join("repaired.xlsx")).ok();
        (answer, limited, rejected, repaired)
    };
    let (whole, limited, all, repaired) = judged(256 << 20);
    assert!(limited.is_empty() && repaired.is_some(), "{limited:?}");
    let (cut, limited, some, repaired) = judged(200_000);
    assert!(repaired.is_none(), "half a workbook is none");
    assert_eq!((cut.counts, cut.by_code), (whole.counts, whole.by_code));
    assert!(some.len() <= 200_000 && some.ends_with("\r\n") && all.starts_with(&some));
    let rows = some.lines().count() - 1;
    assert!(rows > 50, "{rows}");
    let said = format!(
        "the first {rows} refused rows; it has no room for {} more",
        3_000 - rows
    );
    assert!(limited.iter().any(|note| note.contains(&said)), "{limited:?}");
    assert!(
        limited.iter().any(|note| note.contains("no repaired.xlsx")),
        "{limited:?}"
    );
}

/// What is on disk when a run is killed: here, when it has read half of the rows.
#[test]
fn a_run_killed_half_way_leaves_the_earlier_answer_whole() {
    let directory = tempfile::tempdir().expect("a directory");
    let (path, out) = (directory.path().join("file.csv"), directory.path().join("out"));
    let write = |rows: usize| {
        let row = "8200000000000000,Nobody Post,1\n";
        let text = format!("order_id,carrier,tracking_number\n{}", row.repeat(rows));
        std::fs::write(&path, text).expect("a file");
    };
    let run = |progress: &dyn Fn(u64)| {
        let dry_run = DryRun {
            progress,
            ..dry_run(Limits::default())
        };
        dry_run.run(&path, Some(&out)).expect("an answer")
    };
    let files = || {
        let names = ["rejected.csv", "repaired.xlsx", "report.json"];
        names.map(|name| std::fs::read(out.join(name)).expect("an answer file"))
    };
    write(3);
    run(&|_| {});
    let earlier = files();
    write(200_000);
    let (half, is_second_pass, last) = (3_000_000, Cell::new(false), Cell::new(0));
    let kill = |at: u64| {
        is_second_pass.set(is_second_pass.get() || at < last.get());
        last.set(at);
        assert!(!is_second_pass.get() || at < half, "killed");
    };
    let killed = catch_unwind(AssertUnwindSafe(|| run(&kill)));
    assert!(killed.is_err(), "it was killed");
    assert!(out.join(".rejected.csv.part").exists(), "it was under way");
    assert_eq!(files(), earlier);
    write(4);
    assert_eq!(run(&|_| {}).counts.rejected, 4);
    assert_ne!(files(), earlier);
    assert_eq!(std::fs::read_dir(&out).expect("a directory").count(), 3);
}
