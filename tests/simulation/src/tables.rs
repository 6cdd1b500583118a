//! DynamoDB in this process, without a socket: the emulator, and what it lacks.
//!
//! The emulator never answers in part, and its indexes are never late. Both are done here: a read by keys may leave half
//! of them unprocessed, and an eventually consistent read of orders may show them as they were a moment ago. An order may be
//! spoiled: read by its key it is nothing that decodes. Every write is shown to the [`Watch`].

mod stream;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use dynoxide::{Database, DynoxideError};
use local::{ORDERS_TABLE, RECORDS_TABLE};
use serde_json::{Map, Value, json};

use crate::call::{Call, answer, key_of, refusal};
use crate::watch::Watch;

/// How long an index, or a copy that is read without consistency, may be behind.
const BEHIND_MAX: Duration = Duration::from_secs(1);

/// The tables. Clones are the same tables.
#[derive(Clone)]
pub struct Tables {
    database: Database,
    watch: Arc<Mutex<Watch>>,
    changes: Arc<Mutex<Vec<Change>>>,
    spoiled: Arc<Mutex<Option<String>>>,
}

/// An item before and after a write; null where there is none.
#[derive(Clone, Debug)]
pub struct Change {
    /// When it was written.
    pub at: Duration,
    /// The table.
    pub table: String,
    /// The item's key.
    pub key: Value,
    /// The item before.
    pub before: Value,
    /// The item after.
    pub after: Value,
    /// The condition under which it was put.
    pub condition: String,
}

impl Tables {
    /// The tables of `infra/template.yaml`, empty.
    ///
    /// # Panics
    /// When the emulator refuses them.
    pub fn new() -> Self {
        let database = Database::memory().expect("memory holds a database");
        let tables = Self {
            database,
            watch: Arc::default(),
            changes: Arc::default(),
            spoiled: Arc::default(),
        };
        let template = local::Template::load().expect("the template is sound");
        for (name, logical) in [(ORDERS_TABLE, "OrdersTable"), (RECORDS_TABLE, "RecordsTable")] {
            let request = create_table(name, template.table(logical).expect("the template has the table"));
            tables
                .do_now("CreateTable", &request)
                .expect("the emulator takes the table");
        }
        tables
    }

    /// What was seen of every write.
    pub fn watch(&self) -> std::sync::MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a call.
    pub fn answer(&self, call: &Call, now: Duration) -> HttpResponse {
        let touched = touched(call);
        let before: Vec<Value> = touched
            .iter()
            .map(|write| self.item(&write.table, &write.key))
            .collect();
        match self.do_now(&call.name, &call.request) {
            Ok(body) => {
                let changes: Vec<Change> = touched
                    .into_iter()
                    .zip(before)
                    .map(|(write, before)| Change {
                        at: now,
                        after: self.item(&write.table, &write.key),
                        before,
                        table: write.table,
                        key: write.key,
                        condition: write.condition,
                    })
                    .collect();
                if !changes.is_empty() {
                    self.watch().see(&changes, self);
                    self.changes
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .extend(changes);
                }
                answer(200, "application/x-amz-json-1.0", self.with_spoiled(body))
            }
            Err(error) => answer(error.status_code(), "application/x-amz-json-1.0", error.to_json()),
        }
    }

    /// Spoils an order, or none.
    pub fn spoil(&self, order_id: Option<String>) {
        *self.spoiled.lock().unwrap_or_else(PoisonError::into_inner) = order_id;
    }

