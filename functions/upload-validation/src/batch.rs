//! A batch of rows: grouped by order, ruled and written.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::NaiveDate;
use domain::ruling::{Ruling, Uploader, Verdict};
use domain::{Currency, Finding, OrderId, Rate, SellerId, Timestamp, TrackingNumber};
use futures::stream::{self, StreamExt, TryStreamExt};
use intake::{CheckedRow, Fact, Kind, RawRow};
use store::{Store, StoreError, StoredOrder};

use crate::UploadValidation;
use crate::commit::{
    Brought, Done, Job, Known, Loaded, OrderNews, Row, RuledRow, Subject, file_name, wait_for_number,
};
use crate::waves::Waves;

/// Calls to the tables under way at once.
pub(crate) const CALLS_AT_ONCE: usize = 32;

/// How much of a file is judged and written together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Rows, at most. An order's rows of one batch are one write, so large batches are cheaper; small ones fit a run of the
    /// function where their rows take longest.
    pub rows_max: usize,
    /// What a batch takes at its worst, and the answer behind the last one. A run that has less time left begins neither: the
    /// next run goes on.
    pub time_max: Duration,
}

impl Default for BatchLimits {
    /// A row whose number is contested is written alone, in some 20 ms; a row of any other kind takes half a millisecond.
    fn default() -> Self {
        Self {
            rows_max: 20_000,
            time_max: Duration::from_secs(450),
        }
    }
}

/// What all batches of an upload share.
pub(crate) struct Surroundings<'a> {
    pub(crate) function: &'a UploadValidation,
    pub(crate) uploader: Uploader,
    pub(crate) upload_key: String,
    pub(crate) kind: Kind,
    /// When the upload was learned: what it brings was brought then, and what it parks waits from then on.
    pub(crate) learned_at: Timestamp,
    /// Order numbers that may still be looked up for proposals.
    pub(crate) proposal_keys_left: AtomicUsize,
    /// What the file's rows so far say of a day: within one file the first stands.
    pub(crate) rates_in_file: Mutex<HashMap<(Currency, NaiveDate), Rate>>,
}

impl Surroundings<'_> {
    /// Takes notice of rows that a run before has judged.
    pub(crate) fn pass_over(&self, rows: &[(RawRow, CheckedRow)]) {
        for (_, checked) in rows {
            if let Some(Fact::Rate(fact)) = &checked.fact {
                self.stated_before(fact);
            }
        }
    }
}

