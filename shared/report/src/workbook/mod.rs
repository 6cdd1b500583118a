//! The report as a workbook, a sheet for each view: the sellers, what the running month asks for, the orders that decide it,
//! what changed since the revision before, the portfolio's months, markets, carriers, missing nodes, and what each column
//! means.
//!
//! Figures are numbers, so that a spreadsheet can sort and filter them; ids and reasons are text.

mod changes;
mod columns;
mod failed;
mod forecast;
mod months;
mod places;
mod rescue;
mod sellers;

use domain::Zone;
use rust_xlsxwriter::{
    Color, ConditionalFormatBlank, ConditionalFormatCell, ConditionalFormatCellRule, ConditionalFormatText,
    ConditionalFormatTextRule, DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError,
};

use self::changes::{change_columns, changed};
use self::columns::{Column, Form};
use self::failed::{missed, missed_columns, unconfirmed, unconfirmed_columns};
use self::forecast::{forecast_columns, running};
use self::months::month_columns;
use self::places::{carrier_columns, carriers, gap_columns, gaps, market_columns, markets};
use self::rescue::{undecided, undecided_columns};
use self::sellers::seller_columns;
use crate::names::{instant_names, standing_names};
use crate::table::spreadsheet_safe;
use crate::{Changes, MonthReport, ReportError, Standing};

/// Characters that a sheet's cell holds.
const CELL_CHARACTERS_MAX: usize = 32_767;
/// A4, by the format's number.
const PAPER_A4: u8 = 9;

/// The report as a workbook, with a sheet of what it changes where there is a revision before it. The same report gives the
/// same bytes.
///
/// # Errors
/// [`ReportError::Workbook`] when there is no room for its temporary files.
pub fn xlsx(report: &MonthReport, changes: Option<&Changes>, zone: Zone) -> Result<Vec<u8>, ReportError> {
    written(report, changes, zone).map_err(|source| ReportError::Workbook {
        source: Box::new(source),
    })
}

fn written(report: &MonthReport, changes: Option<&Changes>, zone: Zone) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // The workbook is as old as its instant, whenever it is made.
    let made_at = ExcelDateTime::from_timestamp(report.as_of.unix())?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made_at));
    let mut book = Book {
        workbook,
        minimum: f64::from(report.limits.fulfilment_percent_min),
        terms: Vec::new(),
    };
    let sellers: Vec<_> = report.rows.iter().map(|row| (row, report)).collect();
    book.sheet("店铺 sellers", &seller_columns(), &sellers)?;
    let running = running(report);
    if !running.is_empty() {
        book.sheet("预测 forecast", &forecast_columns(), &running)?;
    }
    let undecided = undecided(report);
    if !undecided.is_empty() {
        book.sheet("需保住的订单 to rescue", &undecided_columns(), &undecided)?;
    }
    let missed = missed(report);
    if !missed.is_empty() {
        book.sheet("未履约 failed", &missed_columns(), &missed)?;
    }
    let unconfirmed = unconfirmed(report, zone);
    if !unconfirmed.is_empty() {
        book.sheet("未确认 unconfirmed", &unconfirmed_columns(), &unconfirmed)?;
    }
    let changed = changes.map(changed).unwrap_or_default();
    if !changed.is_empty() {
        book.sheet("变化 changes", &change_columns(), &changed)?;
    }
    let months: Vec<_> = report.totals.iter().collect();
    book.sheet("月份 months", &month_columns(), &months)?;
    book.sheet("市场 markets", &market_columns(), &markets(report))?;
    book.sheet("承运商 carriers", &carrier_columns(), &carriers(report))?;
    book.sheet("节点缺失 node gaps", &gap_columns(), &gaps(report))?;
    book.definitions(report, changes, zone)?;
    book.workbook.save_to_buffer()
}

/// A standing in both languages.
fn standing(standing: Standing, report: &MonthReport) -> String {
    let (en, zh) = standing_names(standing, report.is_running());
    format!("{zh} / {en}")
}

