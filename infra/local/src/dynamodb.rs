//! DynamoDB in this process: the emulator, its tables, and an SDK client that reaches nothing else.
//!
//! Nothing listens but [`endpoint`], while the cloud is up: this process's own calls need no socket.

mod actions;
pub(crate) mod endpoint;
mod in_process;

use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType, TimeToLiveSpecification,
};
use dynoxide::Database;
use rusqlite::Connection;

pub use actions::act;

use crate::template::{IndexProperties, KeyProperties, TableProperties};
use crate::{AccessKey, CloudError};

pub(crate) const FILE: &str = "dynamodb.sqlite";
const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// The emulator, and a client of it.
pub(crate) struct DynamoDb {
    pub(crate) database: Database,
    pub(crate) client: Client,
    path: PathBuf,
}

impl DynamoDb {
    /// Opens the emulator's state under `directory`; its client signs with `key`.
    pub(crate) async fn open(directory: &Path, key: &AccessKey) -> Result<Self, CloudError> {
        let path = directory.join(FILE);
        let file = path.clone();
        let opened = tokio::task::spawn_blocking(move || open_database(&file)).await;
        let database = opened.map_err(|error| CloudError::Unusable {
            what: "the tables",
            reason: error.to_string(),
        })??;
        Ok(Self {
            client: in_process::client(database.clone(), key),
            database,
            path,
        })
    }

    /// Creates a table as the template describes it, unless it is there.
    pub(crate) async fn create_table(
        &self,
        name: &str,
        properties: &TableProperties,
    ) -> Result<(), CloudError> {
        let unusable = |reason: String| CloudError::Unusable {
            what: "the tables",
            reason,
        };
        let there = self
            .client
            .list_tables()
            .send()
            .await
            .map_err(|error| unusable(format!("{error:?}")))?;
        if there.table_names().iter().any(|table| table == name) {
            return Ok(());
        }
        let bad = |error: aws_sdk_dynamodb::error::BuildError| unusable(error.to_string());
        let attributes = properties.attribute_definitions.iter().map(|attribute| {
            let kind = ScalarAttributeType::from(attribute.attribute_type.as_str());
            AttributeDefinition::builder()
                .attribute_name(&attribute.attribute_name)
                .attribute_type(kind)
                .build()
        });
        let stream = StreamViewType::from(properties.stream_specification.stream_view_type.as_str());
        let stream = StreamSpecification::builder()
            .stream_enabled(true)
            .stream_view_type(stream)
            .build()
            .map_err(bad)?;
        let indexes: Result<Vec<_>, _> = properties.global_secondary_indexes.iter().map(index).collect();
        let call = self
            .client
            .create_table()
            .table_name(name)
            .billing_mode(BillingMode::PayPerRequest)
            .stream_specification(stream);
        let call = call.set_attribute_definitions(Some(attributes.collect::<Result<_, _>>().map_err(bad)?));
        let call = call.set_key_schema(Some(key_schema(&properties.key_schema).map_err(bad)?));
        let call = call.set_global_secondary_indexes(Some(indexes.map_err(bad)?));
        call.send()
            .await
            .map_err(|error| unusable(format!("{error:?}")))?;
        let expiry = TimeToLiveSpecification::builder()
            .attribute_name(&properties.time_to_live_specification.attribute_name)
            .enabled(true)
            .build()
            .map_err(bad)?;
        let call = self
            .client
            .update_time_to_live()
            .table_name(name)
            .time_to_live_specification(expiry);
        call.send()
            .await
            .map_err(|error| unusable(format!("{error:?}")))?;
        Ok(())
    }

    /// Makes ready for segmented passes over a table, which must be there.
    pub(crate) async fn prepare_passes(&self, table: &'static str) -> Result<(), CloudError> {
        let path = self.path.clone();
        let indexed = tokio::task::spawn_blocking(move || index_hashes(&path, table)).await;
        let unusable = |reason: String| CloudError::Unusable {
            what: "the tables",
            reason,
        };
        indexed
            .map_err(|error| unusable(error.to_string()))?
            .map_err(|error| unusable(error.to_string()))
    }

    /// Deletes the items that have expired by the machine's clock, as DynamoDB does within days; gives how many.
    pub(crate) async fn sweep(&self) -> Result<usize, CloudError> {
        let database = self.database.clone();
        let unusable = |reason: String| CloudError::Unusable {
            what: "the sweep of expired items",
            reason,
        };
        let swept = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
        swept
            .map_err(|error| unusable(error.to_string()))?
            .map_err(|error| unusable(error.to_string()))
    }
}

fn open_database(path: &Path) -> Result<Database, CloudError> {
    let corrupt = |reason: String| CloudError::Corrupt {
        path: path.to_path_buf(),
        reason,
    };
    let database =
        Database::new(&path.to_string_lossy()).map_err(|_| corrupt("not a readable database".to_owned()))?;
    // Without waiting for the disk at each write: safe against kill -9, since the pages are the system's by then;
    // only a power cut can lose the last moments, which a laptop's practice season can bear.
    database
        .enable_bulk_loading()
        .map_err(|error| corrupt(error.to_string()))?;
    index_stream_records(path).map_err(|error| corrupt(error.to_string()))?;
    Ok(database)
}

/// The emulator looks for a stream's last sequence number at each write, by a scan of all its records; with this
/// index that is one look-up, and a season's writes stay linear.
fn index_stream_records(path: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "CREATE INDEX IF NOT EXISTS waymark_stream_sequence ON _stream_records (table_name, CAST(sequence_number AS INTEGER));",
    )
}

/// The emulator reads a segment in the order of its keys' hashes, and sorts all that is left of the table for each page;
/// with this index a page costs its items, and a pass over a million orders stays linear.
fn index_hashes(path: &Path, table: &str) -> rusqlite::Result<()> {
    let table = table.replace('"', "\"\"");
    let connection = Connection::open(path)?;
    connection.execute_batch(&format!(
        r#"CREATE INDEX IF NOT EXISTS "waymark_hashes_{table}" ON "{table}" (hash_prefix, pk, sk);"#
    ))
}

fn index(properties: &IndexProperties) -> Result<GlobalSecondaryIndex, aws_sdk_dynamodb::error::BuildError> {
    let projection = Projection::builder()
        .projection_type(ProjectionType::from(
            properties.projection.projection_type.as_str(),
        ))
        .build();
    let index = GlobalSecondaryIndex::builder()
        .index_name(&properties.index_name)
        .projection(projection);
    index
        .set_key_schema(Some(key_schema(&properties.key_schema)?))
        .build()
}

fn key_schema(keys: &[KeyProperties]) -> Result<Vec<KeySchemaElement>, aws_sdk_dynamodb::error::BuildError> {
    let element = |key: &KeyProperties| {
        KeySchemaElement::builder()
            .attribute_name(&key.attribute_name)
            .key_type(KeyType::from(key.key_type.as_str()))
            .build()
    };
    keys.iter().map(element).collect()
}
