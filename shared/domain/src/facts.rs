//! Facts: one checked row of an upload, typed. What a row *says*, before it meets the order it is about.
//!
//! Facts are what is parked while a parent is missing, so they hold everything that judging the row later needs,
//! and no personal data: of a tax id only what each country's rule said of it ([`PapersFact`]).

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::appeal::{AppealStatus, AppealedClause};
use crate::claims::Claim;
use crate::order::{OrderStatus, Source};
use crate::papers::TaxIdVerdict;
use crate::{Finding, Money, Node, OrderId, Rate, SellerId, SendType, Timestamp, TrackingNumber};

/// A row of an `orders` file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderFact {
    /// Whose order.
    pub order_id: OrderId,
    /// The shop that sold it.
    pub seller_id: SellerId,
    /// When it was paid: the start of A1 and B4, and what picks policy, rate and month.
    pub paid_at: Timestamp,
    /// What was paid.
    pub amount: Money,
    /// ISO 3166-1 alpha-2.
    pub destination: String,
    /// The shop's category, where the file has one.
    pub category: Option<String>,
    /// The platform's own shipping deadline, where the file has one; informational.
    pub send_deadline: Option<Timestamp>,
    /// The order's status in this row.
    pub status: OrderStatus,
    /// When it took that status; `None` where the file does not say.
    pub status_at: Option<Timestamp>,
    /// When we learned it.
    pub recorded_at: Timestamp,
    /// Where the row stands.
    pub source: Source,
}

/// The stored file that brought a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stored {
    /// When the object was stored, in milliseconds since the epoch.
    pub at_ms: i64,
    /// A digest of the prefix and the bytes: the same bytes under the same prefix are the same rows, however often they
    /// are sent.
    pub content: u64,
}

/// A row of a `tracking` file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackingFact {
    /// The order that was shipped.
    pub order_id: OrderId,
    /// The upload's instant: A1 compares it with the payment.
    pub uploaded_at: Timestamp,
    /// The carrier's id in the carrier table; `None` when unknown (then `errors` says so).
    pub carrier: Option<CompactString>,
    /// The number, when it fits its carrier (A2).
    pub number: Option<TrackingNumber>,
    /// Whether the number replaces the order's earlier ones or adds a parcel.
    pub send_type: SendType,
    /// What the row shows of customs papers (A4).
    pub papers: PapersFact,
    /// Order facts that the row repeats, for cross-checking.
    pub stated: StatedOrder,
    /// Findings that need no order to be known (A2, A3, malformed cells); errors among them reject the row.
    pub findings: Vec<Finding>,
    /// Where the row stands.
    pub source: Source,
    /// The stored file; `None` in rows that were parked before it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<Stored>,
}

impl TrackingFact {
    /// The row as a claim of its order on its number.
    pub fn claim(&self) -> Claim {
        Claim {
            uploaded_at: self.uploaded_at,
            stored: self.stored.unwrap_or(Stored {
                at_ms: self.uploaded_at.unix().saturating_mul(1_000),
                content: self.source.upload,
            }),
            source: self.source,
            send_type: self.send_type,
        }
    }
}

/// What a tracking row shows of customs papers (A4). What is stored of it holds no tax id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PapersFact {
    /// A commercial invoice number is given.
    pub invoice: bool,
    /// What the tax id is under the rule of each country that wants one; empty when no id is given.
    pub tax_id: Vec<(CompactString, TaxIdVerdict)>,
    /// The masked tax id, for messages: `39******44`.
    pub tax_id_masked: Option<CompactString>,
    /// The countries of which it is an id once the zero is back that a spreadsheet dropped at its start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zero_lost: Vec<CompactString>,
}

/// Optional order columns of a tracking row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StatedOrder {
    /// `seller_id`
    pub seller_id: Option<SellerId>,
    /// `paid_at`
    pub paid_at: Option<Timestamp>,
    /// `destination_country`
    pub destination: Option<CompactString>,
    /// `amount` with `currency`
    pub amount: Option<Money>,
}

/// A row of an `events` file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventFact {
    /// The parcel.
    pub number: TrackingNumber,
    /// The canonical node.
    pub node: Node,
    /// The carrier's own code, kept beside the node; `None` when it is the node's own name.
    pub code: Option<String>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When we learned it.
    pub recorded_at: Timestamp,
    /// Warnings found in the row (an unmapped code, an ambiguous time).
    pub findings: Vec<Finding>,
    /// Where the row stands.
    pub source: Source,
}

/// A row of an `appeals` file (B5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AppealFact {
    /// The appeal's number.
    pub appeal_id: String,
    /// The order it names.
    pub order_id: OrderId,
    /// The clause it appeals against; B4 unless the row says otherwise.
    pub clause: AppealedClause,
    /// The one B3 episode it names, by its start; `None` for all of the order's.
    pub episode_start: Option<Timestamp>,
    /// Its state in this row.
    pub status: AppealStatus,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// When it was decided; `None` while pending, or where the file does not say.
    pub decided_at: Option<Timestamp>,
    /// When we learned it.
    pub recorded_at: Timestamp,
    /// Where the row stands.
    pub source: Source,
}

/// A row of a `rates` file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateFact {
    /// The calendar day (platform zone) that the rate is for.
    pub date: chrono::NaiveDate,
    /// The currency.
    pub currency: crate::Currency,
    /// USD per unit.
    pub rate: Rate,
    /// When we learned it.
    pub recorded_at: Timestamp,
    /// Where the row stands.
    pub source: Source,
}