/// A batch of rows of one upload.
pub(crate) struct Batch<'a> {
    surroundings: &'a Surroundings<'a>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(surroundings: &'a Surroundings<'a>) -> Self {
        Self { surroundings }
    }

    pub(crate) fn surroundings(&self) -> &Surroundings<'a> {
        self.surroundings
    }

    pub(crate) fn store(&self) -> &Store {
        &self.surroundings.function.store
    }

    /// Rules every row and writes what stands; the rulings are in the order of the rows, whose facts are used up.
    pub(crate) async fn rule(&self, rows: &mut [(RawRow, CheckedRow)]) -> Result<Vec<RuledRow>, StoreError> {
        self.look_for_agreements(rows).await?;
        let mut ruled: Vec<RuledRow> = rows
            .iter()
            .map(|(_, checked)| RuledRow::free(rule_alone(checked)))
            .collect();
        let mut news = Vec::new();
        let mut rates = Vec::new();
        let (mut sellers, mut lines) = (Vec::new(), Vec::new());
        for (index, (_, checked)) in rows.iter_mut().enumerate() {
            // Moved, not copied: a large batch is held once.
            match checked.fact.take() {
                Some(Fact::Order(fact)) => news.push((index, OrderNews::Order(fact))),
                Some(Fact::Tracking(fact)) => news.push((index, OrderNews::Tracking(fact))),
                Some(Fact::Event(fact)) => news.push((index, OrderNews::Event(fact))),
                Some(Fact::Appeal(fact)) => news.push((index, OrderNews::Appeal(fact))),
                Some(Fact::Rate(fact)) => rates.push((index, fact)),
                Some(Fact::Seller(fact)) => sellers.push((index, *fact)),
                Some(Fact::Statement(line)) => lines.push((index, *line)),
                None => {}
            }
        }
        let mut brought = self.keep_rates(&rates, &mut ruled).await?;
        let kept = [
            self.keep_sellers(sellers).await?,
            self.keep_statement(lines).await?,
        ];
        for (index, outcome) in kept.into_iter().flatten() {
            ruled[index] = with_warnings(outcome, &rows[index].1.findings);
        }
        self.note_sellers(&news).await?;
        let Surroundings {
            uploader,
            learned_at,
            upload_key,
            ..
        } = self.surroundings;
        let file = file_name(upload_key);
        let news = news.into_iter().map(|(origin, news)| Row {
            origin,
            news,
            uploader: uploader.clone(),
            learned_at: *learned_at,
            file: Arc::clone(&file),
        });
        // On the heap, like what wakes: the futures of a batch are large, and whoever awaits one would hold it on its stack.
        let (applied, more) = Box::pin(self.apply(news.collect())).await?;
        brought.extend(more);
        let mut waiting = Vec::new();
        for (row, outcome) in applied {
            let index = row.origin;
            if outcome.waits() {
                let parent = row.news.parent(&outcome.ruling);
                waiting.push((index, row.news, parent));
            }
            ruled[index] = with_warnings(outcome, &rows[index].1.findings);
        }
        let waiting = self.within_bounds(waiting, &mut ruled).await?;
        brought.extend(self.park(waiting).await?);
        Box::pin(self.wake(brought)).await?;
        self.propose(&mut ruled).await?;
        Ok(ruled)
    }

    /// Applies rows to their orders, an order at a time, many orders at once. An event goes to every order that claims its
    /// number. Gives each row with its ruling, and the parents that were brought.
    pub(crate) async fn apply<T>(
        &self,
        rows: Vec<Row<T>>,
    ) -> Result<(Vec<(Row<T>, RuledRow)>, Vec<Brought>), StoreError> {
        let mut numbers: Vec<TrackingNumber> =
            rows.iter().filter_map(|row| row.news.number().cloned()).collect();
        numbers.sort();
        numbers.dedup();
        let claimants = self.store().claimants(&numbers).await?;
        let mut ruled: Vec<Option<RuledRow>> = Vec::with_capacity(rows.len());
        let mut jobs: BTreeMap<OrderId, Vec<Row<usize>>> = BTreeMap::new();
        let mut origins = Vec::with_capacity(rows.len());
        for (place, row) in rows.into_iter().enumerate() {
            let (origin, row) = row.at_place(place);
            origins.push(origin);
            ruled.push(match row.news.subject() {
                Subject::Order(order_id) => {
                    jobs.entry(order_id.clone()).or_default().push(row);
                    None
                }
                Subject::Parcel(fact) => match claimants.get(&fact.number) {
                    Some(orders) => {
                        for order_id in orders {
                            jobs.entry(order_id.clone()).or_default().push(row.clone());
                        }
                        None
                    }
                    None => {
                        let outcome = RuledRow::free(wait_for_number(fact));
                        origins[place].1 = Some(row);
                        Some(outcome)
                    }
                },
            });
        }
        let mut waves = Waves::new(ruled, origins);
        while !jobs.is_empty() {
            let jobs_of_wave = std::mem::take(&mut jobs);
            let wave = jobs_of_wave
                .into_iter()
                .map(|(order_id, rows)| Job { order_id, rows })
                .collect();
            for done in Box::pin(self.run(wave, &claimants)).await? {
                waves.take(done, &mut jobs);
            }
        }
        self.check_waiting(&mut waves).await?;
        Ok(waves.finish())
    }

    /// Looks once more at the rows of contested numbers: what another row of the batch said since decides, too.
    async fn check_waiting<T>(&self, waves: &mut Waves<T>) -> Result<(), StoreError> {
        let ids: Vec<OrderId> = waves.contested.iter().cloned().collect();
        if ids.is_empty() {
            return Ok(());
        }
        let orders = self.store().orders(&ids).await?;
        let book = &self.surroundings.function.policy;
        waves.each_tracking(|fact, uploader, ruled| {
            if let Some(stored) = orders.get(&fact.order_id) {
                ruled.check_waiting(fact, uploader, &stored.order, book);
            }
        });
        Ok(())
    }

    async fn run(
        &self,
        jobs: Vec<Job<usize>>,
        claimants: &HashMap<TrackingNumber, Vec<OrderId>>,
    ) -> Result<Vec<Done<usize>>, StoreError> {
        let order_ids: Vec<OrderId> = jobs.iter().map(|job| job.order_id.clone()).collect();
        let mut orders = self.store().orders(&order_ids).await?;
        let missing: Vec<OrderId> = order_ids
            .into_iter()
            .filter(|order_id| !orders.contains_key(order_id))
            .collect();
        let departed = self.store().departed(&missing).await?;
        let facts = jobs.iter().flat_map(|job| &job.rows).filter_map(|row| {
            if let OrderNews::Order(fact) = &row.news {
                Some(fact)
            } else {
                None
            }
        });
        let rates = self.load_rates(facts).await?;
        let known = Known {
            store: self.store(),
            book: &self.surroundings.function.policy,
            rates,
        };
        let (alone, contested) = by_contest(jobs, claimants, &orders);
        let loaded: Vec<(Job<usize>, Loaded)> = alone
            .into_iter()
            .map(|job| {
                let claimants = job.numbers().into_iter().filter_map(|number| {
                    let claimants = claimants.get(&number)?.clone();
                    Some((number, claimants))
                });
                let loaded = Loaded {
                    claimants: claimants.collect(),
                    order: orders.remove(&job.order_id),
                    has_departed: departed.contains_key(&job.order_id),
                };
                (job, loaded)
            })
            .collect();
        let mut done: Vec<Done<usize>> = stream::iter(loaded)
            .map(|(job, loaded)| job.run(&known, loaded))
            .buffer_unordered(CALLS_AT_ONCE)
            .try_collect()
            .await?;
        for job in row_by_row(contested) {
            let loaded = job.load(self.store()).await?;
            done.push(job.run(&known, loaded).await?);
        }
        Ok(done)
    }

    async fn note_sellers(&self, news: &[(usize, OrderNews)]) -> Result<(), StoreError> {
        let sellers: HashSet<&SellerId> = news
            .iter()
            .filter_map(|(_, news)| {
                if let OrderNews::Order(fact) = news {
                    Some(&fact.seller_id)
                } else {
                    None
                }
            })
            .collect();
        stream::iter(sellers)
            .map(|seller_id| self.store().note_seller(seller_id))
            .buffer_unordered(CALLS_AT_ONCE)
            .try_collect()
            .await
    }
}

