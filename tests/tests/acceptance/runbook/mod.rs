//! What `infra/RUNBOOK.md` quotes is what the code prints: a search for it at night finds something. And what it says of
//! restoring the tables is done here, command by command.

mod restore;

use std::fs;
use std::path::{Path, PathBuf};

/// Words that begin a command, a path or a name of AWS, which no source of ours prints.
const NOT_OURS: &[&str] = &[
    "waymark --aws ",
    "aws dynamodb ",
    "restore-table-from-backup",
    "s3:",
    "closes/",
    "lambda:",
    "\"because\":",
    "\"buckets\":",
    "ParallelizationFactor",
    "requestPayload",
    "responsePayload",
];

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every text of the folder's files that end in `.rs`, `.json`, `.yaml` or `.toml`.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let is_source = path.extension().is_some_and(|extension| {
            ["rs", "json", "yaml", "toml"]
                .iter()
                .any(|kind| extension == *kind)
        });
        if path.is_dir() {
            sources(&path, text);
        } else if is_source {
            text.push_str(&fs::read_to_string(&path).expect("a source"));
        }
    }
}

/// What is quoted in backticks outside of blocks, and what a block's `grep` looks for.
fn quoted(runbook: &str) -> Vec<String> {
    let mut quotes = Vec::new();
    for (place, part) in runbook.split("```").enumerate() {
        let is_prose = place % 2 == 0;
        let text = if is_prose {
            part.to_owned()
        } else {
            let searched = part.lines().filter_map(|line| line.split_once("grep "));
            searched.map(|(_, pattern)| format!("{pattern}\n")).collect()
        };
        let mark = if is_prose { '`' } else { '\'' };
        let pieces = text.split(mark).skip(1).step_by(2);
        quotes.extend(pieces.map(|quote| quote.split_whitespace().collect::<Vec<_>>().join(" ")));
    }
    quotes
}

/// The parts of a quote that stand in a source as they are: between `…` and placeholders such as `KIND`.
fn literal(quote: &str) -> Vec<String> {
    let is_placeholder =
        |word: &str| word.len() > 2 && word.chars().all(|letter| letter.is_ascii_uppercase());
    let words = quote.split_inclusive(['…', ' ', '/', '\'']);
    let mut parts = vec![String::new()];
    for word in words {
        let bare = word.trim_end_matches(['…', ' ', '/', '\'']);
        if is_placeholder(bare) || word.ends_with('…') {
            if !is_placeholder(bare) {
                parts.iter_mut().last().expect("a part").push_str(bare);
            }
            parts.push(String::new());
        } else {
            parts.iter_mut().last().expect("a part").push_str(word);
        }
    }
    let parts = parts.into_iter().map(|part| part.trim().to_owned());
    parts.filter(|part| part.len() > 1).collect()
}

#[test]
fn what_the_runbook_quotes_is_what_the_code_prints() {
    let runbook = fs::read_to_string(top().join("infra/RUNBOOK.md")).expect("the runbook");
    let mut text = String::new();
    for folder in ["shared", "functions", "infra"] {
        sources(&top().join(folder), &mut text);
    }
    // Fields of a log line, as JSON has them.
    let text = text + "\"level\":\"ERROR\" \"refused\":true";
    let quotes = quoted(&runbook);
    assert!(quotes.len() > 50, "{quotes:?}");
    let ours = quotes
        .iter()
        .filter(|quote| !NOT_OURS.iter().any(|other| quote.starts_with(other)));
    let missing: Vec<_> = ours
        .filter(|quote| !literal(quote).iter().all(|part| text.contains(part)))
        .collect();
    assert!(
        missing.is_empty(),
        "the runbook quotes what nothing prints: {missing:?}"
    );
}
