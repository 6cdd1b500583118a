//! The withdrawal of what was posted as of later than an instant, because that instant was wrong (Conventions, "Now").
//!
//! In this order, each step safe to repeat: the withdrawal is noted and every scan barred; the nights that have begun are
//! closed, so that the chain holds what is taken back; each entry is taken back by one of its own `as_of`; orders that were
//! about to leave the table stay; the nights are marked; and a void close goes behind the newest one, in the transaction that
//! lets scans begin again from the instant on. Killed anywhere, the same withdrawal goes on where it stopped; it holds one
//! page of a night's entries a shard, and no order.

use domain::Timestamp;
use domain::close::{Close, ClosedNight, Withdrawn};
use domain::withdrawal::Withdrawal;
use entrypoint::Failure;
use lake::{CloseFiles, LakeError, NightFile};
use serde::{Deserialize, Serialize};
use store::{Commit, NEVER, Night, NotedWithdrawal, StoreError};

use crate::{CloseError, NightClose, failure};

/// What to withdraw.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Request {
    /// What was posted as of later than this instant.
    pub after: Timestamp,
}

/// How a withdrawal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is done.
    Withdrawn,
    /// Nothing is as of later than the instant. Nothing was changed.
    Nothing,
    /// A withdrawal after another instant was begun and is not done: it has to be run to its end first. Nothing was changed.
    UnderWay,
}

/// What a withdrawal came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The instant after which everything is withdrawn; of [`Status::UnderWay`] the other one's.
    pub after: Timestamp,
    /// How it ended.
    pub status: Status,
    /// The nights withdrawn, in order.
    pub nights: Vec<Timestamp>,
    /// Orders that had been marked to leave the table and stay.
    pub kept: u64,
    /// The void close: its entries, and what the balance moved by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<ClosedNight>,
}

/// Withdraws everything that was posted as of later than an instant; run again it changes nothing.
///
/// # Errors
/// [`Failure`] when the tables or the bucket refuse; a repeated run goes on where it stopped.
pub async fn handle(function: &NightClose, request: Request) -> Result<Outcome, Failure> {
    let outcome = withdraw(function, request.after).await.map_err(failure)?;
    let entries = outcome.close.as_ref().map_or(0, |close| close.entries);
    tracing::info!(after = %outcome.after, status = ?outcome.status, nights = outcome.nights.len(), entries,
        kept = outcome.kept, "nights withdrawn");
    Ok(outcome)
}

async fn withdraw(function: &NightClose, after: Timestamp) -> Result<Outcome, CloseError> {
    let failed = |source| CloseError::Store { as_of: after, source };
    let ended = |status, after| Outcome {
        after,
        status,
        nights: Vec::new(),
        kept: 0,
        close: None,
    };
    let run = loop {
        let noted = function.store.withdrawals().await.map_err(failed)?;
        let last = noted.last().map_or(0, |noted| noted.withdrawal.number);
        match noted.into_iter().next_back().filter(is_under_way) {
            Some(noted) if noted.withdrawal.after != after => {
                return Ok(ended(Status::UnderWay, noted.withdrawal.after));
            }
            Some(noted) => break Run::of(function, noted.withdrawal),
            None if !is_needed(function, after).await.map_err(failed)? => {
                return Ok(ended(Status::Nothing, after));
            }
            None => {
                let number = last + 1;
                let begun = function.store.begin_withdrawal(Withdrawal { number, after });
                // Lost to another that begins just now: look which.
                begun.await.map_err(failed)?;
            }
        }
    };
    match run.to_its_end().await? {
        Some(outcome) => Ok(outcome),
        // Another run of the same withdrawal was faster.
        None => done_by_another(function, run.withdrawal).await.map_err(failed),
    }
}

fn is_under_way(noted: &NotedWithdrawal) -> bool {
    noted.closed.is_none()
}

