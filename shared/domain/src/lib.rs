//! Types and rules of AliExpress offline express (线下快递): what an order is, what the rulebook says of it,
//! and which entries the ledger owes it.
//!
//! Holds no I/O, no clock and no async: time is an argument, so replaying June gives June. Money is integer
//! cents, ids are strings, and no float takes part in a decision.

pub mod appeal;
pub mod ascii;
pub mod assess;
pub mod audit;
pub mod because;
pub mod carrier;
pub mod causes;
pub mod claims;
pub mod clause;
pub mod close;
pub mod code;
pub mod count;
pub mod country;
pub mod currency;
pub mod deadlines;
mod departed;
pub mod diagnosis;
pub mod event_code;
pub mod exchange;
pub mod explain;
pub mod facts;
pub mod figures;
pub mod ids;
pub mod ledger;
pub mod message;
pub mod money;
pub mod node;
pub mod order;
pub mod papers;
pub mod parking;
pub mod personal;
pub mod policy;
pub mod proposal;
mod retention;
pub mod ruling;
pub mod seller;
pub mod shipment;
mod sign_off;
pub mod statement;
pub mod time;
pub mod what_if;
pub mod withdrawal;
mod wording;

pub use appeal::{Appeal, AppealStatus, AppealedClause};
pub use because::Because;
pub use causes::with_causes;
pub use code::{Finding, RowCode, Severity};
pub use currency::Currency;
pub use ids::{ORDER_ID_DIGITS, OrderId, SellerId, TrackingNumber, shard_hash};
pub use ledger::{Clause, EntryKind, LedgerEntry, Subject};
pub use money::{Cents, Money, Rate};
pub use node::Node;
pub use order::{Order, OrderStatus, Source};
pub use policy::{Policy, PolicyBook};
pub use ruling::{Ruling, Uploader};
pub use seller::SellerFact;
pub use shipment::{SendType, Shipment, TrackingEvent};
pub use statement::StatementLine;
pub use time::{Elapsed, Month, Timestamp, Zone};
pub use what_if::WhatIf;
pub use wording::{plain_words, simplified};
