//! The rows of an upload, read on threads of their own: once to see that all of it can be read, then to be ruled.

use std::fs::File;
use std::io;
use std::path::Path;

use domain::OrderId;
use intake::{
    About, Assumed, AssumedTimes, CheckedRow, Columns, Context, Decisions, Kind, Limits, RawRow, Survey,
    UploadError,
};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Memory for the rows that are judged and written together, where they are large; while they are, the next ones are read into
/// as much again.
const BATCH_BYTES_MAX: usize = 112 << 20;
/// What a row takes beside its text until it is written: its fact, its findings, its order.
const ROW_BYTES: usize = 2_048;

/// What the first pass over a file that is readable to its end has found.
pub(super) struct Readable {
    /// How the file is read.
    pub(super) context: (Kind, Context),
    pub(super) survey: Survey,
    /// How it was read, for the answer.
    pub(super) about: About,
    pub(super) rows: u64,
    /// Order ids that look cut by a spreadsheet.
    pub(super) suspects: Vec<OrderId>,
    /// The zone that was assumed for times without one, and those times.
    pub(super) assumed: Option<Assumed>,
}

pub(super) enum Message {
    Header(Vec<String>, Box<Columns>),
    Rows(Vec<(RawRow, CheckedRow)>),
}

/// What reads the rows gives them here, or why it cannot.
pub(super) type Sender = mpsc::Sender<Result<Message, UploadError>>;

/// The rows as a thread of their own reads and checks them, a batch ahead of the writes.
pub(super) struct Reading {
    messages: mpsc::Receiver<Result<Message, UploadError>>,
    thread: JoinHandle<()>,
}

impl Reading {
    pub(super) fn begin(read: impl FnOnce(&Sender) -> Result<(), UploadError> + Send + 'static) -> Self {
        let (sender, messages) = mpsc::channel(1);
        let thread = tokio::task::spawn_blocking(move || {
            if let Err(error) = read(&sender) {
                // The receiver is gone when the run has failed or handed the upload on.
                let _ = sender.blocking_send(Err(error));
            }
        });
        Self { messages, thread }
    }

    /// What comes next; `None` once everything was read. Nothing more comes of a thread that panicked either, so its end is
    /// looked at: else the answer would lack the rest of the file.
    pub(super) async fn next(&mut self) -> io::Result<Option<Message>> {
        match self.messages.recv().await {
            Some(message) => message.map(Some).map_err(io::Error::other),
            None => (&mut self.thread).await.map(|()| None).map_err(io::Error::other),
        }
    }
}

/// Reads a file to its end and keeps nothing of its rows.
pub(super) fn read_to_end(path: &Path, kind: Kind, context: Context) -> Result<Readable, UploadError> {
    let mut file = File::open(path)?;
    let survey = intake::survey(&mut file, &Limits::default())?;
    let mut upload = intake::open_filled(file, kind, Limits::default(), &survey, &context.filled)?;
    let columns = upload.columns().clone();
    let (mut row, mut times) = (RawRow::default(), AssumedTimes::default());
    while upload.read(&mut row)? {
        times.add(&intake::assumed_times(&row, &columns, &context));
    }
    let assumed = times.settled(&context.zone, &columns)?;
    Ok(Readable {
        assumed,
        context: (kind, context),
        survey,
        about: upload.about(),
        rows: upload.rows(),
        suspects: upload.suspected_ids().to_vec(),
    })
}

/// Reads and checks the rows, and hands them on in batches. Where these are cut depends on the file alone, so that each run of an
/// upload cuts it alike.
pub(super) fn send_batches(
    path: &Path,
    (kind, context): &(Kind, Context),
    (survey, ids_are_whole): (&Survey, bool),
    rows_max: usize,
    sender: &Sender,
) -> Result<(), UploadError> {
    let file = File::open(path)?;
    let mut upload = intake::open_filled(file, *kind, Limits::default(), survey, &context.filled)?;
    if ids_are_whole {
        upload.trust_order_ids();
    }
    let columns = upload.columns().clone();
    if sender
        .blocking_send(Ok(Message::Header(
            upload.header().to_vec(),
            Box::new(columns.clone()),
        )))
        .is_err()
    {
        return Ok(());
    }
    let runtime = tokio::runtime::Handle::current();
    let mut decisions = Decisions::default();
    loop {
        // First the room, then the rows: no third batch is read while one is ruled and one waits.
        let Ok(room) = runtime.block_on(sender.reserve()) else {
            return Ok(());
        };
        let mut rows = Vec::new();
        let mut bytes = 0;
        while bytes < BATCH_BYTES_MAX && rows.len() < rows_max {
            let mut row = RawRow::default();
            if !upload.read(&mut row)? {
                break;
            }
            bytes += ROW_BYTES + row.bytes();
            let mut checked = intake::check(&row, &columns, context);
            decisions.hold(&mut checked);
            rows.push((row, checked));
        }
        if rows.is_empty() {
            return Ok(());
        }
        room.send(Ok(Message::Rows(rows)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::is_panic;

    #[tokio::test]
    async fn a_reader_that_panics_half_way_is_not_taken_for_one_that_has_read_everything() {
        let mut reading = Reading::begin(|sender| {
            let sent = sender.blocking_send(Ok(Message::Rows(Vec::new())));
            sent.expect("the receiver waits");
            std::panic::panic_any("a bug in a parser")
        });
        assert!(matches!(reading.next().await, Ok(Some(Message::Rows(_)))));
        let ended = reading.next().await.err().expect("the rest is missing");
        assert!(is_panic(&ended), "no attempt helps: {ended}");
    }
}