/// Whether anything is as of later than an instant: a night, the newest close, or the watermark.
async fn is_needed(function: &NightClose, after: Timestamp) -> Result<bool, StoreError> {
    let store = &function.store;
    let nights = store.nights(Some(after.next()), NEVER).await?;
    let newest = store.newest_close().await?;
    let watermark = store.watermark().await?;
    // A night as of the instant itself, once closed, leaves it a second past it.
    Ok(nights.iter().any(|night| night.withdrawn.is_none())
        || newest.is_some_and(|newest| newest.as_of > after)
        || watermark.is_some_and(|begun| begun > after.next()))
}

async fn done_by_another(function: &NightClose, withdrawal: Withdrawal) -> Result<Outcome, StoreError> {
    let nights = function.store.nights(None, NEVER).await?;
    let noted = function.store.withdrawals().await?;
    let noted = noted
        .into_iter()
        .find(|noted| noted.withdrawal.number == withdrawal.number);
    Ok(Outcome {
        after: withdrawal.after,
        status: Status::Withdrawn,
        nights: instants(
            nights
                .iter()
                .filter(|night| night.withdrawn == Some(withdrawal.number)),
        ),
        kept: 0,
        close: noted.and_then(|noted| noted.closed),
    })
}

fn instants<'a>(nights: impl Iterator<Item = &'a Night>) -> Vec<Timestamp> {
    nights.map(|night| night.as_of).collect()
}

/// A withdrawal under way.
struct Run<'a> {
    function: &'a NightClose,
    withdrawal: Withdrawal,
}

impl<'a> Run<'a> {
    fn of(function: &'a NightClose, withdrawal: Withdrawal) -> Self {
        Self { function, withdrawal }
    }

    fn failed(&self, source: StoreError) -> CloseError {
        CloseError::Store {
            as_of: self.withdrawal.after,
            source,
        }
    }

    fn unwritten(&self, source: LakeError) -> CloseError {
        CloseError::Lake {
            as_of: self.withdrawal.after,
            source,
        }
    }

    /// Runs the withdrawal to its end; `None` when it is not under way any more.
    async fn to_its_end(&self) -> Result<Option<Outcome>, CloseError> {
        let store = &self.function.store;
        let barred = store.bar_scans(self.withdrawal).await;
        if !barred.map_err(|source| self.failed(source))? {
            return Ok(None);
        }
        self.close_all().await?;
        let nights = self.nights().await?;
        for night in nights.iter().rev().filter(|night| night.withdrawn.is_none()) {
            if !self.take_back(night).await? {
                return Ok(None);
            }
        }
        let kept = self.keep_orders().await?;
        let marked = store.withdraw_nights(&nights, self.withdrawal).await;
        if !marked.map_err(|source| self.failed(source))? {
            return Ok(None);
        }
        for night in &nights {
            let removed = self.function.lake.remove_watched(night.as_of).await;
            removed.map_err(|source| self.unwritten(source))?;
        }
        let close = self.close_void(&nights).await?;
        Ok(close.map(|close| Outcome {
            after: self.withdrawal.after,
            status: Status::Withdrawn,
            nights: instants(nights.iter()),
            kept,
            close: Some(close),
        }))
    }

    /// Closes every night that has begun.
    async fn close_all(&self) -> Result<(), CloseError> {
        let nights = self.function.store.nights(None, NEVER).await;
        let nights = nights.map_err(|source| self.failed(source))?;
        if let Some(last) = nights.iter().rfind(|night| night.is_open()) {
            crate::close(self.function, last.as_of).await?;
        }
        Ok(())
    }

    /// The nights that are withdrawn, in order; those marked already among them.
    async fn nights(&self) -> Result<Vec<Night>, CloseError> {
        let Withdrawal { number, after } = self.withdrawal;
        let nights = self.function.store.nights(Some(after.next()), NEVER).await;
        let mut nights = nights.map_err(|source| self.failed(source))?;
        nights.retain(|night| night.withdrawn.is_none_or(|by| by == number));
        Ok(nights)
    }

