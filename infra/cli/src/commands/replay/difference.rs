//! What the season would have cost under the shipped policy, beside what it cost under the one that was played.
//!
//! Both policies are assessed over the facts as of the season's end, whatever the ledger holds. What an upload leaves
//! behind (A6's failures, refused and parked rows) was decided by the policy that was played: where the shipped one
//! takes rows in differently, the season's files are taken in once more under it, in a cloud of its own.

use comfy_table::Table;
use domain::what_if::{Compared, OrderDifference, due_under};
use domain::{Order, OrderId, PolicyBook, Timestamp, WhatIf};
use serde::Serialize;
use tempfile::TempDir;

use super::{Day, DayOutcome, day_end, take_in};
use crate::backend::Backend;
use crate::commands::charges::{NAMED_MAX, signed, table};
use crate::failure::CommandError;
use crate::terminal::Terminal;

/// The difference between the shipped policy ("in force") and the one played ("alternative").
#[derive(Serialize)]
pub(crate) struct Difference {
    as_of: Timestamp,
    /// The newest pack of each.
    in_force: String,
    alternative: String,
    /// Whether each policy saw the files as it takes them in itself. Otherwise A6, and whatever else is decided at an
    /// upload, stands as the policy played decided it, under both.
    taken_in_by_each: bool,
    /// All clauses together.
    total: Compared,
    #[serde(flatten)]
    what_if: WhatIf,
}

/// A cloud in which the season's files were taken in under the shipped policy.
struct Shipped {
    backend: Backend,
    /// Its state; gone with it.
    _directory: TempDir,
}

/// Whether a cloud holds no order yet, so that the season is all there is to compare.
pub(crate) async fn is_empty(backend: &Backend) -> Result<bool, CommandError> {
    Ok(backend.store.scan_orders(0, 1, None).await?.found.is_empty())
}

