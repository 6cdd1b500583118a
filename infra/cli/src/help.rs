//! Help in Chinese: the command line of `args.rs`, told with the texts of `data/help.zh.toml`.
//!
//! clap's headings and marks (`Options`, `[default: …]`) are English and fixed, and it breaks lines at spaces, which Chinese
//! has none of. So a page of help is laid out here and given to clap whole; clap still decides when it shows which one.
//! English pages are clap's own. What is wrong with a command line is in `usage.rs`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::LazyLock;

use clap::builder::StyledStr;
use clap::error::ErrorKind;
use clap::{Arg, Command, CommandFactory, ValueEnum};
use serde::Deserialize;
use textwrap::core::display_width;

use crate::args::{Arguments, Lang};

/// Columns of a page, at most.
const WIDTH_MAX: usize = 80;
/// Columns of a text, at least, however narrow the terminal.
const TEXT_WIDTH_MIN: usize = 20;
/// Columns before a command or an argument, and between it and its text.
const INSET: usize = 2;

/// The command that clap adds to every command that has others below it.
const HELP: &str = "help";

/// Which of these is set first says the locale of messages (POSIX).
const LOCALE_VARIABLES: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    headings: Headings,
    shared: BTreeMap<String, String>,
    commands: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Headings {
    usage: String,
    commands: String,
    arguments: String,
    options: String,
    options_placeholder: String,
    command_placeholder: String,
    default: String,
}

static SHIPPED: LazyLock<Texts> = LazyLock::new(|| {
    toml::from_str(include_str!("../data/help.zh.toml")).expect("a test reads the shipped texts of help")
});

/// What clap has to say of a command line that asks for no work: its help in the language that is read.
pub(crate) fn told(said: clap::Error, line: &[OsString]) -> clap::Error {
    let is_help = matches!(
        said.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    if !is_help || language_of(line) != Lang::Zh {
        return said;
    }
    let width = textwrap::termwidth().min(WIDTH_MAX);
    chinese(width).try_get_matches_from(line).err().unwrap_or(said)
}

/// The language in which a wrong command line is answered.
pub(crate) fn language_of(line: &[OsString]) -> Lang {
    language(line, |name| std::env::var(name).ok())
}

/// The language asked for, wherever on the line: clap stops reading where help is asked for. Else the locale's.
fn language(line: &[OsString], variable: impl Fn(&str) -> Option<String>) -> Lang {
    let words: Vec<&str> = line
        .iter()
        .map(|word| word.to_str().unwrap_or_default())
        .take_while(|word| *word != "--")
        .collect();
    let asked = words.iter().enumerate().filter_map(|(place, word)| match *word {
        "--lang" => words.get(place + 1).copied(),
        word => word.strip_prefix("--lang="),
    });
    let asked = asked.rev().find_map(|lang| Lang::from_str(lang, false).ok());
    asked.unwrap_or_else(|| Lang::of_locale(variable))
}

impl Lang {
    /// The language of the locale that this process runs in.
    pub(crate) fn of_surroundings() -> Self {
        Self::of_locale(|name| std::env::var(name).ok())
    }

    fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let locale = LOCALE_VARIABLES
            .iter()
            .filter_map(|name| variable(name))
            .find(|locale| !locale.is_empty());
        match locale {
            Some(locale) if locale.starts_with("zh") => Self::Zh,
            _ => Self::En,
        }
    }
}

/// The command line with Chinese pages of help, `width` columns wide.
fn chinese(width: usize) -> Command {
    let mut command = Arguments::command();
    // Gives every command its own `help`, the shared options and its whole name.
    command.build();
    with_page(command, "", width)
}

/// A command and those below it, each with its page; `above` is the name of the command that it belongs to.
fn with_page(command: Command, above: &str, width: usize) -> Command {
    let page = page(command.clone(), above, width);
    let command = command.override_help(StyledStr::from(page));
    if command.get_name() == HELP {
        // What clap keeps below `help` are names without pages: it shows those of the commands themselves.
        return command;
    }
    let place = place(&command, above);
    command.mut_subcommands(|below| with_page(below, &place, width))
}

/// A command's name among the texts: `ledger verify`.
fn place(command: &Command, above: &str) -> String {
    match (above, command.get_name()) {
        (_, HELP) => HELP.to_owned(),
        ("" | "waymark", name) => name.to_owned(),
        (above, name) => format!("{above} {name}"),
    }
}

impl Texts {
    fn about(&self, place: &str) -> Option<&str> {
        Some(self.commands.get(place)?.get("about")?)
    }

