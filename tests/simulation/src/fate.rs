//! Fates: what becomes of one call to the cloud.
//!
//! A fate is drawn from the seed, the run and what the call says, not from a sequence of draws: whatever else happens at
//! the same time, the same call of the same run of the same season meets the same fate.

use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Carried out and answered.
    Served,
    /// The connection breaks before the call arrives.
    NotSent,
    /// Carried out; the answer is lost and the client times out.
    AnswerLost,
    /// Refused for its rate.
    Throttled,
    /// A transaction meets another one on the same item.
    Conflict,
    /// The service fails before it does anything.
    Failed,
    /// The service fails after having done everything.
    FailedLate,
    /// A read by keys is answered in part only.
    InPart,
    /// An eventually consistent read shows what was a moment ago.
    Stale,
    /// A scan or query is answered with a short page, and where the next one begins.
    ShortPage,
    /// The caller dies; the call is never sent.
    KilledBefore,
    /// The caller dies once the call was carried out.
    KilledAfter,
}

/// The kind of a call, as far as fates differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// Any call to the bucket.
    Bucket,
    /// A read by keys, many at once.
    ReadMany,
    /// A single read.
    Read,
    /// A consistent scan or query.
    ReadPage,
    /// An eventually consistent read: the stall scan's, or an index's.
    ReadEventually,
    /// A single write.
    Write,
    /// A transaction.
    Transaction,
}

/// How often things go wrong, in calls of a thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weather {
    /// Connections that break, time-outs, throttles, conflicts, failures: each so often.
    pub faults: u32,
    /// Partial and stale answers, of the reads that may have them.
    pub partial: u32,
}

impl Weather {
    /// Nothing goes wrong.
    pub const CALM: Self = Self {
        faults: 0,
        partial: 0,
    };

    fn draw(self, kind: CallKind, random: &mut ChaCha8Rng) -> Fate {
        let drawn: u32 = random.random_range(0..1_000);
        let faults: &[Fate] = match kind {
            CallKind::Bucket | CallKind::Write | CallKind::Read | CallKind::ReadPage => &[
                Fate::NotSent,
                Fate::AnswerLost,
                Fate::Throttled,
                Fate::Failed,
                Fate::FailedLate,
            ],
            CallKind::ReadMany => &[Fate::NotSent, Fate::AnswerLost, Fate::Throttled, Fate::Failed],
            CallKind::ReadEventually => &[Fate::NotSent, Fate::Throttled, Fate::Failed],
            CallKind::Transaction => &[
                Fate::NotSent,
                Fate::AnswerLost,
                Fate::AnswerLost,
                Fate::Throttled,
                Fate::Conflict,
                Fate::Failed,
                Fate::FailedLate,
            ],
        };
        let index = drawn
            .checked_div(self.faults)
            .map_or(usize::MAX, |index| index as usize);
        if let Some(fate) = faults.get(index) {
            return *fate;
        }
        match kind {
            CallKind::ReadMany if random.random_range(0..1_000) < self.partial => Fate::InPart,
            CallKind::ReadEventually if random.random_range(0..1_000) < self.partial => Fate::Stale,
            CallKind::ReadEventually | CallKind::ReadPage if random.random_range(0..1_000) < self.partial => {
                Fate::ShortPage
            }
            _ => Fate::Served,
        }
    }
}

/// A call's fate with its times.
#[derive(Clone, Debug)]
pub struct Course {
    /// What becomes of it.
    pub fate: Fate,
    /// Until it arrives.
    pub there: Duration,
    /// What a transaction takes.
    pub within: Duration,
    /// Until its answer arrives.
    pub back: Duration,
    /// Whether it arrives although its caller died meanwhile.
    pub outlives_caller: bool,
    /// For whatever else has to be drawn.
    pub random: ChaCha8Rng,
}

impl Course {
    /// The course of a call under some weather; `key` tells it from every other call.
    pub fn of(key: u64, kind: CallKind, weather: Weather) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(key);
        let fate = weather.draw(kind, &mut random);
        let mut millis = |range| Duration::from_millis(random.random_range(range));
        Self {
            fate,
            there: millis(1..40),
            within: millis(5..15),
            back: millis(1..20),
            outlives_caller: random.random_ratio(1, 2),
            random,
        }
    }
}

/// Mixes a text into a hash (FNV-1a, 64 bits).
pub fn mixed(hash: u64, text: &[u8]) -> u64 {
    text.iter()
        .chain(&[0])
        .fold(hash ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
}
