//! The digest as a workbook: the board, the night's entries, the carriers and the shadow policy, a sheet each. Every cell
//! is text.

use domain::what_if::Compared;
use domain::{PolicyBook, Timestamp};
use rust_xlsxwriter::{Color, DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::html::matter_words;
use crate::reason::clause_words;
use crate::words::node_words;
use crate::{
    BoardRow, CarrierRow, Digest, ShadowFigures, beijing, carrier_words, kind_words, left, pacific, reason,
};

/// Characters that a sheet's cell holds.
const CELL_CHARACTERS_MAX: usize = 32_767;

const BOARD_COLUMNS: [&str; 13] = [
    "风险金额 / USD at risk",
    "剩余时间 / time left",
    "截止（北京） / due, Beijing",
    "截止（太平洋） / due, Pacific",
    "条款 / clause",
    "紧急 / urgent",
    "订单 / order",
    "运单号 / tracking number",
    "承运商 / carrier",
    "店铺 / seller",
    "起算（北京） / since, Beijing",
    "怎么办 / what to do",
    "未确认 / unconfirmed",
];
const FINES_COLUMNS: [&str; 8] = [
    "店铺 / seller",
    "订单 / order",
    "运单号 / tracking number",
    "条款 / clause",
    "类型 / what",
    "金额 / USD",
    "原因（北京时间） / reason (Beijing time)",
    "账本编号 / entry",
];
const CARRIER_COLUMNS: [&str; 9] = [
    "承运商 / carrier",
    "包裹 / parcels",
    "正在断更 / silent now",
    "断更次数 / silences",
    "每千包裹断更 / silences per 1,000",
    "延迟（半数） / latency, half",
    "延迟（九成） / latency, 90 %",
    "缺节点 / incomplete, of ended",
    "所缺节点 / missing nodes",
];
const SHADOW_COLUMNS: [&str; 8] = [
    "现行罚金笔数 / fines in force",
    "现行金额 / USD in force",
    "影子罚金笔数 / fines under the shadow",
    "影子金额 / USD under the shadow",
    "差额笔数 / difference, fines",
    "差额 / difference, USD",
    "差额暂缓扣罚 / difference, USD held",
    "对象 / of",
];

/// The workbook could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the digest's workbook could not be made")]
pub struct XlsxFailed(#[source] Box<XlsxError>);

impl From<XlsxError> for XlsxFailed {
    fn from(error: XlsxError) -> Self {
        Self(Box::new(error))
    }
}

/// The digest as a workbook; the same digest gives the same bytes.
///
/// # Errors
/// [`XlsxFailed`] when there is no room for its temporary files.
pub fn xlsx(digest: &Digest, book: &PolicyBook) -> Result<Vec<u8>, XlsxFailed> {
    let mut workbook = Workbook::new();
    // The workbook is as old as its night, whenever it is made.
    let made_at = ExcelDateTime::from_timestamp(digest.as_of.unix())?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made_at));
    let mut board = Sheet::begin(&mut workbook, "看板 board", &BOARD_COLUMNS)?;
    for row in &digest.board.rows {
        board.line(&board_line(row, digest.as_of, book), row.urgent)?;
    }
    board.end()?;
    let mut fines = Sheet::begin(&mut workbook, "昨夜入账 posted", &FINES_COLUMNS)?;
    for entry in &digest.fines.entries {
        let number = entry.subject.tracking_number.as_ref();
        let line = [
            entry.seller_id.to_string(),
            entry.order_id.to_string(),
            number.map(ToString::to_string).unwrap_or_default(),
            format!("{} {}", entry.clause, clause_words(entry.clause).both()),
            kind_words(entry.kind).both(),
            entry.amount.to_string(),
            reason(entry).both(),
            entry.entry_id.clone(),
        ];
        fines.line(&line, false)?;
    }
    fines.end()?;
    let mut carriers = Sheet::begin(&mut workbook, "承运商 carriers", &CARRIER_COLUMNS)?;
    for row in &digest.carriers {
        carriers.line(&carrier_line(row, book), false)?;
    }
    carriers.end()?;
    if let Some(shadow) = &digest.shadow {
        let mut sheet = Sheet::begin(&mut workbook, "试行规则 shadow", &SHADOW_COLUMNS)?;
        for line in shadow_lines(shadow) {
            sheet.line(&line, false)?;
        }
        sheet.end()?;
    }
    Ok(workbook.save_to_buffer()?)
}

