//! Rows about orders, on their way to them.

use std::sync::Arc;

use domain::facts::{AppealFact, EventFact, OrderFact, TrackingFact};
use domain::ruling::{Ruling, Uploader};
use domain::{Finding, OrderId, RowCode, Source, Timestamp, TrackingNumber};
use serde::{Deserialize, Serialize};
use store::Parent;

/// What a row says about an order; also the form in which it is parked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum OrderNews {
    Order(OrderFact),
    Tracking(TrackingFact),
    Event(EventFact),
    Appeal(AppealFact),
}

/// What a row is about.
pub(crate) enum Subject<'a> {
    /// An order, which it names.
    Order(&'a OrderId),
    /// A parcel: the event goes to every order that claims its number.
    Parcel(&'a EventFact),
}

/// A row on its way to its order.
#[derive(Clone, Debug)]
pub(crate) struct Row<T> {
    /// Where it came from: an index into the batch, or a parked row.
    pub(crate) origin: T,
    pub(crate) news: OrderNews,
    pub(crate) uploader: Uploader,
    /// When its upload was recorded.
    pub(crate) learned_at: Timestamp,
    /// The name of its file, which the entry of a fined row cites (A6).
    pub(crate) file: Arc<str>,
}

impl<T> Row<T> {
    /// The row, as it stands at a place of its batch, and where it came from.
    pub(crate) fn at_place(self, place: usize) -> ((T, Option<Row<usize>>), Row<usize>) {
        let row = Row {
            origin: place,
            news: self.news,
            uploader: self.uploader,
            learned_at: self.learned_at,
            file: self.file,
        };
        ((self.origin, None), row)
    }

    /// The row, from where it came.
    pub(crate) fn with_origin<U>(self, origin: U) -> Row<U> {
        Row {
            origin,
            news: self.news,
            uploader: self.uploader,
            learned_at: self.learned_at,
            file: self.file,
        }
    }
}

/// The name of a file, by its object's key.
pub(crate) fn file_name(upload_key: &str) -> Arc<str> {
    upload_key.rsplit('/').next().unwrap_or(upload_key).into()
}

impl OrderNews {
    /// What it is about.
    pub(crate) fn subject(&self) -> Subject<'_> {
        match self {
            Self::Order(fact) => Subject::Order(&fact.order_id),
            Self::Tracking(fact) => Subject::Order(&fact.order_id),
            Self::Appeal(fact) => Subject::Order(&fact.order_id),
            Self::Event(fact) => Subject::Parcel(fact),
        }
    }

    /// Where the row stands.
    pub(crate) fn source(&self) -> Source {
        match self {
            Self::Order(fact) => fact.source,
            Self::Tracking(fact) => fact.source,
            Self::Event(fact) => fact.source,
            Self::Appeal(fact) => fact.source,
        }
    }

    /// When it says that it was recorded; that orders the rows of one parent.
    pub(crate) fn recorded_at(&self) -> Timestamp {
        match self {
            Self::Order(fact) => fact.recorded_at,
            Self::Tracking(fact) => fact.uploaded_at,
            Self::Event(fact) => fact.recorded_at,
            Self::Appeal(fact) => fact.recorded_at,
        }
    }

    /// What it waits for, when it waits as `ruling` says.
    pub(crate) fn parent(&self, ruling: &Ruling) -> Parent {
        match self {
            Self::Order(fact) => Parent::Rate(fact.amount.currency),
            Self::Tracking(fact) => match &fact.number {
                Some(number) if ruling.finds(RowCode::NumUsedElsewhere) => Parent::Claim(number.clone()),
                _ => Parent::Order(fact.order_id.clone()),
            },
            Self::Event(fact) => Parent::Number(fact.number.clone()),
            Self::Appeal(fact) => Parent::Order(fact.order_id.clone()),
        }
    }

    /// Whether the row has errors of its own: the sender had its answer at once.
    pub(crate) fn is_refused(&self) -> bool {
        match self {
            Self::Tracking(fact) => fact.findings.iter().any(Finding::is_error),
            // Such rows have no fact when they have errors.
            Self::Order(_) | Self::Event(_) | Self::Appeal(_) => false,
        }
    }

    /// The tracking number it names.
    pub(crate) fn number(&self) -> Option<&TrackingNumber> {
        match self {
            Self::Tracking(fact) => fact.number.as_ref(),
            Self::Event(fact) => Some(&fact.number),
            Self::Order(_) | Self::Appeal(_) => None,
        }
    }
}
