//! DynamoDB's actions by their names, carried out by the emulator in this process.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Carries out one action, `PutItem` or the like, of DynamoDB or of its streams. Request and answer are JSON. Blocks.
///
/// # Errors
/// [`DynoxideError`] as DynamoDB refuses: [`DynoxideError::status_code`] and [`DynoxideError::to_json`] are its answer.
pub fn act(database: &Database, action: &str, request: &str) -> Result<String, DynoxideError> {
    /// The emulator's method for each action that is named here.
    macro_rules! actions {
        ($($name:literal => $method:ident),* $(,)?) => {
            match action {
                $($name => said(&database.$method(heard(request)?)?),)*
                other => Err(DynoxideError::ValidationException(format!("there is no action {other} here"))),
            }
        };
    }
    actions! {
        "BatchExecuteStatement" => batch_execute_statement,
        "BatchGetItem" => batch_get_item,
        "BatchWriteItem" => batch_write_item,
        "CreateTable" => create_table,
        "DeleteItem" => delete_item,
        "DeleteTable" => delete_table,
        "DescribeStream" => describe_stream,
        "DescribeTable" => describe_table,
        "DescribeTimeToLive" => describe_time_to_live,
        "ExecuteStatement" => execute_statement,
        "ExecuteTransaction" => execute_transaction,
        "GetItem" => get_item,
        "GetRecords" => get_records,
        "GetShardIterator" => get_shard_iterator,
        "ListStreams" => list_streams,
        "ListTables" => list_tables,
        "ListTagsOfResource" => list_tags_of_resource,
        "PutItem" => put_item,
        "Query" => query,
        "Scan" => scan,
        "TagResource" => tag_resource,
        "TransactGetItems" => transact_get_items,
        "TransactWriteItems" => transact_write_items,
        "UntagResource" => untag_resource,
        "UpdateItem" => update_item,
        "UpdateTable" => update_table,
        "UpdateTimeToLive" => update_time_to_live,
    }
}

fn heard<T: DeserializeOwned>(request: &str) -> Result<T, DynoxideError> {
    serde_json::from_str(request).map_err(|error| {
        let reason = error.to_string();
        // The emulator marks what DynamoDB calls a bad value, as opposed to a bad form.
        match reason.split_once(':') {
            Some((marker, reason)) if marker.starts_with("VALIDATION") => {
                DynoxideError::ValidationException(reason.to_owned())
            }
            _ => DynoxideError::SerializationException(reason),
        }
    })
}

fn said(answer: &impl Serialize) -> Result<String, DynoxideError> {
    serde_json::to_string(answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
