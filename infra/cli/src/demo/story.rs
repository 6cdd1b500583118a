//! The story that the demo tells: what came in, what was refused and why, which parcels cost what, who is eligible,
//! and where the files lie.

use std::collections::BTreeMap;

use comfy_table::{ContentArrangement, Table, presets};
use domain::{Because, Cents, Clause, EntryKind, LedgerEntry, Zone};
use lake::{Answer, Issue};
use report::MonthReport;
use serde_json::{Value, json};

use super::season::{Made, SELLERS};
use crate::args::Demo;
use crate::backend::Backend;
use crate::commands::replay::DayOutcome;
use crate::commands::verify::Proof;
use crate::failure::CommandError;
use crate::terminal::Terminal;

/// Columns that the story keeps to.
const WIDTH: u16 = 80;

/// What was heard while the season was played.
pub(super) struct Story<'t> {
    pub(super) terminal: &'t Terminal,
    /// Rows by kind: all, unchanged, parked, rejected.
    rows: BTreeMap<String, [u64; 4]>,
    /// Rows by code, with the first issue.
    codes: BTreeMap<String, (u64, Issue)>,
    /// The answer with the most rejected rows.
    worst: Option<(u64, String)>,
}

impl<'t> Story<'t> {
    pub(super) fn new(terminal: &'t Terminal) -> Self {
        Self {
            terminal,
            rows: BTreeMap::new(),
            codes: BTreeMap::new(),
            worst: None,
        }
    }

    pub(super) fn made(&self, made: &Made, arguments: &Demo) {
        let say = self.terminal;
        self.title(say.say("A season of offline express", "一季线下快递"));
        let what = if say.is_chinese() {
            format!(
                "{} 个店铺、{} 个订单，2024 年 3 月至 5 月；{} 个文件、{} 行（种子 {}）。",
                SELLERS.len(),
                made.orders,
                made.files,
                made.rows,
                arguments.seed
            )
        } else {
            format!(
                "{} sellers, {} orders paid March to May 2024, told in {} files of {} rows (seed {}).",
                SELLERS.len(),
                made.orders,
                made.files,
                made.rows,
                arguments.seed
            )
        };
        self.text(&what);
        self.text(say.say(
            "Each day its files are uploaded; each night two scans settle the ledger.",
            "每天上传当天的文件，每晚两次扫描结算账本。",
        ));
        say.line("");
    }

    /// Hears an answer to an upload.
    pub(super) fn heard(&mut self, answer: &Answer) {
        let counts = answer.counts;
        let rows = self.rows.entry(answer.upload.kind.clone()).or_default();
        for (sum, count) in
            rows.iter_mut()
                .zip([counts.rows, counts.unchanged, counts.parked, counts.rejected])
        {
            *sum += count;
        }
        for (code, count) in &answer.by_code {
            let Some(issue) = answer.issues.iter().find(|issue| issue.code == *code) else {
                continue;
            };
            self.codes
                .entry(code.clone())
                .or_insert_with(|| (0, issue.clone()))
                .0 += count;
        }
        if counts.rejected > self.worst.as_ref().map_or(0, |(most, _)| *most) {
            self.worst = Some((counts.rejected, answer.upload.key.clone()));
        }
    }

    pub(super) fn week(&self, days: &[DayOutcome]) {
        let (Some(first), Some(last)) = (days.first(), days.last()) else {
            return;
        };
        let sum = |of: fn(&DayOutcome) -> u64| -> u64 { days.iter().map(of).sum() };
        let balance: Cents = days
            .iter()
            .map(|day| day.stalls.tally.balance + day.signoffs.tally.balance)
            .sum();
        let say = self.terminal;
        let reports: Vec<String> = days
            .iter()
            .flat_map(|day| {
                day.reports
                    .iter()
                    .map(|month| format!("  {} {month}", say.say("report", "报告")))
            })
            .collect();
        say.line(format!(
            "{} – {}  {:>9} {:>3} {} {:>9} {:>8} USD{}",
            first.day,
            &last.day[5..],
            say.count(sum(|day| day.rows), "row", "行"),
            sum(|day| day.rejected),
            say.say("refused", "拒绝"),
            say.count(
                sum(|day| day.stalls.tally.posted + day.signoffs.tally.posted),
                "fine",
                "罚金"
            ),
            balance.to_string(),
            reports.concat(),
        ));
    }

