//! `waymark demo`: a season made here, played day by day on an embedded cloud, and told.

mod files;
mod numbers;
mod parcels;
mod season;
mod story;
mod telling;
mod troubles;

use std::path::Path;
use std::sync::Arc;

use domain::PolicyBook;
use lake::Answer;
use local::{Cloud, CloudError};
use serde_json::Value;

use crate::Done;
use crate::args::{Demo, Shared};
use crate::backend::Backend;
use crate::commands::answers::Folder;
use crate::commands::replay::{Day, DayOutcome, day_end, play, read_season};
use crate::commands::{ledger, report, verify};
use crate::failure::CommandError;
use crate::policy;
use crate::terminal::Terminal;
use season::{LAST_DAY, MONTHS, Made};
use story::Story;

/// Marks a directory as a demo's, which another demo may replace.
const MARKER: &str = ".waymark-demo";

pub(crate) async fn run(
    shared: &Shared,
    arguments: &Demo,
    terminal: &Terminal,
) -> Result<Done, CommandError> {
    // The demo's cloud is made here, so it has no policy yet.
    let summary = perform(arguments, policy::named(shared)?, terminal).await?;
    terminal.machine(&summary)?;
    Ok(if summary["ledger_sound"] == true {
        Done::Well
    } else {
        Done::WithFindings
    })
}

/// Makes, plays and tells the season; gives the story for a machine.
async fn perform(
    arguments: &Demo,
    policy: Option<Arc<PolicyBook>>,
    terminal: &Terminal,
) -> Result<Value, CommandError> {
    let cloud = arguments.out.join("cloud");
    is_nobodys(&cloud).await?;
    prepare(&arguments.out)?;
    let season = arguments.out.join("season");
    let zone = policy.as_deref().unwrap_or(PolicyBook::shipped()).zone;
    let made = season::make(arguments.orders, arguments.seed, zone, &season)
        .map_err(|error| unwritable(&arguments.out, &error))?;
    let mut story = Story::new(terminal);
    story.made(&made, arguments);
    let backend = Backend::open_here(&cloud, policy).await?;
    play_season(&backend, &season, &mut story, terminal).await?;
    tell(&backend, arguments, &made, &story).await
}

/// Plays every day of the season, one line a week.
async fn play_season(
    backend: &Backend,
    season: &Path,
    story: &mut Story<'_>,
    terminal: &Terminal,
) -> Result<(), CommandError> {
    let days = read_season(season)?;
    let (year, month, day) = LAST_DAY;
    let last = season::day(year, month, day);
    let Some(first) = days.first().map(|day| day.date) else {
        return Ok(());
    };
    let progress = terminal.progress((last - first).num_days().unsigned_abs() + 1);
    let mut week = Vec::<DayOutcome>::new();
    for date in first.iter_days().take_while(|date| *date <= last) {
        let day = days.iter().find(|day| day.date == date).cloned().unwrap_or(Day {
            date,
            files: Vec::new(),
        });
        progress.set_message(&date.to_string());
        let mut answers: Vec<Answer> = Vec::new();
        week.push(play(backend, &day, |answer| answers.push(answer.clone())).await?);
        answers.iter().for_each(|answer| story.heard(answer));
        progress.inc();
        if week.len() == 7 || date == last {
            progress.suspend(|| story.week(&week));
            week.clear();
        }
    }
    progress.finish_and_clear();
    Ok(())
}

async fn tell(
    backend: &Backend,
    arguments: &Demo,
    made: &Made,
    story: &Story<'_>,
) -> Result<Value, CommandError> {
    let (year, month, day) = LAST_DAY;
    let as_of = day_end(season::day(year, month, day), backend.policy.zone);
    let entries = ledger::entries_of_sellers(backend, None, None).await?;
    let proof = verify::prove(backend).await?;
    let (year, month) = MONTHS[MONTHS.len() - 1];
    let month = domain::Month::of(
        domain::time::day_starts_at(season::day(year, month, 15), backend.policy.zone),
        backend.policy.zone,
    );
    let outcome = backend.report(month, as_of).await?;
    let reports = arguments.out.join("reports");
    report::save(backend, &outcome, &Folder::of(Some(&reports), "")).await?;
    let function = backend.eligibility_report();
    let verdicts = eligibility_report::make(&function, month, as_of).await?;
    let numbers = story.numbers_of(backend, &entries).await?;
    story.refusals();
    story.fines(&entries);
    story.parcels(&entries, &numbers, backend.policy.zone);
    story.verdicts(&verdicts);
    story.whereabouts(arguments, proof.is_sound(), entries.len());
    Ok(story.summary(made, &entries, &verdicts, &proof))
}

