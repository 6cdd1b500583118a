//! Rows about one order: loaded together, ruled in the order of the file, committed by one write.

use std::collections::HashMap;

use domain::claims::END_OF_TIME;
use domain::exchange::{RatesByDay, course_of};
use domain::facts::{AppealFact, EventFact, OrderFact, TrackingFact};
use domain::ruling::{Ruling, Uploader};
use domain::{
    Cents, Currency, Finding, Order, OrderId, PolicyBook, RowCode, Severity, Source, Timestamp,
    TrackingNumber,
};
use serde::{Deserialize, Serialize};
use store::{
    Commit, NewClaim, News, OrderWrite, Parent, Store, StoreError, StoredOrder, TRANSACTION_ITEMS_MAX,
};

use crate::rivals::{Rivals, claims_refused};

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

impl<T> Row<T> {
    /// The row, as it stands at a place of its batch, and where it came from.
    pub(crate) fn at_place(self, place: usize) -> ((T, Option<Row<usize>>), Row<usize>) {
        let row = Row {
            origin: place,
            news: self.news,
            uploader: self.uploader,
            learned_at: self.learned_at,
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
        }
    }
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
    /// What it will cost if its claim still waits when its time is up (A6, `NUM_USED_ELSEWHERE`).
    pub(crate) pending: Option<Cents>,
}

/// A job done: its rows with their rulings, and the parents it brought for parked rows.
pub(crate) struct Done<T> {
    pub(crate) order_id: OrderId,
    pub(crate) rows: Vec<(Row<T>, RuledRow)>,
    pub(crate) brought: Vec<Brought>,
    /// By number, the other orders that claim it.
    pub(crate) contested: Vec<(TrackingNumber, Vec<OrderId>)>,
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
    /// The orders that claim the numbers of the rows.
    pub(crate) claimants: HashMap<TrackingNumber, Vec<OrderId>>,
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
    /// Adds to a row whose claim waits that it does (A2), with the order that holds the number, if the uploader may see it.
    pub(crate) fn check_waiting(
        &mut self,
        fact: &TrackingFact,
        uploader: &Uploader,
        order: &Order,
        book: &PolicyBook,
    ) {
        let policy = book.in_force_at(order.paid_at);
        let holder = fact
            .number
            .as_ref()
            .filter(|_| !self.ruling.is_refused())
            .and_then(|number| order.waits_for(number, fact.source, policy, END_OF_TIME));
        let (Some(holder), Some(number)) = (holder, &fact.number) else {
            return;
        };
        let finding = Finding::new(RowCode::NumUsedElsewhere, "tracking_number", number.as_str());
        // The other order may be another seller's: only an operator is shown which it is.
        let finding = match uploader {
            Uploader::Operator => finding.with_detail(holder.as_str()),
            Uploader::Seller(_) => finding,
        };
        let findings = std::mem::take(&mut self.ruling.findings);
        self.ruling = Ruling::applied(findings.into_iter().chain([finding]).collect());
        let is_fined = policy.upload.fined_codes.contains(&RowCode::NumUsedElsewhere);
        self.pending = is_fined.then_some(Cents(i64::from(policy.upload.fine_cents)));
    }

    /// A ruling that costs nothing.
    pub(crate) fn free(ruling: Ruling) -> Self {
        Self {
            ruling,
            fine: None,
            pending: None,
        }
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
        let mut has_room = true;
        for _ in 0..ATTEMPTS_MAX {
            let before = loaded.order.as_ref().map(|stored| &stored.order);
            let mut order = before.cloned();
            let ruled: Vec<RuledRow> = self
                .rows
                .iter()
                .map(|row| rule(&mut order, row, &loaded, known, has_room))
                .collect();
            let mut rivals = Rivals::default();
            if let Some(order) = &mut order {
                rivals = Rivals::meet(order, before, &loaded.claimants, known.store).await?;
            }
            match self.commit(known, &loaded, order.as_ref(), &rivals).await? {
                Some(Commit::Done) => return Ok(self.done(order.as_ref(), before, ruled)),
                Some(Commit::Raced) => loaded = self.load(known.store).await?,
                // More orders than one transaction can tell of it: the row is refused, and the next attempt says so.
                None => has_room = false,
            }
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
        let has_departed = order.is_none() && store.departed(&ids).await?.contains_key(&self.order_id);
        Ok(Loaded {
            order,
            has_departed,
            claimants: store.claimants(&self.numbers()).await?,
        })
    }

    /// Writes the order, the records of its new numbers and the rivals that must know; `None` when these are more than one
    /// transaction holds.
    async fn commit(
        &self,
        known: &Known<'_>,
        loaded: &Loaded,
        after: Option<&Order>,
        rivals: &Rivals,
    ) -> Result<Option<Commit>, StoreError> {
        let before = loaded.order.as_ref();
        let Some(order) = after.filter(|after| before.is_none_or(|before| before.order != **after)) else {
            return Ok(Some(Commit::Done));
        };
        let is_new =
            |number: &&TrackingNumber| before.is_none_or(|before| before.order.shipment(number).is_none());
        let numbers = order.shipments.iter().map(|shipment| &shipment.number);
        let new_claims = numbers.filter(is_new).map(|number| NewClaim {
            number,
            seen: loaded.claimants.get(number).map_or(&[], Vec::as_slice),
        });
        let write = |order, seen_version| write_of(order, seen_version, known.book);
        let news = News {
            order: write(order, before.map(|before| before.version)),
            new_claims: new_claims.collect(),
            rivals: rivals
                .changed()
                .map(|rival| write(&rival.order, Some(rival.version)))
                .collect(),
        };
        if news.items() > TRANSACTION_ITEMS_MAX {
            return Ok(None);
        }
        known.store.commit(&news).await.map(Some)
    }

    /// What came of the job. Parents are brought also where they were there before: a run killed between its write and the
    /// waking of parked rows is put right by the next delivery of the same file.
    fn done(self, order: Option<&Order>, before: Option<&Order>, ruled: Vec<RuledRow>) -> Done<T> {
        let contested: Vec<(TrackingNumber, Vec<OrderId>)> = order.map(contested).unwrap_or_default();
        let mut brought = self.brought(order, &ruled);
        if let Some(order) = order
            && !contested.is_empty()
            && before != Some(order)
        {
            let learned_at = self.rows.iter().map(|row| row.learned_at).min();
            let claims = contested.iter().map(|(number, _)| Brought {
                parent: Parent::Claim(number.clone()),
                learned_at: learned_at.unwrap_or(order.recorded_at),
            });
            brought.extend(claims);
        }
        Done {
            order_id: self.order_id,
            rows: self.rows.into_iter().zip(ruled).collect(),
            brought,
            contested,
        }
    }

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

/// The numbers of an order that others claim, too.
fn contested(order: &Order) -> Vec<(TrackingNumber, Vec<OrderId>)> {
    let shipments = order.shipments.iter();
    shipments
        .filter(|shipment| !shipment.rivals.is_empty())
        .map(|shipment| {
            let rivals = shipment.rivals.iter().map(|word| word.order_id.clone());
            (shipment.number.clone(), rivals.collect())
        })
        .collect()
}

fn write_of<'a>(order: &'a Order, seen_version: Option<u64>, book: &PolicyBook) -> OrderWrite<'a> {
    OrderWrite {
        order,
        seen_version,
        sign_off_open: order.is_sign_off_open(book.in_force_at(order.paid_at)),
    }
}

