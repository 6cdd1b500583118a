use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, MetadataDirective, ObjectIdentifier};

use super::{BUCKET, Fixture, body, pattern, refusal};

#[tokio::test]
async fn every_odd_key_comes_back_with_its_own_body() {
    let fixture = Fixture::new().await;
    let long = "ä/".repeat(333) + "x";
    let longest = "k".repeat(1024);
    let keys = [
        "a",
        "a/b",
        "a/",
        "a//b",
        "/a",
        "../a",
        "with space",
        "a+b",
        "50%25 & more?#",
        "中文/二月.csv",
        "😀",
        "inbox/orders/s-1/订单 1.xlsx",
        &long,
        &longest,
    ];
    for key in keys {
        fixture.put(key, key.as_bytes().to_vec()).await;
    }
    for key in keys {
        assert_eq!(fixture.get(key).await, key.as_bytes(), "{key}");
    }
    let mut sorted: Vec<String> = keys.map(str::to_owned).to_vec();
    sorted.sort();
    assert_eq!(fixture.keys().await, sorted);
}

#[tokio::test]
async fn a_key_longer_than_s3_takes_is_refused() {
    let fixture = Fixture::new().await;
    let put = fixture
        .s3
        .put_object()
        .bucket(BUCKET)
        .key("k".repeat(1025))
        .body(body("x"))
        .send()
        .await;
    assert_eq!(refusal(put), (400, "KeyTooLongError".to_owned()));
}

#[tokio::test]
async fn an_object_comes_back_with_its_headers() {
    let fixture = Fixture::new().await;
    let put = fixture
        .s3
        .put_object()
        .bucket(BUCKET)
        .key("report.json")
        .content_type("application/json")
        .content_encoding("identity")
        .content_disposition("attachment")
        .cache_control("no-store")
        .metadata("run", "42")
        .metadata("seller", "s-1")
        .body(body("{}"))
        .send()
        .await
        .unwrap();
    assert_eq!(put.e_tag(), Some("\"99914b932bd37a50b983c5e7c90ae93b\""));
    let head = fixture
        .s3
        .head_object()
        .bucket(BUCKET)
        .key("report.json")
        .send()
        .await
        .unwrap();
    assert_eq!(head.e_tag(), put.e_tag());
    assert_eq!(head.content_length(), Some(2));
    assert_eq!(head.content_type(), Some("application/json"));
    assert_eq!(head.content_encoding(), Some("identity"));
    assert_eq!(head.content_disposition(), Some("attachment"));
    assert_eq!(head.cache_control(), Some("no-store"));
    let metadata = head.metadata().unwrap();
    assert_eq!(
        (metadata["run"].as_str(), metadata["seller"].as_str()),
        ("42", "s-1")
    );
    let listed = fixture.s3.list_objects_v2().bucket(BUCKET).send().await.unwrap();
    let [object] = listed.contents() else {
        panic!("one object")
    };
    assert_eq!((object.e_tag(), object.size()), (put.e_tag(), Some(2)));
    assert_eq!(object.last_modified(), head.last_modified());
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let fixture = Fixture::new().await;
    let get = fixture.s3.get_object().bucket(BUCKET).key("none").send().await;
    assert!(
        get.as_ref()
            .unwrap_err()
            .as_service_error()
            .unwrap()
            .is_no_such_key()
    );
    assert_eq!(refusal(get), (404, "NoSuchKey".to_owned()));
    let head = fixture.s3.head_object().bucket(BUCKET).key("none").send().await;
    assert!(head.unwrap_err().into_service_error().is_not_found());
    let head = fixture.s3.head_bucket().bucket("local-none").send().await;
    assert!(head.unwrap_err().into_service_error().is_not_found());
    let put = fixture
        .s3
        .put_object()
        .bucket("local-none")
        .key("a")
        .body(body("x"))
        .send()
        .await;
    assert_eq!(refusal(put), (404, "NoSuchBucket".to_owned()));
    let listing = fixture.s3.list_objects_v2().bucket("local-none").send().await;
    assert_eq!(refusal(listing), (404, "NoSuchBucket".to_owned()));
    assert_eq!(fixture.body_files(), 0, "the refused put leaves nothing");
}

