//! The tables' streams, delivered to `order-history` as Lambda delivers them: in order, at least once, a batch at a
//! time, and remembered only after the handler has returned.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use dynoxide::Database;
use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::get_records::{GetRecordsRequest, Record};
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::actions::list_streams::ListStreamsRequest;
use serde_json::Value;

use crate::CloudError;

const FILE: &str = "stream-positions.json";

/// Where each table's stream has been delivered up to.
pub(crate) struct Streams {
    database: Database,
    path: PathBuf,
    positions: BTreeMap<String, String>,
}

/// A batch of one table's stream, never empty.
pub(crate) struct Batch {
    /// The records as a function is given them.
    pub(crate) records: Vec<Value>,
    sequences: Vec<String>,
}

impl Batch {
    /// The sequence number of the record at a place, or of the last one.
    pub(crate) fn sequence(&self, place: usize) -> &str {
        let found = self.sequences.get(place).or(self.sequences.last());
        found.map_or("", String::as_str)
    }

    /// The last record's sequence number.
    pub(crate) fn last_sequence(&self) -> &str {
        self.sequence(self.sequences.len())
    }
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

    /// The next batch of a table's stream, of at most `limit` records; `None` when everything was delivered.
    pub(crate) fn next(&self, table: &str, limit: usize) -> Result<Option<Batch>, CloudError> {
        let unusable = |reason: String| CloudError::Unusable {
            what: "a table's stream",
            reason,
        };
        let records = self
            .records(table, limit)
            .map_err(|error| unusable(error.to_string()))?;
        if records.is_empty() {
            return Ok(None);
        }
        let sequences = records
            .iter()
            .map(|record| record.dynamodb.sequence_number.clone());
        let sequences = sequences.collect();
        let records = records.iter().map(serde_json::to_value).collect::<Result<_, _>>();
        let records = records.map_err(|error| unusable(error.to_string()))?;
        Ok(Some(Batch { records, sequences }))
    }

    /// Remembers the stream of a table as delivered up to a record.
    pub(crate) fn delivered(&mut self, table: &str, sequence: &str) -> Result<(), CloudError> {
        self.positions.insert(table.to_owned(), sequence.to_owned());
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

    fn records(&self, table: &str, limit: usize) -> dynoxide::errors::Result<Vec<Record>> {
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
                limit: Some(limit),
            })?
            .records)
    }
}
