//! Nights of a wrong instant: what they fined, closed and reported is taken back, wherever the withdrawal is killed, and the
//! next true night is as if they had never been.

mod late;

use domain::withdrawal::counted;
use domain::{LedgerEntry, Month, Order, Timestamp};
use night_close::Status;
use night_close::withdrawal::{Outcome, Request, Status as Withdrawal};
use serde_json::Value;
use tests::{Fuse, OwnCloud, Waymark, assert_same, at, entries, net, seed, written};

use crate::ledger::closes::{assert_sound, files};
use crate::ledger::{cloud_with_season, nights};

/// Everything that can be fined is fined by then.
const WRONG: &str = "2062-06-12T07:00:00Z";

fn april() -> Month {
    "2024-04".parse().expect("a month")
}

/// The nights that were right; the last one comes after the withdrawal.
fn right_nights() -> (Vec<Timestamp>, Timestamp) {
    let mut nights = nights();
    let last = nights.pop().expect("a night");
    (nights, last)
}

/// A season of which two nights are run and closed, then some as of wrong instants.
async fn wronged(season: u64, orders: u32, wrong: &[&str]) -> OwnCloud {
    let cloud = cloud_with_season(season, orders).await;
    for as_of in right_nights().0 {
        cloud.night(as_of).await.expect("a night");
    }
    for as_of in wrong {
        cloud.night(at(as_of)).await.expect("a night");
    }
    cloud
}

async fn withdraw(cloud: &OwnCloud, after: Timestamp) -> Outcome {
    let function = cloud.night_close();
    let outcome = night_close::withdrawal::handle(&function, Request { after }).await;
    outcome.expect("a withdrawal can be run")
}

/// An order apart from the numbers of its entries and the version of its writes.
fn state(order: &Order) -> String {
    let posted: Vec<_> = order
        .posted
        .iter()
        .filter(|posted| posted.kind.is_charge())
        .map(|posted| (&posted.subject, posted.kind, posted.amount))
        .collect();
    format!("{} {posted:?} {:?}", order.order_id, order.settled_as_of)
}

async fn states(cloud: &OwnCloud) -> Vec<String> {
    cloud.orders().await.iter().map(state).collect()
}

/// What was posted as of no later than an instant, to the byte.
fn view(entries: &[LedgerEntry], as_of: Timestamp) -> Vec<String> {
    let seen: Vec<LedgerEntry> = entries
        .iter()
        .filter(|entry| entry.as_of <= as_of)
        .cloned()
        .collect();
    written(&seen)
}

async fn file(cloud: &OwnCloud, key: &str) -> Option<Vec<u8>> {
    cloud.lake.bytes(key).await.ok()
}

