use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};

use super::{BUCKET, Fixture, body, pattern, refusal};

const PART_BYTES: usize = 5 * 1024 * 1024;

impl Fixture {
    async fn begin(&self, key: &str) -> String {
        let create = self
            .s3
            .create_multipart_upload()
            .bucket(BUCKET)
            .key(key)
            .metadata("run", "7");
        create.send().await.unwrap().upload_id.unwrap()
    }

    async fn part(&self, key: &str, upload: &str, number: i32, bytes: &[u8]) -> CompletedPart {
        let part = self
            .s3
            .upload_part()
            .bucket(BUCKET)
            .key(key)
            .upload_id(upload)
            .part_number(number);
        let sent = part.body(bytes.to_vec().into()).send().await.unwrap();
        CompletedPart::builder()
            .part_number(number)
            .e_tag(sent.e_tag.unwrap())
            .build()
    }

    fn completion(
        &self,
        key: &str,
        upload: &str,
        parts: &[&CompletedPart],
    ) -> aws_sdk_s3::operation::complete_multipart_upload::builders::CompleteMultipartUploadFluentBuilder
    {
        let parts = parts.iter().map(|part| (*part).clone()).collect();
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        self.s3
            .complete_multipart_upload()
            .bucket(BUCKET)
            .key(key)
            .upload_id(upload)
            .multipart_upload(parts)
    }
}

#[tokio::test]
async fn parts_become_one_object() {
    let fixture = Fixture::new().await;
    let bytes = pattern(PART_BYTES + 1000);
    let upload = fixture.begin("big").await;
    let second = fixture.part("big", &upload, 2, &bytes[PART_BYTES..]).await;
    fixture
        .part("big", &upload, 1, b"sent by mistake, replaced below")
        .await;
    let first = fixture.part("big", &upload, 1, &bytes[..PART_BYTES]).await;
    assert!(fixture.keys().await.is_empty(), "nothing shows before completion");
    let fixture = fixture.reopened().await;
    let done = fixture
        .completion("big", &upload, &[&first, &second])
        .send()
        .await
        .unwrap();
    assert!(done.e_tag().unwrap().ends_with("-2\""), "{:?}", done.e_tag());
    assert!(fixture.get("big").await == bytes);
    let head = fixture
        .s3
        .head_object()
        .bucket(BUCKET)
        .key("big")
        .send()
        .await
        .unwrap();
    assert_eq!(head.e_tag(), done.e_tag());
    assert_eq!(head.metadata().unwrap()["run"], "7");
    assert_eq!(fixture.body_files(), 1, "the parts are gone");
    let again = fixture
        .completion("big", &upload, &[&first, &second])
        .send()
        .await;
    assert_eq!(refusal(again), (404, "NoSuchUpload".to_owned()));
}

#[tokio::test]
async fn a_completion_that_does_not_add_up_is_refused_and_can_be_repeated() {
    let fixture = Fixture::new().await;
    let upload = fixture.begin("big").await;
    let first = fixture.part("big", &upload, 1, b"small").await;
    let second = fixture.part("big", &upload, 2, b"last").await;
    let wrong = CompletedPart::builder().part_number(1).e_tag("\"abc\"").build();
    for (parts, code) in [
        (&[&second, &first][..], "InvalidPartOrder"),
        (&[&wrong], "InvalidPart"),
        (&[&first, &second], "EntityTooSmall"),
        (&[], "MalformedXML"),
    ] {
        let refused = refusal(fixture.completion("big", &upload, parts).send().await);
        assert_eq!(refused, (400, code.to_owned()));
    }
    fixture.put("big", body("was here first")).await;
    let taken = fixture
        .completion("big", &upload, &[&first])
        .if_none_match("*")
        .send()
        .await;
    assert_eq!(refusal(taken), (412, "PreconditionFailed".to_owned()));
    fixture
        .completion("big", &upload, &[&first])
        .send()
        .await
        .unwrap();
    assert_eq!(fixture.get("big").await, b"small");
    assert_eq!(fixture.body_files(), 1);
}

#[tokio::test]
async fn an_aborted_upload_leaves_nothing() {
    let fixture = Fixture::new().await;
    let upload = fixture.begin("big").await;
    let part = fixture.part("big", &upload, 1, b"x").await;
    let abort = || {
        fixture
            .s3
            .abort_multipart_upload()
            .bucket(BUCKET)
            .key("big")
            .upload_id(&upload)
    };
    abort().send().await.unwrap();
    assert_eq!(fixture.body_files(), 0);
    let late = fixture.completion("big", &upload, &[&part]).send().await;
    assert_eq!(refusal(late), (404, "NoSuchUpload".to_owned()));
    assert_eq!(refusal(abort().send().await), (404, "NoSuchUpload".to_owned()));
    let other_key = fixture.begin("other").await;
    let stray = fixture
        .s3
        .upload_part()
        .bucket(BUCKET)
        .key("big")
        .upload_id(other_key)
        .part_number(1);
    assert_eq!(
        refusal(stray.body(body("x")).send().await),
        (404, "NoSuchUpload".to_owned())
    );
}
