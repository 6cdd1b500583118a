//! Events come twice, in any order and at once, and functions die half-way: the result is one and the same.

use std::sync::Arc;

use aws_lambda_events::event::s3::S3Event;
use domain::{Month, Order};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tests::{
    Fuse, OwnCloud, Season, SellerFigures, assert_same, at, beside, entries, figures_of_months, made_up,
    operator_key, seed, written,
};

/// When everything was learned, and when the night falls.
pub(crate) const AS_OF: &str = "2024-05-11T07:00:00Z";

/// Orders of a season: small enough to be played dozens of times, with every kind of trouble among them.
const ORDERS: u32 = 60;

/// Puts every file of a season into the inbox; gives the events that tell of them.
async fn put_season(cloud: &OwnCloud, files: &[(&'static str, Vec<u8>)]) -> Vec<S3Event> {
    for (file, content) in files {
        let kind = file.split('-').next().unwrap_or(file);
        cloud
            .put(
                &operator_key(kind, &format!("{file}.csv")),
                content,
                Some(at(AS_OF)),
            )
            .await;
    }
    cloud
        .waiting_notifications()
        .await
        .expect("the inbox tells of its files")
}

fn files_of(season: &Season) -> Vec<(&'static str, Vec<u8>)> {
    season.files().map(|(file, table)| (file, table.csv())).collect()
}

/// What a season has come to after its night.
pub(crate) struct Outcome {
    orders: Vec<String>,
    ledger: Vec<String>,
    figures: Vec<SellerFigures>,
}

impl Outcome {
    pub(crate) async fn of(cloud: &OwnCloud) -> Self {
        cloud.settle(at(AS_OF)).await;
        cloud.deliver_streams().await.expect("the streams are delivered");
        let order = |mut order: Order| {
            // By which ways we came to know when a thing was learned is no part of the result.
            order.once_learned_at.clear();
            // When a file was stored is this run's own.
            for claim in order
                .shipments
                .iter_mut()
                .flat_map(|shipment| &mut shipment.claims)
            {
                claim.stored.at_ms = 0;
            }
            format!("{order:?}")
        };
        let months = (0..3)
            .map(|back| Month::of(at(AS_OF), cloud.policy.zone).minus(back))
            .collect();
        Self {
            orders: cloud.orders().await.into_iter().map(order).collect(),
            ledger: written(&entries(cloud).await),
            figures: figures_of_months(cloud, months, at(AS_OF)).await,
        }
    }

    /// The outcome without the rows' places in their files, for seasons that are split differently.
    pub(crate) fn without_places(self) -> Self {
        let cut = |texts: Vec<String>, from, to| {
            let texts = texts.into_iter().map(|text| without(&text, from, to));
            texts.collect::<Vec<_>>()
        };
        Self {
            orders: cut(
                cut(cut(self.orders, "source: Source {", '}'), "stored: Stored {", '}'),
                "file: \"",
                '}',
            ),
            ledger: cut(self.ledger, ",\"row\":", '}'),
            figures: self.figures,
        }
    }

    pub(crate) fn assert_same(&self, what: &str, found: &Self) {
        assert_same(&format!("the ledger {what}"), &self.ledger, &found.ledger);
        assert_same(&format!("the figures {what}"), &self.figures, &found.figures);
        assert_same(&format!("the orders {what}"), &self.orders, &found.orders);
    }
}

/// A text without each stretch from `from` up to the next `to`.
fn without(text: &str, from: &str, to: char) -> String {
    let mut parts = text.split(from);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| {
        kept + part.find(to).map_or("", |end| &part[end..])
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_twice_and_shuffled_and_at_once_leaves_one_result() {
    let files = files_of(&made_up(seed(7), ORDERS));
    let calm = OwnCloud::new().await;
    put_season(&calm, &files).await;
    calm.deliver().await.expect("a calm delivery");
    let expected = Outcome::of(&calm).await;
    assert!(
        expected.ledger.len() > ORDERS as usize / 2,
        "the season has fines: {}",
        expected.ledger.len()
    );

    for round in 0..4 {
        let cloud = Arc::new(OwnCloud::new().await);
        let mut events = put_season(&cloud, &files).await;
        // An order freezes the best rate that is known when it is placed: what rates it meets is for their files' order.
        let rates = events.remove(0);
        upload_validation::handle(&cloud.upload_validation(), rates)
            .await
            .expect("the rates are kept");
        let mut deliveries: Vec<S3Event> = events.iter().chain(&events).cloned().collect();
        deliveries.shuffle(&mut ChaCha8Rng::seed_from_u64(round));
        let running = deliveries.into_iter().map(|event| {
            let cloud = Arc::clone(&cloud);
            beside(async move || upload_validation::handle(&cloud.upload_validation(), event).await)
        });
        // Spawned at once, all of them, before the first is waited for.
        for delivery in running.collect::<Vec<_>>() {
            delivery
                .await
                .expect("a delivery does not panic")
                .expect("a delivery does not fail");
        }
        // The dispatcher's own deliveries come last and find everything done.
        assert!(
            cloud
                .deliver_notifications()
                .await
                .expect("a third delivery")
                .answered
                .is_empty(),
            "answered already"
        );
        expected.assert_same(
            &format!("with the deliveries of round {round}"),
            &Outcome::of(&cloud).await,
        );
        for (file, _) in &files {
            let kind = file.split('-').next().unwrap_or(file);
            cloud.answer(&operator_key(kind, &format!("{file}.csv"))).await;
        }
    }
}

/// Runs a season's events to their ends while the function dies at every call in turn, once each.
async fn with_a_death_at_every_call(cloud: &OwnCloud, events: Vec<S3Event>, fuse: fn(u32) -> Fuse) -> u32 {
    let mut deaths = 0;
    for event in events {
        for calls in 0.. {
            let fuse = fuse(calls);
            let run = upload_validation::handle(&fuse.upload_validation(cloud), event.clone()).await;
            if !fuse.has_blown() {
                run.expect("a run that nothing disturbs succeeds");
                break;
            }
            deaths += 1;
        }
    }
    deaths
}

async fn assert_deaths_leave_no_trace(orders: u32, order_of_arrival: &[usize], fuse: fn(u32) -> Fuse) {
    let files = files_of(&made_up(seed(11), orders));
    let files: Vec<_> = order_of_arrival
        .iter()
        .map(|&index| files[index].clone())
        .collect();
    let calm = OwnCloud::new().await;
    put_season(&calm, &files).await;
    calm.deliver().await.expect("a calm delivery");
    let deadly = OwnCloud::new().await;
    let events = put_season(&deadly, &files).await;
    let deaths = with_a_death_at_every_call(&deadly, events, fuse).await;
    assert!(deaths > 60, "it died often: {deaths}");
    for (file, _) in &files {
        let kind = file.split('-').next().unwrap_or(file);
        let key = operator_key(kind, &format!("{file}.csv"));
        let (calm, deadly) = (calm.answer(&key).await, deadly.answer(&key).await);
        assert_eq!(calm.counts.rejected, deadly.counts.rejected, "{file}");
        assert_eq!(calm.fines, deadly.fines, "{file}");
        // A rate or an event does not remember its row: written before the death, it is `unchanged` after it.
        if !matches!(*file, "rates" | "events") {
            assert_eq!(calm.counts, deadly.counts, "{file}");
            assert_eq!(calm.issues, deadly.issues, "{file}");
        }
    }
    Outcome::of(&calm)
        .await
        .assert_same(&format!("after {deaths} deaths"), &Outcome::of(&deadly).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_dies_before_each_of_its_calls_leaves_the_same_result() {
    assert_deaths_leave_no_trace(12, &[0, 1, 2, 3, 4, 5], Fuse::before_call).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_dies_after_each_of_its_calls_leaves_the_same_result() {
    assert_deaths_leave_no_trace(12, &[0, 1, 2, 3, 4, 5], Fuse::after_call).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn children_that_came_before_their_parents_survive_every_death() {
    assert_deaths_leave_no_trace(5, &[4, 3, 5, 2, 1, 0], Fuse::before_call).await;
    assert_deaths_leave_no_trace(5, &[5, 4, 2, 3, 1, 0], Fuse::after_call).await;
}
