//! Appeals that are decided after their order left the table: the ledger alone is the state (B5).

use std::collections::BTreeSet;

use domain::Timestamp;
use futures::future::join_all;
use lake::Answer;
use tests::{entries, operator_key, seller_key, written};

use crate::ledger::desk::{Desk, ORDER, day, hour};
use crate::ledger::upload;

const APPEALS: &str = "appeal_id,order_id,clause,episode_start,reason,status,filed_at,decided_at\n";

/// An order that was fined under every clause (A6; silences from 10 h and from 100 h; B4) and has left the table.
async fn gone() -> Desk {
    let mut desk = Desk::shipped().await;
    desk.tracking(ORDER, "DHL", "12").await;
    desk.events(&[
        ("picked_up", hour(10)),
        ("in_transit", hour(100)),
        ("in_transit", hour(200)),
    ])
    .await;
    let posted = desk.night(day(31)).await;
    assert_eq!(
        posted,
        [
            "A6 fine 1 0.50",
            "B3 fine 1 1.20",
            "B3 fine 1 1.20",
            "B3 fine 1 1.20",
            "B4 fine 1 4.01"
        ]
    );
    desk.night(day(32)).await;
    assert_eq!(desk.cloud.sweep_expired().await.expect("a sweep"), 1);
    assert_eq!(desk.cloud.orders().await.len(), 0);
    desk
}

fn row(id: &str, clause: &str, episode: &str, status: &str, decided_at: Timestamp) -> String {
    format!(
        "{id},{ORDER},{clause},{episode},late,{status},{},{decided_at}\n",
        decided_at.min(day(20))
    )
}

async fn decide(desk: &Desk, rows: &[String], learned_at: Timestamp) -> Answer {
    let file = format!("{APPEALS}{}", rows.concat());
    let name = format!("{learned_at}.csv");
    upload(&desk.cloud, "appeals", &name, file, learned_at).await
}

/// Entries that take back, with their instants, by clause.
async fn taken_back(desk: &Desk) -> Vec<String> {
    let mut lines: Vec<String> = desk
        .ledger()
        .await
        .iter()
        .filter(|entry| entry.reverses.is_some())
        .map(|entry| {
            format!(
                "{} {} {} as of {}",
                entry.clause,
                entry.kind.as_str(),
                entry.amount,
                entry.as_of
            )
        })
        .collect();
    lines.sort();
    lines
}

