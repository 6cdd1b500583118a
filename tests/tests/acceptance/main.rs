//! Acceptance: functions, command and embedded cloud through their front doors. One binary: the AWS SDKs, Polars and SQLite
//! are linked once, and the long tests run at the same time.

mod command;
mod cost;
mod diagnosis_url;
mod digests;
mod killed_nights;
mod killed_replay;
mod killed_uploads;
mod ledger;
mod replay;
mod reports;
mod runbook;
mod scans;
mod seasons;
mod stored_forms;
mod uploads;
