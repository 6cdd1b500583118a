//! Writes `diagnoses.json` into a folder, as `make test-web` opens it: what the diagnosis URL answers a browser about orders of a
//! made-up season, by names. Whole answers, since a page's policy is a header.

use std::error::Error;
use std::path::PathBuf;

use aws_lambda_events::event::lambda_function_urls::LambdaFunctionUrlRequest;
use aws_lambda_events::http::HeaderValue;
use diagnosis::{Answer, DiagnosisDesk, Question, ask, handle};
use domain::Cents;
use domain::carrier::CarrierTable;
use domain::diagnosis::{Diagnosis, Standing};
use serde_json::{Map, Value, json};
use tests::{OwnCloud, at, made_up, operator_key};

const UPLOADED_AT: &str = "2024-04-01T12:00:00Z";
/// When the appeal of that order is filed.
const FILED_AT: &str = "2024-05-10T00:00:00Z";
/// All that can happen to the season's orders has happened.
const AS_OF: &str = "2024-06-20T07:00:00Z";
const ORDERS: u32 = 120;

const HOSTILE: &str = "</span><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";
const HOSTILE_ORDER: &str = "8300000000000001";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder to write into")?);
    let cloud = season().await;
    let desk = cloud.diagnosis();

    let diagnoses = diagnoses(&desk).await?;
    let worst = diagnoses
        .iter()
        .filter(|diagnosis| diagnosis.fined > Cents::ZERO)
        .max_by_key(|diagnosis| (failures(diagnosis), diagnosis.stages.len()))
        .ok_or("no order of the season is fined")?;
    let best = diagnoses
        .iter()
        .filter(|diagnosis| diagnosis.standing == Standing::Passed)
        .max_by_key(|diagnosis| diagnosis.stages.len())
        .ok_or("no order of the season is all well")?;

    let mut answers = Map::new();
    for (name, asked) in [
        ("failed", worst.asked.as_str()),
        ("passed", &best.asked),
        ("unknown", "3318810073"),
        ("refused", "83000000000007770"),
        ("hostile", HOSTILE),
        ("hostile_appeal", HOSTILE_ORDER),
    ] {
        for lang in ["en", "zh"] {
            let query = format!("lang={lang}&q={}&format=html", urlencoded(asked));
            answers.insert(format!("{name}-{lang}"), answer(&desk, &query, lang).await?);
        }
    }
    answers.insert("form-en".to_owned(), answer(&desk, "", "en-US,en;q=0.9").await?);
    answers.insert("form-zh".to_owned(), answer(&desk, "lang=zh", "zh-CN").await?);
    std::fs::write(folder.join("diagnoses.json"), serde_json::to_vec(&answers)?)?;
    Ok(())
}

/// A cloud that has the season, with its fines, and an order with an appeal whose number tries to be markup.
async fn season() -> OwnCloud {
    let cloud = OwnCloud::new().await;
    let upload = async |kind: &str, name: &str, content: Vec<u8>| {
        cloud
            .upload(&operator_key(kind, name), content, Some(at(UPLOADED_AT)))
            .await
    };
    for (file, table) in made_up(11, ORDERS).files() {
        upload(file, "season.csv", table.csv()).await;
    }
    let order = format!(
        "order_id,seller_id,paid_at,amount,currency,destination_country\n{HOSTILE_ORDER},S1,{UPLOADED_AT},20.00,USD,FR\n"
    );
    upload("orders", "hostile.csv", order.into_bytes()).await;
    let appeal_id = HOSTILE.replace('"', "\"\"");
    let appeal = format!(
        "appeal_id,order_id,clause,reason,status,filed_at,decided_at,evidence\n\"{appeal_id}\",{HOSTILE_ORDER},B4,carrier_lost,pending,{FILED_AT},,\n"
    );
    let key = operator_key("appeals", "hostile.csv");
    let answer = cloud.upload(&key, appeal.into_bytes(), Some(at(FILED_AT))).await;
    assert_eq!(answer.counts.accepted, 1, "{answer:?}");
    cloud.settle(at(AS_OF)).await;
    cloud
}

/// What is told of every order of the season.
async fn diagnoses(desk: &DiagnosisDesk) -> Result<Vec<Diagnosis>, Box<dyn Error>> {
    let season = made_up(11, ORDERS);
    let orders = season.table("orders");
    let mut told = Vec::new();
    for row in &orders.rows {
        let question = Question::parse(orders.cell(row, "order_id"), CarrierTable::shipped())?;
        if let Answer::Told(diagnosis) = ask(desk, &question, at(AS_OF)).await? {
            told.push(*diagnosis);
        }
    }
    Ok(told)
}

fn failures(diagnosis: &Diagnosis) -> usize {
    let stages = diagnosis.stages.iter();
    stages.filter(|stage| stage.standing == Standing::Failed).count()
}

/// The answer to a browser, with what it asked for.
async fn answer(desk: &DiagnosisDesk, query: &str, languages: &str) -> Result<Value, Box<dyn Error>> {
    let mut request = LambdaFunctionUrlRequest::default();
    request.raw_path = Some("/".to_owned());
    request.raw_query_string = Some(query.to_owned());
    request.request_context.http.method = Some("GET".to_owned());
    request.request_context.time_epoch = at(AS_OF).unix() * 1_000;
    let accepted = [
        ("accept", "text/html,application/xhtml+xml"),
        ("accept-language", languages),
    ];
    for (name, value) in accepted {
        request.headers.insert(name, HeaderValue::from_str(value)?);
    }
    let response = handle(desk, request).await?.response;
    let target = if query.is_empty() {
        "/".to_owned()
    } else {
        format!("/?{query}")
    };
    let headers = response.headers.iter();
    let headers: Map<String, Value> = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()))
        .collect();
    Ok(json!({ "target": target, "status": response.status_code, "headers": headers, "body": response.body }))
}

/// As a browser's form has it.
fn urlencoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'*' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            b' ' => "+".to_owned(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
