//! The diagnosis URL: what Lambda hands the function of a request, and what the caller is told.

use std::sync::Arc;

use aws_lambda_events::event::lambda_function_urls::{LambdaFunctionUrlRequest, LambdaFunctionUrlResponse};
use diagnosis::{DiagnosisDesk, handle, metrics};
use domain::PolicyBook;
use serde_json::{Value, json};
use tests::{OwnCloud, at, operator_key};

/// A request as AWS records it, signed by IAM.
const REQUEST: &str = include_str!("../../aws/events/function-url-request.json");

const ORDERS: &str = "order_id,seller_id,paid_at,amount,currency,destination_country
8300000000000001,S1,2024-05-01T00:00:00Z,80.10,USD,ES
";
const TRACKING: &str = "order_id,carrier,tracking_number,uploaded_at
8300000000000001,DHL,3318810025,2024-05-01T02:00:00Z
";

async fn desk() -> (OwnCloud, DiagnosisDesk) {
    let cloud = OwnCloud::new().await;
    for (kind, content) in [("orders", ORDERS), ("tracking", TRACKING)] {
        let answer = cloud
            .upload(
                &operator_key(kind, "day.csv"),
                content,
                Some(at("2024-05-01T00:00:00Z")),
            )
            .await;
        assert_eq!(answer.counts.accepted, 1, "{answer:?}");
    }
    let desk = DiagnosisDesk {
        store: cloud.store.clone(),
        policy: Arc::new(PolicyBook::shipped().clone()),
    };
    (cloud, desk)
}

/// A request with this query, changed by `change`.
fn request(query: &str, change: impl FnOnce(&mut Value)) -> LambdaFunctionUrlRequest {
    let mut request: Value = serde_json::from_str(REQUEST).expect("a recorded request");
    request["rawQueryString"] = query.into();
    change(&mut request);
    serde_json::from_value(request).expect("a request of Lambda's")
}

async fn answered(desk: &DiagnosisDesk, request: LambdaFunctionUrlRequest) -> LambdaFunctionUrlResponse {
    let answered = handle(desk, request).await.expect("a request is answered");
    assert!(!answered.failed && metrics(&answered).len() == 1);
    let response = answered.response;
    let header = |name: &str| {
        response
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("content-security-policy").starts_with("default-src 'none'"));
    response
}

async fn get(desk: &DiagnosisDesk, query: &str) -> (i64, Value) {
    let response = answered(desk, request(query, |_| ())).await;
    let body = response.body.expect("a body");
    (response.status_code, serde_json::from_str(&body).expect("JSON"))
}

#[tokio::test]
async fn a_question_is_answered_as_of_the_request_or_of_an_instant() {
    let (_cloud, desk) = desk().await;
    // The recorded request is of 7 May: five days without a pickup.
    let (status, told) = get(&desk, "q=3318810025").await;
    assert_eq!((status, &told["as_of"]), (200, &json!("2024-05-07T03:41:55Z")));
    assert_eq!(told["stages"][0]["stage"], "pickup");
    let (status, told) = get(
        &desk,
        "q=8300000000000001&as_of=2024-05-01T12%3A00%3A00%2B08%3A00",
    )
    .await;
    assert_eq!(
        (status, &told["as_of"], &told["standing"]),
        (200, &json!("2024-05-01T04:00:00Z"), &json!("pending"))
    );
}

#[tokio::test]
async fn whatever_is_asked_is_decoded_and_a_number_nobody_has_is_a_diagnosis_too() {
    let (_cloud, desk) = desk().await;
    for spaced in [
        "q=33188%2010025",
        "q=33188+10025",
        "q=%EF%BC%93%EF%BC%93188%2010025",
    ] {
        let (status, told) = get(&desk, spaced).await;
        assert_eq!(
            (status, &told["stages"][0]["stage"]),
            (200, &json!("format")),
            "{spaced}"
        );
        assert_eq!(told["order_id"], "8300000000000001");
    }
    let (status, told) = get(&desk, "q=3318810073").await;
    assert_eq!((status, &told["stages"][0]["stage"]), (200, &json!("order")));
}

#[tokio::test]
async fn a_bad_question_is_refused_in_both_languages() {
    let (_cloud, desk) = desk().await;
    let long = format!("q={}", "7".repeat(3_000));
    for (query, expected) in [
        ("", 400),
        ("q=", 400),
        ("q=%3Dcmd", 400),
        ("q=%ff%fe", 400),
        ("q=3318%1b810025", 400),
        ("q=3318810025&as_of=yesterday", 400),
        (&long, 400),
        ("q=83000000000007770", 404),
    ] {
        let (status, told) = get(&desk, query).await;
        assert_eq!(status, expected, "{query}: {told}");
        let (en, zh) = (told["error"]["en"].as_str(), told["error"]["zh"].as_str());
        assert!(
            en.is_some_and(|en| en.is_ascii()) && zh.is_some_and(|zh| !zh.is_ascii()),
            "{told}"
        );
    }
}