/// Compares the season just played with what it comes to under the shipped policy. `alone` says that the cloud held
/// nothing before it.
pub(crate) async fn compare(
    backend: &Backend,
    season: &[Day],
    alone: bool,
    as_of: Timestamp,
    terminal: &Terminal,
) -> Result<Difference, CommandError> {
    let book = PolicyBook::shipped();
    let alike = backend.policy.takes_in_like(book);
    let shipped = if !alike && alone && !backend.is_deployed() {
        Some(Shipped::take_in(season, backend).await?)
    } else {
        None
    };
    let mut what_if = WhatIf::default();
    let mut cursor = None;
    loop {
        let page = backend.store.scan_orders(0, 1, cursor.as_ref()).await?;
        let orders = readable(page.found)?;
        let twins = match &shipped {
            Some(shipped) => shipped.twins(&orders).await?,
            None => Vec::new(),
        };
        for (index, order) in orders.iter().enumerate() {
            let in_force = match &shipped {
                Some(_) => twins[index].as_ref().map(|twin| due_under(twin, book, as_of)),
                None => Some(due_under(order, book, as_of)),
            };
            let alternative = due_under(order, &backend.policy, as_of);
            let difference = what_if.examine(order, &in_force.unwrap_or_default(), &alternative);
            tell(difference, terminal)?;
        }
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    if let Some(shipped) = &shipped {
        shipped
            .examine_the_rest(backend, as_of, &mut what_if, terminal)
            .await?;
    }
    Ok(Difference {
        as_of,
        in_force: book.newest().version.clone(),
        alternative: backend.policy.newest().version.clone(),
        taken_in_by_each: alike || shipped.is_some(),
        total: what_if.total(),
        what_if,
    })
}

impl Shipped {
    /// Takes the season's files in, at the instants at which they were played. No night is run: what is due depends on
    /// the facts alone.
    async fn take_in(season: &[Day], played: &Backend) -> Result<Self, CommandError> {
        let directory = tempfile::tempdir().map_err(|error| {
            CommandError::usage(format!(
                "no place for a second cloud: {error} | 没有空间建立第二个模拟云：{error}"
            ))
        })?;
        let book = PolicyBook::shipped().clone();
        let backend = Backend::open_here(directory.path(), Some(book.into())).await?;
        for day in season {
            let as_of = day_end(day.date, played.policy.zone);
            take_in(&backend, day, as_of, &mut DayOutcome::default(), |_| {}).await?;
        }
        Ok(Self {
            backend,
            _directory: directory,
        })
    }

    /// Each order as the shipped policy took it in.
    async fn twins(&self, orders: &[Order]) -> Result<Vec<Option<Order>>, CommandError> {
        let ids: Vec<OrderId> = orders.iter().map(|order| order.order_id.clone()).collect();
        let mut found = self.backend.store.orders(&ids).await?;
        let twins = ids
            .iter()
            .map(|order_id| found.remove(order_id).map(|stored| stored.order));
        Ok(twins.collect())
    }

    /// The orders that only the shipped policy took in.
    async fn examine_the_rest(
        &self,
        played: &Backend,
        as_of: Timestamp,
        what_if: &mut WhatIf,
        terminal: &Terminal,
    ) -> Result<(), CommandError> {
        let mut cursor = None;
        loop {
            let page = self.backend.store.scan_orders(0, 1, cursor.as_ref()).await?;
            let orders = readable(page.found)?;
            let ids: Vec<OrderId> = orders.iter().map(|order| order.order_id.clone()).collect();
            let known = played.store.orders(&ids).await?;
            for order in orders.iter().filter(|order| !known.contains_key(&order.order_id)) {
                let in_force = due_under(order, PolicyBook::shipped(), as_of);
                tell(what_if.examine(order, &in_force, &[]), terminal)?;
            }
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }
}

fn readable(found: Vec<store::ScannedOrder>) -> Result<Vec<Order>, CommandError> {
    let orders = found.into_iter().map(|scanned| match scanned {
        Ok(stored) => Ok(stored.order),
        Err((_, error)) => Err(error.into()),
    });
    orders.collect()
}

/// A differing order, a line to a machine as soon as it is found: there may be very many.
fn tell(difference: Option<OrderDifference>, terminal: &Terminal) -> Result<(), CommandError> {
    match difference {
        Some(difference) => terminal.machine(&serde_json::json!({ "differs": difference })),
        None => Ok(()),
    }
}

impl Difference {
    /// For people: the clauses, then the sellers and orders with the greatest difference.
    pub(crate) fn show(&self, terminal: &Terminal) {
        terminal.line("");
        terminal.line(format!(
            "{} {} {}",
            terminal.say(
                "this policy against the shipped one, as of",
                "本规则与随附规则对比，截至"
            ),
            self.as_of,
            if self.taken_in_by_each {
                ""
            } else {
                terminal.say(
                    "(upload fines as this policy decided them)",
                    "（上传罚金按本规则裁定）",
                )
            }
        ));
        terminal.table(self.clauses(terminal));
        let sellers = self.what_if.sellers_differing();
        if !sellers.is_empty() {
            terminal.line(format!(
                "{} {}",
                terminal.say("sellers that differ:", "有差异的店铺："),
                sellers.len()
            ));
        }
        for (seller_id, compared) in sellers.iter().take(NAMED_MAX) {
            terminal.line(format!(
                "  {seller_id}  {} USD",
                signed(compared.difference().fined.0)
            ));
        }
        terminal.line(format!(
            "{} {} {} {}",
            terminal.say("orders that differ:", "有差异的订单："),
            self.what_if.orders_differing,
            terminal.say("of", "/"),
            self.what_if.orders_examined
        ));
        for example in self.what_if.examples.iter().take(NAMED_MAX) {
            let clauses: Vec<&str> = example
                .matters
                .iter()
                .map(|matter| matter.clause.as_str())
                .collect();
            terminal.line(format!(
                "  {}  {}  {} USD  {}",
                example.order_id,
                example.seller_id,
                signed(example.fined.0),
                clauses.join(" ")
            ));
        }
        let named = self.what_if.examples.len().min(NAMED_MAX) as u64;
        if self.what_if.orders_differing > named {
            terminal.line(format!(
                "  {} {} {}",
                terminal.say("and", "另有"),
                self.what_if.orders_differing - named,
                terminal.say("more (--json lists all)", "个（--json 列出全部）")
            ));
        }
    }

    fn clauses(&self, terminal: &Terminal) -> Table {
        let by_clause = self
            .what_if
            .clauses
            .iter()
            .map(|(clause, compared)| (clause.as_str(), *compared));
        let all = [(terminal.say("all", "合计"), self.total)];
        let policies = [
            terminal.say("shipped", "随附"),
            terminal.say("this policy", "本规则"),
        ];
        table(by_clause.chain(all), policies, terminal)
    }
}
