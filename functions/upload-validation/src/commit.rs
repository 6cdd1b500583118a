//! Rows about one order: loaded together, ruled in the order of the file, committed by one write.

use std::collections::HashMap;

use domain::facts::{AppealFact, EventFact, OrderFact, TrackingFact};
use domain::order::FrozenRate;
use domain::ruling::{Ruling, Uploader};
use domain::{
    Cents, Currency, Finding, Order, OrderId, PolicyBook, RowCode, Severity, Source, Timestamp,
    TrackingNumber,
};
use serde::{Deserialize, Serialize};
use store::{Commit, OrderWrite, Parent, RatesByDay, Store, StoreError, StoredOrder};

/// Attempts at one order against concurrent writers.
const ATTEMPTS_MAX: u32 = 12;

/// What a row says about an order; also the form in which it is parked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum OrderNews {
    Order(OrderFact),
    Tracking(TrackingFact),
    Event(EventFact),
    Appeal(AppealFact),
}

/// A row on its way to its order.
#[derive(Clone, Debug)]
pub(crate) struct Row<T> {
    /// Where it came from: an index into the batch, or a parked row.
    pub(crate) origin: T,
    pub(crate) news: OrderNews,
    pub(crate) uploader: Uploader,
    /// When its upload was learned.
    pub(crate) learned_at: Timestamp,
}

/// A parent that rows may be waiting for, and when the upload that brings it was learned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Brought {
    pub(crate) parent: Parent,
    pub(crate) learned_at: Timestamp,
}

/// The rows of a batch about one order, in the order of the file.
#[derive(Clone, Debug)]
pub(crate) struct Job<T> {
    pub(crate) order_id: OrderId,
    pub(crate) rows: Vec<Row<T>>,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuledRow {
    pub(crate) ruling: Ruling,
    /// What the row's failure costs (A6).
    pub(crate) fine: Option<Cents>,
}

/// A job done: its rows with their rulings, and the parents it brought for parked rows.
pub(crate) struct Done<T> {
    pub(crate) rows: Vec<(Row<T>, RuledRow)>,
    pub(crate) brought: Vec<Brought>,
}

/// What ruling needs beside the order.
pub(crate) struct Known<'a> {
    pub(crate) store: &'a Store,
    pub(crate) book: &'a PolicyBook,
    /// Rates of the currencies of the batch's orders.
    pub(crate) rates: HashMap<Currency, RatesByDay>,
}

/// What was read of an order before its job.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) order: Option<StoredOrder>,
    /// It is not there because it was settled for good and left.
    pub(crate) has_departed: bool,
    pub(crate) number_owners: HashMap<TrackingNumber, OrderId>,
}

