//! The function's URL: one question a request, an answer as JSON or as a page.
//!
//! Holds no clock: without an instant of its own a question is answered as of the request's time, as Lambda tells it.

use aws_lambda_events::event::lambda_function_urls::{LambdaFunctionUrlRequest, LambdaFunctionUrlResponse};
use aws_lambda_events::http::HeaderValue;
use aws_lambda_events::http::header::{self, HeaderName};
use domain::Timestamp;
use domain::because::Told;
use domain::diagnosis::Diagnosis;
use domain::time::{BeyondClock, not_beyond};
use entrypoint::{Failure, Metric};
use serde::Serialize;
use store::StoreError;

use crate::manner::{Form, Manner};
use crate::page;
use crate::{Answer, DiagnosisDesk, Question, ask};

/// Bytes of a query, at most.
const QUERY_BYTES_MAX: usize = 2_000;
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What a request came to.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Answered {
    /// What the caller is told.
    pub response: LambdaFunctionUrlResponse,
    /// Whether the tables failed, so that nothing could be told.
    #[serde(skip)]
    pub failed: bool,
}

/// Answers one request: `q` is the question, `as_of` an instant, `format` is `json` or `html`, `lang` is `en` or `zh`. Without a
/// question a page is the form to ask with, while JSON is refused.
///
/// # Errors
/// None of its own: a failure is answered without its details and told by the log and the figures.
pub async fn handle(desk: &DiagnosisDesk, request: LambdaFunctionUrlRequest) -> Result<Answered, Failure> {
    let raw_query = request.raw_query_string.as_deref().unwrap_or_default();
    let manner = Manner::of(&request.headers, raw_query);
    let (status, body) = match answer(desk, &request, raw_query, manner).await {
        Ok(body) => (200, body),
        Err(refusal) => {
            tracing::info!(status = refusal.status, "no diagnosis is told");
            (refusal.status, refusal.body(manner))
        }
    };
    Ok(Answered {
        response: response(status, manner.form, body),
        failed: status >= 500,
    })
}

/// What the alarm hears of a request.
pub fn metrics(answered: &Answered) -> Vec<Metric> {
    vec![Metric::count("DiagnosesFailed", answered.failed.into())]
}

async fn answer(
    desk: &DiagnosisDesk,
    request: &LambdaFunctionUrlRequest,
    raw_query: &str,
    manner: Manner,
) -> Result<String, Refusal> {
    let http = &request.request_context.http;
    if !matches!(http.method.as_deref(), Some("GET" | "HEAD")) {
        return Err(Refusal::new(405, "ask with GET", "请使用 GET 请求"));
    }
    if !matches!(request.raw_path.as_deref(), None | Some("" | "/")) {
        return Err(Refusal::new(
            404,
            "there is nothing here; ask at /?q=NUMBER",
            "此处没有内容；请访问 /?q=单号",
        ));
    }
    let query = Query::of(raw_query)?;
    if query.asked.is_none() && manner.form == Form::Html {
        return Ok(page::asking(manner.is_chinese));
    }
    let asked = query.asked.unwrap_or_default();
    let asked_at = Timestamp::from_unix(request.request_context.time_epoch / 1_000);
    let as_of = not_beyond(query.as_of.unwrap_or(asked_at), asked_at).map_err(Refusal::not_come)?;
    match told(desk, &asked, as_of).await {
        Ok(diagnosis) => match manner.form {
            Form::Html => Ok(page::of(&diagnosis, desk.policy.zone, manner.is_chinese)),
            Form::Json => serde_json::to_string(&diagnosis).map_err(Refusal::unwritten),
        },
        Err(refusal) => Err(Refusal { asked, ..refusal }),
    }
}

async fn told(desk: &DiagnosisDesk, asked: &str, as_of: Timestamp) -> Result<Box<Diagnosis>, Refusal> {
    let question = Question::parse(asked, &desk.policy.carriers)
        .map_err(|bad| Refusal::new(400, bad.to_string(), bad.zh()))?;
    match ask(desk, &question, as_of).await.map_err(Refusal::failed)? {
        Answer::Told(diagnosis) => {
            tracing::info!(
                order.id = diagnosis.order_id.as_ref().map(ToString::to_string),
                standing = ?diagnosis.standing,
                "a diagnosis is told"
            );
            Ok(diagnosis)
        }
        Answer::NoOrder(order_id) => Err(Refusal::new(
            404,
            format!("there is no order {order_id}, and no carrier has such a number"),
            format!("没有订单 {order_id}，也没有承运商使用这样的单号"),
        )),
    }
}

