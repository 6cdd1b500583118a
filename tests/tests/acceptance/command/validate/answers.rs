//! The answers: on stdout, in a directory, and sent again.

use std::fs;

use lake::Answer;

use super::{CLEAN, DIRTY, Desk, answers, codes, refused_rows};
use crate::command::assert_complains;

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
    for (answer, name) in answers(&ran).iter().zip(["clean", "dirty"]) {
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
    assert_eq!(fs::read(out.join("dirty/rejected.csv")).expect("its list"), b"");
    assert!(
        !out.join("dirty/repaired.xlsx").exists(),
        "nothing of an earlier answer is left"
    );
    let same_name = desk.directory.path().join("other");
    fs::create_dir(&same_name).expect("a directory");
    fs::write(same_name.join("clean.csv"), CLEAN).expect("a file");
    let both = [clean.as_path(), &same_name.join("clean.csv")];
    let ran = desk.validate(&both, "tracking", &["--out", &out_text]);
    assert_complains(&ran, 2, &["clean", "overwrite"]);
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

    let rejected = desk.answer(&desk.path("out/dirty/rejected.csv"), "tracking", &[]);
    let again: Vec<Vec<&str>> = refused_rows(&rejected)
        .into_iter()
        .map(|(_, codes)| codes)
        .collect();
    let before: Vec<Vec<&str>> = refused.iter().map(|(_, codes)| codes.clone()).collect();
    assert_eq!((rejected.counts.rows, again), (4, before));

    // The number with a space has one certain repair, and has it.
    let repaired = desk.answer(&desk.path("out/dirty/repaired.xlsx"), "tracking", &[]);
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
