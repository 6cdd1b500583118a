//! The `waymark` command as a process: what it says, where it says it, and the status it leaves.

mod aws;
mod board;
mod clock;
mod demo;
mod diagnose;
mod diagnosis_page;
mod failures;
mod help;
mod hostile;
mod output;
mod personal;
mod policy;
mod raw;
mod shadow;
mod strangers;
mod up;
mod uploading;
mod validate;
mod what_if;
mod while_up;
mod wrong_use;

use std::path::Path;

use tests::{Ran, Waymark};

/// The command, with its cloud's state in `directory`.
fn waymark(directory: &Path) -> Waymark {
    Waymark::new(env!("CARGO_BIN_EXE_waymark-under-test"), directory)
}

/// Fails unless the command refused with `status` and one clear sentence that holds `words`, all of it on stderr.
fn assert_complains(ran: &Ran, status: i32, words: &[&str]) {
    assert_eq!(ran.status, status, "{ran:?}");
    assert_eq!(ran.stdout, "", "a complaint goes to stderr: {ran:?}");
    let sentence = ran.stderr.lines().next().unwrap_or_default();
    let begins = sentence.starts_with("waymark: ") || sentence.starts_with("error: ");
    assert!(
        begins && sentence.len() > 20 && sentence.len() < 400,
        "one clear sentence: {ran:?}"
    );
    assert!(
        words.iter().all(|word| ran.stderr.contains(word)),
        "it names {words:?}: {ran:?}"
    );
    for trace in [
        "panicked",
        "backtrace",
        "RUST_BACKTRACE",
        "Error {",
        "src/",
        "0: ",
    ] {
        assert!(!ran.stderr.contains(trace), "no `{trace}` in {ran:?}");
    }
    // What we say ourselves is one line; clap adds how the command is used.
    assert!(
        !sentence.starts_with("waymark: ") || ran.stderr.lines().count() == 1,
        "{ran:?}"
    );
}
