//! The report as a workbook: the sellers, the portfolio's months, and what each column means, a sheet each.
//!
//! Figures are numbers, so that a spreadsheet can sort and filter them; ids and reasons are text.

mod columns;

use rust_xlsxwriter::{
    Color, ConditionalFormatCell, ConditionalFormatCellRule, ConditionalFormatText,
    ConditionalFormatTextRule, DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError,
};

use self::columns::{Column, Form, month_columns, seller_columns};
use crate::table::spreadsheet_safe;
use crate::{MonthReport, ReportError};

/// Characters that a sheet's cell holds.
const CELL_CHARACTERS_MAX: usize = 32_767;

/// The report as a workbook. The same report gives the same bytes.
///
/// # Errors
/// [`ReportError::Workbook`] when there is no room for its temporary files.
pub fn xlsx(report: &MonthReport) -> Result<Vec<u8>, ReportError> {
    written(report).map_err(|source| ReportError::Workbook {
        source: Box::new(source),
    })
}

fn written(report: &MonthReport) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // The workbook is as old as its instant, whenever it is made.
    let made_at = ExcelDateTime::from_timestamp(report.as_of.unix())?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made_at));
    let sellers: Vec<_> = report.rows.iter().map(|row| (row, report)).collect();
    let minimum = f64::from(report.limits.fulfilment_percent_min);
    sheet(
        &mut workbook,
        "卖家 sellers",
        &seller_columns(),
        &sellers,
        minimum,
    )?;
    let months: Vec<_> = report.totals.iter().collect();
    sheet(&mut workbook, "月份 months", &month_columns(), &months, minimum)?;
    definitions(&mut workbook, report)?;
    workbook.save_to_buffer()
}

/// A sheet of rows under a frozen header with filters; fulfilment under the minimum and who is not eligible are red.
fn sheet<R>(
    workbook: &mut Workbook,
    name: &str,
    columns: &[Column<R>],
    rows: &[R],
    minimum: f64,
) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    header(
        sheet,
        name,
        columns.iter().map(|column| (column.title(), column.width)),
    )?;
    sheet.set_freeze_panes(1, 1)?;
    let formats: Vec<Format> = columns.iter().map(|column| column.form.format()).collect();
    for (index, row) in (1..).zip(rows) {
        for ((at, column), format) in (0..).zip(columns).zip(&formats) {
            let Some(cell) = (column.cell)(row) else { continue };
            match cell.parse::<f64>() {
                Ok(figure) if column.form != Form::Text => {
                    sheet.write_number_with_format(index, at, figure, format)?
                }
                _ => sheet.write_string_with_format(index, at, cut(spreadsheet_safe(cell)), format)?,
            };
        }
    }
    let last = (rows.len() as u32).max(1);
    sheet.autofilter(0, 0, last, columns.len() as u16 - 1)?;
    let (good, bad) = (colour(0x00C6_EFCE), colour(0x00FF_C7CE));
    for (at, column) in (0_u16..).zip(columns) {
        match column.form {
            Form::Fulfilment => {
                let under = ConditionalFormatCell::new()
                    .set_rule(ConditionalFormatCellRule::LessThan(minimum))
                    .set_format(&bad);
                // An empty cell is no rate, not a rate of nothing.
                let empty = rust_xlsxwriter::ConditionalFormatBlank::new().set_stop_if_true(true);
                sheet.add_conditional_format(1, at, last, at, &empty)?;
                sheet.add_conditional_format(1, at, last, at, &under)?;
            }
            Form::Verdict => {
                for (word, format) in [("yes", &good), ("no", &bad)] {
                    let says = ConditionalFormatText::new()
                        .set_rule(ConditionalFormatTextRule::Contains(word.to_owned()))
                        .set_format(format);
                    sheet.add_conditional_format(1, at, last, at, &says)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// What each column means, and what the report is of.
fn definitions(workbook: &mut Workbook, report: &MonthReport) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    let titles = [("列 / column", 34), ("含义", 60), ("meaning", 80)];
    header(
        sheet,
        "说明 definitions",
        titles.into_iter().map(|(title, width)| (title.to_owned(), width)),
    )?;
    sheet.set_freeze_panes(1, 0)?;
    let (of_sellers, of_months) = (seller_columns(), month_columns());
    let of_sellers = of_sellers
        .iter()
        .map(|column| (column.title(), column.means_zh, column.means_en));
    let of_months = of_months
        .iter()
        .map(|column| (column.title(), column.means_zh, column.means_en));
    let mut told: Vec<(String, String, String)> = vec![
        (
            "月份 / month".to_owned(),
            report.month.to_string(),
            report.month.to_string(),
        ),
        (
            "截至 / as of".to_owned(),
            report.as_of.to_string(),
            report.as_of.to_string(),
        ),
        (
            "规则 / policy".to_owned(),
            report.policy.clone(),
            report.policy.clone(),
        ),
    ];
    for (title, zh, en) in of_sellers.chain(of_months) {
        if !told.iter().any(|(known, ..)| *known == title) {
            told.push((title, zh.to_owned(), en.to_owned()));
        }
    }
    let format = Format::new().set_num_format("@").set_text_wrap();
    for (row, (title, zh, en)) in (1..).zip(told) {
        for (at, text) in (0..).zip([title, zh, en]) {
            sheet.write_string_with_format(row, at, text, &format)?;
        }
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
