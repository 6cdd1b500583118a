//! The tables' streams, delivered to `order-history` as Lambda delivers them: in order, at least once, a batch at a
//! time, and remembered only after the handler has returned.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use aws_lambda_events::event::dynamodb::Event;
use dynoxide::Database;
use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::get_records::{GetRecordsRequest, Record};
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::actions::list_streams::ListStreamsRequest;

use crate::CloudError;

/// Records in one delivery.
const BATCH_RECORDS_MAX: usize = 1_000;
const FILE: &str = "stream-positions.json";

/// Where each table's stream has been delivered up to.
pub(crate) struct Streams {
    database: Database,
    path: PathBuf,
    positions: BTreeMap<String, String>,
}

/// A batch of one table's stream.
pub(crate) struct Batch {
    pub(crate) event: Event,
    table: String,
    last: String,
}

impl Streams {
    pub(crate) fn open(database: Database, directory: &std::path::Path) -> Result<Self, CloudError> {
        let path = directory.join(FILE);
        let positions = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| CloudError::Corrupt {
                path: path.clone(),
                reason: error.to_string(),
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => {
                return Err(CloudError::Unusable {
                    what: "the stream positions",
                    reason: error.to_string(),
                });
            }
        };
        Ok(Self {
            database,
            path,
            positions,
        })
    }

    /// The next batch of a table's stream; `None` when everything was delivered.
    pub(crate) fn next(&self, table: &str) -> Result<Option<Batch>, CloudError> {
        let records = self.records(table).map_err(|error| CloudError::Unusable {
            what: "a table's stream",
            reason: error.to_string(),
        })?;
        let Some(last) = records
            .last()
            .map(|record| record.dynamodb.sequence_number.clone())
        else {
            return Ok(None);
        };
        let unreadable = |error: serde_json::Error| CloudError::Unusable {
            what: "a table's stream",
            reason: error.to_string(),
        };
        let document = serde_json::json!({ "Records": records });
        let event = serde_json::from_value(document).map_err(unreadable)?;
        Ok(Some(Batch {
            event,
            table: table.to_owned(),
            last,
        }))
    }

    /// Remembers a batch as delivered.
    pub(crate) fn delivered(&mut self, batch: Batch) -> Result<(), CloudError> {
        self.positions.insert(batch.table, batch.last);
        let write = || -> std::io::Result<()> {
            let temporary = self.path.with_extension("new");
            fs::write(&temporary, serde_json::to_vec(&self.positions)?)?;
            fs::rename(&temporary, &self.path)
        };
        write().map_err(|error| CloudError::Unusable {
            what: "the stream positions",
            reason: error.to_string(),
        })
    }

    fn records(&self, table: &str) -> dynoxide::errors::Result<Vec<Record>> {
        let streams = self.database.list_streams(ListStreamsRequest {
            table_name: Some(table.to_owned()),
            ..Default::default()
        })?;
        let Some(stream) = streams.streams.into_iter().next() else {
            return Ok(Vec::new());
        };
        let described = self.database.describe_stream(DescribeStreamRequest {
            stream_arn: stream.stream_arn.clone(),
            ..Default::default()
        })?;
        let Some(shard) = described.stream_description.shards.into_iter().next() else {
            return Ok(Vec::new());
        };
        let position = self.positions.get(table);
        let iterator = self.database.get_shard_iterator(GetShardIteratorRequest {
            stream_arn: stream.stream_arn,
            shard_id: shard.shard_id,
            shard_iterator_type: if position.is_some() {
                "AFTER_SEQUENCE_NUMBER"
            } else {
                "TRIM_HORIZON"
            }
            .to_owned(),
            sequence_number: position.cloned(),
        })?;
        let Some(shard_iterator) = iterator.shard_iterator else {
            return Ok(Vec::new());
        };
        Ok(self
            .database
            .get_records(GetRecordsRequest {
                shard_iterator,
                limit: Some(BATCH_RECORDS_MAX),
            })?
            .records)
    }
}
