//! Writes reports of made-up portfolios into a folder, as `make test-web` opens them: `eligibility.html` of a month that is
//! final and `eligibility-running.html` of one that is not (and their workbooks), `eligibility-hostile.html` with texts that try to be markup,
//! `eligibility-large.html` with 13,000 sellers, `eligibility-empty.html` with none, and `eligibility-changed.html` (with its
//! workbook) of a revision that changes another.

#[path = "../tests/promises/made.rs"]
mod made;

use std::error::Error;
use std::path::PathBuf;

use domain::{Month, PolicyBook};
use made::{by_name, portfolio};
use report::{
    Changes, Manifest, MonthFigures, MonthReport, Part, ReportError, Revision, changes, decide, html,
    learned, write_parquet, xlsx,
};

const HOSTILE: &str = "</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>\"'&";

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder to write into")?);
    let book = PolicyBook::shipped();
    let write =
        |name: &str, report: &MonthReport| std::fs::write(folder.join(name), html(report, None, book.zone));
    let month: Month = "2024-05".parse()?;
    let (middle, settled) = ("2024-05-18T19:00:00Z".parse()?, "2024-07-15T07:00:00Z".parse()?);

    let mut closed = decide(portfolio(240, month, 100), month, settled, book);
    closed.name_orders(&by_name(&closed), book);
    write("eligibility.html", &closed)?;
    std::fs::write(folder.join("eligibility.xlsx"), xlsx(&closed, None, book.zone)?)?;
    let mut running = decide(portfolio(240, month, 56), month, middle, book);
    running.name_orders(&by_name(&running), book);
    write("eligibility-running.html", &running)?;
    std::fs::write(
        folder.join("eligibility-running.xlsx"),
        xlsx(&running, None, book.zone)?,
    )?;
    let mut large = decide(portfolio(13_000, month, 56), month, middle, book);
    large.name_orders(&by_name(&large), book);
    write("eligibility-large.html", &large)?;
    write(
        "eligibility-empty.html",
        &decide(Vec::new(), month, settled, book),
    )?;

    let mut figures = portfolio(240, month, 100);
    for of in figures.iter_mut().step_by(17) {
        of.fulfilment.met -= of.fulfilment.met / 40;
        (of.fines_count, of.fines.0) = (of.fines_count + 2, of.fines.0 + 240);
    }
    let before = decide(figures, month, "2024-06-05T07:00:00Z".parse()?, book);
    let changes = changed(&before, &closed)?;
    let page = html(&closed, Some(&changes), book.zone);
    std::fs::write(folder.join("eligibility-changed.html"), page)?;
    let workbook = xlsx(&closed, Some(&changes), book.zone)?;
    std::fs::write(folder.join("eligibility-changed.xlsx"), workbook)?;

    let mut figures = portfolio(3, month, 100);
    figures.iter_mut().for_each(be_hostile);
    write("eligibility-hostile.html", &decide(figures, month, settled, book))?;
    Ok(())
}

/// What a report changes against the one before, as far as the reports tell it without the lake.
fn changed(before: &MonthReport, after: &MonthReport) -> Result<Changes, ReportError> {
    let manifest = |report| Manifest::of(report, String::new(), Vec::new(), Vec::new());
    let (old, new) = (manifest(before), manifest(after));
    let (mut old_table, mut new_table) = (Vec::new(), Vec::new());
    write_parquet(before, &mut old_table)?;
    write_parquet(after, &mut new_table)?;
    let revision = |id, manifest, parquet| Revision {
        id,
        manifest,
        parquet,
    };
    changes(
        revision("before", &old, &old_table),
        revision("after", &new, &new_table),
        learned(&[], before.as_of, after.as_of, Part::WHOLE)?,
    )
}

/// Everything that a file's writer may name.
fn be_hostile(figures: &mut MonthFigures) {
    let taken = std::mem::take(&mut figures.breakdown);
    let named = |slices: report::Slices| -> report::Slices {
        slices
            .into_iter()
            .map(|(name, slice)| (format!("{name}{HOSTILE}").into(), slice))
            .collect()
    };
    figures.breakdown.destinations = named(taken.destinations);
    figures.breakdown.carriers = named(taken.carriers);
    figures.breakdown.missing_nodes = taken.missing_nodes;
    figures.early_policy = Some(HOSTILE.to_owned());
}
