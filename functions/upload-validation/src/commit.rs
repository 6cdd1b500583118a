//! Rows about one order: loaded together, ruled in the order of the file, committed by one write.

mod row;
mod rule;

use std::collections::HashMap;

use domain::claims::END_OF_TIME;
use domain::exchange::RatesByDay;
use domain::facts::TrackingFact;
use domain::ruling::{Ruling, Uploader};
use domain::{
    Cents, Currency, Finding, Order, OrderId, PolicyBook, RowCode, Severity, Timestamp, TrackingNumber,
};
use serde::{Deserialize, Serialize};
use store::{Commit, NewClaim, News, OrderWrite, Parent, Room, Store, StoreError, StoredOrder};

pub(crate) use row::{OrderNews, Row, Subject, file_name};
pub(crate) use rule::{claim_without_room, has_rate, refuse_for_room, wait_for_number, wait_for_order};
use rule::{refuse_archived, rule};

use crate::rivals::Rivals;

/// Attempts at one order against concurrent writers.
const ATTEMPTS_MAX: u32 = 12;

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

/// What became of a row; also the form in which it is kept until its file is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RuledRow {
    pub(crate) ruling: Ruling,
    /// What the row's failure costs (A6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fine: Option<Cents>,
    /// What it will cost if its claim still waits when its time is up (A6, `NUM_USED_ELSEWHERE`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
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

    /// Rules the rows and commits what they bring. A lost race loads and rules again. What has no room in one write is tried row by
    /// row, and a row for which there is none alone is refused.
    pub(crate) async fn run(self, known: &Known<'_>, mut loaded: Loaded) -> Result<Done<T>, StoreError> {
        let mut has_room = true;
        for _ in 0..ATTEMPTS_MAX {
            if loaded.has_departed {
                return self.run_departed(known.store).await;
            }
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
                None if self.rows.len() > 1 => return self.run_row_by_row(known).await,
                // The next attempt refuses the row.
                None => has_room = false,
            }
        }
        Err(StoreError::Contended {
            subject: format!("order {}", self.order_id),
            attempts: ATTEMPTS_MAX,
        })
    }

    async fn run_row_by_row(self, known: &Known<'_>) -> Result<Done<T>, StoreError> {
        let mut done = Done {
            order_id: self.order_id.clone(),
            rows: Vec::with_capacity(self.rows.len()),
            brought: Vec::new(),
            contested: Vec::new(),
        };
        for row in self.rows {
            let job = Job {
                order_id: self.order_id.clone(),
                rows: vec![row],
            };
            let loaded = job.load(known.store).await?;
            let of_row = Box::pin(job.run(known, loaded)).await?;
            done.rows.extend(of_row.rows);
            done.brought.extend(of_row.brought);
            done.contested = of_row.contested;
        }
        Ok(done)
    }

    /// The order was settled for good and has left: of the rows about it only a decision on an appeal still counts, which works
    /// on the ledger alone (B5).
    async fn run_departed(self, store: &Store) -> Result<Done<T>, StoreError> {
        let mut ruled = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let ruling = match &row.news {
                OrderNews::Appeal(fact) if fact.is_decision() && row.uploader == Uploader::Operator => {
                    let posted = store.decide_departed(fact).await?;
                    let ids: Vec<&str> = posted.iter().map(|entry| entry.entry_id.as_str()).collect();
                    tracing::info!(order_id = self.order_id.as_str(), entry_ids = ?ids, "an appeal of an order that left was decided");
                    if posted.is_empty() {
                        Ruling::unchanged()
                    } else {
                        Ruling::applied(Vec::new())
                    }
                }
                news => refuse_archived(news),
            };
            ruled.push(RuledRow::free(ruling));
        }
        Ok(self.done(None, None, ruled))
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

    /// Writes the order, the records of its new numbers and the rivals that must know; `None` when there is no room for them: in
    /// one of the items, in one transaction, or because the order would share numbers with too many others.
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
        let is_claim = order.claim_rows() > before.map_or(0, |before| before.order.claim_rows());
        let news = News {
            room: if is_claim { Room::OF_CLAIMS } else { Room::OF_NEWS },
            order: write(order, before.map(|before| before.version)),
            new_claims: new_claims.collect(),
            rivals: rivals
                .changed()
                .map(|rival| write(&rival.order, Some(rival.version)))
                .collect(),
        };
        let terms = known.book.in_force_at(order.paid_at).claims;
        if is_claim && rivals.are_too_many(order, terms) {
            return Ok(None);
        }
        known.store.commit(&news).await
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

#[cfg(test)]
mod golden;