#[tokio::test]
async fn only_questions_are_answered() {
    let (_cloud, desk) = desk().await;
    let post = |request: &mut Value| {
        request["requestContext"]["http"]["method"] = "POST".into();
        request["body"] = "cT0zMzE4ODEwMDI1".into();
        request["isBase64Encoded"] = true.into();
    };
    let response = answered(&desk, request("q=3318810025", post)).await;
    assert_eq!(response.status_code, 405);
    assert_eq!(response.headers["allow"], "GET, HEAD");
    let elsewhere = |request: &mut Value| request["rawPath"] = "/favicon.ico".into();
    assert_eq!(
        answered(&desk, request("q=3318810025", elsewhere))
            .await
            .status_code,
        404
    );
}

#[tokio::test]
async fn a_browser_gets_a_page_in_which_nothing_typed_is_markup() {
    let (_cloud, desk) = desk().await;
    let browser =
        |request: &mut Value| request["headers"]["accept"] = "text/html,application/xhtml+xml".into();
    let response = answered(&desk, request("q=3318810025%3Cscript%3E&lang=zh", browser)).await;
    assert_eq!(response.status_code, 200);
    assert_eq!(response.headers["content-type"], "text/html; charset=utf-8");
    let page = response.body.expect("a page");
    assert!(
        page.contains("&lt;script&gt;") && !page.contains("<script"),
        "{page}"
    );
    assert!(
        page.contains("id=\"language-zh\" checked")
            && !page.contains("http://")
            && !page.contains("https://")
    );
    let page = answered(&desk, request("q=3318810025&format=html", |_| ()))
        .await
        .body
        .expect("a page");
    let place = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words} in {page}"));
    assert!(place("class=\"failed\"") < place("class=\"passed\""));
    for words in ["揽收", "pickup", "B1", "轨迹回传延迟"] {
        assert!(page.contains(words), "{words} in {page}");
    }
}

const BROWSER: &str = "text/html,application/xhtml+xml";

/// What a browser that prefers these languages is shown.
async fn shown(desk: &DiagnosisDesk, query: &str, languages: &str) -> (i64, String) {
    let browser = |request: &mut Value| {
        request["headers"]["accept"] = BROWSER.into();
        request["headers"]["accept-language"] = languages.into();
    };
    let response = answered(desk, request(query, browser)).await;
    assert_eq!(response.headers["vary"], "accept, accept-language");
    assert_eq!(response.headers["cross-origin-resource-policy"], "same-origin");
    assert_eq!(response.headers["content-type"], "text/html; charset=utf-8");
    (response.status_code, response.body.expect("a page"))
}

#[tokio::test]
async fn a_browser_that_asks_nothing_yet_is_shown_the_form_in_its_language() {
    let (_cloud, desk) = desk().await;
    for (query, languages, checked) in [
        ("", "en-US,en;q=0.9", "language-en"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "language-zh"),
        ("lang=en", "zh-CN", "language-en"),
        ("lang=zh&format=html", "", "language-zh"),
    ] {
        let (status, page) = shown(&desk, query, languages).await;
        assert_eq!(status, 200, "{query}");
        for words in [
            "name=\"q\"",
            "Every stage is told",
            "查询会列出",
            &format!("id=\"{checked}\" checked"),
        ] {
            assert!(page.contains(words), "{words} in {page}");
        }
        assert!(!page.contains("role=\"alert\""), "{page}");
    }
    // The form is for people: a program that forgot its question is told so.
    let (status, told) = get(&desk, "lang=zh").await;
    assert_eq!(
        (status, &told["error"]["en"]),
        (400, &json!("ask for one tracking number or one order id"))
    );
}

#[tokio::test]
async fn a_browser_is_refused_on_a_page_that_keeps_what_was_typed() {
    let (_cloud, desk) = desk().await;
    let long = format!("q={}", "7".repeat(3_000));
    for (query, expected, words) in [
        ("q=", 400, "请输入"),
        ("q=++", 400, "请输入"),
        ("q=83000000000007770", 404, "value=\"83000000000007770\""),
        (
            "q=%3D%22%3E%3Cscript%3E",
            400,
            "value=\"=&quot;&gt;&lt;script&gt;\"",
        ),
        ("q=3318%1b810025", 400, "value=\"3318810025\""),
        ("q=3318810025&as_of=yesterday", 400, "2024-06-12T07:00:00Z"),
        (&long, 400, "查询过长"),
    ] {
        let (status, page) = shown(&desk, query, "zh").await;
        assert_eq!(status, expected, "{query}");
        assert!(
            page.contains("role=\"alert\"") && page.contains(words) && page.contains("<html lang=\"zh-CN\">"),
            "{words} in {page}"
        );
        assert!(!page.contains("<script") && page.len() < 20_000, "{page}");
    }
    let overlong = format!("q={}", "7".repeat(101));
    let (status, page) = shown(&desk, &overlong, "en").await;
    assert!(
        status == 400 && page.contains(&format!("value=\"{}\"", "7".repeat(100))),
        "{page}"
    );
}