    /// Of an argument or a value of one: the command's own text, else the shared one.
    fn of_argument(&self, place: &str, key: &str) -> Option<&str> {
        let own = self.commands.get(place).and_then(|texts| texts.get(key));
        own.or_else(|| self.shared.get(key)).map(String::as_str)
    }

    /// An argument's text with its default, then its values, each a paragraph.
    fn paragraphs(&self, place: &str, argument: &Arg) -> Vec<String> {
        let id = argument.get_id().as_str();
        let mut text = self.of_argument(place, id).unwrap_or_default().to_owned();
        if argument.get_action().takes_values() && !argument.get_default_values().is_empty() {
            let defaults = argument.get_default_values().iter();
            let defaults: Vec<_> = defaults.map(|value| value.to_string_lossy()).collect();
            text += &format!("（{} {}）", self.headings.default, defaults.join(" "));
        }
        let values = argument.get_possible_values().into_iter().map(|value| {
            let name = value.get_name();
            let text = self.of_argument(place, &format!("{id}.{name}"));
            format!("- {name}：{}", text.unwrap_or_default())
        });
        std::iter::once(text).chain(values).collect()
    }
}

/// A command's page of help.
fn page(mut command: Command, above: &str, width: usize) -> String {
    let place = &place(&command, above);
    // `help` lists the commands beside it.
    let of_those_below = if place == HELP { above } else { place };
    let headings = &SHIPPED.headings;
    let styles = command.get_styles().clone();
    let (usage_style, heading, literal) = (styles.get_usage(), styles.get_header(), styles.get_literal());
    let usage = command.render_usage().to_string();
    let usage = usage
        .trim_start_matches("Usage: ")
        .replace("[OPTIONS]", &format!("[{}]", headings.options_placeholder))
        .replace("COMMAND", &headings.command_placeholder);
    let mut page = format!(
        "{}\n\n{usage_style}{}：{usage_style:#}{usage}\n",
        textwrap::fill(
            SHIPPED.about(place).unwrap_or_default(),
            width.max(TEXT_WIDTH_MIN)
        ),
        headings.usage
    );
    for (title, rows) in [
        (&headings.commands, commands(&command, of_those_below)),
        (
            &headings.arguments,
            arguments(&command, place, Arg::is_positional),
        ),
        (
            &headings.options,
            arguments(&command, place, |argument| !argument.is_positional()),
        ),
    ] {
        if !rows.is_empty() {
            page += &format!("\n{heading}{title}：{heading:#}\n");
            page += &laid_out(&rows, literal, width);
        }
    }
    page
}

/// What stands on the left, and the paragraphs beside it.
type Row = (String, Vec<String>);

fn commands(command: &Command, above: &str) -> Vec<Row> {
    let below = command.get_subcommands();
    below
        .map(|below| {
            let about = SHIPPED.about(&place(below, above));
            (
                below.get_name().to_owned(),
                vec![about.unwrap_or_default().to_owned()],
            )
        })
        .collect()
}

/// A command's own arguments, then those of every command, then help and version.
fn arguments(command: &Command, place: &str, are_shown: impl Fn(&Arg) -> bool) -> Vec<Row> {
    let mut shown: Vec<&Arg> = command
        .get_arguments()
        .filter(|argument| are_shown(argument))
        .collect();
    shown.sort_by_key(|argument| (argument.get_short().is_some(), argument.is_global_set()));
    shown
        .into_iter()
        .map(|argument| {
            let left = match argument.get_short() {
                Some(short) => format!("-{short}, {argument}"),
                None if argument.is_positional() => argument.to_string(),
                None => format!("    {argument}"),
            };
            (left, SHIPPED.paragraphs(place, argument))
        })
        .collect()
}

/// Rows in two columns, the text broken where Chinese may be broken, a wide character counted as two columns.
fn laid_out(rows: &[Row], literal: &anstyle::Style, width: usize) -> String {
    let left_width = rows.iter().map(|(left, _)| display_width(left)).max();
    let column = INSET + left_width.unwrap_or_default() + INSET;
    let options = textwrap::Options::new(width.saturating_sub(column).max(TEXT_WIDTH_MIN)).break_words(false);
    let mut page = String::new();
    for (left, paragraphs) in rows {
        let pad = column - INSET - display_width(left);
        page += &format!("{:INSET$}{literal}{left}{literal:#}{:pad$}", "", "");
        let lines = paragraphs.iter().flat_map(|text| textwrap::wrap(text, &options));
        page += &lines.collect::<Vec<_>>().join(&format!("\n{:column$}", ""));
        page.push('\n');
    }
    page
}

#[cfg(test)]
mod tests;
