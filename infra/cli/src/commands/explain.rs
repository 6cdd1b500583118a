//! `waymark explain`

use comfy_table::{Table, presets};
use domain::because::Told;
use domain::count::counted;
use domain::explain::{EventTold, Explanation, Moment, explain};
use domain::{Cents, OrderId};

use super::ledger::kind;
use crate::Done;
use crate::args::{Explain, Shared};
use crate::backend::Backend;
use crate::failure::CommandError;
use crate::terminal::Terminal;

pub(crate) async fn run(
    shared: &Shared,
    arguments: &Explain,
    terminal: &Terminal,
) -> Result<Done, CommandError> {
    let id = arguments.entry_id.trim();
    // An entry's id begins with its order's.
    let order_id = id.split('.').next().and_then(OrderId::parse);
    let order_id = order_id.ok_or_else(|| {
        CommandError::usage(format!(
            "`{id}` is no entry's id, which begins with its order's; `waymark ledger --json` lists the ids | “{id}”不是分录编号，分录编号以订单号开头；`waymark ledger --json` 列出全部编号"
        ))
    })?;
    let backend = Backend::open_existing(shared).await?;
    let entries = backend.store.entries_of_order(&order_id).await?;
    let entry = entries.iter().find(|entry| entry.entry_id == id).ok_or_else(|| {
        CommandError::usage(format!(
            "the ledger has no entry `{id}`; of order {order_id} it has {} | 账本中没有分录“{id}”；订单 {order_id} 共有 {} 条分录",
            counted(entries.len() as u64, "entry"),
            entries.len()
        ))
    })?;
    let stored = backend.store.order(&order_id).await?;
    let order = stored.as_ref().map(|stored| &stored.order);
    let explanation = explain(entry, &entries, order, &backend.policy);
    terminal.machine(&explanation)?;
    if !terminal.is_json() {
        Telling {
            terminal,
            explanation,
        }
        .show();
    }
    Ok(Done::Well)
}

struct Telling<'t> {
    terminal: &'t Terminal,
    explanation: Explanation,
}

