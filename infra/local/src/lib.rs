//! The cloud in one process: what Waymark needs of AWS, on one laptop and without an account.
//!
//! DynamoDB is `dynoxide`, S3 is `s3s` over a small store of ours ([`s3`]); both keep their state under a data
//! directory and are reached through the AWS SDK only, without a socket. Only [`Cloud::serve`] listens. Tables, what the bucket
//! reports and the schedules come from `infra/template.yaml`. S3 notifications and the tables' streams are delivered to the
//! functions that are deployed, in the events that Lambda makes of them, and what fails for good is set aside as a dead-letter
//! queue would take it; the schedules run the functions' `handle`. Killing the process at any instant loses nothing that was acknowledged: deliveries
//! are remembered until their handler has returned, and delivered again after a restart.
//!
//! Tables and bucket are named `local-…` and no client here knows any endpoint but this process's own, so nothing
//! here can touch a real account.

mod access_key;
mod cloud;
mod deliveries;
mod dynamodb;
mod function_url;
mod guard;
mod listener;
mod nights;
mod pinned;
mod private;
pub mod s3;
mod schedules;
mod serve;
mod served;
mod signature;
mod streams;
mod template;

pub use access_key::AccessKey;
pub use cloud::{BUCKET, Cloud, CloudError, ORDERS_TABLE, Options, RECORDS_TABLE};
pub use deliveries::Delivered;
pub use dynamodb::act;
pub use nights::{Night, certify_lake};
pub use pinned::{Replaced, policy_of, policy_sha256, replace_policy};
pub use s3::{FailedKind, SetAside};
pub use schedules::{Job, Schedule, ScheduleError};
pub use serve::{Endpoints, ServeError};
pub use served::Served;
pub use template::{IndexProperties, KeyProperties, TableProperties, Template, TemplateError};
