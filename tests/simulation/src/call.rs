//! One call as it stands on the wire, and the refusals that the emulators never give.

use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use local::ORDERS_TABLE;
use serde_json::{Value, json};

use crate::fate::CallKind;

/// A call.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is asked: a DynamoDB operation, or a method and a path of S3.
    pub name: String,
    /// What it says, in one spelling: the order of a map's keys says nothing, nor does the token of a transaction.
    pub said: Vec<u8>,
    /// Its kind.
    pub kind: CallKind,
    /// DynamoDB's request; null for S3.
    pub request: Value,
}

const TOKEN: &str = "ClientRequestToken";

impl Call {
    /// The call that a request makes.
    pub fn of(request: &HttpRequest) -> Self {
        let target = request
            .headers()
            .get("x-amz-target")
            .and_then(|target| target.split_once('.'));
        let Some((_, operation)) = target else {
            let path = request.uri().split('?').next().unwrap_or_default();
            let path = path.splitn(4, '/').nth(3).unwrap_or_default();
            return Self {
                name: format!("{} {path}", request.method()),
                said: Vec::new(),
                kind: CallKind::Bucket,
                request: Value::Null,
            };
        };
        let body = request.body().bytes().unwrap_or_default();
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut said = Vec::new();
        spell(&request, &mut said);
        Self {
            name: operation.to_owned(),
            said,
            kind: kind(operation, &request),
            request,
        }
    }

    /// The same scan or query for a page of so many items at most.
    pub fn cut_to(&self, items: u64) -> Self {
        let mut cut = self.clone();
        let limit = self.request["Limit"].as_u64().unwrap_or(items);
        cut.request["Limit"] = json!(limit.min(items));
        cut
    }

    /// The refusal of a caller that asks too often.
    pub fn throttled(&self) -> HttpResponse {
        if self.kind == CallKind::Bucket {
            return xml(503, "SlowDown");
        }
        refusal(
            400,
            &json!({
                "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
                "message": "The level of configured provisioned throughput for the table was exceeded.",
            }),
        )
    }

    /// The answer of a service that has failed.
    pub fn failed(&self) -> HttpResponse {
        if self.kind == CallKind::Bucket {
            return xml(500, "InternalError");
        }
        refusal(
            500,
            &json!({
                "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError",
                "message": "Internal server error",
            }),
        )
    }

    /// The items that it writes or checks one by one, each by its table and key. None of a batch, whose writes are taken apart.
    pub fn items(&self) -> Vec<String> {
        let actions = self.request["TransactItems"].as_array().into_iter().flatten();
        let of_actions = actions.filter_map(|action| action.as_object()?.values().next());
        let alone = (self.request["TransactItems"].is_null() && self.name != "BatchWriteItem")
            .then_some(&self.request);
        of_actions
            .chain(alone)
            .map(|write| format!("{} {}", write["TableName"], key_of(write)))
            .collect()
    }

    /// The refusal of a write that met a transaction on its item.
    pub fn met_transaction(&self) -> HttpResponse {
        refusal(
            400,
            &json!({
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
                "message": "Transaction is ongoing for the item",
            }),
        )
    }

    /// The refusal of a transaction that met another one on its first item.
    pub fn conflict(&self) -> HttpResponse {
        let actions = self.request["TransactItems"].as_array().map_or(0, Vec::len);
        let reasons: Vec<Value> = (0..actions)
            .map(|action| json!({ "Code": if action == 0 { "TransactionConflict" } else { "None" } }))
            .collect();
        refusal(
            400,
            &json!({
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]",
                "CancellationReasons": reasons,
            }),
        )
    }
}

/// The key of the item that a request or an action names.
pub fn key_of(request: &Value) -> Value {
    let names = if request["TableName"] == ORDERS_TABLE {
        ["order_id"].as_slice()
    } else {
        ["pk", "sk"].as_slice()
    };
    let item = if request["Key"].is_null() {
        &request["Item"]
    } else {
        &request["Key"]
    };
    let key = names.iter().map(|name| ((*name).to_owned(), item[name].clone()));
    Value::Object(key.collect())
}

fn kind(operation: &str, request: &Value) -> CallKind {
    let consistent = request["ConsistentRead"] == true;
    match operation {
        "BatchGetItem" => CallKind::ReadMany,
        "Query" | "Scan" if !consistent => CallKind::ReadEventually,
        "Query" | "Scan" => CallKind::ReadPage,
        "GetItem" => CallKind::Read,
        "TransactWriteItems" => CallKind::Transaction,
        _ => CallKind::Write,
    }
}

/// An answer of DynamoDB.
pub fn refusal(status: u16, body: &Value) -> HttpResponse {
    answer(status, "application/x-amz-json-1.0", body.to_string())
}

fn xml(status: u16, code: &str) -> HttpResponse {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{code}</Message></Error>");
    answer(status, "application/xml", body)
}

/// An answer over HTTP.
pub fn answer(status: u16, kind: &'static str, body: String) -> HttpResponse {
    let status = StatusCode::try_from(status).expect("a status of HTTP");
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("content-type", kind);
    response
}

fn spell(value: &Value, into: &mut Vec<u8>) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().filter(|(name, _)| *name != TOKEN).collect();
            fields.sort_by_key(|(name, _)| *name);
            for (name, value) in fields {
                into.extend(name.as_bytes());
                spell(value, into);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| spell(value, into)),
        other => into.extend(other.to_string().as_bytes()),
    }
    into.push(b';');
}
