//! What people see: text on stdout, progress and complaints on stderr.

mod printable;
mod progress;
pub(crate) mod summary;

use std::io::{ErrorKind, IsTerminal, Write};

use comfy_table::{ContentArrangement, Row, Table};
use digest::{beijing, pacific};
use domain::count::counted;
use domain::{Timestamp, Zone};
use serde::Serialize;

use self::printable::printable;
use self::progress::Progress;

use crate::args::{Arguments, Lang};
use crate::failure::CommandError;

/// Characters of a SHA-256 that people are shown.
const SHA256_CHARACTERS_SHOWN: usize = 12;

/// Columns by which a paragraph's further lines stand in.
const FURTHER_LINES_INSET: usize = 2;

/// Where a command's words go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    json: bool,
    lang: Lang,
}

impl Terminal {
    pub(crate) fn new(arguments: &Arguments) -> Self {
        Self {
            json: arguments.shared.json,
            lang: arguments.shared.lang.unwrap_or_else(Lang::of_surroundings),
        }
    }

    /// A terminal that shows nothing to people.
    #[cfg(test)]
    pub(crate) fn silent() -> Self {
        Self {
            json: true,
            lang: Lang::En,
        }
    }

    /// Whether stdout is for a machine.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether people read Chinese.
    pub(crate) fn is_chinese(&self) -> bool {
        self.lang == Lang::Zh
    }

    /// The text in the language asked for.
    pub(crate) fn say<'t>(&self, en: &'t str, zh: &'t str) -> &'t str {
        match self.lang {
            Lang::En => en,
            Lang::Zh => zh,
        }
    }

    /// Between a name and what is said of it.
    pub(crate) fn colon(&self) -> &'static str {
        self.say(": ", "：")
    }

    /// Between the parts of a line.
    pub(crate) fn comma(&self) -> &'static str {
        self.say(", ", "，")
    }

    /// So many of a thing: `1 fine`, `2 fines`, `2 笔罚金`.
    pub(crate) fn count(&self, count: impl TryInto<u64>, one: &str, zh: &str) -> String {
        let count = count.try_into().unwrap_or(u64::MAX);
        match self.lang {
            Lang::En => counted(count, one),
            Lang::Zh => format!("{count} {zh}"),
        }
    }

    /// An instant for people, the sellers' time first: `2026-11-05 10:00 Beijing (2026-11-04 18:00 Pacific)`.
    pub(crate) fn moment(&self, at: Timestamp) -> String {
        let (beijing, pacific) = (beijing(at), pacific(at, Zone::America__Los_Angeles));
        match self.lang {
            Lang::En => format!("{beijing} Beijing ({pacific} Pacific)"),
            Lang::Zh => format!("北京时间 {beijing}（太平洋时间 {pacific}）"),
        }
    }

    /// A line for people, one whatever is in it; nothing when stdout is for a machine.
    pub(crate) fn line(&self, text: impl AsRef<str>) {
        if !self.json {
            self.write(&format!("{}\n", printable(text.as_ref())));
        }
    }

    /// A text for people: on a terminal line by line, into a file to its last byte; nothing when stdout is for a machine.
    pub(crate) fn text(&self, text: &str) {
        if std::io::stdout().is_terminal() {
            text.lines().for_each(|line| self.line(line));
        } else if !self.json {
            self.write(text);
        }
    }

    /// Sentences for people, broken between words at the terminal's width; whoever reads a pipe gets them on one line.
    pub(crate) fn paragraph(&self, text: impl AsRef<str>) {
        let text = &*printable(text.as_ref());
        if self.json || !std::io::stdout().is_terminal() {
            return self.line(text);
        }
        let inset = text.len() - text.trim_start_matches(' ').len() + FURTHER_LINES_INSET;
        let inset = " ".repeat(inset);
        // An id is copied whole.
        let options = textwrap::Options::with_termwidth()
            .break_words(false)
            .subsequent_indent(&inset);
        for line in textwrap::wrap(text, options) {
            self.line(line);
        }
    }

    /// A table for people, its cells broken where the terminal is too narrow for them.
    pub(crate) fn table(&self, mut table: Table) {
        if std::io::stdout().is_terminal() {
            table.set_content_arrangement(ContentArrangement::Dynamic);
        }
        for row in table.row_iter_mut() {
            let cells = row
                .cell_iter()
                .map(|cell| printable(&cell.content()).into_owned());
            *row = Row::from(cells.collect::<Vec<_>>());
        }
        table.lines().for_each(|line| self.line(line));
    }

    /// A value for a machine, on one line; nothing when stdout is for people.
    pub(crate) fn machine(&self, value: &impl Serialize) -> Result<(), CommandError> {
        if self.json {
            let text = serde_json::to_string(value).map_err(|error| CommandError::caused(&error))?;
            self.write(&format!("{}\n", printable(&text)));
        }
        Ok(())
    }

    /// One clear sentence about what went wrong.
    pub(crate) fn complain(&self, error: &CommandError) {
        let style = anstyle::AnsiColor::Red.on_default().bold();
        // A stderr that is gone leaves nobody to tell.
        let sentence = error.in_language(self.is_chinese());
        let _ = writeln!(
            anstream::stderr(),
            "{style}waymark:{style:#} {}",
            printable(&sentence)
        );
    }

    /// A progress bar over `steps` steps; hidden unless stderr is a terminal.
    pub(crate) fn progress(&self, steps: u64) -> Progress {
        Progress::of(steps, "{bar:30} {pos}/{len} {msg} ({eta} left)", self.json)
    }

    /// A progress bar over the bytes of a file; hidden unless stderr is a terminal.
    pub(crate) fn progress_bytes(&self, bytes: u64) -> Progress {
        let template = "{bar:30} {bytes}/{total_bytes} {msg} ({bytes_per_sec})";
        Progress::of(bytes, template, self.json)
    }

    fn write(&self, text: &str) {
        let mut stdout = anstream::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Ok(()) => {}
            // Whoever read us has gone (`waymark … | head`): that is how a pipe says enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
            Err(error) => {
                self.complain(&CommandError::usage(format!(
                    "stdout cannot be written to: {error} | 无法写入标准输出：{error}"
                )));
                std::process::exit(2);
            }
        }
    }
}

/// The first characters of a SHA-256, which tell it from any other at hand; `--json` has it whole.
pub(crate) fn short_sha256(sha256: &str) -> &str {
    sha256.get(..SHA256_CHARACTERS_SHOWN).unwrap_or(sha256)
}

/// Logs go to stderr, and only what an operator must see unless `RUST_LOG` asks for more.
pub(crate) fn init_tracing() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "off".into());
    // A second call in one process (tests) keeps the first subscriber.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}