/// The workbook as it grows, and the terms that its sheets use.
struct Book {
    workbook: Workbook,
    minimum: f64,
    /// A column's title, and what it means in Chinese and English.
    terms: Vec<(String, &'static str, &'static str)>,
}

impl Book {
    /// A sheet of rows under a frozen header with filters; what is under its minimum, and who is at risk or not eligible,
    /// has a colour.
    fn sheet<R>(&mut self, name: &str, columns: &[Column<R>], rows: &[R]) -> Result<(), XlsxError> {
        for column in columns {
            let title = column.title();
            if !self.terms.iter().any(|(known, ..)| *known == title) {
                self.terms.push((title, column.means_zh, column.means_en));
            }
        }
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        let titles = columns.iter().map(|column| (column.title(), column.width));
        header(sheet, name, titles)?;
        sheet.set_freeze_panes(1, 1)?;
        let formats: Vec<Format> = columns.iter().map(|column| column.form.format()).collect();
        for (index, row) in (1..).zip(rows) {
            for ((at, column), format) in (0..).zip(columns).zip(&formats) {
                let Some(cell) = (column.cell)(row) else { continue };
                match cell.parse::<f64>() {
                    Ok(figure) if column.form.is_number() => {
                        sheet.write_number_with_format(index, at, figure, format)?
                    }
                    _ => sheet.write_string_with_format(index, at, cut(spreadsheet_safe(cell)), format)?,
                };
            }
        }
        let last = (rows.len() as u32).max(1);
        sheet.autofilter(0, 0, last, columns.len() as u16 - 1)?;
        // A long text would else be printed beyond its column, and make the whole page small.
        sheet.set_print_area(0, 0, last, columns.len() as u16 - 1)?;
        for (at, column) in (0_u16..).zip(columns) {
            colours(sheet, (1, last, at), column.form, self.minimum)?;
        }
        Ok(())
    }

    /// What each column means, and what the report is of.
    fn definitions(
        &mut self,
        report: &MonthReport,
        changes: Option<&Changes>,
        zone: Zone,
    ) -> Result<(), XlsxError> {
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        let titles = [("列 / column", 34), ("含义", 60), ("meaning", 80)];
        let titles = titles.map(|(title, width)| (title.to_owned(), width));
        header(sheet, "说明 definitions", titles.into_iter())?;
        sheet.set_freeze_panes(1, 0)?;
        let chinese_first = |(en, zh): (String, String)| (zh, en);
        let same = |text: &str| (text.to_owned(), text.to_owned());
        let instant = |at| {
            let (en, zh) = instant_names(at, zone);
            (format!("{zh}（UTC {at}）"), format!("{en}, UTC {at}"))
        };
        let mut of_the_report = vec![
            ("月份 / month", same(&report.month.to_string())),
            ("截至 / as of", instant(report.as_of)),
            ("最终结果自 / final from", instant(report.final_from)),
            ("规则 / policy", same(&report.policy)),
            (
                "准入规则 / admission rules",
                chinese_first(report.admission.in_full()),
            ),
            (
                "物流履约率 / fulfilment rate",
                chinese_first(report.limits.fulfilment.in_full()),
            ),
        ];
        if let Some(lacking) = &report.lacking {
            let told = (lacking.zh.clone(), lacking.en.clone());
            of_the_report.push(("非最终结果 / not final", told));
        }
        if let Some(Changes { before, .. }) = changes {
            let ((zh, en), id) = (instant(before.as_of), &before.revision);
            let told = (format!("{id}：{zh}"), format!("{id}: {en}"));
            of_the_report.push(("上一修订 / revision before", told));
        }
        if let Some(rescue) = &report.rescue {
            let (orders, sellers) = (rescue.orders_count, rescue.sellers_count);
            let named = rescue.named_count();
            let told = (
                format!("{sellers} 家 {orders} 单，列出 {named} 单"),
                format!("orders: {orders}, sellers: {sellers}, listed: {named}"),
            );
            of_the_report.push(("需保住的订单 / orders to rescue", told));
        }
        if let Some(failed) = &report.failed {
            let (orders, sellers) = (failed.orders_count, failed.sellers_count);
            let named = failed.named_count();
            let told = (
                format!("{sellers} 家 {orders} 单，列出 {named} 单，未履约单数最少的店铺在先"),
                format!(
                    "orders: {orders}, sellers: {sellers}, listed: {named}, those of the sellers with the fewest first"
                ),
            );
            of_the_report.push(("未履约订单 / failed orders", told));
        }
        let of_the_report = of_the_report
            .into_iter()
            .map(|(title, (zh, en))| (title.to_owned(), zh, en));
        let of_columns = self.terms.iter();
        let of_columns =
            of_columns.map(|(title, zh, en)| (title.clone(), (*zh).to_owned(), (*en).to_owned()));
        let format = Format::new().set_num_format("@").set_text_wrap();
        for (row, (title, zh, en)) in (1..).zip(of_the_report.chain(of_columns)) {
            for (at, text) in (0..).zip([title, zh, en]) {
                sheet.write_string_with_format(row, at, text, &format)?;
            }
        }
        Ok(())
    }
}

