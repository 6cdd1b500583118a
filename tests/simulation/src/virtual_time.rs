//! Time that passes only when nothing can happen without it.
//!
//! Whatever waits (a request on its way, a retry's pause) waits for an instant here. When the runtime has nothing left
//! to do, the next instant comes, one at a time: so waiting costs nothing, and the order in which concurrent runs meet
//! at the tables is the seed's, not the machine's.
//!
//! Time stands still while anybody works on a thread of its own: while something is held ([`VirtualTime::hold`]), or a
//! run waits for nothing here ([`Runner`]).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::config::{AsyncSleep, Sleep};
use tokio::sync::oneshot;

/// The time of one season. Clones are the same time.
#[derive(Clone, Debug, Default)]
pub struct VirtualTime {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    now: Duration,
    sleepers: u64,
    waiting: BTreeMap<(Duration, u64), oneshot::Sender<()>>,
    held: usize,
    runs: u64,
    /// Runs under way, and for how many things each of them waits here.
    waits: BTreeMap<u64, usize>,
}

/// A run under way: time passes only while it waits for something here. Ends with its value.
#[derive(Debug)]
pub struct Runner {
    time: VirtualTime,
    run: u64,
}

/// Time stands still for as long as this lives.
#[derive(Debug)]
pub struct Hold(VirtualTime);

/// Something that a run waits for, until this is dropped.
#[derive(Debug)]
pub struct Wait {
    time: VirtualTime,
    run: Option<u64>,
}

/// Sleeps of a run's SDK clients, and through them of the store: retries back off in this time.
#[derive(Clone, Debug)]
pub struct RunSleep {
    time: VirtualTime,
    run: Option<u64>,
}

impl VirtualTime {
    /// Since the season's beginning.
    pub fn now(&self) -> Duration {
        self.state().now
    }

    /// Waits so long.
    pub async fn sleep(&self, duration: Duration) {
        let (sender, woken) = oneshot::channel();
        let place = {
            let mut state = self.state();
            state.sleepers += 1;
            let place = (state.now + duration, state.sleepers);
            state.waiting.insert(place, sender);
            place
        };
        let _forgotten = Forget { time: self, place };
        // The sender lives in the table until it sends.
        let _ = woken.await;
    }

    /// Begins a run.
    pub fn begin(&self) -> Runner {
        let mut state = self.state();
        state.runs += 1;
        let run = state.runs;
        state.waits.insert(run, 0);
        Runner {
            time: self.clone(),
            run,
        }
    }

    /// Lets time stand still.
    pub fn hold(&self) -> Hold {
        self.state().held += 1;
        Hold(self.clone())
    }

    /// Called when the runtime has nothing to do: the next instant comes, unless somebody is at work elsewhere.
    ///
    /// # Panics
    /// When everybody waits for something that will never come.
    pub fn pass(&self) {
        let mut state = self.state();
        if state.held > 0 || state.waits.values().any(|waits| *waits == 0) {
            return;
        }
        match state.waiting.pop_first() {
            Some(((at, _), sleeper)) => {
                state.now = at;
                // Whoever slept may be gone.
                let _ = sleeper.send(());
            }
            None => assert!(state.waits.is_empty(), "everybody waits, and nothing will come"),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Forget<'a> {
    time: &'a VirtualTime,
    place: (Duration, u64),
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.time.state().waiting.remove(&self.place);
    }
}

impl Runner {
    /// The run's number, for its clients.
    pub fn id(&self) -> u64 {
        self.run
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.time.state().waits.remove(&self.run);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.state().held -= 1;
    }
}

impl Wait {
    /// Run `run` waits for something; nobody in particular does when there is none.
    pub fn of(time: &VirtualTime, run: Option<u64>) -> Self {
        let mut state = time.state();
        if let Some(waits) = run.and_then(|run| state.waits.get_mut(&run)) {
            *waits += 1;
        }
        drop(state);
        Self {
            time: time.clone(),
            run,
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut state = self.time.state();
        if let Some(waits) = self.run.and_then(|run| state.waits.get_mut(&run)) {
            *waits -= 1;
        }
    }
}

impl RunSleep {
    /// The sleeps of run `run`.
    pub fn of(time: &VirtualTime, run: Option<u64>) -> Self {
        Self {
            time: time.clone(),
            run,
        }
    }
}

impl AsyncSleep for RunSleep {
    fn sleep(&self, duration: Duration) -> Sleep {
        let Self { time, run } = self.clone();
        Sleep::new(async move {
            let _waiting = Wait::of(&time, run);
            time.sleep(duration).await;
        })
    }
}
