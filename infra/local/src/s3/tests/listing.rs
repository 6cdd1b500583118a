use super::{BUCKET, Fixture, body, refusal};

#[tokio::test]
async fn pages_cover_every_key_once_and_in_order() {
    let fixture = Fixture::new().await;
    let mut keys: Vec<String> = (0..25).map(|number| format!("lake/{number:02}")).collect();
    keys.push("中".to_owned());
    for key in keys.iter().rev() {
        fixture.put(key, body("x")).await;
    }
    for page_keys in [1, 7, 26, 100] {
        let mut pages = fixture
            .s3
            .list_objects_v2()
            .bucket(BUCKET)
            .max_keys(page_keys)
            .into_paginator()
            .send();
        let mut seen = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.unwrap();
            assert!(page.contents().len() <= usize::try_from(page_keys).unwrap());
            assert_eq!(page.key_count(), i32::try_from(page.contents().len()).ok());
            seen.extend(
                page.contents()
                    .iter()
                    .map(|object| object.key().unwrap().to_owned()),
            );
        }
        assert_eq!(seen, keys, "pages of {page_keys}");
    }
}

#[tokio::test]
async fn a_delimiter_groups_keys_across_pages() {
    let fixture = Fixture::new().await;
    for key in ["a", "a/", "a/1", "a/2/x", "a0", "b/1", "b/2", "c", "c/d/e"] {
        fixture.put(key, body("x")).await;
    }
    let list = || fixture.s3.list_objects_v2().bucket(BUCKET).delimiter("/");
    for page_keys in 1..=6 {
        let mut pages = list().max_keys(page_keys).into_paginator().send();
        let (mut objects, mut prefixes) = (Vec::new(), Vec::new());
        while let Some(page) = pages.next().await {
            let page = page.unwrap();
            objects.extend(
                page.contents()
                    .iter()
                    .map(|object| object.key().unwrap().to_owned()),
            );
            prefixes.extend(
                page.common_prefixes()
                    .iter()
                    .map(|group| group.prefix().unwrap().to_owned()),
            );
        }
        assert_eq!(objects, ["a", "a0", "c"], "pages of {page_keys}");
        assert_eq!(prefixes, ["a/", "b/", "c/"], "pages of {page_keys}");
    }
    let inside = list().prefix("a/").send().await.unwrap();
    let objects: Vec<&str> = inside
        .contents()
        .iter()
        .filter_map(|object| object.key())
        .collect();
    let prefixes: Vec<&str> = inside
        .common_prefixes()
        .iter()
        .filter_map(|group| group.prefix())
        .collect();
    assert_eq!((objects, prefixes), (vec!["a/", "a/1"], vec!["a/2/"]));
}

#[tokio::test]
async fn a_listing_may_start_after_a_key_and_be_empty() {
    let fixture = Fixture::new().await;
    for key in ["a", "a!", "b"] {
        fixture.put(key, body("x")).await;
    }
    let list = || fixture.s3.list_objects_v2().bucket(BUCKET);
    let after = list().start_after("a").send().await.unwrap();
    let keys: Vec<&str> = after
        .contents()
        .iter()
        .filter_map(|object| object.key())
        .collect();
    assert_eq!(keys, ["a!", "b"]);
    let none = list().max_keys(0).send().await.unwrap();
    assert_eq!((none.key_count(), none.is_truncated()), (Some(0), Some(false)));
    let beyond = list().prefix("z").send().await.unwrap();
    assert_eq!(
        (beyond.key_count(), beyond.is_truncated()),
        (Some(0), Some(false))
    );
    let forged = list().continuation_token("not ours").send().await;
    assert_eq!(refusal(forged), (400, "InvalidArgument".to_owned()));
}

#[tokio::test]
async fn keys_are_encoded_only_for_those_who_ask() {
    let fixture = Fixture::new().await;
    fixture.put("a b/二", body("x")).await;
    assert_eq!(fixture.keys().await, ["a b/二"]);
    let encoding = aws_sdk_s3::types::EncodingType::Url;
    let listed = fixture
        .s3
        .list_objects_v2()
        .bucket(BUCKET)
        .encoding_type(encoding)
        .send()
        .await
        .unwrap();
    assert_eq!(listed.contents()[0].key(), Some("a%20b/%E4%BA%8C"));
}
