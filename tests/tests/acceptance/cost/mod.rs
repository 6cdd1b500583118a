//! `infra/COST.md` says what was counted: its counts are counted again here, through the real functions on the embedded
//! cloud, and its sums are made anew from its counts and its prices. A figure that no longer holds fails with the table as
//! it should stand.

mod document;
mod largest;
mod life;
mod night;
mod rates;
mod requests;
mod sums;
mod watch;

use document::Document;
use domain::Timestamp;
use entrypoint::TimeLeft;
use store::ScanOutcome;
use tests::OwnCloud;

/// The stall pass of a night in one segment: several at once would race for the watermark, and take now more, now
/// less for it.
async fn pass(cloud: &OwnCloud, as_of: Timestamp) -> ScanOutcome {
    let request = stall_scan::Request {
        as_of,
        segment: 0,
        segments: 1,
        cursor: None,
    };
    let scan = cloud.stall_scan();
    // Too large for the stack of a test's thread, on which the whole table is a future of its own.
    let outcome = Box::pin(stall_scan::handle_all(&scan, request, TimeLeft::unlimited)).await;
    let outcome = outcome.expect("a pass");
    assert_eq!(outcome.failed_count, 0, "{:?}", outcome.failed);
    outcome
}

/// The table under a heading, as it should stand.
fn assert_stands(document: &Document, heading: &str, expected: &str) {
    assert!(
        document.section(heading).contains(expected),
        "infra/COST.md, \"{heading}\" should hold:\n\n{expected}\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_s_life_costs_what_is_written() {
    let document = Document::read();
    assert_stands(&document, "An order's life", &life::counted().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_and_a_fine_cost_what_is_written() {
    let document = Document::read();
    assert_stands(&document, "A night and a fine", &night::counted().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_due_index_s_key_moves_at_the_price_that_is_written() {
    let document = Document::read();
    assert_stands(&document, "A moving due index", &night::moving_index().await);
}

#[test]
fn what_watches_is_what_the_template_and_the_functions_have() {
    let document = Document::read();
    assert_stands(&document, "What watches", &watch::counted());
}

#[test]
fn the_month_s_sums_follow_from_the_counts_and_the_prices() {
    let document = Document::read();
    let given = sums::Given::of(&document);
    assert_stands(&document, "A month", &sums::month(&given));
    assert_stands(
        &document,
        "The night beside its alternatives",
        &sums::alternatives(&given),
    );
}
