//! A table's stream, read from a position to its end.

use dynoxide::Database;
use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::actions::list_streams::ListStreamsRequest;
use dynoxide::errors::Result;
use serde_json::Value;

pub(super) fn records(database: &Database, table: &str, after: Option<&str>) -> Result<Vec<(String, Value)>> {
    let streams = database.list_streams(ListStreamsRequest {
        table_name: Some(table.to_owned()),
        ..Default::default()
    })?;
    let mut records = Vec::new();
    for stream in streams.streams {
        let described = database.describe_stream(DescribeStreamRequest {
            stream_arn: stream.stream_arn.clone(),
            ..Default::default()
        })?;
        for shard in described.stream_description.shards {
            let kind = if after.is_some() {
                "AFTER_SEQUENCE_NUMBER"
            } else {
                "TRIM_HORIZON"
            };
            let mut iterator = database
                .get_shard_iterator(GetShardIteratorRequest {
                    stream_arn: stream.stream_arn.clone(),
                    shard_id: shard.shard_id,
                    shard_iterator_type: kind.to_owned(),
                    sequence_number: after.map(str::to_owned),
                })?
                .shard_iterator;
            while let Some(shard_iterator) = iterator.take() {
                let read = database.get_records(GetRecordsRequest {
                    shard_iterator,
                    limit: None,
                })?;
                if read.records.is_empty() {
                    break;
                }
                records.extend(read.records.iter().map(|record| {
                    let document = serde_json::to_value(record).unwrap_or_default();
                    (record.dynamodb.sequence_number.clone(), document)
                }));
                iterator = read.next_shard_iterator;
            }
        }
    }
    Ok(records)
}