#[tokio::test]
async fn buckets_are_made_once_and_listed() {
    let fixture = Fixture::new().await;
    fixture
        .s3
        .create_bucket()
        .bucket("local-other")
        .send()
        .await
        .unwrap();
    let again = fixture.s3.create_bucket().bucket("local-other").send().await;
    assert!(
        again
            .unwrap_err()
            .into_service_error()
            .is_bucket_already_owned_by_you()
    );
    assert!(!fixture.store.create_bucket("local-other").await.unwrap());
    fixture
        .s3
        .head_bucket()
        .bucket("local-other")
        .send()
        .await
        .unwrap();
    fixture
        .s3
        .get_bucket_location()
        .bucket("local-other")
        .send()
        .await
        .unwrap();
    let listed = fixture.s3.list_buckets().send().await.unwrap();
    let names: Vec<&str> = listed
        .buckets()
        .iter()
        .filter_map(|bucket| bucket.name())
        .collect();
    assert_eq!(names, ["local-other", BUCKET]);
}

#[tokio::test]
async fn a_body_that_is_not_what_was_announced_leaves_nothing_behind() {
    let fixture = Fixture::new().await;
    let put = || {
        fixture
            .s3
            .put_object()
            .bucket(BUCKET)
            .key("a")
            .body(body("hello"))
    };
    let md5 = put().content_md5("1B2M2Y8AsgTpgAmY7PhCfg==").send().await;
    assert_eq!(refusal(md5), (400, "BadDigest".to_owned()));
    let sha256 = put()
        .checksum_sha256("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
        .send()
        .await;
    assert_eq!(refusal(sha256), (400, "BadDigest".to_owned()));
    assert_eq!(fixture.body_files(), 0);
    assert!(fixture.keys().await.is_empty());
    put()
        .content_md5("XUFAKrxLKna5cZ2REBfFkg==")
        .send()
        .await
        .unwrap();
    assert_eq!(fixture.get("a").await, b"hello");
}

#[tokio::test]
async fn a_large_body_streams_in_and_out() {
    let fixture = Fixture::new().await;
    let bytes = pattern(9 * 1024 * 1024 + 17);
    let file = fixture.dir.path().join("upload");
    std::fs::write(&file, &bytes).unwrap();
    fixture
        .put("from-file", ByteStream::from_path(&file).await.unwrap())
        .await;
    assert!(fixture.get("from-file").await == bytes);
    let head = fixture
        .s3
        .head_object()
        .bucket(BUCKET)
        .key("from-file")
        .send()
        .await
        .unwrap();
    assert_eq!(
        head.content_encoding(),
        None,
        "the encoding of the transfer is not the object's"
    );
    fixture.put("from-memory", bytes.clone()).await;
    assert!(fixture.get("from-memory").await == bytes);
}

#[tokio::test]
async fn a_range_gives_the_bytes_asked_for() {
    let fixture = Fixture::new().await;
    fixture.put("digits", body("0123456789")).await;
    fixture.put("empty", body("")).await;
    let ranged = |key: &'static str, range: &'static str| {
        fixture
            .s3
            .get_object()
            .bucket(BUCKET)
            .key(key)
            .range(range)
            .send()
    };
    for (range, bytes, content_range) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=-30", "0123456789", "bytes 0-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
    ] {
        let got = ranged("digits", range).await.unwrap();
        assert_eq!(got.content_range(), Some(content_range));
        assert_eq!(got.content_length(), Some(i64::try_from(bytes.len()).unwrap()));
        assert_eq!(
            got.body.collect().await.unwrap().to_vec(),
            bytes.as_bytes(),
            "{range}"
        );
    }
    assert_eq!(
        refusal(ranged("digits", "bytes=10-").await),
        (416, "InvalidRange".to_owned())
    );
    assert_eq!(
        refusal(ranged("empty", "bytes=-1").await),
        (416, "InvalidRange".to_owned())
    );
    assert_eq!(fixture.get("empty").await, b"");
    let head = fixture
        .s3
        .head_object()
        .bucket(BUCKET)
        .key("digits")
        .range("bytes=0-0")
        .send()
        .await
        .unwrap();
    assert_eq!(head.content_length(), Some(1));
}