/// The ruling of a row that gives nothing to apply: by what was found in it, or no data.
pub(crate) fn rule_alone(checked: &CheckedRow) -> Ruling {
    if checked.is_passed_over() {
        return Ruling {
            verdict: Verdict::Skipped,
            findings: Vec::new(),
            fined: false,
        };
    }
    Ruling::applied(checked.findings.clone())
}

/// Jobs whose orders claim a number that another order claims, too, in the table or in the batch, go one by one: each writes
/// the others. Whose the number is does not depend on their order.
fn by_contest(
    jobs: Vec<Job<usize>>,
    claimants: &HashMap<TrackingNumber, Vec<OrderId>>,
    orders: &HashMap<OrderId, StoredOrder>,
) -> (Vec<Job<usize>>, Vec<Job<usize>>) {
    let tracking = |job: &Job<usize>| -> Vec<TrackingNumber> {
        let facts = job.rows.iter().filter_map(|row| match &row.news {
            OrderNews::Tracking(fact) => fact.number.clone(),
            _ => None,
        });
        facts.collect()
    };
    let mut named: HashMap<TrackingNumber, HashSet<OrderId>> = HashMap::new();
    for job in &jobs {
        for number in tracking(job) {
            named.entry(number).or_default().insert(job.order_id.clone());
        }
    }
    let is_alone = |job: &Job<usize>| {
        let has_rivals = orders.get(&job.order_id).is_some_and(|stored| {
            let shipments = stored.order.shipments.iter();
            shipments.map(|shipment| shipment.rivals.len()).sum::<usize>() > 0
        });
        let others = |number: &TrackingNumber| {
            let known = claimants.get(number).into_iter().flatten();
            let named = named.get(number).into_iter().flatten();
            known.chain(named).any(|order_id| *order_id != job.order_id)
        };
        !has_rivals && !tracking(job).iter().any(others)
    };
    jobs.into_iter().partition(is_alone)
}

/// Jobs of a row each: no transaction grows with the rows of a file.
fn row_by_row(jobs: Vec<Job<usize>>) -> Vec<Job<usize>> {
    let mut jobs: Vec<Job<usize>> = jobs
        .into_iter()
        .flat_map(|job| {
            let of_row = move |row| Job {
                order_id: job.order_id.clone(),
                rows: vec![row],
            };
            job.rows.into_iter().map(of_row)
        })
        .collect();
    jobs.sort_by_key(|job| job.rows.first().map(|row| row.news.source().row));
    jobs
}

/// Warnings of the cells stay with a row that was applied.
fn with_warnings(outcome: RuledRow, warnings: &[Finding]) -> RuledRow {
    if outcome.ruling.verdict != Verdict::Accepted || warnings.is_empty() {
        return outcome;
    }
    RuledRow {
        ruling: Ruling::applied(warnings.to_vec()),
        ..outcome
    }
}
