//! The orders that a dry run is told of: what an orders file says, ruled like one that is uploaded.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use domain::claims::ClaimTerms;
use domain::exchange::DatedRate;
use domain::facts::{AppealFact, OrderFact, TrackingFact};
use domain::policy::IntakePolicy;
use domain::ruling::{Ruling, Uploader};
use domain::{Order, OrderId, PolicyBook, Rate, RowCode, Timestamp, TrackingNumber};
use intake::{Context, Fact, FileZone, Filled, Kind, Limits, RawRow, Trust, UploadError};

use crate::commit::{RuledRow, claim_without_room, wait_for_order};

/// The orders file, as an upload among others.
const ORDERS_UPLOAD: u64 = 0;

/// Orders by their numbers, as one file tells of them.
pub struct KnownOrders {
    orders: HashMap<OrderId, Order>,
    /// The orders that rows of the file at hand named each number for.
    claimants: HashMap<TrackingNumber, Vec<OrderId>>,
    unusable_rows: u64,
}

impl KnownOrders {
    /// Reads an orders file of any format; its rows that are refused are counted and left out.
    ///
    /// # Errors
    /// [`UploadError`] when the file is refused or cannot be read.
    pub fn read(path: &Path, book: &PolicyBook, recorded_at: Timestamp) -> Result<Self, UploadError> {
        let mut upload = intake::open(File::open(path)?, Kind::Orders, Limits::default())?;
        let columns = upload.columns().clone();
        let context = Context {
            zone: FileZone::of(book, Kind::Orders, None, None),
            platform_zone: book.zone,
            upload: ORDERS_UPLOAD,
            recorded_at,
            clock: recorded_at,
            stored: None,
            filled: Filled::default(),
            trust: Trust::Operator,
            future_max: book.intake.event_future_max,
            earliest: book.intake.earliest,
            events: Arc::clone(&book.events),
            carriers: Arc::clone(&book.carriers),
        };
        let mut known = Self {
            orders: HashMap::new(),
            claimants: HashMap::new(),
            unusable_rows: 0,
        };
        let mut row = RawRow::default();
        while upload.read(&mut row)? {
            match intake::check(&row, &columns, &context).fact {
                Some(Fact::Order(fact)) => known.learn(fact, book),
                _ => known.unusable_rows += 1,
            }
        }
        Ok(known)
    }

    /// Rows of the orders file that told nothing.
    pub(super) fn unusable_rows(&self) -> u64 {
        self.unusable_rows
    }

    /// The order of that number.
    pub(super) fn order(&self, order_id: &OrderId) -> Option<&Order> {
        self.orders.get(order_id)
    }

    fn learn(&mut self, fact: OrderFact, book: &PolicyBook) {
        match self.orders.get_mut(&fact.order_id) {
            Some(order) => {
                let ruling = order.rule_order(&fact, &Uploader::Operator, &book.intake);
                self.unusable_rows += u64::from(ruling.findings.iter().any(domain::Finding::is_error));
            }
            None => {
                // No verdict on a row depends on the rate or the category.
                let rate = DatedRate {
                    rate: Rate::ONE,
                    date: NaiveDate::default(),
                    recorded_at: fact.recorded_at,
                };
                if let Some(mut order) = Order::placed(&fact, vec![rate], &Uploader::Operator) {
                    order.category = None;
                    self.orders.insert(fact.order_id, order);
                }
            }
        }
    }

    /// A tracking row, ruled as in the cloud; what it costs is left out.
    pub(super) fn rule_tracking(
        &mut self,
        fact: &TrackingFact,
        uploader: &Uploader,
        book: &PolicyBook,
    ) -> Ruling {
        let shares_too_many = self.shares_too_many(fact, book.newest().claims);
        let Some(order) = self.orders.get_mut(&fact.order_id) else {
            return wait_for_order(fact);
        };
        let policy = book.in_force_at(order.paid_at);
        let before = shares_too_many.then(|| order.clone());
        let claimants = fact.number.as_ref().and_then(|number| self.claimants.get(number));
        let claimants = claimants.map_or(&[][..], Vec::as_slice);
        let ruling = order.rule_claim(fact, claimants, uploader, policy, book);
        if let Some(before) = before.filter(|before| order.claim_rows() > before.claim_rows()) {
            *order = before;
            return claim_without_room(fact);
        }
        let mut ruled = RuledRow::free(ruling);
        if let Some(number) = fact.number.as_ref().filter(|_| !ruled.ruling.is_refused()) {
            self.meet(number, &fact.order_id);
        }
        if let Some(order) = self.orders.get(&fact.order_id) {
            ruled.check_waiting(fact, uploader, order, book);
        }
        let ruling = ruled.ruling;
        Ruling {
            fined: false,
            ..ruling
        }
    }

    /// Whether a row would let its order, or one that claims its number, share numbers with more orders than one may.
    fn shares_too_many(&self, fact: &TrackingFact, terms: ClaimTerms) -> bool {
        let claimants = fact.number.as_ref().and_then(|number| self.claimants.get(number));
        let others = claimants.into_iter().flatten();
        let others: Vec<&OrderId> = others.filter(|other| **other != fact.order_id).collect();
        let would_share = |order_id: &OrderId, with: &[&OrderId]| {
            let known = self.orders.get(order_id).map(Order::rivals).unwrap_or_default();
            known.len() + with.iter().filter(|other| !known.contains(**other)).count()
        };
        would_share(&fact.order_id, &others) > terms.rivals_max()
            || others
                .iter()
                .any(|other| would_share(other, &[&fact.order_id]) > terms.rivals_max())
    }

    /// Lets an order meet the other orders of the file that claim a number.
    fn meet(&mut self, number: &TrackingNumber, order_id: &OrderId) {
        let claimants = self.claimants.entry(number.clone()).or_default();
        if !claimants.contains(order_id) {
            claimants.push(order_id.clone());
        }
        let Some(mut order) = self.orders.remove(order_id) else {
            return;
        };
        for other in claimants.iter().filter(|other| *other != order_id) {
            if let Some(other) = self.orders.get_mut(other) {
                order.meet(other, number);
            }
        }
        self.orders.insert(order_id.clone(), order);
    }

    /// An appeal's row, ruled as in the cloud.
    pub(super) fn rule_appeal(
        &mut self,
        fact: &AppealFact,
        uploader: &Uploader,
        limits: &IntakePolicy,
    ) -> Ruling {
        match self.orders.get_mut(&fact.order_id) {
            Some(order) => order.rule_appeal(fact, uploader, limits),
            None => Ruling::parked(
                RowCode::OrderUnknown,
                "order_id",
                fact.order_id.as_str(),
                Vec::new(),
            ),
        }
    }

    /// A further row about an order that the orders file has; `None` for one that it has not.
    pub(super) fn rule_order(
        &mut self,
        fact: &OrderFact,
        uploader: &Uploader,
        limits: &IntakePolicy,
    ) -> Option<Ruling> {
        let order = self.orders.get_mut(&fact.order_id)?;
        Some(order.rule_order(fact, uploader, limits))
    }
}