impl OrderNews {
    /// The order it is about; an event names only its parcel.
    pub(crate) fn order_id(&self) -> Option<&OrderId> {
        match self {
            Self::Order(fact) => Some(&fact.order_id),
            Self::Tracking(fact) => Some(&fact.order_id),
            Self::Appeal(fact) => Some(&fact.order_id),
            Self::Event(_) => None,
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

    /// When it says that it was learned; that orders the rows of one parent.
    pub(crate) fn recorded_at(&self) -> Timestamp {
        match self {
            Self::Order(fact) => fact.recorded_at,
            Self::Tracking(fact) => fact.uploaded_at,
            Self::Event(fact) => fact.recorded_at,
            Self::Appeal(fact) => fact.recorded_at,
        }
    }

    /// What it waits for, when it waits.
    pub(crate) fn parent(&self) -> Parent {
        match self {
            Self::Order(fact) => Parent::Rate(fact.amount.currency),
            Self::Tracking(fact) => Parent::Order(fact.order_id.clone()),
            Self::Event(fact) => Parent::Number(fact.number.clone()),
            Self::Appeal(fact) => Parent::Order(fact.order_id.clone()),
        }
    }

    /// Whether the row has errors of its own: whoever sent it was told at once.
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

impl RuledRow {
    /// A ruling that costs nothing.
    pub(crate) fn free(ruling: Ruling) -> Self {
        Self { ruling, fine: None }
    }

    /// Whether the row waits for a parent: kept, whatever the clerk is told of it meanwhile.
    pub(crate) fn waits(&self) -> bool {
        self.ruling
            .findings
            .iter()
            .any(|finding| finding.code.severity() == Severity::Parked)
    }
}

impl<T> Job<T> {
    pub(crate) fn numbers(&self) -> Vec<TrackingNumber> {
        let mut numbers: Vec<TrackingNumber> = self
            .rows
            .iter()
            .filter_map(|row| row.news.number().cloned())
            .collect();
        numbers.sort();
        numbers.dedup();
        numbers
    }

    /// Rules the rows and commits what they bring. A lost race loads and rules again.
    pub(crate) async fn run(self, known: &Known<'_>, mut loaded: Loaded) -> Result<Done<T>, StoreError> {
        for _ in 0..ATTEMPTS_MAX {
            let before = loaded.order.as_ref().map(|stored| &stored.order);
            let mut order = before.cloned();
            let ruled: Vec<RuledRow> = self
                .rows
                .iter()
                .map(|row| rule(&mut order, row, &loaded, known))
                .collect();
            if self.commit(known, &loaded, order.as_ref()).await? == Commit::Done {
                let brought = self.brought(order.as_ref(), &ruled);
                return Ok(Done {
                    rows: self.rows.into_iter().zip(ruled).collect(),
                    brought,
                });
            }
            loaded = self.load(known.store).await?;
        }
        Err(StoreError::Contended {
            subject: format!("order {}", self.order_id),
            attempts: ATTEMPTS_MAX,
        })
    }

    /// Reads the order anew.
    pub(crate) async fn load(&self, store: &Store) -> Result<Loaded, StoreError> {
        let order = store.order(&self.order_id).await?;
        // Whoever let it go noted that long before it left: an order seen to be gone is seen to have departed.
        let ids = [self.order_id.clone()];
        let has_departed = order.is_none() && store.departed(&ids).await?.contains(&self.order_id);
        Ok(Loaded {
            order,
            has_departed,
            number_owners: store.number_owners(&self.numbers()).await?,
        })
    }

    async fn commit(
        &self,
        known: &Known<'_>,
        loaded: &Loaded,
        after: Option<&Order>,
    ) -> Result<Commit, StoreError> {
        let before = loaded.order.as_ref();
        let Some(order) = after.filter(|after| before.is_none_or(|before| before.order != **after)) else {
            return Ok(Commit::Done);
        };
        let is_new =
            |number: &TrackingNumber| before.is_none_or(|before| before.order.shipment(number).is_none());
        let new_numbers: Vec<TrackingNumber> = order
            .shipments
            .iter()
            .map(|shipment| shipment.number.clone())
            .filter(is_new)
            .collect();
        let write = OrderWrite {
            order,
            seen_version: before.map(|before| before.version),
            sign_off_open: order.is_sign_off_open(known.book.in_force_at(order.paid_at)),
            new_numbers: &new_numbers,
        };
        known.store.commit(&write).await
    }

    /// Parents that rows may be waiting for. Also those that were there before: a run killed between its write and
    /// the waking of parked rows is made good by the next delivery of the same file.
    fn brought(&self, order: Option<&Order>, ruled: &[RuledRow]) -> Vec<Brought> {
        let Some(order) = order else { return Vec::new() };
        let parent = |row: &Row<T>, ruled: &RuledRow| match &row.news {
            OrderNews::Order(_) if !ruled.waits() => Some(Parent::Order(order.order_id.clone())),
            OrderNews::Tracking(fact) => {
                let number = fact.number.as_ref();
                let number = number.filter(|number| order.shipment(number).is_some());
                number.cloned().map(Parent::Number)
            }
            _ => None,
        };
        let named = self.rows.iter().zip(ruled).filter_map(|(row, ruled)| {
            Some(Brought {
                parent: parent(row, ruled)?,
                learned_at: row.learned_at,
            })
        });
        let mut brought: Vec<Brought> = named.collect();
        brought.sort();
        brought.dedup();
        brought
    }
}

fn rule<T>(order: &mut Option<Order>, row: &Row<T>, loaded: &Loaded, known: &Known<'_>) -> RuledRow {
    if loaded.has_departed {
        return RuledRow::free(refuse_archived(&row.news));
    }
    let ruling = match (&row.news, order.as_mut()) {
        (OrderNews::Order(fact), None) => place(order, fact, known),
        (OrderNews::Order(fact), Some(order)) => order.rule_order(fact, &row.uploader),
        (OrderNews::Tracking(fact), Some(order)) => {
            let policy = known.book.in_force_at(order.paid_at);
            let owner = fact
                .number
                .as_ref()
                .and_then(|number| loaded.number_owners.get(number));
            let ruling = order.rule_tracking(fact, &row.uploader, owner, policy, known.book);
            let fine = ruling.fined.then_some(Cents(i64::from(policy.upload.fine_cents)));
            return RuledRow { ruling, fine };
        }
        (OrderNews::Tracking(fact), None) => wait_for_order(fact),
        (OrderNews::Event(fact), Some(order)) => {
            order.rule_event(fact, &row.uploader, known.book.intake.events_per_order_max)
        }
        (OrderNews::Event(fact), None) => wait_for_number(fact),
        (OrderNews::Appeal(fact), Some(order)) => order.rule_appeal(fact, &row.uploader),
        (OrderNews::Appeal(fact), None) => Ruling::parked(
            RowCode::OrderUnknown,
            "order_id",
            fact.order_id.as_str(),
            Vec::new(),
        ),
    };
    RuledRow::free(ruling)
}

/// A row about an order that was settled for good and left: it is not opened again, and above all not made anew.
fn refuse_archived(news: &OrderNews) -> Ruling {
    let (column, value) = match news {
        OrderNews::Order(fact) => ("order_id", fact.order_id.as_str()),
        OrderNews::Tracking(fact) => ("order_id", fact.order_id.as_str()),
        OrderNews::Appeal(fact) => ("order_id", fact.order_id.as_str()),
        OrderNews::Event(fact) => ("tracking_number", fact.number.as_str()),
    };
    Ruling::applied(vec![Finding::new(RowCode::OrderArchived, column, value)])
}

/// Places a new order, with its rate frozen; without a rate it waits (never 1.0).
fn place(order: &mut Option<Order>, fact: &OrderFact, known: &Known<'_>) -> Ruling {
    let paid_on = fact.paid_at.date_in(known.book.zone);
    let rates = known.rates.get(&fact.amount.currency);
    let rate =
        rates.and_then(|rates| FrozenRate::pick(rates, paid_on, known.book.intake.rate_lookback_days_max));
    match fact.amount.usd_cents(rate.map(|frozen| frozen.rate)) {
        Some(usd) => {
            *order = Some(Order::placed(fact, rate, usd));
            Ruling::applied(Vec::new())
        }
        None => Ruling::parked(
            RowCode::RateMissing,
            "currency",
            fact.amount.currency.as_str(),
            Vec::new(),
        ),
    }
}

/// A tracking row of an unknown order waits; one out of scope has nothing to wait for (A3).
pub(crate) fn wait_for_order(fact: &TrackingFact) -> Ruling {
    if fact
        .findings
        .iter()
        .any(|finding| finding.code == RowCode::CarrierOutOfScope)
    {
        return Ruling::applied(fact.findings.clone());
    }
    Ruling::parked(
        RowCode::OrderUnknown,
        "order_id",
        fact.order_id.as_str(),
        fact.findings.clone(),
    )
}

/// An event of a number that no order has accepted waits for it.
pub(crate) fn wait_for_number(fact: &EventFact) -> Ruling {
    Ruling::parked(
        RowCode::NumUnknown,
        "tracking_number",
        fact.number.as_str(),
        fact.findings.clone(),
    )
}

#[cfg(test)]
mod golden;