fn waymark(directory: &std::path::Path) -> Waymark {
    Waymark::new(env!("CARGO_BIN_EXE_waymark-under-test"), directory)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_of_2062_is_taken_back_by_one_command_and_the_next_true_night_posts() {
    let (right, last) = right_nights();
    let newest = *right.last().expect("a night");
    let calm = wronged(seed(31), 40, &[]).await;
    let cloud = wronged(seed(31), 40, &[]).await;
    let reported = at("2024-05-05T00:00:00Z");
    let report = cloud.report(Some(april()), reported).await.expect("a report");
    let front = file(&cloud, "reports/month=2024-04/eligibility.csv").await;
    let (before, orders) = (entries(&cloud).await, states(&cloud).await);
    let digest = file(&cloud, "digest/date=2024-04-20/digest.json").await;

    let night = cloud.night(at(WRONG)).await.expect("a night");
    assert!(
        night.stalls.tally.posted + night.signoffs.tally.posted > 0,
        "{night:?}"
    );
    // Another night of the last true one's day, and reports as of then.
    cloud.report(Some(april()), at(WRONG)).await.expect("a report");
    cloud.report(None, at(WRONG)).await.expect("a report of 2062-05");
    assert_ne!(file(&cloud, "reports/month=2024-04/eligibility.csv").await, front);
    let wronged = entries(&cloud).await;
    assert!(
        cloud.scan_stalls(last).await.expect("a scan").superseded,
        "frozen"
    );

    let directory = cloud.close();
    let after = newest.to_string();
    let ran = waymark(directory.path()).run(["nights", "withdraw", "--after", &after, "--json"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    let printed = &ran.json_lines()[0];
    assert_eq!(
        (&printed["status"], &printed["nights"]),
        (&"withdrawn".into(), &serde_json::json!([WRONG]))
    );
    assert_eq!(printed["close"]["entries"], wronged.len() - before.len());
    let restored: Vec<_> = printed["reports"].as_array().expect("reports").clone();
    assert_eq!(
        restored,
        [
            serde_json::json!({"month": "2024-04", "revision": null}),
            serde_json::json!({"month": "2062-05", "revision": null}),
        ],
        "the report of May is as of later than the night"
    );
    // Again it changes nothing, and finds nothing.
    let again = waymark(directory.path()).run(["nights", "withdraw", "--after", &after, "--json"]);
    let printed = &again.json_lines()[0];
    assert_eq!(
        (
            again.status,
            &printed["status"],
            &printed["reports"],
            &printed["digests"]
        ),
        (
            0,
            &"nothing".into(),
            &serde_json::json!([]),
            &serde_json::json!([])
        )
    );
    let proof = waymark(directory.path()).run(["ledger", "verify", "--json"]);
    assert_eq!(proof.status, 0, "{proof:?}");

    let cloud = OwnCloud::reopen(directory).await;
    assert_sound(&cloud, right.len() + 2).await;
    let now = entries(&cloud).await;
    assert_eq!(now.len(), before.len() + 2 * (wronged.len() - before.len()));
    assert_eq!(view(&now, newest), view(&before, newest));
    assert_eq!(net(&now), net(&before));
    assert_same(
        "what counts",
        written(&before),
        counted(now.iter()).into_iter().map(one_line),
    );
    assert_same("orders", orders, states(&cloud).await);
    assert_eq!(file(&cloud, "digest/date=2024-04-20/digest.json").await, digest);
    assert_eq!(file(&cloud, "digest/date=2062-06-12/digest.json").await, None);
    assert_eq!(
        cloud.store.watermark().await.expect("a watermark"),
        Some(newest.next())
    );

    let (expected, found) = (calm.night(last).await, cloud.night(last).await);
    let (expected, found) = (expected.expect("a night"), found.expect("a night"));
    assert_eq!(found.stalls.tally, expected.stalls.tally);
    assert_eq!(found.signoffs.tally, expected.signoffs.tally);
    assert_eq!(found.close.status, Status::Closed);
    assert_eq!(net(&entries(&cloud).await), net(&entries(&calm).await));
    assert_same("orders", states(&calm).await, states(&cloud).await);
    // A view of the day after shows the same fines, whatever was taken back as of 2062.
    let later = at("2024-05-12T00:00:00Z");
    let figures = |outcome: eligibility_report::Outcome| (outcome.sellers, outcome.eligible);
    let expected = calm.report(Some(april()), later).await.expect("a report");
    let made = cloud.report(Some(april()), later).await.expect("a report");
    assert_eq!(figures(made), figures(expected));
    let csv = "reports/month=2024-04/eligibility.csv";
    assert_eq!(file(&cloud, csv).await, file(&calm, csv).await);
    assert_ne!(report.revision, "", "it was made before");
}

fn one_line(entry: &LedgerEntry) -> String {
    written(std::slice::from_ref(entry)).remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_valid_report_and_digest_stand_again() {
    let cloud = wronged(seed(32), 20, &[]).await;
    let (right, _) = right_nights();
    let newest = *right.last().expect("a night");
    let reported = newest.next();
    let valid = cloud.report(Some(april()), reported).await.expect("a report");
    let names = [
        "eligibility.csv",
        "eligibility.html",
        "eligibility.xlsx",
        "manifest.json",
    ];
    let front = async |name: &str| file(&cloud, &format!("reports/month=2024-04/{name}")).await;
    let mut before = Vec::new();
    for name in names {
        before.push(front(name).await);
    }
    // Later the same day, by a slip of the hour.
    let slip = newest.plus(domain::Elapsed::hours(3));
    cloud.night(slip).await.expect("a night");
    let of_the_slip = file(&cloud, "digest/date=2024-04-20/digest.json").await;
    cloud.report(Some(april()), at(WRONG)).await.expect("a report");
    // What was reported rightly meanwhile is kept for study, behind the later one.
    let meanwhile = cloud
        .report(Some(april()), reported.next())
        .await
        .expect("a report");
    assert!(!meanwhile.newest);
    assert!(front("changes.json").await.is_some());

    let after = reported.next();
    assert_eq!(withdraw(&cloud, after).await.nights, [slip]);
    let restored = eligibility_report::withdraw(&cloud.eligibility_report(), after).await;
    let restored = restored.expect("reports can be restored");
    assert_eq!(restored.len(), 1);
    assert_eq!(restored[0].revision.as_ref(), Some(&meanwhile.revision));
    assert_eq!(front("changes.json").await, None, "it has no changes");
    for (name, before) in names.into_iter().zip(&before) {
        assert!(front(name).await.is_some(), "{name}");
        if name == "manifest.json" {
            continue;
        }
        let kept = cloud.lake.revision_file(april(), &meanwhile.revision, name).await;
        assert_eq!(
            front(name).await,
            Some(kept.expect("a revision is kept")),
            "{name}"
        );
        assert!(before.is_some());
    }
    // One instant earlier the report before that one is the newest.
    cloud.report(Some(april()), at(WRONG)).await.expect("a report");
    let restored = eligibility_report::withdraw(&cloud.eligibility_report(), reported).await;
    assert_eq!(
        restored.expect("reports")[0].revision.as_ref(),
        Some(&valid.revision)
    );
    for (name, before) in names.into_iter().zip(before) {
        assert_eq!(front(name).await, before, "{name}");
    }

    let digests = morning_digest::withdraw(&cloud.morning_digest(), after).await;
    let digests = digests.expect("digests can be restored");
    assert_eq!((digests.len(), digests[0].as_of), (1, Some(newest)));
    let digest = file(&cloud, "digest/date=2024-04-20/digest.json")
        .await
        .expect("a digest");
    assert_ne!(Some(&digest), of_the_slip.as_ref());
    let digest: Value = serde_json::from_slice(&digest).expect("JSON");
    assert_eq!(digest["as_of"], newest.to_string());
}

/// Dies before, and after, each of its calls; then runs again to its end.
#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_killed_between_any_two_calls_and_run_again_writes_the_same_bytes() {
    let wrong = ["2024-05-02T07:00:00Z", WRONG];
    let (undisturbed, cloud) = (
        wronged(seed(8), 8, &wrong).await,
        wronged(seed(8), 8, &wrong).await,
    );
    let (right, last) = right_nights();
    let after = *right.last().expect("a night");
    let expected = withdraw(&undisturbed, after).await;
    let (mut died, mut call) = (0, 0);
    // Each run dies one call later than the last, so the work moves on: in the end it is done.
    let done = loop {
        let mut done = None;
        for fuse in [Fuse::before_call(call), Fuse::after_call(call)] {
            let run = night_close::withdrawal::handle(&fuse.night_close(&cloud), Request { after }).await;
            match run {
                Ok(outcome) => {
                    assert!(!fuse.has_blown(), "a run that died reports no success");
                    done = Some(outcome);
                }
                Err(_) => died += 1,
            }
        }
        if let Some(outcome) = done {
            break outcome;
        }
        call += 1;
    };
    assert!(died > 40, "it died {died} times");
    assert_eq!(withdraw(&cloud, after).await.status, Withdrawal::Nothing);
    let newest = cloud.store.newest_close().await.expect("the newest close");
    assert_eq!(newest, expected.close);
    assert!(done.status == Withdrawal::Withdrawn || done.status == Withdrawal::Nothing);
    assert_eq!(files(&cloud).await, files(&undisturbed).await);
    assert_same(
        "entries",
        written(&entries(&undisturbed).await),
        written(&entries(&cloud).await),
    );
    assert_sound(&cloud, right.len() + wrong.len() + 1).await;
    assert_eq!(
        cloud.night(last).await.expect("a night").close.status,
        Status::Closed
    );
    assert_sound(&cloud, right.len() + wrong.len() + 2).await;
    let directory = cloud.close();
    assert_eq!(waymark(directory.path()).run(["ledger", "verify"]).status, 0);
}
