//! `waymark upload`

use std::path::Path;

use domain::SellerId;
use intake::{AUTO, Kind};
use lake::{Answer, Stated, UploadKey};

use super::instant_or_now;
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
             --seller or --recorded-at",
        ));
    }
    instant_or_now(arguments.recorded_at)?;
    for path in &arguments.files {
        let readable = std::fs::File::open(path).and_then(|file| file.metadata());
        let metadata = readable
            .map_err(|error| CommandError::usage(format!("{} cannot be read: {error}", path.display())))?;
        if !metadata.is_file() {
            return Err(CommandError::usage(format!("{} is not a file", path.display())));
        }
    }
    let stated = Stated {
        recorded_at: arguments.recorded_at,
        zone: arguments.zone.map(|zone| zone.to_string()),
    };
    let backend = Backend::open(shared).await?;
    let progress = terminal.progress(arguments.files.len() as u64);
    let mut done = Done::Well;
    for path in &arguments.files {
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
                progress.suspend(|| show(&answer, &key, terminal))?;
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
    let name =
        name.ok_or_else(|| CommandError::usage(format!("{} has no name that can be a key", path.display())))?;
    Ok(UploadKey {
        kind: kind.to_owned(),
        seller_id: seller_id.cloned(),
        name: name.to_owned(),
    })
}

/// Prints an answer, and where the rows that need a person lie.
fn show(answer: &Answer, key: &UploadKey, terminal: &Terminal) -> Result<(), CommandError> {
    terminal.machine(answer)?;
    summary::show(answer, &key.to_string(), terminal);
    if answer.counts.rejected > 0 {
        let lead = terminal.say("rejected rows, with reasons:", "被拒绝的行及原因：");
        terminal.line(format!("  {lead} {}", key.answer("rejected.csv")));
    }
    Ok(())
}
