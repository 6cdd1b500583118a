//! `waymark parked`

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use digest::beijing;
use domain::parking::Wait;
use domain::{Elapsed, RowCode, Timestamp, Uploader};
use serde::Serialize;
use store::{Parent, ParkedNote};

use super::{instant_or_now, known};
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
    let as_of = instant_or_now(arguments.as_of)?;
    let backend = Backend::open_existing(shared).await?;
    let wait_max = backend.policy.intake.parked_max;
    let mut totals = Totals::default();
    let mut told: HashSet<u64> = HashSet::new();
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
                let line = Line::of(&row, Wait::of(row.learned_at, as_of, wait_max), wait_max);
                // A file sent twice waits twice; its sender has one row to look after.
                if told.insert(identity(&row, line.state)) {
                    totals.count(line.state);
                    printed = show(&line, terminal);
                }
            }
        })
        .await?;
    printed?;
    // Rows may wait of a seller who has no order yet.
    if told.is_empty() {
        known::check_seller(&backend, arguments.seller.as_ref()).await?;
    }
    let Totals {
        waiting,
        lapsed,
        refused,
    } = totals;
    terminal.line(match terminal.is_chinese() {
        false => {
            format!("{waiting} waiting, {lapsed} lapsed, {refused} refused when what they waited for came")
        }
        true => format!("暂挂 {waiting} 行，已过期 {lapsed} 行，所等数据到达后被拒绝 {refused} 行"),
    });
    Ok(Done::Well)
}

#[derive(Default)]
struct Totals {
    waiting: u64,
    lapsed: u64,
    refused: u64,
}

impl Totals {
    fn count(&mut self, state: State) {
        *match state {
            State::Waiting => &mut self.waiting,
            State::Lapsed => &mut self.lapsed,
            State::Refused => &mut self.refused,
        } += 1;
    }
}

/// What a row is to its sender, in eight bytes: a million rows may wait.
fn identity(row: &ParkedNote, state: State) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&row.upload_key, row.row, &row.parent, state).hash(&mut hasher);
    hasher.finish()
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
    /// What refused it when its parent came.
    #[serde(skip_serializing_if = "<[RowCode]>::is_empty")]
    refused: &'a [RowCode],
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Waiting,
    Lapsed,
    Refused,
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
        let state = if row.refused.is_empty() {
            state
        } else {
            State::Refused
        };
        Self {
            file: &row.upload_key,
            row: row.row,
            code: row.parent.code(),
            waits_for: match &row.parent {
                Parent::Order(order_id) => Awaited::OrderId(order_id.to_string()),
                Parent::Number(number) | Parent::Claim(number) => Awaited::TrackingNumber(number.to_string()),
                Parent::Rate(currency) => Awaited::Currency(currency.as_str().to_owned()),
            },
            since: row.learned_at,
            lapses_at: row.learned_at.plus(wait_max),
            state,
            days: elapsed.seconds() / Elapsed::days(1).seconds(),
            refused: &row.refused,
        }
    }
}

fn show(line: &Line<'_>, terminal: &Terminal) -> Result<(), CommandError> {
    terminal.machine(line)?;
    let awaited = match &line.waits_for {
        Awaited::OrderId(id) => format!("{} {id}", terminal.say("waits for order", "等待订单")),
        Awaited::TrackingNumber(number) => {
            format!("{} {number}", terminal.say("waits for number", "等待运单号"))
        }
        Awaited::Currency(currency) => {
            format!("{} {currency}", terminal.say("waits for a rate of", "等待汇率"))
        }
    };
    let days = line.days;
    let state = match line.state {
        State::Waiting => format!(
            "{} {}",
            terminal.say("lapses in", "剩余"),
            terminal.count(days, "day", "天")
        ),
        State::Lapsed => format!(
            "{} {}",
            terminal.say("lapsed for", "已过期"),
            terminal.count(days, "day", "天")
        ),
        State::Refused => {
            let codes: Vec<&str> = line.refused.iter().map(|code| code.as_str()).collect();
            format!(
                "{} {}",
                terminal.say("refused:", "已拒绝："),
                codes.join(terminal.say(", ", "、"))
            )
        }
    };
    let file = line.file.strip_prefix("inbox/").unwrap_or(line.file);
    let since = beijing(line.since);
    let (row, code) = (line.row, line.code);
    terminal.paragraph(match terminal.is_chinese() {
        false => format!("{awaited}  {state}  {code}  {file} row {row}  since {since} Beijing"),
        true => format!("{awaited}  {state}  {code}  {file} 第 {row} 行  自北京时间 {since}"),
    });
    Ok(())
}
