//! `waymark erase`: removes what is kept of a consignee.
//!
//! Personal data stands in two places alone: in the files of the inbox as they came, and in the answers that return their
//! rows. Whole versions of objects are removed: a file with one row taken out would be another file, whose digest, row numbers
//! and verdicts nobody could prove. What its rows say of orders stands in the tables and in the ledger, without personal data.
//!
//! Each version is searched and removed by itself, so a run that was stopped is done again, and finds what is left.

use std::fs::File;
use std::io::BufReader;

use domain::{OrderId, Timestamp, TrackingNumber};
use intake::{Limits, Mentions, UploadError};
use lake::{INBOX, UploadKey, Version, VersionCursor};
use serde::Serialize;

use crate::Done;
use crate::args::{Erase, Shared};
use crate::backend::Backend;
use crate::failure::CommandError;
use crate::terminal::Terminal;

/// Answers to uploads.
const OUTBOX: &str = "outbox/";

/// The answers that return rows as they came. `report.json` holds no personal data.
const RETURNING: [&str; 2] = ["/rejected.csv", "/repaired.xlsx"];

/// What is done with a version that names the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    /// It names the order: `--yes` removes it.
    Found,
    /// It named the order and is removed.
    Erased,
    /// It names the order and its rows are not applied yet: it stays until they are.
    Waiting,
    /// It could not be searched to its end.
    Unsearched,
}

/// What `--json` shows of a version.
#[derive(Serialize)]
struct Shown<'a> {
    key: &'a str,
    version: &'a str,
    written_at: Timestamp,
    bytes: u64,
    action: Action,
}

/// What came of a run.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Outcome {
    searched: u64,
    found: u64,
    erased: u64,
    waiting: u64,
    unsearched: u64,
}

pub(crate) async fn run(
    shared: &Shared,
    arguments: &Erase,
    terminal: &Terminal,
) -> Result<Done, CommandError> {
    let backend = Backend::open_existing(shared).await?;
    let order_id = match (&arguments.order, &arguments.number) {
        (Some(order_id), _) => order_id.clone(),
        (None, Some(number)) => order_of(&backend, number).await?,
        (None, None) => {
            return Err(CommandError::usage(
                "--order or --number is missing | 缺少 --order 或 --number",
            ));
        }
    };
    let numbers = numbers_of(&backend, &order_id).await?;
    let named = numbers.iter().map(TrackingNumber::as_str);
    let search = Search {
        backend: &backend,
        terminal,
        mentions: Mentions::of(std::iter::once(order_id.as_str()).chain(named)),
        is_meant: arguments.yes,
    };
    let numbers: Vec<&str> = numbers.iter().map(TrackingNumber::as_str).collect();
    terminal.paragraph(format!(
        "{} {order_id}{}",
        terminal.say("files that name the order", "提到以下订单的文件："),
        match (numbers.is_empty(), terminal.is_chinese()) {
            (true, _) => String::new(),
            (false, false) => format!(" or its numbers {}", numbers.join(", ")),
            (false, true) => format!("（运单号 {}）", numbers.join("、")),
        }
    ));
    let mut outcome = Outcome::default();
    for prefix in [INBOX, OUTBOX] {
        search.under(prefix, &mut outcome).await?;
    }
    terminal.machine(&outcome)?;
    Ok(conclude(outcome, terminal))
}

fn conclude(outcome: Outcome, terminal: &Terminal) -> Done {
    let Outcome {
        searched,
        found,
        erased,
        waiting,
        unsearched,
    } = outcome;
    terminal.line(match terminal.is_chinese() {
        false => format!("{searched} searched, {found} found, {erased} erased"),
        true => format!("已检索 {searched} 个，查到 {found} 个，已删除 {erased} 个"),
    });
    if found > erased + waiting {
        terminal.paragraph(terminal.say(
            "nothing was removed: `--yes` removes what was found, with the other rows of these files",
            "尚未删除任何内容：加上 --yes 才会删除查到的文件（文件中的其他行也一并删除）",
        ));
    }
    if waiting > 0 {
        terminal.paragraph(terminal.say(
            "the rows of what waits are not applied yet: run it again once the file is answered, or `waymark failures` when it failed",
            "等待中的文件尚未处理完：请在得到答复后重新执行；如处理失败，请先查看 `waymark failures`",
        ));
    }
    if unsearched > 0 {
        terminal.paragraph(terminal.say(
            "what could not be searched is damaged or too large: look at it, and remove it by hand if it names the consignee",
            "无法检索的文件已损坏或过大：请人工查看，如涉及该收件人请手动删除",
        ));
    }
    if waiting + unsearched > 0 {
        Done::WithFindings
    } else {
        Done::Well
    }
}

/// The one order that claims a number.
async fn order_of(backend: &Backend, number: &TrackingNumber) -> Result<OrderId, CommandError> {
    let mut claimants = backend.store.claimants(std::slice::from_ref(number)).await?;
    let orders = claimants.remove(number).unwrap_or_default();
    match orders.as_slice() {
        [order_id] => Ok(order_id.clone()),
        [] => Err(CommandError::usage(format!(
            "no order has the tracking number {number}; name the order by --order | 没有订单使用运单号 {number}；请用 --order 指定订单号"
        ))),
        several => {
            let several: Vec<&str> = several.iter().map(OrderId::as_str).collect();
            Err(CommandError::usage(format!(
                "several orders have the tracking number {number}: {}; name one by --order | 多个订单使用运单号 {number}：{}；请用 --order 指定其中一个",
                several.join(", "),
                several.join("、")
            )))
        }
    }
}