impl Telling<'_> {
    fn show(&self) {
        self.head();
        self.clauses();
        self.inputs();
        self.events();
        self.rows();
        self.chain();
    }

    fn say<'s>(&self, en: &'s str, zh: &'s str) -> &'s str {
        self.terminal.say(en, zh)
    }

    fn told<'s>(&self, told: &'s Told) -> &'s str {
        self.terminal.say(&told.en, &told.zh)
    }

    fn title(&self, en: &str, zh: &str) {
        self.terminal.line("");
        self.terminal.paragraph(format!("== {}", self.say(en, zh)));
    }

    fn head(&self) {
        let entry = &self.explanation.entry;
        self.terminal.paragraph(&entry.entry_id);
        let amount = match entry.amount {
            amount if amount < Cents::ZERO || !entry.kind.moves_money() => amount.to_string(),
            amount => format!("+{amount}"),
        };
        self.terminal.paragraph(format!(
            "{} {amount} USD, {} {}, {} {}, {} {}",
            kind(entry.kind, self.terminal),
            self.say("seller", "店铺"),
            entry.seller_id,
            self.say("order", "订单"),
            entry.order_id,
            self.say("the night", "夜间"),
            entry.as_of
        ));
        self.terminal.paragraph(self.told(&self.explanation.why));
    }

    fn clauses(&self) {
        self.title("Rules applied", "适用规则");
        for text in &self.explanation.clauses {
            self.terminal.paragraph(format!(
                "{} {}: {}",
                text.id,
                self.say(&text.name_en, &text.name_zh),
                self.say(&text.rule_en, &text.rule_zh)
            ));
            self.terminal.paragraph(format!(
                "   {} {}",
                self.say("the source:", "原文："),
                text.source_zh
            ));
            if !self.terminal.is_chinese() {
                self.terminal.paragraph(format!("   {}", text.source_en));
            }
        }
        let policy = &self.explanation.policy;
        let since = match (policy.effective_on, policy.effective_assumed) {
            (Some(on), false) => format!("{} {on}", self.say("in force from", "生效日")),
            (Some(on), true) => format!("{} {on}", self.say("in force from (assumed)", "生效日（推定）")),
            (None, _) => self
                .say(
                    "not in this policy file: its numbers cannot be told",
                    "不在当前规则文件中，无法给出其数值",
                )
                .to_owned(),
        };
        self.terminal.paragraph(format!(
            "{} {}, {since}",
            self.say("policy pack", "规则版本"),
            policy.version
        ));
    }

    fn inputs(&self) {
        self.title("Decided from", "判定依据");
        for input in &self.explanation.inputs {
            let in_chinese = input.value_zh.as_deref().unwrap_or(&input.value);
            let value = self.say(&input.value, in_chinese);
            let value = input.at.as_ref().map_or(value.to_owned(), |at| self.moment(at));
            self.terminal
                .paragraph(format!("{}: {value}", self.told(&input.name)));
        }
    }

    fn events(&self) {
        let explanation = &self.explanation;
        if !explanation.order_in_table {
            self.title("Events", "轨迹");
            self.terminal.paragraph(self.say(
                "The order has left the table, settled long ago: its events are in the lake, under lake/orders/ by its payment month.",
                "该订单早已结清并移出数据表，其轨迹在数据湖 lake/orders/ 下，按付款月份存放。",
            ));
            return;
        }
        if explanation.events.is_empty() {
            return;
        }
        self.title("Events around it", "相关轨迹");
        for events in explanation
            .events
            .chunk_by(|one, other| one.tracking_number == other.tracking_number)
        {
            self.events_of_number(events);
        }
        if explanation.events_left_out > 0 {
            self.terminal.paragraph(format!(
                "… {} {}",
                explanation.events_left_out,
                self.say("more events", "条轨迹")
            ));
        }
    }

    /// A line for when an event happened and one for when it was learned: all in one would not fit 80 columns.
    fn events_of_number(&self, events: &[EventTold]) {
        let number = events.first().map_or("", |event| event.tracking_number.as_str());
        self.terminal
            .paragraph(format!("{} {number}", self.say("number", "运单号")));
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header([
            self.say("event", "轨迹"),
            self.say("after", "间隔"),
            self.say("Pacific", "太平洋时间"),
            self.say("Beijing", "北京时间"),
        ]);
        for event in events {
            let (occurred, recorded) = (&event.occurred, &event.recorded);
            let after = event.after.as_deref().unwrap_or("");
            let mark = if event.known_then { "" } else { "(1)" };
            let (node_en, node_zh) = event.node.words();
            table.add_row([
                self.say(node_en, node_zh),
                after,
                &occurred.pacific,
                &occurred.beijing,
            ]);
            let learned = self.say("  recorded", "  记录");
            table.add_row([learned, mark, &recorded.pacific, &recorded.beijing]);
        }
        self.terminal.table(table);
        if events.iter().any(|event| !event.known_then) {
            let mark = self.say("recorded after the decision", "判定之后才记录");
            self.terminal.paragraph(format!("(1) {mark}"));
        }
    }

    fn rows(&self) {
        if self.explanation.rows.is_empty() {
            return;
        }
        self.title("The rows it rests on", "所依据的上传行");
        for row in &self.explanation.rows {
            let (upload, number) = (&row.upload, row.row);
            let (of_en, of_zh) = match &row.file {
                Some(file) => (format!("{file}, "), format!("{file}，")),
                None => Default::default(),
            };
            let place = self
                .say(
                    &format!("{of_en}upload {upload}, row {number}"),
                    &format!("{of_zh}上传 {upload} 第 {number} 行"),
                )
                .to_owned();
            self.terminal
                .line(format!("{}: {place}", self.told(&row.brought)));
        }
    }

    fn chain(&self) {
        self.title("All entries about it", "同一笔罚款的全部记录");
        for entry in &self.explanation.chain {
            let mark = if entry.entry_id == self.explanation.entry.entry_id {
                "→"
            } else {
                " "
            };
            self.terminal.paragraph(format!(
                "{mark} {}  {} {}  {}",
                self.terminal.moment(entry.as_of),
                kind(entry.kind, self.terminal),
                entry.amount,
                entry.entry_id
            ));
        }
        self.terminal.paragraph(format!(
            "{} {} USD",
            self.say("owed for it now:", "现应扣："),
            self.explanation.owed
        ));
    }

    fn moment(&self, at: &Moment) -> String {
        format!(
            "{} {}, {} {}",
            self.say("Pacific", "太平洋时间"),
            at.pacific,
            self.say("Beijing", "北京时间"),
            at.beijing
        )
    }
}
