//! What the calls cost, as DynamoDB counts it.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// A meter of consumed capacity, in half units (DynamoDB's smallest step).
#[derive(Debug, Default)]
pub struct Capacity {
    read_halves: AtomicU64,
    write_halves: AtomicU64,
}

/// Capacity consumed, in half units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CapacityUsed {
    /// Half read units.
    pub read_halves: u64,
    /// Half write units.
    pub write_halves: u64,
}

impl Capacity {
    pub(crate) fn used(&self) -> CapacityUsed {
        CapacityUsed {
            read_halves: self.read_halves.load(Ordering::Relaxed),
            write_halves: self.write_halves.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn count_read(&self, consumed: Option<&ConsumedCapacity>) {
        self.read_halves.fetch_add(halves(consumed), Ordering::Relaxed);
    }

    pub(crate) fn count_reads(&self, consumed: &[ConsumedCapacity]) {
        consumed.iter().for_each(|one| self.count_read(Some(one)));
    }

    pub(crate) fn count_write(&self, consumed: Option<&ConsumedCapacity>) {
        self.write_halves.fetch_add(halves(consumed), Ordering::Relaxed);
    }

    pub(crate) fn count_writes(&self, consumed: &[ConsumedCapacity]) {
        consumed.iter().for_each(|one| self.count_write(Some(one)));
    }
}

impl CapacityUsed {
    /// What was used since `earlier`.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            read_halves: self.read_halves - earlier.read_halves,
            write_halves: self.write_halves - earlier.write_halves,
        }
    }
}

#[expect(
    clippy::float_arithmetic,
    reason = "the SDK gives units as a float; counted here as whole halves, and no decision rests on it"
)]
fn halves(consumed: Option<&ConsumedCapacity>) -> u64 {
    consumed
        .and_then(|consumed| consumed.capacity_units)
        .map_or(0, |units| (units * 2.0).round() as u64)
}