/// The question as the URL has it.
#[derive(Debug)]
struct Query {
    /// `None` when nothing was asked yet; what was asked may still be blank.
    asked: Option<String>,
    as_of: Option<Timestamp>,
}

impl Query {
    /// Read from the query itself: Lambda's own reading joins what is told twice.
    fn of(raw: &str) -> Result<Self, Refusal> {
        if raw.len() > QUERY_BYTES_MAX {
            return Err(Refusal::new(400, "the query is too long", "查询过长"));
        }
        let mut query = Self {
            asked: None,
            as_of: None,
        };
        for pair in raw.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decoded(value)?;
            match name {
                "q" => query.asked = Some(value),
                "as_of" if !value.is_empty() => query.as_of = Some(instant(&value)?),
                _ => {}
            }
        }
        Ok(query)
    }
}

fn decoded(value: &str) -> Result<String, Refusal> {
    let spaced = value.replace('+', " ");
    match urlencoding::decode(&spaced) {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(_) => Err(Refusal::new(400, "the query is not UTF-8", "查询不是 UTF-8 编码")),
    }
}

fn instant(value: &str) -> Result<Timestamp, Refusal> {
    value.parse().map_err(|_| {
        Refusal::new(
            400,
            "as_of is an instant like 2024-06-12T07:00:00Z",
            "as_of 请写成 2024-06-12T07:00:00Z 这样的时刻",
        )
    })
}

/// Why there is no diagnosis, in a sentence that holds nothing but what the caller knows.
#[derive(Debug)]
struct Refusal {
    status: i64,
    told: Told,
    /// What was typed, to be mended on the page.
    asked: String,
}

/// A refusal as JSON has it.
#[derive(Serialize)]
struct RefusalDocument<'a> {
    error: &'a Told,
}

impl Refusal {
    fn new(status: i64, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self {
            status,
            told: Told::new(en, zh),
            asked: String::new(),
        }
    }

    fn not_come(beyond: BeyondClock) -> Self {
        let at = beyond.at;
        Self::new(
            400,
            format!("as_of {at} has not come yet"),
            format!("as_of {at} 尚未到来"),
        )
    }

    fn failed(error: StoreError) -> Self {
        let failure = Failure::of(error, true);
        tracing::error!(error = %failure, "the tables cannot be read");
        Self::unavailable()
    }

    fn unwritten(error: serde_json::Error) -> Self {
        tracing::error!(%error, "a diagnosis cannot be written");
        Self::unavailable()
    }

    fn unavailable() -> Self {
        Self::new(
            500,
            "it cannot be told just now; try again",
            "暂时无法查询，请稍后重试",
        )
    }

    fn body(&self, manner: Manner) -> String {
        match manner.form {
            Form::Html => page::refusing(&self.told, &self.asked, manner.is_chinese),
            // A struct of two texts is always written.
            Form::Json => serde_json::to_string(&RefusalDocument { error: &self.told }).unwrap_or_default(),
        }
    }
}

fn response(status: i64, form: Form, body: String) -> LambdaFunctionUrlResponse {
    let mut response = LambdaFunctionUrlResponse::default();
    response.status_code = status;
    response.body = Some(body);
    let content_type = match form {
        Form::Json => HeaderValue::from_static("application/json; charset=utf-8"),
        Form::Html => HeaderValue::from_static("text/html; charset=utf-8"),
    };
    let policy = match form {
        Form::Json => HeaderValue::from_static("default-src 'none'"),
        Form::Html => page::content_policy(),
    };
    let constant = |text| HeaderValue::from_static(text);
    let headers: [(HeaderName, HeaderValue); 7] = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, constant("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, constant("nosniff")),
        (header::REFERRER_POLICY, constant("no-referrer")),
        (header::VARY, constant("accept, accept-language")),
        // Where no signature is asked for, on a laptop, no other website's page may take an answer in.
        (RESOURCE_POLICY, constant("same-origin")),
    ];
    response.headers.extend(headers);
    if status == 405 {
        response.headers.insert(header::ALLOW, constant("GET, HEAD"));
    }
    response
}