/// The numbers of an order, also of one that has left the table. Of an order that is not known its id alone is searched for:
/// files that were refused name such orders.
async fn numbers_of(backend: &Backend, order_id: &OrderId) -> Result<Vec<TrackingNumber>, CommandError> {
    if let Some(stored) = backend.store.order(order_id).await? {
        let shipments = stored.order.shipments.into_iter();
        return Ok(shipments.map(|shipment| shipment.number).collect());
    }
    let departed = backend.store.departed(std::slice::from_ref(order_id)).await?;
    let numbers = departed.into_values().flat_map(|departed| departed.numbers);
    Ok(numbers.map(|(number, _, _)| number).collect())
}

/// A search through the bucket.
struct Search<'a> {
    backend: &'a Backend,
    terminal: &'a Terminal,
    mentions: Mentions,
    /// Whether what is found is removed.
    is_meant: bool,
}

impl Search<'_> {
    async fn under(&self, prefix: &str, outcome: &mut Outcome) -> Result<(), CommandError> {
        let mut cursor = Some(VersionCursor::default());
        while let Some(at) = cursor {
            let (versions, next) = self.backend.lake.versions(prefix, at).await?;
            let progress = self.terminal.progress(versions.len() as u64);
            for version in &versions {
                progress.set_message(&version.key);
                if prefix == INBOX || RETURNING.iter().any(|file| version.key.ends_with(file)) {
                    let action = self.look(version).await?;
                    outcome.count(action);
                    if let Some(action) = action {
                        progress.suspend(|| self.show(version, action))?;
                    }
                }
                progress.inc();
            }
            progress.finish_and_clear();
            cursor = next;
        }
        Ok(())
    }

    /// Searches a version, and removes it where that is meant; `None` where it does not name the order, or is gone.
    async fn look(&self, version: &Version) -> Result<Option<Action>, CommandError> {
        let copy = tempfile::NamedTempFile::new().map_err(|error| CommandError::caused(&error))?;
        if !self.backend.lake.fetch_version(version, copy.path()).await? {
            return Ok(None);
        }
        let file = File::open(copy.path()).map_err(|error| CommandError::caused(&error))?;
        match self.mentions.are_in(BufReader::new(file), &Limits::default()) {
            Ok(false) => return Ok(None),
            Ok(true) => {}
            Err(UploadError::Refused(_)) => return Ok(Some(Action::Unsearched)),
            Err(UploadError::Read(error)) => return Err(CommandError::caused(&error)),
        }
        if self.is_waiting(version).await? {
            return Ok(Some(Action::Waiting));
        }
        if !self.is_meant {
            return Ok(Some(Action::Found));
        }
        self.backend.lake.erase_version(version).await?;
        Ok(Some(Action::Erased))
    }

    /// Whether rows of a version are still to be applied: removed before, they would be lost. An earlier version of a key is
    /// never read again, nor is an object whose key is no upload's.
    async fn is_waiting(&self, version: &Version) -> Result<bool, CommandError> {
        let Some(key) = UploadKey::parse(&version.key).ok().filter(|_| version.is_newest) else {
            return Ok(false);
        };
        let answer = self.backend.lake.answer_if_there(&key).await?;
        let is_applied = answer.is_some_and(|answer| {
            let written_at = answer.upload.written_at;
            let is_of_this = answer.upload.etag == version.etag
                && written_at.is_none_or(|written_at| written_at >= version.written_at);
            is_of_this && answer.failure().is_none()
        });
        Ok(!is_applied)
    }

    fn show(&self, version: &Version, action: Action) -> Result<(), CommandError> {
        let Version {
            key,
            id,
            written_at,
            bytes,
            ..
        } = version;
        self.terminal.machine(&Shown {
            key,
            version: id,
            written_at: *written_at,
            bytes: *bytes,
            action,
        })?;
        let action = match action {
            Action::Found => self.terminal.say("found", "查到"),
            Action::Erased => self.terminal.say("erased", "已删除"),
            Action::Waiting => self.terminal.say("waits", "等待中"),
            Action::Unsearched => self.terminal.say("not searched", "无法检索"),
        };
        let written = self.terminal.moment(*written_at);
        self.terminal.line(format!("{action}: {key}"));
        self.terminal.paragraph(format!(
            "  {} {id}, {written}, {bytes} {}",
            self.terminal.say("version", "版本"),
            self.terminal.say("bytes", "字节")
        ));
        Ok(())
    }
}

impl Outcome {
    fn count(&mut self, action: Option<Action>) {
        self.searched += 1;
        match action {
            None => {}
            Some(Action::Found) => self.found += 1,
            Some(Action::Erased) => {
                self.found += 1;
                self.erased += 1;
            }
            Some(Action::Waiting) => {
                self.found += 1;
                self.waiting += 1;
            }
            Some(Action::Unsearched) => self.unsearched += 1,
        }
    }
}
