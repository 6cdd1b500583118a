//! `waymark parked`

use domain::parking::Wait;
use domain::{Elapsed, RowCode, Timestamp, Uploader};
use serde::Serialize;
use store::{Parent, ParkedNote};

use super::now;
use crate::Done;
use crate::args::{Parked, Shared};
use crate::backend::Backend;
use crate::failure::CommandError;
use crate::terminal::Terminal;

pub(crate) async fn run(
    shared: &Shared,
    arguments: &Parked,
    terminal: &Terminal,
) -> Result<Done, CommandError> {
    let as_of = arguments.as_of.unwrap_or_else(now);
    let backend = Backend::open_existing(shared).await?;
    let wait_max = backend.policy.intake.parked_max;
    let mut totals = Totals::default();
    let mut printed = Ok(());
    backend
        .store
        .each_parked(|row| {
            let is_theirs = arguments
                .seller
                .as_ref()
                .is_none_or(|seller_id| row.uploader == Uploader::Seller(seller_id.clone()));
            // As of then, what was learned later was not there yet.
            if is_theirs && row.learned_at <= as_of && printed.is_ok() {
                let wait = Wait::of(row.learned_at, as_of, wait_max);
                totals.count(wait);
                printed = show(&Line::of(&row, wait, wait_max), terminal);
            }
        })
        .await?;
    printed?;
    terminal.line(format!(
        "{} {}, {} {}",
        totals.waiting,
        terminal.say("waiting", "行等待中"),
        totals.lapsed,
        terminal.say("lapsed", "行已过期")
    ));
    Ok(Done::Well)
}

#[derive(Default)]
struct Totals {
    waiting: u64,
    lapsed: u64,
}

impl Totals {
    fn count(&mut self, wait: Wait) {
        *if wait.is_lapsed() {
            &mut self.lapsed
        } else {
            &mut self.waiting
        } += 1;
    }
}

/// A parked row as `--json` shows it.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    row: u64,
    code: RowCode,
    waits_for: Awaited,
    since: Timestamp,
    lapses_at: Timestamp,
    state: State,
    /// Whole days until it lapses, or since it has.
    days: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Waiting,
    Lapsed,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Awaited {
    OrderId(String),
    TrackingNumber(String),
    Currency(String),
}

impl<'a> Line<'a> {
    fn of(row: &'a ParkedNote, wait: Wait, wait_max: Elapsed) -> Self {
        let (state, elapsed) = match wait {
            Wait::Left(left) => (State::Waiting, left),
            Wait::Lapsed(over) => (State::Lapsed, over),
        };
        Self {
            file: &row.upload_key,
            row: row.row,
            code: row.parent.code(),
            waits_for: match &row.parent {
                Parent::Order(order_id) => Awaited::OrderId(order_id.to_string()),
                Parent::Number(number) => Awaited::TrackingNumber(number.to_string()),
                Parent::Rate(currency) => Awaited::Currency(currency.as_str().to_owned()),
            },
            since: row.learned_at,
            lapses_at: row.learned_at.plus(wait_max),
            state,
            days: elapsed.seconds() / Elapsed::days(1).seconds(),
        }
    }
}

fn show(line: &Line<'_>, terminal: &Terminal) -> Result<(), CommandError> {
    terminal.machine(line)?;
    let awaited = match &line.waits_for {
        Awaited::OrderId(id) => format!("{} {id}", terminal.say("order", "订单")),
        Awaited::TrackingNumber(number) => {
            format!("{} {number}", terminal.say("tracking number", "运单号"))
        }
        Awaited::Currency(currency) => format!("{} {currency}", terminal.say("rate of", "汇率")),
    };
    let days = line.days;
    let state = match line.state {
        State::Waiting => format!(
            "{} {days} {}",
            terminal.say("lapses in", "剩余"),
            terminal.say("days", "天")
        ),
        State::Lapsed => format!(
            "{} {days} {}",
            terminal.say("lapsed for", "已过期"),
            terminal.say("days", "天")
        ),
    };
    terminal.line(format!(
        "{} {} {}  {}  {} {awaited}  {} {}  {state}",
        line.file,
        terminal.say("row", "行"),
        line.row,
        line.code,
        terminal.say("waits for", "等待"),
        terminal.say("since", "自"),
        line.since,
    ));
    Ok(())
}
