//! `waymark validate`: judges files without any cloud, applies nothing.

use std::path::Path;

use domain::message::file_message;
use domain::ruling::Uploader;
use domain::{PolicyBook, Timestamp};
use intake::{Filled, Limits, UploadError};
use upload_validation::dry_run::{self, DryRun, DryRunError, KnownOrders};

use super::answers::Folder;
use super::{instant_or_now, now};
use crate::Done;
use crate::args::{Fills, Shared, Validate};
use crate::failure::CommandError;
use crate::policy;
use crate::terminal::{Terminal, summary};

pub(crate) fn run(shared: &Shared, arguments: &Validate, terminal: &Terminal) -> Result<Done, CommandError> {
    let policy = policy::in_force(shared)?;
    let recorded_at = instant_or_now(arguments.recorded_at)?;
    let folders = match &arguments.out {
        Some(out) => Folder::of_files(Some(out), &arguments.files)?
            .into_iter()
            .map(Some)
            .collect(),
        None => vec![None; arguments.files.len()],
    };
    let mut done = Done::Well;
    for (path, folder) in arguments.files.iter().zip(&folders) {
        if validate(arguments, path, folder.as_ref(), &policy, recorded_at, terminal)? == Done::WithFindings {
            done = Done::WithFindings;
        }
    }
    Ok(done)
}

fn validate(
    arguments: &Validate,
    path: &Path,
    folder: Option<&Folder>,
    policy: &PolicyBook,
    recorded_at: Timestamp,
    terminal: &Terminal,
) -> Result<Done, CommandError> {
    let bytes = readable_bytes(path)?;
    // Read anew for each file: what a file brings must not judge the next.
    let orders = arguments.orders.as_deref();
    let orders = orders
        .map(|orders| read_orders(orders, policy, recorded_at))
        .transpose()?;
    let progress = terminal.progress_bytes(bytes);
    progress.set_message(&path.file_name().unwrap_or_default().to_string_lossy());
    let limits = Limits {
        file_bytes_max: arguments.file_mb_max << 20,
        ..Limits::default()
    };
    let Fills { shop, currency } = &arguments.filled;
    let filled = Filled::new(shop.clone(), *currency);
    let told = match arguments.kind {
        Some(kind) => Ok(kind),
        None => dry_run::kind_of(path, &limits, &filled, policy).map_err(|error| failed(&error))?,
    };
    let kind = match told {
        Ok(kind) => kind,
        Err(answer) => {
            progress.finish_and_clear();
            terminal.machine(&answer)?;
            summary::show(&answer, &path.display().to_string(), terminal);
            return Ok(Done::WithFindings);
        }
    };
    let dry_run = DryRun {
        filled: filled.clone(),
        kind,
        uploader: arguments
            .seller
            .clone()
            .map_or(Uploader::Operator, Uploader::Seller),
        recorded_at,
        clock: now(),
        zone: arguments.zone,
        policy,
        limits,
        orders,
        progress: &|at| progress.set_position(at),
    };
    let answer = dry_run.run(path, folder.map(|folder| folder.path.as_path()));
    progress.finish_and_clear();
    let answer = answer.map_err(|error| failed(&error))?;
    terminal.machine(&answer)?;
    summary::show(&answer, &path.display().to_string(), terminal);
    if let Some(folder) = folder {
        folder.show(Ok(()), terminal)?;
    }
    Ok(if answer.is_refused() || answer.counts.rejected > 0 {
        Done::WithFindings
    } else {
        Done::Well
    })
}

fn readable_bytes(path: &Path) -> Result<u64, CommandError> {
    let metadata = std::fs::File::open(path).and_then(|file| file.metadata());
    let metadata = metadata.map_err(|error| {
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
    Ok(metadata.len())
}

fn read_orders(
    path: &Path,
    policy: &PolicyBook,
    recorded_at: Timestamp,
) -> Result<KnownOrders, CommandError> {
    KnownOrders::read(path, policy, recorded_at).map_err(|error| {
        CommandError::usage(match error {
            UploadError::Refused(error) => {
                let text = file_message(error.code, &error.detail);
                format!(
                    "{0} cannot be used as orders: {1} | {0} 不能用作订单文件：{2}",
                    path.display(),
                    text.message_en,
                    text.message_zh
                )
            }
            UploadError::Read(source) => {
                format!(
                    "{0} cannot be read: {source} | 无法读取 {0}：{source}",
                    path.display()
                )
            }
        })
    })
}

/// Files are the operator's own here: one that cannot be read or written is input, not a service.
fn failed(error: &DryRunError) -> CommandError {
    let source = std::error::Error::source(error).map_or(String::new(), |source| format!(": {source}"));
    CommandError::usage(format!("{error}{source} | 无法完成试运行：{error}{source}"))
}
