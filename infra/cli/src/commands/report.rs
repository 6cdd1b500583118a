//! `waymark report`

use comfy_table::{Table, presets};
use domain::{Cents, Timestamp};
use eligibility_report::Outcome;
use report::{MonthReport, SellerMonth};

use super::answers::Folder;
use super::instant_or_now;
use crate::Done;
use crate::args::{Report, Shared};
use crate::backend::Backend;
use crate::failure::CommandError;
use crate::terminal::Terminal;

/// Sellers shown on the terminal; all of them are in the files.
const SELLERS_SHOWN_MAX: usize = 40;

pub(crate) async fn run(
    shared: &Shared,
    arguments: &Report,
    terminal: &Terminal,
) -> Result<Done, CommandError> {
    let as_of: Timestamp = instant_or_now(arguments.as_of)?;
    let backend = Backend::open_existing(shared).await?;
    let month = arguments.month;
    let begins = month.starts_at(backend.policy.zone);
    if begins > as_of {
        return Err(CommandError::usage(format!(
            "{month} has not begun as of {as_of}: it begins at {begins} | 截至 {as_of}，{month} 尚未开始（{begins} 开始）"
        )));
    }
    let outcome = backend.report(arguments.month, as_of).await?;
    let folder = Folder::of(arguments.out.as_deref(), &format!("eligibility-{month}"));
    let saved = save(&backend, &outcome, &folder).await;
    terminal.machine(&outcome)?;
    if !terminal.is_json() {
        let function = backend.eligibility_report();
        let report = eligibility_report::make(&function, arguments.month, as_of).await?;
        show(&report, terminal);
        for key in &outcome.keys {
            terminal.line(format!("  {key}"));
        }
        if let Some(changed) = outcome.changed {
            terminal.line(format!(
                "{} {}",
                terminal.say("against the revision before it,", "与上一修订相比，"),
                terminal.count(
                    changed,
                    "seller changed: changes.json",
                    "个店铺有变化：changes.json"
                )
            ));
        }
    }
    folder.show(saved, terminal)?;
    Ok(Done::Well)
}

/// Copies a report's files out of the bucket.
pub(crate) async fn save(backend: &Backend, outcome: &Outcome, folder: &Folder) -> Result<(), CommandError> {
    let refused = |error: std::io::Error| folder.unwritable(&error);
    std::fs::create_dir_all(&folder.path).map_err(refused)?;
    for key in &outcome.keys {
        let bytes = backend.lake.bytes(key).await?;
        let name = key.rsplit('/').next().unwrap_or(key);
        std::fs::write(folder.path.join(name), bytes).map_err(refused)?;
    }
    Ok(())
}

/// Prints a report as a table, the largest sellers first.
pub(crate) fn show(report: &MonthReport, terminal: &Terminal) {
    let finality = if report.is_final() {
        terminal.say("final", "最终")
    } else {
        terminal.say("provisional", "暂定")
    };
    terminal.line(format!(
        "{} {}, {} {} ({finality})",
        terminal.say("eligibility", "准入资格"),
        report.month,
        terminal.say("as of", "截至"),
        terminal.moment(report.as_of)
    ));
    if let Some(lacking) = &report.lacking {
        terminal.line(terminal.say(&lacking.en, &lacking.zh));
    }
    let mut sellers: Vec<&SellerMonth> = report.rows.iter().collect();
    sellers.sort_by(|one, other| (other.gmv, &one.seller_id).cmp(&(one.gmv, &other.seller_id)));
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(headings(terminal));
    for row in sellers.iter().take(SELLERS_SHOWN_MAX) {
        table.add_row(cells(row, terminal));
    }
    terminal.table(table);
    if sellers.len() > SELLERS_SHOWN_MAX {
        terminal.line(format!(
            "… {} {}",
            sellers.len() - SELLERS_SHOWN_MAX,
            terminal.say("more", "个店铺")
        ));
    }
}

fn headings(terminal: &Terminal) -> Vec<&'static str> {
    vec![
        terminal.say("seller", "店铺"),
        terminal.say("eligible", "资格"),
        "GMV USD",
        terminal.say("avg of 3", "三月均值"),
        terminal.say("fulfilled", "履约率"),
        terminal.say("due", "应履约"),
        terminal.say("fines USD", "罚金 USD"),
        terminal.say("why", "原因"),
    ]
}

fn cells(row: &SellerMonth, terminal: &Terminal) -> Vec<String> {
    vec![
        row.seller_id.to_string(),
        if row.eligible {
            terminal.say("yes", "是")
        } else {
            terminal.say("no", "否")
        }
        .to_owned(),
        row.gmv.to_string(),
        row.gmv_avg.to_string(),
        row.fulfilment_rate_bp.map_or("–".to_owned(), |basis_points| {
            format!("{} %", Cents(basis_points))
        }),
        row.orders_due.to_string(),
        row.fines.to_string(),
        terminal.say(&row.reasons_en, &row.reasons_zh).to_owned(),
    ]
}