    /// Whether an order is spoiled.
    pub fn has_spoiled(&self) -> bool {
        self.spoiled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    /// An answer in which the spoiled order has no state.
    fn with_spoiled(&self, body: String) -> String {
        let spoiled = self.spoiled.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(order_id) = &*spoiled else {
            return body;
        };
        let mut answered: Value = serde_json::from_str(&body).unwrap_or_default();
        let many = format!("/Responses/{ORDERS_TABLE}");
        let items = answered.pointer_mut(&many).and_then(Value::as_array_mut);
        let is_it = |item: &&mut Value| item["order_id"]["S"] == *order_id;
        for item in items.into_iter().flatten().filter(is_it) {
            item["state"] = json!({ "B": "" });
        }
        if let Some(item) = answered
            .get_mut("Item")
            .filter(|item| item["order_id"]["S"] == *order_id)
        {
            item["state"] = json!({ "B": "" });
        }
        answered.to_string()
    }

    /// Answers a read by keys with the first half of them only.
    pub fn answer_in_part(&self, call: &Call) -> HttpResponse {
        let mut asked = call.request.clone();
        let mut left = Map::new();
        if let Some(tables) = asked["RequestItems"].as_object_mut() {
            for (table, wanted) in tables {
                let keys = wanted["Keys"]
                    .as_array_mut()
                    .map(std::mem::take)
                    .unwrap_or_default();
                let (first, rest) = keys.split_at(keys.len() / 2);
                let mut unprocessed = wanted.clone();
                unprocessed["Keys"] = json!(rest);
                wanted["Keys"] = json!(first);
                left.insert(table.clone(), unprocessed);
            }
            let none = |wanted: &Value| wanted["Keys"].as_array().is_none_or(Vec::is_empty);
            tables_retain(&mut asked, none);
        }
        let mut answered = if asked["RequestItems"].as_object().is_some_and(Map::is_empty) {
            json!({ "Responses": {} })
        } else {
            match self.do_now(&call.name, &asked) {
                Ok(body) => serde_json::from_str(&self.with_spoiled(body)).unwrap_or_default(),
                Err(error) => {
                    return answer(error.status_code(), "application/x-amz-json-1.0", error.to_json());
                }
            }
        };
        answered["UnprocessedKeys"] = Value::Object(left);
        refusal(200, &answered)
    }

    /// Answers an eventually consistent read of orders as a copy would that is a moment behind.
    pub fn answer_stale(&self, call: &Call, now: Duration) -> HttpResponse {
        let response = self.do_now(&call.name, &call.request);
        let mut answered: Value = match response {
            Ok(body) => serde_json::from_str(&body).unwrap_or_default(),
            Err(error) => return answer(error.status_code(), "application/x-amz-json-1.0", error.to_json()),
        };
        let values = &call.request["ExpressionAttributeValues"];
        let shard = &values[":shard"];
        let from = paid_at(&call.request["ExclusiveStartKey"]["paid_at"]);
        let in_range = |item: &Value| {
            let at = paid_at(&item["paid_at"]);
            item["open_shard"] == *shard && at < paid_at(&values[":paid_before"]) && at > from
        };
        if call.request["TableName"] == ORDERS_TABLE {
            let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
            let items = answered["Items"].as_array_mut();
            let recent = changes
                .iter()
                .rev()
                .take_while(|change| change.at + BEHIND_MAX > now)
                .filter(|change| change.table == ORDERS_TABLE);
            if let Some(items) = items {
                for change in recent {
                    let is_it = |item: &Value| item["order_id"] == change.key["order_id"];
                    let found = items.iter().position(is_it);
                    let shown = shard.is_null() || in_range(&change.before);
                    match found {
                        Some(index) if change.before.is_null() || !shown => {
                            items.remove(index);
                        }
                        Some(index) if shard.is_null() => items[index] = change.before.clone(),
                        // It has left the index since.
                        None if shown && !shard.is_null() => items.push(change.before.clone()),
                        _ => {}
                    }
                }
                if !shard.is_null() {
                    items.sort_by_key(|item| paid_at(&item["paid_at"]));
                }
                answered["Count"] = json!(items.len());
            }
        }
        refusal(200, &answered)
    }

    /// The records of a table's stream after a position, with the position that each of them is.
    ///
    /// # Panics
    /// When the emulator keeps no stream of the table.
    pub fn stream(&self, table: &str, after: Option<&str>) -> Vec<(String, Value)> {
        stream::records(&self.database, table, after).expect("the emulator keeps a stream of the table")
    }

    /// One item as it is now; null when there is none.
    pub fn item(&self, table: &str, key: &Value) -> Value {
        let request = json!({ "TableName": table, "Key": key, "ConsistentRead": true });
        let body = self.do_now("GetItem", &request).unwrap_or_default();
        let mut answered: Value = serde_json::from_str(&body).unwrap_or_default();
        answered["Item"].take()
    }

    /// Every item of a query as it is now.
    pub fn items(&self, request: &Value) -> Vec<Value> {
        let operation = if request["KeyConditionExpression"].is_null() {
            "Scan"
        } else {
            "Query"
        };
        let mut request = request.clone();
        let mut items = Vec::new();
        loop {
            let body = self.do_now(operation, &request).unwrap_or_default();
            let mut answered: Value = serde_json::from_str(&body).unwrap_or_default();
            if let Some(page) = answered["Items"].as_array_mut() {
                items.append(page);
            }
            let last = answered["LastEvaluatedKey"].take();
            if last.is_null() {
                return items;
            }
            request["ExclusiveStartKey"] = last;
        }
    }

    fn do_now(&self, operation: &str, request: &Value) -> Result<String, DynoxideError> {
        local::act(&self.database, operation, &request.to_string())
    }
}

impl Default for Tables {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the tables")
    }
}

