//! `waymark upload`

use std::path::Path;

use domain::SellerId;
use intake::{AUTO, Kind};
use lake::{Answer, LakeError, Stated, UploadKey};
use local::{Job, Schedule, Template};

use super::answers::Folder;
use super::{instant_or_now, now};
use crate::Done;
use crate::args::{Shared, Upload};
use crate::backend::{Backend, Uploaded};
use crate::failure::CommandError;
use crate::terminal::{Terminal, summary};

pub(crate) async fn run(
    shared: &Shared,
    arguments: &Upload,
    terminal: &Terminal,
) -> Result<Done, CommandError> {
    if arguments.seller.is_some() && arguments.recorded_at.is_some() {
        return Err(CommandError::usage(
            "--recorded-at goes with an operator's file only: a seller's file is recorded when it arrives; leave out \
             --seller or --recorded-at | --recorded-at 只用于运营方的文件：店铺的文件以到达时间为准；请去掉 --seller 或 --recorded-at",
        ));
    }
    instant_or_now(arguments.recorded_at)?;
    for path in &arguments.files {
        let readable = std::fs::File::open(path).and_then(|file| file.metadata());
        let metadata = readable.map_err(|error| {
            CommandError::usage(format!(
                "{0} cannot be read: {error} | 无法读取 {0}：{error}",
                path.display()
            ))
        })?;
        if !metadata.is_file() {
            return Err(CommandError::usage(format!(
                "{0} is not a file | {0} 不是文件",
                path.display()
            )));
        }
    }
    let stated = Stated {
        recorded_at: arguments.recorded_at,
        zone: arguments.zone.map(|zone| zone.to_string()),
        shop: arguments.filled.shop.as_ref().map(ToString::to_string),
        currency: arguments.filled.currency.map(|currency| currency.to_string()),
    };
    let folders = Folder::of_files(arguments.out.as_deref(), &arguments.files)?;
    let backend = Backend::open(shared).await?;
    let progress = terminal.progress(arguments.files.len() as u64);
    let mut done = Done::Well;
    for (path, folder) in arguments.files.iter().zip(&folders) {
        let key = upload_key(
            arguments.kind.map_or(AUTO, Kind::as_str),
            arguments.seller.as_ref(),
            path,
        )?;
        progress.set_message(&key.name);
        let uploaded = backend.upload(&key, path, &stated).await?;
        progress.inc();
        match uploaded {
            Uploaded::Answered(answer) => {
                let saved = save(&backend, &key, &answer, folder).await;
                progress.suspend(|| show(&answer, &key, folder, saved, terminal))?;
                if done == Done::Well && (answer.is_refused() || answer.counts.rejected > 0) {
                    done = Done::WithFindings;
                }
            }
            Uploaded::Failed(error) => {
                progress.suspend(|| terminal.complain(&error));
                done = Done::WithFailures;
            }
        }
    }
    progress.finish_and_clear();
    backend.deliver_streams().await?;
    Ok(done)
}

/// The key under which a local file is uploaded.
pub(crate) fn upload_key(
    kind: &str,
    seller_id: Option<&SellerId>,
    path: &Path,
) -> Result<UploadKey, CommandError> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| {
        CommandError::usage(format!(
            "{0} has no name that can be a key | {0} 的文件名不能用作键",
            path.display()
        ))
    })?;
    Ok(UploadKey {
        kind: kind.to_owned(),
        seller_id: seller_id.cloned(),
        name: name.to_owned(),
    })
}

/// Copies an answer's files out of the bucket, the report last.
async fn save(
    backend: &Backend,
    key: &UploadKey,
    answer: &Answer,
    folder: &Folder,
) -> Result<(), CommandError> {
    let refused = |error: std::io::Error| folder.unwritable(&error);
    std::fs::create_dir_all(&folder.path).map_err(refused)?;
    // A file that is refused whole has no rows to give back, and a very long one no sheet.
    for name in ["rejected.csv", "repaired.xlsx"]
        .into_iter()
        .filter(|_| !answer.is_refused())
    {
        let path = folder.path.join(name);
        let fetched = backend.lake.fetch_answer_file(key, name, &path).await;
        fetched.map_err(|error| match error {
            LakeError::File { source, .. } => refused(source),
            error => error.into(),
        })?;
    }
    let report = backend.lake.bytes(&key.answer("report.json")).await?;
    std::fs::write(folder.path.join("report.json"), report).map_err(refused)
}

/// Says when the fines of an upload are posted: at the next night of the template's schedule.
fn show_next_night(terminal: &Terminal) {
    let schedules = Template::load()
        .ok()
        .and_then(|template| Schedule::all(&template).ok());
    let night = schedules
        .iter()
        .flatten()
        .find(|schedule| schedule.job == Job::Night);
    let Some(at) = night.and_then(|night| night.next_after(now())) else {
        return;
    };
    terminal.line(format!(
        "  {} {}",
        terminal.say("they are posted by the next night, at", "将于下一夜入账："),
        terminal.moment(at)
    ));
}

/// Prints an answer, and where the rows that need a person lie.
fn show(
    answer: &Answer,
    key: &UploadKey,
    folder: &Folder,
    saved: Result<(), CommandError>,
    terminal: &Terminal,
) -> Result<(), CommandError> {
    terminal.machine(answer)?;
    summary::show(answer, &key.to_string(), terminal);
    if answer.fines.count > 0 {
        show_next_night(terminal);
    }
    if !folder.show(saved, terminal)? && answer.counts.rejected > 0 {
        let lead = terminal.say("rejected rows, with reasons:", "被拒绝的行及原因：");
        terminal.line(format!("  {lead} {}", key.answer("rejected.csv")));
    }
    Ok(())
}
