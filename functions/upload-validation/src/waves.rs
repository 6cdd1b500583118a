//! Rows on their way through the orders they are about. A row about an event goes to every order that claims its number; one
//! that joins while the event is written is found by the order that knows of it, and gets the event in the next wave.

use std::collections::{BTreeMap, BTreeSet};

use domain::facts::TrackingFact;
use domain::ruling::{Uploader, Verdict};
use domain::{OrderId, TrackingNumber};

use crate::commit::{Brought, Done, OrderNews, Row, RuledRow};

/// A batch of rows while its jobs run.
pub(crate) struct Waves<T> {
    ruled: Vec<Option<RuledRow>>,
    origins: Vec<(T, Option<Row<usize>>)>,
    /// Where each event has been.
    reached: BTreeSet<(usize, OrderId)>,
    /// Orders of tracking rows whose numbers others claim.
    pub(crate) contested: BTreeSet<OrderId>,
    brought: Vec<Brought>,
}

impl<T> Waves<T> {
    /// Rows whose rulings are known already, and those that jobs will give.
    pub(crate) fn new(ruled: Vec<Option<RuledRow>>, origins: Vec<(T, Option<Row<usize>>)>) -> Self {
        Self {
            ruled,
            origins,
            reached: BTreeSet::new(),
            contested: BTreeSet::new(),
            brought: Vec::new(),
        }
    }

    /// Takes what a job came to; what other orders must know goes to `next`.
    pub(crate) fn take(&mut self, done: Done<usize>, next: &mut BTreeMap<OrderId, Vec<Row<usize>>>) {
        let rivals = |number: &TrackingNumber| {
            let contested = done.contested.iter().find(|(contested, _)| contested == number);
            contested.map_or(&[][..], |(_, rivals)| rivals)
        };
        for (row, ruled) in done.rows {
            match &row.news {
                OrderNews::Event(fact) => {
                    self.reached.insert((row.origin, done.order_id.clone()));
                    for rival in rivals(&fact.number) {
                        if self.reached.insert((row.origin, rival.clone())) {
                            next.entry(rival.clone()).or_default().push(row.clone());
                        }
                    }
                }
                OrderNews::Tracking(fact) => {
                    let rivals = fact.number.as_ref().map_or(&[][..], rivals);
                    if !rivals.is_empty() {
                        self.contested.insert(done.order_id.clone());
                        self.contested.extend(rivals.iter().cloned());
                    }
                }
                OrderNews::Order(_) | OrderNews::Appeal(_) => {}
            }
            let place = row.origin;
            let better = match self.ruled[place].take() {
                Some(known) if rank(&known) <= rank(&ruled) => known,
                _ => ruled,
            };
            self.ruled[place] = Some(better);
            self.origins[place].1 = Some(row);
        }
        self.brought.extend(done.brought);
    }

    /// Calls `look` with each tracking row of a contested order and its ruling.
    pub(crate) fn each_tracking(&mut self, look: impl Fn(&TrackingFact, &Uploader, &mut RuledRow)) {
        for ((_, row), ruled) in self.origins.iter().zip(&mut self.ruled) {
            if let (Some(row), Some(ruled)) = (row, ruled)
                && let OrderNews::Tracking(fact) = &row.news
                && self.contested.contains(&fact.order_id)
            {
                look(fact, &row.uploader, ruled);
            }
        }
    }

    /// Each row with its ruling, and the parents that were brought.
    pub(crate) fn finish(self) -> (Vec<(Row<T>, RuledRow)>, Vec<Brought>) {
        let rows = self.origins.into_iter().zip(self.ruled);
        let ruled = rows.filter_map(|((origin, row), ruled)| Some((row?.with_origin(origin), ruled?)));
        (ruled.collect(), self.brought)
    }
}

/// Of the rulings of several orders on one event the one by which it counts is the row's.
fn rank(ruled: &RuledRow) -> u8 {
    match ruled.ruling.verdict {
        Verdict::Accepted => 0,
        Verdict::AcceptedWithWarning => 1,
        Verdict::Unchanged => 2,
        Verdict::Parked => 3,
        Verdict::Rejected => 4,
        Verdict::Skipped => 5,
    }
}
