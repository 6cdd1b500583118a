//! Three seasons, two of them real, against what the rulebook says of them (`expected.json`, computed apart from this
//! project): every fine, every code of every row, every figure of every month. Then everything once more, and at once.

mod written_report;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::{Clause, Elapsed, LedgerEntry, Month};
use lake::Answer;
use store::Tally;
use tests::{
    Expected, OwnCloud, Season, Waymark, assert_same, beside, entries, figures_of_months, net, real_season,
    standing_holds, written,
};

#[tokio::test(flavor = "multi_thread")]
async fn season_a_comes_to_what_the_rulebook_says() {
    check("season-a", FirstNight::Raced).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_orders_of_a_brazilian_marketplace_come_to_what_the_rulebook_says() {
    check("olist-2017", FirstNight::Quiet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_of_health_supplies_come_to_what_the_rulebook_says() {
    check("scms", FirstNight::Quiet).await;
}

#[derive(Clone, Copy, PartialEq)]
enum FirstNight {
    Quiet,
    /// Each scan twice, all at once: every fine is raced for.
    Raced,
}

async fn check(name: &str, first_night: FirstNight) {
    let Some(folder) = real_season(name) else { return };
    let expected = Expected::of(&folder);
    let cloud = Arc::new(OwnCloud::new().await);
    let answers = upload_all(&cloud, &folder, &expected).await;
    check_answers(&answers, &expected);
    match first_night {
        FirstNight::Quiet => cloud.settle(expected.as_of).await,
        FirstNight::Raced => race(&cloud, &expected).await,
    }
    cloud.deliver_streams().await.expect("the streams are delivered");
    let ledger = entries(&cloud).await;
    check_ledger(&ledger, &expected);
    check_figures(&cloud, &expected, usize::MAX).await;
    written_report::check(&cloud, &expected).await;

    everything_again_at_once(&cloud, &folder, &expected).await;
    assert_eq!(
        written(&ledger),
        written(&entries(&cloud).await),
        "the ledger is byte for byte what it was"
    );
    check_figures(&cloud, &expected, 3).await;

    let cloud = Arc::into_inner(cloud).expect("everything beside has ended");
    let directory = cloud.close();
    let verified = Waymark::new(env!("CARGO_BIN_EXE_waymark-under-test"), directory.path())
        .run(["ledger", "verify", "--json"]);
    assert_eq!(
        (verified.status, &verified.json_lines()[0]["ok"]),
        (0, &true.into()),
        "{verified:?}"
    );
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    let season = Season::read(folder);
    season
        .files()
        .map(|(file, _)| folder.join(format!("{file}.csv")))
        .collect()
}

/// Uploads every file of a season; gives the answers by the files' names.
async fn upload_all(cloud: &OwnCloud, folder: &Path, expected: &Expected) -> BTreeMap<String, Answer> {
    let mut answers = BTreeMap::new();
    for path in paths(folder) {
        let answer = cloud.upload_file(&path, expected.as_of).await;
        let name = path
            .file_name()
            .expect("a file has a name")
            .to_string_lossy()
            .into_owned();
        answers.insert(name, answer);
    }
    answers
}

fn check_answers(answers: &BTreeMap<String, Answer>, expected: &Expected) {
    let mut codes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, answer) in answers.iter().filter(|(name, _)| name.starts_with("tracking")) {
        assert!(!answer.truncated, "the answer names every row");
        for issue in &answer.issues {
            codes
                .entry(format!("{name}:{}", issue.row))
                .or_default()
                .insert(issue.code.clone());
        }
    }
    assert_same(
        "codes of the tracking files' rows",
        expected.tracking_codes.clone(),
        codes,
    );
    assert_eq!(
        answers["events.csv"].counts.parked, expected.unknown_events,
        "events of parcels that no order has"
    );
    let fined: u64 = answers.values().map(|answer| answer.fines.count).sum();
    assert_eq!(
        fined as i64,
        expected.totals[&Clause::A6].0,
        "the answers tell of every upload fine"
    );
}

fn check_ledger(ledger: &[LedgerEntry], expected: &Expected) {
    let found = net(ledger);
    assert_same("fines", expected.net.clone(), found.clone());
    let mut totals: BTreeMap<Clause, (i64, i64)> =
        expected.totals.keys().map(|clause| (*clause, (0, 0))).collect();
    for fine in found {
        let total = totals.entry(fine.clause).or_default();
        *total = (total.0 + 1, total.1 + fine.cents);
    }
    assert_eq!(totals, expected.totals);
    assert_eq!(standing_holds(ledger), expected.held, "holds");
}

/// Checks the figures of every seller in the latest so many months.
async fn check_figures(cloud: &OwnCloud, expected: &Expected, months_max: usize) {
    let months: BTreeSet<Month> = expected.months.iter().map(|figures| figures.month).collect();
    let months: BTreeSet<Month> = months.into_iter().rev().take(months_max).collect();
    let figures = expected
        .months
        .iter()
        .filter(|figures| months.contains(&figures.month))
        .cloned();
    let found = figures_of_months(cloud, months.clone(), expected.as_of).await;
    assert_same("figures", figures, found);
}

/// Both scans twice, at once.
async fn race(cloud: &Arc<OwnCloud>, expected: &Expected) {
    let as_of = expected.as_of;
    let nights = [0, 1].map(|_| {
        let (stalls, signoffs) = (Arc::clone(cloud), Arc::clone(cloud));
        [
            beside(async move || stalls.scan_stalls(as_of).await.expect("a stall scan")),
            beside(async move || signoffs.scan_signoffs(as_of).await.expect("a sign-off scan")),
        ]
    });
    let mut posted = 0;
    for scan in nights.into_iter().flatten() {
        let outcome = scan.await.expect("a scan does not panic");
        assert!(outcome.failed.is_empty() && !outcome.superseded, "{outcome:?}");
        posted += outcome.tally.posted;
    }
    assert_eq!(
        posted,
        expected.net.len() as u64,
        "each fine was posted by one of the scans"
    );
}

/// Every file a second time, beside each scan twice, beside scans of the day before.
async fn everything_again_at_once(cloud: &Arc<OwnCloud>, folder: &Path, expected: &Expected) {
    let as_of = expected.as_of;
    let scans = [as_of, as_of, as_of.minus(Elapsed::days(1))].map(|as_of| {
        let (stalls, signoffs) = (Arc::clone(cloud), Arc::clone(cloud));
        let stalls = beside(async move || stalls.scan_stalls(as_of).await.expect("a stall scan"));
        let signoffs = beside(async move || signoffs.scan_signoffs(as_of).await.expect("a sign-off scan"));
        (as_of, [stalls, signoffs])
    });
    let answers = upload_all(cloud, folder, expected).await;
    for (scanned_as_of, runs) in scans {
        for run in runs {
            let outcome = run.await.expect("a scan does not panic");
            assert_eq!(
                outcome.superseded,
                scanned_as_of < as_of,
                "only the scan of an earlier instant stands back"
            );
            let nothing = Tally {
                examined: outcome.tally.examined,
                ..Tally::default()
            };
            assert!(
                outcome.failed.is_empty() && outcome.tally == nothing,
                "{outcome:?}"
            );
        }
    }
    for (name, answer) in &answers {
        let counts = answer.counts;
        assert_eq!(
            (counts.accepted, counts.accepted_with_warning, answer.fines.count),
            (0, 0, 0),
            "{name} brought nothing new"
        );
    }
    cloud.deliver_streams().await.expect("the streams are delivered");
}