    /// What came in, and what was refused and why.
    pub(super) fn refusals(&self) {
        let say = self.terminal;
        self.title(say.say("What came in", "收到了什么"));
        let mut table = table(&[
            say.say("file", "文件"),
            say.say("rows", "行"),
            say.say("known before", "已知"),
            say.say("parked", "暂挂"),
            say.say("refused", "拒绝"),
        ]);
        for (kind, counts) in &self.rows {
            table.add_row([vec![kind.clone()], counts.iter().map(u64::to_string).collect()].concat());
        }
        self.table(&table);
        self.title(say.say(
            "What was refused or noted, and why (an example each)",
            "哪些行被拒绝或提示，为什么（各举一例）",
        ));
        for (code, (count, issue)) in &self.codes {
            say.line(format!("{count:>4}  {code}"));
            self.indented(say.say(&issue.message_en, &issue.message_zh));
        }
    }

    /// What the nights found.
    pub(super) fn fines(&self, entries: &[LedgerEntry]) {
        let say = self.terminal;
        self.title(say.say("What the nights found", "每晚查出了什么"));
        let mut table = table(&[
            say.say("clause", "条款"),
            say.say("fines", "罚金"),
            say.say("reversed", "退回"),
            say.say("held", "暂缓扣罚"),
            "USD",
        ]);
        let named = [
            (Clause::A6, say.say("A6 upload failed", "A6 单号上传失败")),
            (Clause::B3, say.say("B3 silent over 48 h", "B3 断更超 48 小时")),
            (Clause::B4, say.say("B4 unsigned after 30 days", "B4 30 天未签收")),
        ];
        let count = |clause: Clause, kind: EntryKind| {
            entries
                .iter()
                .filter(|entry| entry.clause == clause && entry.kind == kind)
                .count()
                .to_string()
        };
        for (clause, name) in named {
            let cells = [
                count(clause, EntryKind::Fine),
                count(clause, EntryKind::Reversal),
                count(clause, EntryKind::Hold),
                balance(entries, Some(clause)).to_string(),
            ];
            table.add_row([vec![name.to_owned()], cells.to_vec()].concat());
        }
        table.add_row(["", "", "", "", &balance(entries, None).to_string()]);
        self.table(&table);
    }

    /// Tracking numbers of the orders whose stories are told.
    pub(super) async fn numbers_of(
        &self,
        backend: &Backend,
        entries: &[LedgerEntry],
    ) -> Result<BTreeMap<String, String>, CommandError> {
        let mut numbers = BTreeMap::new();
        for entry in chosen(entries) {
            if let Some(stored) = backend.store.order(&entry.order_id).await? {
                let named: Vec<String> = stored
                    .order
                    .shipments
                    .iter()
                    .map(|shipment| format!("{} {}", shipment.carrier, shipment.number))
                    .collect();
                numbers.insert(entry.order_id.to_string(), named.join(", "));
            }
        }
        Ok(numbers)
    }

    /// Some parcels, told.
    pub(super) fn parcels(&self, entries: &[LedgerEntry], numbers: &BTreeMap<String, String>, zone: Zone) {
        let say = self.terminal;
        self.title(say.say("Some examples", "举几个例子"));
        for entry in chosen(entries) {
            let parcel = numbers
                .get(entry.order_id.as_str())
                .filter(|numbers| !numbers.is_empty());
            let parcel = parcel.map_or(say.say("no number accepted", "没有被接受的单号"), String::as_str);
            say.line(format!("{}  {}  {parcel}", entry.order_id, entry.seller_id));
            self.indented(&self.because(entry, zone));
            self.indented(&format!(
                "{} {}: {} USD",
                entry.clause,
                self.kind(entry.kind),
                entry.amount
            ));
        }
    }

    /// Who is eligible.
    pub(super) fn verdicts(&self, report: &MonthReport) {
        let say = self.terminal;
        self.title(&format!(
            "{} {}",
            say.say("Who is eligible after", "谁具备资格："),
            report.month
        ));
        for row in &report.rows {
            let about = SELLERS.iter().find(|seller| seller.id == row.seller_id.as_str());
            let about = about.map_or("", |seller| say.say(seller.about_en, seller.about_zh));
            let verdict = if row.eligible {
                say.say("eligible", "合格")
            } else {
                say.say("NOT eligible", "不合格")
            };
            say.line(format!("{:<8} {verdict}  ({about})", row.seller_id.as_str()));
            self.indented(say.say(&row.reasons_en, &row.reasons_zh));
        }
    }