    /// Takes back what a night posted, order by order. False when the withdrawal is not under way any more.
    async fn take_back(&self, night: &Night) -> Result<bool, CloseError> {
        let store = &self.function.store;
        let mut entries = store.night_entries(night.as_of);
        let mut last = None;
        while let Some(entry) = entries.next().await.map_err(|source| self.failed(source))? {
            // An order's entries come one after the other, and are taken back at once.
            if last.as_ref() == Some(&entry.order_id) {
                continue;
            }
            let withdrawn = store
                .withdraw_order(&entry.order_id, self.withdrawal, &self.function.policy)
                .await;
            if !withdrawn.map_err(|source| self.failed(source))? {
                return Ok(false);
            }
            last = Some(entry.order_id);
        }
        Ok(true)
    }

    /// Keeps the orders in the table that only a withdrawn night let go; gives how many.
    async fn keep_orders(&self) -> Result<u64, CloseError> {
        let store = &self.function.store;
        let latest = self.withdrawal.after.plus(self.function.policy.retention);
        let (mut kept, mut cursor) = (0, None);
        loop {
            let page = store.scan_orders(0, 1, cursor.as_ref()).await;
            let page = page.map_err(|source| self.failed(source))?;
            // An order that cannot be read is nothing to a withdrawal; the next scan reports it.
            for stored in page.found.into_iter().flatten() {
                if stored.expires_at > Some(latest) {
                    let is_kept = store.keep_order(&stored, self.withdrawal).await;
                    kept += u64::from(is_kept.map_err(|source| self.failed(source))?);
                }
            }
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(kept);
            }
        }
    }

    /// Writes the void close and moves the chain on; `None` when the withdrawal is not under way any more.
    async fn close_void(&self, nights: &[Night]) -> Result<Option<ClosedNight>, CloseError> {
        let (store, lake) = (&self.function.store, &self.function.lake);
        let after = self.withdrawal.after;
        let file =
            tempfile::NamedTempFile::new().map_err(|source| CloseError::Room { as_of: after, source })?;
        let mut entries = NightFile::create(file.path()).map_err(|source| self.unwritten(source))?;
        for night in nights.iter().rev() {
            let mut posted = store.withdrawn_entries(night.as_of, self.withdrawal.number);
            while let Some(entry) = posted.next().await.map_err(|source| self.failed(source))? {
                entries.add(&entry).map_err(|source| self.unwritten(source))?;
            }
        }
        let newest = store.newest_close().await.map_err(|source| self.failed(source))?;
        let close = self.void(&mut entries, newest.as_ref(), nights)?;
        let files = CloseFiles::of(&close).map_err(|source| self.unwritten(source))?;
        let remembered = close.remembered(files.sha256.clone());
        // Still under way, so the newest close read above is the one from before the withdrawal, and the files are those
        // that every run of it writes.
        let is_under_way = store.is_under_way(self.withdrawal).await;
        if !is_under_way.map_err(|source| self.failed(source))? {
            return Ok(None);
        }
        let put = lake.put_close(&close, files, &entries, false).await;
        put.map_err(|source| self.unwritten(source))?;
        let watermark = self.watermark().await?;
        let committed = store
            .commit_withdrawal(self.withdrawal, newest.as_ref(), &remembered, watermark)
            .await;
        let committed = committed.map_err(|source| self.failed(source))?;
        Ok((committed == Commit::Done).then_some(remembered))
    }

    fn void(
        &self,
        entries: &mut NightFile,
        newest: Option<&ClosedNight>,
        nights: &[Night],
    ) -> Result<Close, CloseError> {
        let Withdrawal { number, after } = self.withdrawal;
        let date = after.date_in(self.function.policy.zone);
        let close = entries.close(after, date, newest);
        let mut close = close.map_err(|source| self.unwritten(source))?;
        let closes = nights.iter().filter_map(|night| night.closed.as_ref());
        close.withdraws = Some(Withdrawn {
            withdrawal: number,
            after,
            closes: closes.map(ClosedNight::cited).collect(),
        });
        Ok(close)
    }

    /// Where scans go on: at the instant, or past it where a night as of it is closed.
    async fn watermark(&self) -> Result<Timestamp, CloseError> {
        let after = self.withdrawal.after;
        let night = self.function.store.night(after).await;
        let night = night.map_err(|source| self.failed(source))?;
        let is_over = night.is_some_and(|night| night.closed.is_some() && night.withdrawn.is_none());
        Ok(if is_over { after.next() } else { after })
    }
}