/// Colours a column's cells, from a row to a row, by what they say.
fn colours(
    sheet: &mut Worksheet,
    (first, last, at): (u32, u32, u16),
    form: Form,
    minimum: f64,
) -> Result<(), XlsxError> {
    let (good, fair, bad) = (colour(0x00C6_EFCE), colour(0x00FF_EB9C), colour(0x00FF_C7CE));
    let under = match form {
        Form::Fulfilment => Some(minimum),
        Form::Room => Some(0.0),
        _ => None,
    };
    if let Some(under) = under {
        let under = ConditionalFormatCell::new()
            .set_rule(ConditionalFormatCellRule::LessThan(under))
            .set_format(&bad);
        // An empty cell is no figure, not a figure of nothing.
        let empty = ConditionalFormatBlank::new().set_stop_if_true(true);
        sheet.add_conditional_format(first, at, last, at, &empty)?;
        sheet.add_conditional_format(first, at, last, at, &under)?;
    }
    let words: &[(&str, &Format)] = match form {
        Form::Verdict => &[("是", &good), ("否", &bad)],
        Form::Standing => &[
            ("合格", &good),
            ("正常", &good),
            ("有风险", &fair),
            ("不合格", &bad),
            ("已无法达标", &bad),
        ],
        _ => &[],
    };
    for (word, format) in words {
        let says = ConditionalFormatText::new()
            .set_rule(ConditionalFormatTextRule::BeginsWith((*word).to_owned()))
            .set_format(*format);
        sheet.add_conditional_format(first, at, last, at, &says)?;
    }
    Ok(())
}

fn header(
    sheet: &mut Worksheet,
    name: &str,
    columns: impl Iterator<Item = (String, u16)>,
) -> Result<(), XlsxError> {
    let bold = Format::new()
        .set_bold()
        .set_text_wrap()
        .set_background_color(Color::RGB(0x00E8_ECF1));
    sheet.set_name(name)?;
    // On paper: all columns on a page's width, the header on each page.
    sheet
        .set_landscape()
        .set_paper_size(PAPER_A4)
        .set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 0)?;
    for (at, (title, width)) in (0..).zip(columns) {
        sheet.set_column_width(at, width)?;
        sheet.write_string_with_format(0, at, title, &bold)?;
    }
    Ok(())
}

fn colour(rgb: u32) -> Format {
    Format::new().set_background_color(Color::RGB(rgb))
}

fn cut(text: String) -> String {
    text.chars().take(CELL_CHARACTERS_MAX).collect()
}