/// Refuses to take an earlier demo's cloud away from another process.
async fn is_nobodys(cloud: &Path) -> Result<(), CommandError> {
    if Cloud::is_missing(cloud) {
        return Ok(());
    }
    match Backend::open_here(cloud, None).await {
        Err(error @ (CloudError::Served { .. } | CloudError::InUse { .. })) => Err(error.into()),
        // Whatever else is wrong with it, it is replaced.
        _ => Ok(()),
    }
}

/// Empties the directory of an earlier demo; leaves anything else alone.
fn prepare(out: &Path) -> Result<(), CommandError> {
    let is_ours = out.join(MARKER).exists();
    let is_free = match std::fs::read_dir(out) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(unwritable(out, &error)),
    };
    if !is_ours && !is_free {
        return Err(CommandError::usage(format!(
            "{0} holds something that is no demo; choose another place with --out | {0} 中有非演示内容；请用 --out 指定其他位置",
            out.display()
        )));
    }
    let renew = || -> std::io::Result<()> {
        for part in ["season", "cloud", "reports"] {
            match std::fs::remove_dir_all(out.join(part)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        std::fs::create_dir_all(out)?;
        std::fs::write(out.join(MARKER), "made by `waymark demo`, which may replace it\n")
    };
    renew().map_err(|error| unwritable(out, &error))
}

fn unwritable(out: &Path, error: &std::io::Error) -> CommandError {
    CommandError::usage(format!(
        "{0} cannot be written: {error} | 无法写入 {0}：{error}",
        out.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use season::SELLERS;

    #[test]
    fn the_same_seed_makes_the_same_season() {
        let zone = PolicyBook::shipped().zone;
        let made = |seed: u64| {
            let directory = tempfile::tempdir().expect("a directory");
            season::make(200, seed, zone, directory.path()).expect("a season");
            let days = read_season(directory.path()).expect("days");
            let files = days.iter().flat_map(|day| &day.files);
            files
                .map(|(_, path)| std::fs::read_to_string(path).expect("a file"))
                .collect::<Vec<_>>()
        };
        assert_eq!(made(7), made(7));
        assert_ne!(made(7), made(8));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_demos_sellers_end_as_intended_and_its_troubles_show() {
        let directory = tempfile::tempdir().expect("a directory");
        let arguments = Demo {
            orders: 420,
            seed: 3,
            out: directory.path().join("demo"),
        };
        let summary = perform(&arguments, None, &Terminal::silent())
            .await
            .expect("a demo");
        assert_eq!(summary["ledger_sound"], true);
        for seller in &SELLERS {
            let rows = summary["sellers"].as_array().expect("sellers");
            let row = rows
                .iter()
                .find(|row| row["seller_id"] == seller.id)
                .expect("a seller");
            assert_eq!(
                row["eligible"], seller.eligible,
                "{}: {}",
                seller.id, row["reasons_en"]
            );
        }
        for code in [
            "NUM_FORMAT",
            "NUM_WHITESPACE",
            "NUM_SCIENTIFIC",
            "NUM_EMPTY",
            "NUM_USED_ELSEWHERE",
            "CARRIER_UNKNOWN",
            "CARRIER_OUT_OF_SCOPE",
            "DEST_SANCTIONED",
            "INVOICE_MISSING",
            "TAX_ID_INVALID",
            "UPLOAD_LATE",
            "ORDER_UNKNOWN",
            "NUM_UNKNOWN",
        ] {
            assert!(summary["by_code"][code].as_u64() > Some(0), "{code}");
        }
    }

    #[test]
    fn a_directory_that_is_no_demo_is_left_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("accounts.xlsx"), "precious").expect("a file");
        assert!(prepare(directory.path()).is_err());
        assert!(directory.path().join("accounts.xlsx").exists());
    }
}
