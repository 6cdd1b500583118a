//! The largest file of the contract: its batches fit a run, and it is answered before any limit ends it. A further run is a
//! message of its own, received for the first time, so how often a message may be received says nothing of how long an upload
//! may take.

use std::fs;
use std::path::Path;
use std::time::Duration;

use intake::Limits;
use local::Template;
use upload_validation::BatchLimits;

use crate::cost::document::Document;

/// How long work on one row takes.
struct Row {
    of_a_known_order: Duration,
    that_others_wait_for: Duration,
    of_a_contested_number: Duration,
}

impl Row {
    /// By the memory that the function has, which decides its share of a processor.
    fn with(memory_mb: u64, document: &Document) -> Self {
        let micros = document.number("Time", "a row of an upload", 1, 0);
        let factor = document.number("Assumptions", "GB-seconds for a second of processor", 1, 0);
        let known = Duration::from_micros(micros * factor * 1_024 / memory_mb);
        let contested = "ms of a row whose number others claim, which is written alone";
        Self {
            of_a_known_order: known,
            that_others_wait_for: 3 * known,
            of_a_contested_number: Duration::from_millis(document.number("Assumptions", contested, 1, 0)),
        }
    }
}

/// The first number behind `name` in a resource, a parameter or an alarm of the template.
fn number(template: &str, resource: &str, name: &str) -> u64 {
    let behind = |text: &'_ str, name: &str| {
        let at = text.find(name).unwrap_or_else(|| panic!("{resource} has {name}"));
        text[at + name.len()..].to_owned()
    };
    let text = behind(&behind(template, &format!("\n  {resource}:\n")), name);
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits
        .parse()
        .unwrap_or_else(|_| panic!("{resource}, {name} is a number"))
}

#[test]
fn the_largest_file_is_answered_by_runs_that_are_long_enough_before_anything_ends_it() {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/template.yaml");
    let template = fs::read_to_string(template).expect("the template");
    let run = Template::load().expect("a sound template").upload_time;
    let batch = BatchLimits::default();
    let row = Row::with(number(&template, "UploadMemory", "Default: "), &Document::read());
    let rows_max = Limits::default().rows_max;

    // Whatever the rows are, a batch is done within the time for which it is begun, and a run has room for more than one.
    let slowest = row.of_a_contested_number.max(row.that_others_wait_for);
    assert!(
        slowest * batch.rows_max as u32 <= batch.time_max,
        "{slowest:?} a row"
    );
    assert!(2 * batch.time_max <= run, "half of a run is for what it judges");

    let runs_of = |row: Duration| {
        (row * rows_max as u32)
            .div_duration_f64(run - batch.time_max)
            .ceil() as u64
    };
    let known = runs_of(row.of_a_known_order);
    let waiting = runs_of(row.that_others_wait_for);
    // Never more runs than batches: each run judges one at least.
    let batches = rows_max.div_ceil(batch.rows_max as u64);
    let most = runs_of(row.of_a_contested_number).min(batches) + 1;
    let alarm = number(&template, "UploadGoesOn", "Threshold: ");
    println!("{known} runs for rows of known orders, {waiting} where others wait for them, {most} at most");
    assert!(
        known < waiting && waiting < alarm && alarm < most,
        "{known} {waiting} {alarm} {most}"
    );

    // What is kept outlives the longest upload, with as much time again for a message that waits to be sent once more.
    let day = 24 * 3_600;
    let longest = most * run.as_secs();
    let message = number(&template, "Uploads", "MessageRetentionPeriod: ");
    let kept = number(
        &template,
        "Bucket",
        "Prefix: uploads/\n            ExpirationInDays: ",
    ) * day;
    assert!(
        longest < 7 * day && longest + message <= kept,
        "{longest} s, {message} s, {kept} s"
    );
}