    /// Where the files lie.
    pub(super) fn whereabouts(&self, arguments: &Demo, sound: bool, entries: usize) {
        let say = self.terminal;
        let out = arguments.out.display();
        self.title(say.say("Where it all lies", "文件在哪里"));
        say.line(format!(
            "{out}/season    {}",
            say.say("the files that were uploaded, day by day", "逐日上传的文件")
        ));
        say.line(format!(
            "{out}/reports   {}",
            say.say(
                "the report: eligibility.html, .xlsx, .csv, .parquet",
                "报告：eligibility.html、.xlsx、.csv 与 .parquet"
            )
        ));
        say.line(format!(
            "{out}/cloud     {}",
            say.say(
                "the embedded cloud; look into it with",
                "本地模拟云的数据；可这样查看："
            )
        ));
        say.line(format!(
            "  waymark --data-dir {out}/cloud ledger --seller FUMBLE --month 2024-05"
        ));
        say.line(format!("  waymark --data-dir {out}/cloud ledger verify"));
        if let Some((rejected, key)) = &self.worst {
            let answer = key.replacen("inbox/", "outbox/", 1);
            self.text(&format!(
                "{} ({rejected}): {answer}/rejected.csv",
                say.say("The most refused rows of one file", "单个文件中被拒最多的行")
            ));
        }
        let verdict = if sound {
            say.say("The ledger was proven sound", "账本已验证无误")
        } else {
            say.say("THE LEDGER IS NOT SOUND", "账本有误")
        };
        self.text(&format!("{verdict}: {entries} {}.", say.say("entries, none doubled, every reversal with its fine, the sum equal to what the orders remember", "条分录，无重复，每笔退回都有对应罚金，合计与订单记录一致")));
    }

    /// The story for a machine.
    pub(super) fn summary(
        &self,
        made: &Made,
        entries: &[LedgerEntry],
        report: &MonthReport,
        proof: &Proof,
    ) -> Value {
        let codes: BTreeMap<&String, u64> = self
            .codes
            .iter()
            .map(|(code, (count, _))| (code, *count))
            .collect();
        let sellers: Vec<Value> = report.rows.iter().map(|row| json!({ "seller_id": row.seller_id, "eligible": row.eligible, "reasons_en": row.reasons_en })).collect();
        json!({
            "orders": made.orders, "files": made.files, "rows": made.rows, "by_code": codes,
            "entries": entries.len(), "balance": balance(entries, None), "month": report.month, "sellers": sellers,
            "ledger_sound": proof.is_sound(),
        })
    }

    fn title(&self, title: &str) {
        self.terminal.line("");
        self.terminal.line(format!("== {title}"));
    }

    fn text(&self, text: &str) {
        wrapped(text, usize::from(WIDTH))
            .iter()
            .for_each(|line| self.terminal.line(line));
    }

    fn indented(&self, text: &str) {
        wrapped(text, usize::from(WIDTH) - 6)
            .iter()
            .for_each(|line| self.terminal.line(format!("      {line}")));
    }

    fn table(&self, table: &Table) {
        self.terminal.line(table.trim_fmt());
    }
}

/// One entry of each kind worth telling: the first of its sort in the ledger.
fn chosen(entries: &[LedgerEntry]) -> Vec<&LedgerEntry> {
    let first = |wanted: fn(&LedgerEntry) -> bool| entries.iter().find(|entry| wanted(entry));
    let wanted: [fn(&LedgerEntry) -> bool; 6] = [
        |entry| entry.clause == Clause::A6 && entry.kind == EntryKind::Fine,
        |entry| {
            matches!(
                entry.because,
                Because::Silence {
                    silent_until: Some(_),
                    ..
                }
            )
        },
        |entry| entry.clause == Clause::B3 && matches!(entry.because, Because::NoLongerDue { .. }),
        |entry| {
            matches!(
                &entry.because,
                Because::NotSigned {
                    signed_at: Some(_),
                    held_by_appeal: None,
                    ..
                }
            )
        },
        |entry| entry.kind == EntryKind::Hold,
        |entry| entry.kind == EntryKind::Void,
    ];
    wanted.into_iter().filter_map(first).collect()
}

fn balance(entries: &[LedgerEntry], clause: Option<Clause>) -> Cents {
    let counts = entries
        .iter()
        .filter(|entry| entry.kind.moves_money() && clause.is_none_or(|clause| entry.clause == clause));
    counts.map(|entry| entry.amount).sum()
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH)
        .set_header(header.to_vec());
    table
}

/// Breaks text at spaces, and Chinese text anywhere, to lines of at most `width` columns.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    textwrap::wrap(text, width)
        .into_iter()
        .map(|line| line.into_owned())
        .collect()
}