/// The closes stand, each entry is in one of them, and nothing is posted twice.
async fn assert_sound(desk: &Desk) {
    let copy = tempfile::tempdir().expect("a directory");
    let copied = desk.cloud.lake.fetch_closes(copy.path()).await;
    copied.expect("the closes can be copied");
    let mut closed = BTreeSet::new();
    let proof = lake::prove_chain(copy.path(), |_, entry| {
        closed.insert(entry.entry_id.clone());
    });
    assert_eq!(proof.expect("files that can be read").told, Vec::<String>::new());
    let posted = entries(&desk.cloud).await.into_iter().map(|entry| entry.entry_id);
    assert_eq!(closed, posted.collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_appeal_takes_back_what_stands_of_its_clause() {
    for (clause, expected, balance) in [
        ("B4", vec![format!("B4 reversal -4.01 as of {}", day(140))], 410),
        ("A6", vec![format!("A6 reversal -0.50 as of {}", day(140))], 761),
        (
            "B3",
            vec![format!("B3 reversal -1.20 as of {}", day(140)); 3],
            451,
        ),
    ] {
        let desk = gone().await;
        let answer = decide(&desk, &[row("AP-1", clause, "", "accepted", day(139))], day(140)).await;
        assert_eq!(answer.counts.accepted, 1, "{answer:?}");
        assert_eq!(taken_back(&desk).await, expected);
        assert_eq!(desk.balance().await, balance, "{clause}");
        // Sent again, whether with the same bytes or as another file, it has nothing to take back.
        let again = decide(&desk, &[row("AP-1", clause, "", "accepted", day(139))], day(141)).await;
        assert_eq!(again.counts.unchanged, 1, "{again:?}");
        let other = decide(&desk, &[row("AP-2", clause, "", "accepted", day(141))], day(142)).await;
        assert_eq!(other.counts.unchanged, 1, "{other:?}");
        assert_eq!(desk.balance().await, balance, "{clause}");
        desk.night(day(143)).await;
        assert_sound(&desk).await;
        let why = desk.ledger().await;
        let why = why
            .iter()
            .find(|entry| entry.reverses.is_some())
            .expect("a reversal");
        let because = serde_json::to_value(&why.because).expect("JSON");
        assert_eq!(because["why"], "appeal_accepted");
        assert_eq!(because["decided_at"], day(139).to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_back_what_came_about_by_its_decision_or_the_episode_that_it_names() {
    let desk = gone().await;
    // The silence from 100 h reached its limit at 148 h.
    let answer = decide(&desk, &[row("AP-1", "B3", "", "accepted", hour(148))], day(140)).await;
    assert_eq!(answer.counts.accepted, 1, "{answer:?}");
    assert_eq!(taken_back(&desk).await.len(), 2);
    let episode = hour(200).to_string();
    let answer = decide(
        &desk,
        &[row("AP-2", "B3", &episode, "accepted", hour(1))],
        day(140),
    )
    .await;
    assert_eq!(
        answer.counts.accepted, 1,
        "named, whenever it came about: {answer:?}"
    );
    assert_eq!(taken_back(&desk).await.len(), 3);
    assert_eq!(desk.balance().await, 451);

    let desk = gone().await;
    let early = hour(148).minus(domain::Elapsed::from_seconds(1));
    decide(&desk, &[row("AP-1", "B3", "", "accepted", early)], day(140)).await;
    assert_eq!(
        taken_back(&desk).await.len(),
        1,
        "a second before the second came about"
    );
    let answer = decide(
        &desk,
        &[row("AP-3", "B3", &hour(77).to_string(), "accepted", day(1))],
        day(140),
    )
    .await;
    assert_eq!(answer.counts.unchanged, 1, "there is no such episode: {answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_decisions_change_nothing_and_other_rows_stay_refused() {
    let desk = gone().await;
    let before = written(&desk.ledger().await);
    for status in ["rejected", "withdrawn", "expired"] {
        let answer = decide(&desk, &[row("AP-1", "B4", "", status, day(139))], day(140)).await;
        assert_eq!(answer.counts.unchanged, 1, "{status}: {answer:?}");
    }
    let pending = format!("{APPEALS}AP-1,{ORDER},B4,,late,pending,{},\n", day(20));
    let operators = operator_key("appeals", "pending.csv");
    let sellers = seller_key("appeals", "S1", "accepted.csv");
    let accepted = format!("{APPEALS}{}", row("AP-1", "B4", "", "accepted", day(139)));
    for (key, file) in [(operators, pending), (sellers, accepted)] {
        let answer = desk.cloud.upload(&key, file, Some(day(140))).await;
        assert_eq!(answer.by_code.get("ORDER_ARCHIVED"), Some(&1), "{answer:?}");
    }
    assert_eq!(written(&desk.ledger().await), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_that_come_at_once_and_beside_a_night_take_back_once() {
    let desk = gone().await;
    let files = (0..4).map(|file| {
        let name = format!("at-once-{file}.csv");
        let rows = [
            row("AP-1", "B4", "", "accepted", day(139)),
            row("AP-2", "B3", "", "accepted", day(139)),
            row("AP-3", "A6", "", "accepted", day(139)),
        ];
        (
            operator_key("appeals", &name),
            format!("{APPEALS}{}# {file}\n", rows.concat()),
        )
    });
    for (key, file) in files {
        desk.cloud.put(&key, file, Some(day(140))).await;
    }
    let function = desk.cloud.upload_validation();
    let events = desk.cloud.waiting_notifications().await.expect("notifications");
    let uploads = join_all(
        events
            .into_iter()
            .map(|event| upload_validation::handle(&function, event)),
    );
    let (uploads, night) = tokio::join!(uploads, desk.cloud.night(day(140)));
    night.expect("a night");
    for upload in uploads {
        upload.expect("an answer");
    }
    assert_eq!(taken_back(&desk).await.len(), 5);
    assert_eq!(desk.balance().await, 0);
    desk.night(day(150)).await;
    assert_sound(&desk).await;
}

/// The watermark of a night that was closed stands a second after it: nothing is posted into what is closed.
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_recorded_before_the_last_close_is_posted_after_it() {
    let desk = gone().await;
    desk.night(day(150)).await;
    let answer = decide(&desk, &[row("AP-1", "B4", "", "accepted", day(139))], day(140)).await;
    assert_eq!(answer.counts.accepted, 1, "{answer:?}");
    let expected = format!("B4 reversal -4.01 as of {}", day(150).next());
    assert_eq!(taken_back(&desk).await, [expected]);
    desk.night(day(151)).await;
    assert_sound(&desk).await;
}

/// A withdrawal takes back every entry as of later than its instant, these among them. Orders that are there are fined or freed by
/// the next night; of those that left the decision is to be sent again, the same bytes as well as others.
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_was_withdrawn_with_its_night_counts_again_when_it_is_sent_again() {
    let desk = gone().await;
    let rows = [row("AP-1", "B4", "", "accepted", day(139))];
    decide(&desk, &rows, day(140)).await;
    let request = night_close::withdrawal::Request { after: day(60) };
    let withdrawn = night_close::withdrawal::handle(&desk.cloud.night_close(), request).await;
    assert_eq!(withdrawn.expect("a withdrawal").nights, [day(140)]);
    assert_eq!(desk.balance().await, 811);
    let again = decide(&desk, &rows, day(140)).await;
    assert_eq!(again.counts.accepted, 1, "{again:?}");
    assert_eq!(desk.balance().await, 410);
    desk.night(day(150)).await;
    assert_sound(&desk).await;
}
