//! One run of a function: its calls, its fates, and the instant at which it is killed.

use std::collections::HashMap;
use std::fmt::{self, Display};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::diary::Diary;
use crate::fate::{CallKind, Course, Fate, Weather, mixed};
use crate::virtual_time::{Runner, VirtualTime};

/// When a run dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// At its call number `call` (from 0), before it is sent.
    BeforeCall {
        /// The call.
        call: u32,
    },
    /// At its call number `call`, carried out but never answered.
    AfterCall {
        /// The call.
        call: u32,
    },
    /// At its posting number `posting` (from 0: a transaction), before it is sent.
    BeforePosting {
        /// The posting.
        posting: u32,
    },
    /// At its posting number `posting`, carried out but never answered.
    AfterPosting {
        /// The posting.
        posting: u32,
    },
    /// Once its posting number `posting` was answered, before it does anything more.
    OncePosted {
        /// The posting.
        posting: u32,
    },
}

/// A run of a function. Clones are the same run.
#[derive(Clone)]
pub struct Run {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    hash: u64,
    weather: Weather,
    death: Option<Death>,
    time: VirtualTime,
    diary: Diary,
    runner: Mutex<Option<Runner>>,
    id: u64,
    state: Mutex<State>,
    killed: Notify,
}

#[derive(Default)]
struct State {
    calls: u32,
    postings: u32,
    /// How often each call was made: a retry is another call.
    repeated: HashMap<u64, u32>,
    dead: bool,
    doomed: bool,
}

impl Run {
    /// Begins a run; time waits for it from now on until it ends.
    pub fn begin(
        name: impl Display,
        seed: u64,
        weather: Weather,
        death: Option<Death>,
        time: &VirtualTime,
        diary: &Diary,
    ) -> Self {
        let name = name.to_string();
        let runner = time.begin();
        Self {
            inner: Arc::new(Inner {
                hash: mixed(seed, name.as_bytes()),
                name,
                weather,
                death,
                time: time.clone(),
                diary: diary.clone(),
                id: runner.id(),
                runner: Mutex::new(Some(runner)),
                state: Mutex::default(),
                killed: Notify::new(),
            }),
        }
    }

    /// Its number.
    pub fn id(&self) -> u64 {
        self.inner.id
    }

    /// A seed of its own.
    pub fn seed(&self) -> u64 {
        self.inner.hash
    }

    /// The time it runs in.
    pub fn time(&self) -> &VirtualTime {
        &self.inner.time
    }

    /// Does the work of the run; `None` when the run was killed before it was done.
    pub async fn live<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let ended = tokio::select! {
            biased;
            () = self.inner.killed.notified() => None,
            done = work => Some(done),
        };
        let ended = ended.filter(|_| !self.state().doomed);
        self.kill();
        self.inner
            .runner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if ended.is_none() {
            self.tell("was killed");
        }
        ended
    }

    /// The course of its next call.
    pub fn course(&self, call: &str, said: &[u8], kind: CallKind) -> Course {
        let mut state = self.state();
        let what = mixed(mixed(self.inner.hash, call.as_bytes()), said);
        let times = state.repeated.entry(what).or_default();
        *times += 1;
        let mut course = Course::of(mixed(what, &times.to_le_bytes()), kind, self.inner.weather);
        let (calls, postings) = (state.calls, state.postings);
        state.calls += 1;
        if kind == CallKind::Transaction {
            state.postings += 1;
        }
        let posts = kind == CallKind::Transaction;
        match self.inner.death {
            _ if state.doomed => course.fate = Fate::KilledBefore,
            Some(Death::BeforeCall { call }) if call == calls => course.fate = Fate::KilledBefore,
            Some(Death::AfterCall { call }) if call == calls => course.fate = Fate::KilledAfter,
            Some(Death::BeforePosting { posting }) if posts && posting == postings => {
                course.fate = Fate::KilledBefore;
            }
            Some(Death::AfterPosting { posting }) if posts && posting == postings => {
                course.fate = Fate::KilledAfter;
            }
            Some(Death::OncePosted { posting }) if posts && posting == postings => state.doomed = true,
            _ => {}
        }
        drop(state);
        if course.fate != Fate::Served {
            self.tell(format_args!("{:?} at {call}", course.fate));
        }
        course
    }

    /// Kills it: nothing that it has not sent is sent any more.
    pub fn kill(&self) {
        self.state().dead = true;
        self.inner.killed.notify_one();
    }

    /// Whether it is dead.
    pub fn is_dead(&self) -> bool {
        self.state().dead
    }

    /// Writes about it into the diary.
    pub fn tell(&self, what: impl Display) {
        self.inner
            .diary
            .tell(format_args!("  {}: {what}", self.inner.name));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.name)
    }
}
