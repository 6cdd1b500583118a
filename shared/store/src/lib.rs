//! The two DynamoDB tables: the only place that knows their keys and attribute names.
//!
//! - `orders`: one item an order with its whole operational state. Kept apart from everything else because the stall
//!   scan reads this table from end to end every night: what is not an order must not be paid for there.
//! - `records`: ledger entries (append-only) and the nights' journal of them, tracking number → order, parked rows, rates,
//!   sellers and their papers, statements, uploads and the scans' watermarks, each read by key or query.
//!
//! Everything is loaded, decided by pure code, and committed by one conditional write; whatever comes before that
//! write can be repeated.

mod capacity;
mod commit;
mod decisions;
mod item;
mod journal;
mod lanes;
mod ledger;
mod nights;
mod orders;
mod parked;
mod rates;
mod registry;
mod retention;
mod retry;
mod scan;
mod sellers;
mod settle;
mod statements;
mod watermark;
mod withdrawal;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BoxError, ProvideErrorMetadata};

pub use capacity::{Capacity, CapacityUsed};
pub use commit::{Commit, NewClaim, News, OrderWrite, Room};
pub use item::{
    OPEN_SHARDS, OrderImage, decode_entry, decode_order, decode_state, encode_state, item_bytes, order_item,
};
pub use journal::{NightEntries, Posting};
pub use nights::Night;
pub use orders::StoredOrder;
pub use parked::{Parent, ParkedNote, ParkedRow};
pub use registry::UploadRecord;
pub use retention::Departed;
pub use scan::{Cursor, OpenOrder, ScanPage, ScannedOrder, check_segment, check_shard};
pub use settle::{
    FailedOrder, ORDERS_AT_A_TIME, SETTLING_TIME_MAX, ScanOutcome, ScanRun, Tally, ToSettle, outstanding,
};
pub use statements::{LineKey, line_key};
pub use withdrawal::{NEVER, NotedWithdrawal};

/// An item as the SDK gives it.
pub type Item = std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue>;

/// The tables, reached through the AWS SDK. Cheap to clone; clones share the capacity meter.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    orders: String,
    records: String,
    capacity: Arc<Capacity>,
}

/// Why a call to the tables failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// DynamoDB refused or could not be reached, after the SDK's and our own retries.
    #[error("failed to {attempt}")]
    Call {
        /// What was tried, with its subject.
        attempt: String,
        /// What it would take for the same call to succeed.
        refusal: Refusal,
        /// The SDK's error.
        #[source]
        source: BoxError,
    },
    /// An item is in a form that this release has no reader of: a later release wrote it, and an earlier one was deployed over it.
    #[error(
        "{item} is in format {format}, which this release ({}) cannot read: it reads {known:?}; deploy the later release that \
         wrote it again",
        env!("CARGO_PKG_VERSION")
    )]
    Later {
        /// Which item.
        item: String,
        /// Its format's byte.
        format: u8,
        /// The formats that this release reads.
        known: Vec<u8>,
    },
    /// An item of the tables cannot be read: it was written by hand, or is damaged.
    #[error("{item} cannot be read: {reason}")]
    Corrupt {
        /// Which item.
        item: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An item or a request cannot be built of what we hold: a bug of ours, whatever the tables hold.
    #[error("{what} cannot be built")]
    Unbuilt {
        /// What was to be built.
        what: String,
        /// What it lacks, or why it does not encode.
        #[source]
        source: BoxError,
    },
    /// What was asked for cannot be: a segment or shard that there is none of, a cursor of another scan.
    #[error("{0}")]
    Request(String),
    /// Others kept writing the same item for as long as we were willing to try.
    #[error("gave up on {subject} after {attempts} attempts against concurrent writers")]
    Contended {
        /// What was to be written.
        subject: String,
        /// Attempts made.
        attempts: u32,
    },
}

impl Store {
    /// The tables `orders` and `records`, reached through `client`.
    pub fn new(client: Client, orders: impl Into<String>, records: impl Into<String>) -> Self {
        Self {
            client,
            orders: orders.into(),
            records: records.into(),
            capacity: Arc::default(),
        }
    }

    /// Capacity consumed through this store and its clones since it was made.
    pub fn capacity_used(&self) -> CapacityUsed {
        self.capacity.used()
    }
}

/// What it would take for a refused call to succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Time: a throttle, an outage, a time-out.
    Passing,
    /// Another deployment: a right, a table or a key is missing, or this is an earlier release than the one before.
    Deployment,
    /// Nothing: the request itself is one that DynamoDB never takes.
    Final,
}

impl StoreError {
    /// Whether a retry of the whole event may help.
    pub fn is_retryable(&self) -> bool {
        self.refusal() == Refusal::Passing
    }

    /// Whether nothing but other input or another release helps: neither time nor another deployment of this one.
    pub fn is_final(&self) -> bool {
        self.refusal() == Refusal::Final
    }

    fn refusal(&self) -> Refusal {
        match self {
            Self::Call { refusal, .. } => *refusal,
            Self::Contended { .. } => Refusal::Passing,
            Self::Later { .. } => Refusal::Deployment,
            Self::Corrupt { .. } | Self::Unbuilt { .. } | Self::Request(_) => Refusal::Final,
        }
    }

    pub(crate) fn call<E>(attempt: impl Into<String>, source: E) -> Self
    where
        E: ProvideErrorMetadata + Into<BoxError>,
    {
        // What is not named here (throttles, outages, time-outs) may pass.
        let refusal = match source.code() {
            Some("ValidationException" | "SerializationException") => Refusal::Final,
            Some(
                "AccessDeniedException"
                | "ResourceNotFoundException"
                | "UnrecognizedClientException"
                | "InvalidSignatureException"
                | "MissingAuthenticationTokenException",
            ) => Refusal::Deployment,
            _ => Refusal::Passing,
        };
        Self::refused(attempt, refusal, source)
    }

    pub(crate) fn refused(attempt: impl Into<String>, refusal: Refusal, source: impl Into<BoxError>) -> Self {
        Self::Call {
            attempt: attempt.into(),
            refusal,
            source: source.into(),
        }
    }

    /// For `map_err` where a request or an item is built.
    pub(crate) fn unbuilt<E: Into<BoxError>>(what: impl Into<String>) -> impl FnOnce(E) -> Self {
        let what = what.into();
        |source| Self::Unbuilt {
            what,
            source: source.into(),
        }
    }

    pub(crate) fn corrupt(item: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Corrupt {
            item: item.into(),
            reason: reason.into(),
        }
    }
}