fn board_line(row: &BoardRow, as_of: Timestamp, book: &PolicyBook) -> [String; 13] {
    let texts = row.advice.texts(book.newest(), book.newest_key_account());
    [
        row.at_risk.to_string(),
        left(row.deadline.since(as_of)).both(),
        beijing(row.deadline),
        pacific(row.deadline, book.zone),
        format!("{} {}", row.clause.clause(), matter_words(row.clause).both()),
        if row.urgent {
            "是 / yes".to_owned()
        } else {
            String::new()
        },
        row.order_id.to_string(),
        row.tracking_number
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        row.carrier
            .as_deref()
            .map(|id| carrier_words(id, &book.carriers).both())
            .unwrap_or_default(),
        row.seller_id.to_string(),
        beijing(row.since),
        format!("{} / {}", texts.do_zh, texts.do_en),
        if row.unconfirmed {
            "是 / yes".to_owned()
        } else {
            String::new()
        },
    ]
}

fn carrier_line(row: &CarrierRow, book: &PolicyBook) -> [String; 9] {
    let figures = &row.figures;
    let missing = figures.missing_nodes.iter();
    let missing: Vec<String> = missing
        .map(|(node, count)| format!("{} {count}", node_words(*node).both()))
        .collect();
    [
        carrier_words(&row.carrier, &book.carriers).both(),
        figures.parcels.to_string(),
        figures.silent_now.to_string(),
        figures.silences.to_string(),
        row.silences_per_mille.to_string(),
        row.latency_median.clone().unwrap_or_default(),
        row.latency_p90.clone().unwrap_or_default(),
        format!("{} / {}", figures.incomplete, figures.ended),
        missing.join("; "),
    ]
}

fn shadow_lines(shadow: &ShadowFigures) -> Vec<Vec<String>> {
    let compared_line = |of: String, compared: &Compared| {
        let (old, new, difference) = (compared.in_force, compared.alternative, compared.difference());
        let counts = [
            old.fines.to_string(),
            old.fined.to_string(),
            new.fines.to_string(),
            new.fined.to_string(),
        ];
        let differences = [
            difference.fines.to_string(),
            difference.fined.to_string(),
            difference.held.to_string(),
        ];
        counts
            .into_iter()
            .chain(differences)
            .chain([of])
            .collect::<Vec<String>>()
    };
    let alone = |text: String| {
        vec![String::new(); SHADOW_COLUMNS.len() - 1]
            .into_iter()
            .chain([text])
            .collect()
    };
    let name = &shadow.policy;
    let mut lines: Vec<Vec<String>> = vec![alone(format!("{} {} {}", name.file, name.version, name.sha256))];
    lines.extend(shadow.notes.iter().map(|note| alone(note.both())));
    lines.push(compared_line("合计 / all".to_owned(), &shadow.total));
    for (clause, compared) in &shadow.clauses {
        lines.push(compared_line(
            format!("{clause} {}", clause_words(*clause).both()),
            compared,
        ));
    }
    for seller in &shadow.sellers {
        lines.push(compared_line(
            format!("店铺 / seller {}", seller.seller_id),
            &seller.compared,
        ));
    }
    lines
}

/// A sheet while it is written, row by row.
struct Sheet<'w> {
    sheet: &'w mut Worksheet,
    plain: Format,
    urgent: Format,
    columns: u16,
    next: u32,
}

impl<'w> Sheet<'w> {
    fn begin(workbook: &'w mut Workbook, name: &str, columns: &[&str]) -> Result<Self, XlsxFailed> {
        let text = || Format::new().set_num_format("@");
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        for (at, column) in (0..).zip(columns) {
            sheet.set_column_width(at, 22)?;
            sheet.write_string_with_format(0, at, *column, &text().set_bold())?;
        }
        sheet.set_column_width(columns.len() as u16 - 1, 60)?;
        Ok(Self {
            sheet,
            plain: text(),
            urgent: text().set_background_color(Color::RGB(0x00FF_D9D9)),
            columns: columns.len() as u16,
            next: 1,
        })
    }

    fn line(&mut self, cells: &[String], is_urgent: bool) -> Result<(), XlsxFailed> {
        let format = if is_urgent { &self.urgent } else { &self.plain };
        for (at, cell) in (0..).zip(cells) {
            self.sheet
                .write_string_with_format(self.next, at, protected(cell), format)?;
        }
        self.next += 1;
        Ok(())
    }

    fn end(self) -> Result<(), XlsxFailed> {
        let last = self.next.saturating_sub(1).max(1);
        self.sheet.autofilter(0, 0, last, self.columns - 1)?;
        Ok(())
    }
}

/// A workbook runs no text, but saved as CSV and opened again it might: what could begin a formula is quoted, but for amounts.
fn protected(text: &str) -> String {
    let is_amount = text.parse::<domain::Cents>().is_ok();
    let quoted = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_amount;
    let text = if quoted {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    text.chars().take(CELL_CHARACTERS_MAX).collect()
}
