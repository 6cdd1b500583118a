use aws_sdk_s3::primitives::DateTime;

use super::{BUCKET, Fixture, STARTS_AT_SECONDS, body, refusal};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_thirty_racing_first_writers_exactly_one_wins() {
    let fixture = Fixture::new().await;
    for round in 0..5 {
        let key = format!("marker-{round}");
        let racers: Vec<_> = (0..30)
            .map(|racer| {
                let put = fixture
                    .s3
                    .put_object()
                    .bucket(BUCKET)
                    .key(&key)
                    .if_none_match("*");
                let put = put.body(format!("racer {racer}").into_bytes().into());
                tokio::spawn(async move { (racer, put.send().await) })
            })
            .collect();
        let mut winners = Vec::new();
        for racer in racers {
            match racer.await.unwrap() {
                (racer, Ok(_)) => winners.push(racer),
                (_, lost) => assert_eq!(refusal(lost), (412, "PreconditionFailed".to_owned())),
            }
        }
        assert_eq!(winners.len(), 1);
        assert_eq!(
            fixture.get(&key).await,
            format!("racer {}", winners[0]).into_bytes()
        );
        assert_eq!(fixture.body_files(), round + 1, "the losers leave nothing");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_racing_updates_of_one_version_exactly_one_wins() {
    let fixture = Fixture::new().await;
    let etag = fixture.put("state", body("0")).await;
    let racers: Vec<_> = (1..=20)
        .map(|racer| {
            let put = fixture
                .s3
                .put_object()
                .bucket(BUCKET)
                .key("state")
                .if_match(&etag);
            tokio::spawn(put.body(format!("{racer}").into_bytes().into()).send())
        })
        .collect();
    let mut won = 0;
    for racer in racers {
        match racer.await.unwrap() {
            Ok(_) => won += 1,
            lost => assert_eq!(refusal(lost), (412, "PreconditionFailed".to_owned())),
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn an_update_of_nothing_is_not_found() {
    let fixture = Fixture::new().await;
    let put = fixture
        .s3
        .put_object()
        .bucket(BUCKET)
        .key("none")
        .if_match("\"abc\"")
        .body(body("x"));
    assert_eq!(refusal(put.send().await), (404, "NoSuchKey".to_owned()));
}

#[tokio::test]
async fn a_condition_that_is_not_carried_out_is_refused_and_not_ignored() {
    let fixture = Fixture::new().await;
    let etag = fixture.put("a", body("x")).await;
    let put = fixture
        .s3
        .put_object()
        .bucket(BUCKET)
        .key("a")
        .if_none_match(&etag)
        .body(body("y"));
    assert_eq!(refusal(put.send().await), (501, "NotImplemented".to_owned()));
    let delete = fixture.s3.delete_object().bucket(BUCKET).key("a").if_match(&etag);
    assert_eq!(refusal(delete.send().await), (501, "NotImplemented".to_owned()));
    assert_eq!(fixture.get("a").await, b"x");
}

#[tokio::test]
async fn a_read_may_be_conditional() {
    let fixture = Fixture::new().await;
    let etag = fixture.put("a", body("x")).await;
    let get = || fixture.s3.get_object().bucket(BUCKET).key("a");
    let head = || fixture.s3.head_object().bucket(BUCKET).key("a");
    get().if_match(&etag).send().await.unwrap();
    get().if_none_match("\"other\"").send().await.unwrap();
    // S3 sends no body with a 304 or to a HEAD, hence no error code.
    assert_eq!(
        refusal(get().if_none_match(&etag).send().await),
        (304, String::new())
    );
    assert_eq!(
        refusal(head().if_none_match(&etag).send().await),
        (304, String::new())
    );
    assert_eq!(
        refusal(head().if_match("\"other\"").send().await),
        (412, String::new())
    );
    let failed = refusal(get().if_match("\"other\"").send().await);
    assert_eq!(failed, (412, "PreconditionFailed".to_owned()));
    let (before, after) = (at(-60), at(60));
    get().if_modified_since(before).send().await.unwrap();
    get().if_unmodified_since(after).send().await.unwrap();
    assert_eq!(refusal(get().if_modified_since(after).send().await).0, 304);
    assert_eq!(refusal(get().if_unmodified_since(before).send().await).0, 412);
}

fn at(seconds_later: i64) -> DateTime {
    DateTime::from_secs(i64::try_from(STARTS_AT_SECONDS).unwrap() + seconds_later)
}
