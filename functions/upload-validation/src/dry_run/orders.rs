//! The orders that a dry run is told of: what an orders file says, ruled like one that is uploaded.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use domain::carrier::CarrierTable;
use domain::facts::{AppealFact, OrderFact, TrackingFact};
use domain::ruling::{Ruling, Uploader};
use domain::{Cents, Order, OrderId, PolicyBook, RowCode, Timestamp, TrackingNumber};
use intake::{Context, Fact, Kind, Limits, RawRow, Trust, UploadError};

use crate::commit::wait_for_order;

/// The orders file, as an upload among others.
const ORDERS_UPLOAD: u64 = 0;

/// Orders by their numbers, as one file tells of them.
pub struct KnownOrders {
    orders: HashMap<OrderId, Order>,
    /// Numbers that rows of the file at hand have brought.
    number_owners: HashMap<TrackingNumber, OrderId>,
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
            zone: book.zone,
            upload: ORDERS_UPLOAD,
            recorded_at,
            trust: Trust::Operator,
            event_future_max: book.intake.event_future_max,
            events: Arc::clone(&book.events),
            carriers: CarrierTable::shipped(),
        };
        let mut known = Self {
            orders: HashMap::new(),
            number_owners: HashMap::new(),
            unusable_rows: 0,
        };
        let mut row = RawRow::default();
        while upload.read(&mut row)? {
            match intake::check(&row, &columns, &context).fact {
                Some(Fact::Order(fact)) => known.learn(fact),
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

    fn learn(&mut self, fact: OrderFact) {
        match self.orders.get_mut(&fact.order_id) {
            Some(order) => {
                let ruling = order.rule_order(&fact, &Uploader::Operator);
                self.unusable_rows += u64::from(ruling.findings.iter().any(domain::Finding::is_error));
            }
            None => {
                // No verdict on a row depends on the amount in USD or the category.
                let mut order = Order::placed(&fact, None, Cents(0));
                order.category = None;
                self.orders.insert(fact.order_id, order);
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
        let Some(order) = self.orders.get_mut(&fact.order_id) else {
            return wait_for_order(fact);
        };
        let policy = book.in_force_at(order.paid_at);
        let owner = fact
            .number
            .as_ref()
            .and_then(|number| self.number_owners.get(number));
        let ruling = order.rule_tracking(fact, uploader, owner, policy, book);
        if let Some(number) = fact
            .number
            .as_ref()
            .filter(|number| order.shipment(number).is_some())
        {
            self.number_owners
                .entry(number.clone())
                .or_insert_with(|| fact.order_id.clone());
        }
        Ruling {
            fined: false,
            ..ruling
        }
    }

    /// An appeal's row, ruled as in the cloud.
    pub(super) fn rule_appeal(&mut self, fact: &AppealFact, uploader: &Uploader) -> Ruling {
        match self.orders.get_mut(&fact.order_id) {
            Some(order) => order.rule_appeal(fact, uploader),
            None => Ruling::parked(
                RowCode::OrderUnknown,
                "order_id",
                fact.order_id.as_str(),
                Vec::new(),
            ),
        }
    }

    /// A further row about an order that the orders file has; `None` for one that it has not.
    pub(super) fn rule_order(&mut self, fact: &OrderFact, uploader: &Uploader) -> Option<Ruling> {
        let order = self.orders.get_mut(&fact.order_id)?;
        Some(order.rule_order(fact, uploader))
    }
}