fn paid_at(attribute: &Value) -> Option<i64> {
    attribute["N"].as_str()?.parse().ok()
}

fn tables_retain(asked: &mut Value, is_empty: impl Fn(&Value) -> bool) {
    if let Some(tables) = asked["RequestItems"].as_object_mut() {
        tables.retain(|_, wanted| !is_empty(wanted));
    }
}

/// An item that a call writes.
struct Write {
    table: String,
    key: Value,
    condition: String,
}

fn touched(call: &Call) -> Vec<Write> {
    let request = &call.request;
    match call.name.as_str() {
        "PutItem" | "DeleteItem" | "UpdateItem" => vec![write(request)],
        "TransactWriteItems" => {
            let actions = request["TransactItems"].as_array().into_iter().flatten();
            let writes = actions.filter_map(|action| {
                ["Put", "Update", "Delete"]
                    .iter()
                    .find_map(|kind| action.get(kind))
            });
            writes.map(write).collect()
        }
        "BatchWriteItem" => {
            let tables = request["RequestItems"].as_object().into_iter().flatten();
            tables
                .flat_map(|(table, writes)| {
                    writes
                        .as_array()
                        .into_iter()
                        .flatten()
                        .map(move |one| (table, one))
                })
                .filter_map(|(table, one)| {
                    let request = ["PutRequest", "DeleteRequest"]
                        .iter()
                        .find_map(|kind| one.get(kind))?;
                    let mut request = request.clone();
                    request["TableName"] = json!(table);
                    Some(write(&request))
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

fn write(request: &Value) -> Write {
    Write {
        table: request["TableName"].as_str().unwrap_or_default().to_owned(),
        key: key_of(request),
        condition: request["ConditionExpression"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    }
}

fn create_table(name: &str, table: &local::TableProperties) -> Value {
    let keys = |keys: &[local::KeyProperties]| -> Vec<Value> {
        keys.iter()
            .map(|key| json!({ "AttributeName": key.attribute_name, "KeyType": key.key_type }))
            .collect()
    };
    let attributes: Vec<Value> = table
        .attribute_definitions
        .iter()
        .map(|attribute| json!({ "AttributeName": attribute.attribute_name, "AttributeType": attribute.attribute_type }))
        .collect();
    let indexes: Vec<Value> = table
        .global_secondary_indexes
        .iter()
        .map(|index| {
            json!({
                "IndexName": index.index_name,
                "KeySchema": keys(&index.key_schema),
                "Projection": { "ProjectionType": index.projection.projection_type },
            })
        })
        .collect();
    json!({
        "TableName": name,
        "AttributeDefinitions": attributes,
        "KeySchema": keys(&table.key_schema),
        "GlobalSecondaryIndexes": indexes,
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {
            "StreamEnabled": true,
            "StreamViewType": table.stream_specification.stream_view_type,
        },
    })
}