#[tokio::test]
async fn replaced_and_deleted_bodies_are_removed() {
    let fixture = Fixture::new().await;
    fixture.put("a", body("one")).await;
    fixture.put("a", body("two")).await;
    assert_eq!(fixture.get("a").await, b"two");
    assert_eq!(fixture.body_files(), 1);
    fixture
        .s3
        .delete_object()
        .bucket(BUCKET)
        .key("a")
        .send()
        .await
        .unwrap();
    fixture
        .s3
        .delete_object()
        .bucket(BUCKET)
        .key("a")
        .send()
        .await
        .expect("deleting twice is no error");
    assert_eq!(fixture.body_files(), 0);
}

#[tokio::test]
async fn a_reader_keeps_the_object_it_began_to_read() {
    let fixture = Fixture::new().await;
    let old = pattern(3 * 1024 * 1024);
    fixture.put("a", old.clone()).await;
    let reading = fixture
        .s3
        .get_object()
        .bucket(BUCKET)
        .key("a")
        .send()
        .await
        .unwrap();
    fixture.put("a", body("new")).await;
    assert!(reading.body.collect().await.unwrap().to_vec() == old);
}

#[tokio::test]
async fn many_objects_are_deleted_at_once() {
    let fixture = Fixture::new().await;
    for key in ["a", "b", "c"] {
        fixture.put(key, body("x")).await;
    }
    let delete = ["a", "c", "none"]
        .iter()
        .fold(Delete::builder(), |delete, key| {
            delete.objects(ObjectIdentifier::builder().key(*key).build().unwrap())
        })
        .build()
        .unwrap();
    let done = fixture
        .s3
        .delete_objects()
        .bucket(BUCKET)
        .delete(delete)
        .send()
        .await
        .unwrap();
    assert_eq!(done.deleted().len(), 3);
    assert_eq!(fixture.keys().await, ["b"]);
}

#[tokio::test]
async fn a_copy_is_an_object_of_its_own() {
    let fixture = Fixture::new().await;
    let put = fixture
        .s3
        .put_object()
        .bucket(BUCKET)
        .key("源 1")
        .metadata("run", "1")
        .content_type("text/csv");
    let etag = put.body(body("rows")).send().await.unwrap().e_tag.unwrap();
    let source = format!("{BUCKET}/{}", urlencoding::encode("源 1"));
    let copy = || fixture.s3.copy_object().bucket(BUCKET).copy_source(&source);
    let copied = copy().key("copy").send().await.unwrap();
    assert_eq!(copied.copy_object_result().unwrap().e_tag(), Some(etag.as_str()));
    let replaced = copy()
        .key("replaced")
        .metadata_directive(MetadataDirective::Replace)
        .metadata("run", "2");
    replaced.send().await.unwrap();
    let taken = copy().key("copy").if_none_match("*").send().await;
    assert_eq!(refusal(taken), (412, "PreconditionFailed".to_owned()));
    fixture
        .s3
        .delete_object()
        .bucket(BUCKET)
        .key("源 1")
        .send()
        .await
        .unwrap();
    assert_eq!(fixture.get("copy").await, b"rows");
    let head = |key| fixture.s3.head_object().bucket(BUCKET).key(key).send();
    let head_of_copy = head("copy").await.unwrap();
    assert_eq!(head_of_copy.content_type(), Some("text/csv"));
    assert_eq!(head_of_copy.metadata().unwrap()["run"], "1");
    assert_eq!(head("replaced").await.unwrap().metadata().unwrap()["run"], "2");
    let missing = copy().key("again").send().await.unwrap_err().into_service_error();
    assert_eq!(missing.code(), Some("NoSuchKey"));
}
