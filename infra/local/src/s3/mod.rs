//! S3 in process: what the functions see of S3 on one laptop, without an AWS account.
//!
//! [`s3s`] speaks the protocol (signatures, XML, chunked bodies); this module is the store behind
//! it. An index in SQLite names every object, its body is one immutable file beside it, and a write
//! becomes real at exactly one point: the commit of its index row. That makes conditional writes
//! atomic, and it lets the notification of an upload be committed together with the upload, so that
//! neither can exist without the other.
//!
//! What is absent, on purpose: object versions (only a counter, for `sequencer`), access control
//! beyond one access key, encryption, tags, storage classes and lifecycles. Headers that ask for
//! those are accepted and have no effect; a *condition* that is not carried out is refused instead,
//! because ignoring it would lose an update.
//!
//! Durability: nothing acknowledged is lost when the process dies at any instant, `kill -9`
//! included. A power cut may lose the last writes, because bodies are not synced one by one.
//!
//! Holds no clock: [`ObjectStore::open`] is given one. (The signature check inside `s3s` reads the
//! machine's clock, so [`service()`] is told how far a signature may be from it.)

mod attributes;
mod bodies;
mod client;
mod conditions;
mod digests;
mod error;
mod failures;
mod index;
mod listing;
mod multipart;
mod notifications;
mod object_store;
mod objects;
mod read;
mod serve;
mod service;

#[cfg(test)]
mod tests;

pub use client::{client, http_client};
pub use error::{ObjectStoreError, Refusal};
pub(crate) use failures::Failed;
pub use failures::{FailedKind, SetAside, ask_again, discard, failures_in};
pub(crate) use notifications::key_of;
pub use notifications::{KeyFilter, PendingNotification, ReceivedNotification};
pub use object_store::{Clock, ObjectStore};
pub use serve::{REGION, serve, service};