fn rule<T>(
    order: &mut Option<Order>,
    row: &Row<T>,
    loaded: &Loaded,
    known: &Known<'_>,
    has_room: bool,
) -> RuledRow {
    if loaded.has_departed {
        return RuledRow::free(refuse_archived(&row.news));
    }
    let ruling = match (&row.news, order.as_mut()) {
        (OrderNews::Order(fact), None) => place(order, fact, &row.uploader, known),
        (OrderNews::Order(fact), Some(order)) => restate(order, fact, &row.uploader, known),
        (OrderNews::Tracking(fact), Some(order)) => {
            let policy = known.book.in_force_at(order.paid_at);
            if let Some(refused) = claims_refused(order, fact, &loaded.claimants, policy.claims, has_room) {
                return RuledRow::free(refused);
            }
            let ruling = order.rule_tracking(fact, &row.uploader, policy, known.book);
            let fine = ruling.fined.then_some(Cents(i64::from(policy.upload.fine_cents)));
            return RuledRow {
                ruling,
                fine,
                pending: None,
            };
        }
        (OrderNews::Tracking(fact), None) => wait_for_order(fact),
        (OrderNews::Event(fact), Some(order)) => {
            let policy = known.book.in_force_at(order.paid_at);
            let events_max = known.book.intake.events_per_order_max;
            order.rule_event(fact, &row.uploader, policy, events_max)
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

/// Places a new order by the rates that are known; without one it waits (never 1.0).
fn place(order: &mut Option<Order>, fact: &OrderFact, uploader: &Uploader, known: &Known<'_>) -> Ruling {
    let rates = known.rates.get(&fact.amount.currency);
    let course = rates.map(|rates| course_of(rates, fact.paid_at, fact.recorded_at, known.book));
    *order = Order::placed(fact, course.unwrap_or_default(), uploader);
    match order {
        Some(_) => Ruling::applied(Vec::new()),
        None => wait_for_rate(fact),
    }
}

/// A further row about a known order, which is reckoned by the rates that are known now. An operator's row that would replace a
/// seller's waits for a rate of its currency as a new order does.
fn restate(order: &mut Order, fact: &OrderFact, uploader: &Uploader, known: &Known<'_>) -> Ruling {
    let rates = known.rates.get(&fact.amount.currency);
    let would_replace = *uploader == Uploader::Operator && !order.confirmed;
    if would_replace && fact.amount.currency != Currency::USD && !has_rate(fact, rates, known.book) {
        return wait_for_rate(fact);
    }
    let ruling = order.rule_order(fact, uploader);
    // Rates were read for the row's day: those of an order that it does not tell of are left as they are.
    let is_told = (order.paid_at, order.amount.currency) == (fact.paid_at, fact.amount.currency);
    if is_told && fact.amount.currency == Currency::USD {
        order.rates.clear();
    } else if let Some(rated) = rates
        .filter(|_| is_told)
        .and_then(|rates| order.rated_anew(rates, known.book))
    {
        *order = rated;
    }
    ruling
}

fn wait_for_rate(fact: &OrderFact) -> Ruling {
    let currency = fact.amount.currency.as_str();
    Ruling::parked(RowCode::RateMissing, "currency", currency, Vec::new())
}

/// Whether a rate applies to an order's row.
pub(crate) fn has_rate(fact: &OrderFact, rates: Option<&RatesByDay>, book: &PolicyBook) -> bool {
    rates.is_some_and(|rates| !course_of(rates, fact.paid_at, fact.recorded_at, book).is_empty())
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
