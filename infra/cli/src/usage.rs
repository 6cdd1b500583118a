//! What is wrong with a command line, in the language that is read: clap's sentence in English, ours of `data/usage.zh.toml` in
//! Chinese. Either way it is bad usage, and the exit status says so.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::LazyLock;

use clap::error::{ContextKind, ContextValue};
use serde::Deserialize;

use crate::args::Lang;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    lead: String,
    usage: String,
    help: String,
    /// By the name of clap's kind of error.
    errors: BTreeMap<String, Sentences>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sentences {
    /// The first counts whose placeholders are all known.
    say: Vec<String>,
    /// Each counts whose placeholders are all known.
    hints: Vec<String>,
}

static SHIPPED: LazyLock<Texts> = LazyLock::new(|| {
    toml::from_str(include_str!("../data/usage.zh.toml"))
        .expect("a test reads the shipped texts of wrong usage")
});

/// What clap begins the usage of a command with.
const USAGE: &str = "Usage: ";
/// The name of what the reader of a value says of it.
const CAUSE: &str = "Cause";

/// What is said of a command line that clap refused; `None` where clap's own page says it.
pub(crate) fn complaint(error: &clap::Error, lang: Lang) -> Option<String> {
    if !error.use_stderr() {
        return None;
    }
    match lang {
        Lang::Zh => chinese(error),
        Lang::En => english(error),
    }
}

/// Clap's own sentence, of a cause that has both languages the English one alone.
fn english(error: &clap::Error) -> Option<String> {
    let cause = error.source()?.to_string();
    let (english, _) = cause.split_once(" | ")?;
    Some(error.render().ansi().to_string().replace(&cause, english))
}

fn chinese(error: &clap::Error) -> Option<String> {
    let sentences = SHIPPED.errors.get(&format!("{:?}", error.kind()))?;
    let known = known(error);
    let say = sentences.say.iter().find_map(|say| filled(say, &known))?;
    let mut text = format!("{}{say}\n", SHIPPED.lead);
    for hint in sentences.hints.iter().filter_map(|hint| filled(hint, &known)) {
        text += &format!("  {hint}\n");
    }
    if let Some(usage) = known.get("Usage") {
        let usage = usage.trim().strip_prefix(USAGE).unwrap_or(usage);
        text += &format!("\n{}{usage}\n", SHIPPED.usage);
    }
    Some(format!("{text}\n{}\n", SHIPPED.help))
}

/// What clap knows of an error, by name. An argument that conflicts with itself stands there once.
fn known(error: &clap::Error) -> BTreeMap<String, String> {
    let mut known: BTreeMap<String, String> = error
        .context()
        .filter_map(|(kind, value)| Some((format!("{kind:?}"), written(value)?)))
        .collect();
    let name = |kind: ContextKind| format!("{kind:?}");
    let invalid = known.get(&name(ContextKind::InvalidArg));
    if invalid.is_some() && invalid == known.get(&name(ContextKind::PriorArg)) {
        known.remove(&name(ContextKind::PriorArg));
    }
    if let Some(cause) = error.source() {
        let cause = cause.to_string();
        let chinese = cause.split_once(" | ").map(|(_, chinese)| chinese.to_owned());
        known.insert(CAUSE.to_owned(), chinese.unwrap_or(cause));
    }
    known
}

/// A value of the context; `None` for one that says nothing.
fn written(value: &ContextValue) -> Option<String> {
    let text = match value {
        ContextValue::String(text) => text.clone(),
        ContextValue::Strings(texts) => texts.join("、"),
        ContextValue::StyledStr(text) => text.to_string(),
        ContextValue::StyledStrs(texts) => {
            let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
            texts.join("、")
        }
        ContextValue::Number(number) => number.to_string(),
        ContextValue::Bool(_) | ContextValue::None => return None,
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// A text with its placeholders filled; `None` where one of them is not known. What fills one is not read again.
fn filled(text: &str, known: &BTreeMap<String, String>) -> Option<String> {
    let mut pieces = text.split('{');
    let mut filled = pieces.next()?.to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once('}')?;
        filled += known.get(name)?;
        filled += rest;
    }
    Some(filled)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Arguments;

    fn said(line: &[&str], lang: Lang) -> String {
        let line = std::iter::once("waymark").chain(line.iter().copied());
        let error = Arguments::try_parse_from(line).expect_err("bad usage");
        complaint(&error, lang).unwrap_or_else(|| error.render().to_string())
    }

    #[test]
    fn every_wrong_usage_has_its_chinese_sentence() {
        for (line, sentence) in [
            (&["frobnicate"][..], "没有名为“frobnicate”的命令。"),
            (&["uplod", "x"], "、upload”？"),
            (&["upload"], "缺少必填参数：<FILE>...。"),
            (&["upload", "x", "--knd", "orders"], "是否想用“--kind”？"),
            (&["upload", "x", "--kind"], "参数“--kind <K>”需要一个值。"),
            (
                &["upload", "x", "--kind", "parcels"],
                "参数“--kind <K>”的值“parcels”无效：应为 ",
            ),
            (&["scan", "everything"], "可填写：stalls、signoffs、night。"),
            (
                &["scan", "stalls", "--as-of", "2024-06-12"],
                "时间应写成 2024-06-12T07:00:00Z",
            ),
            (&["report", "--month", "2024-13"], "没有 13 月"),
            (&["ledger", "--order", "12"], "订单号由 10–20 位数字组成。"),
            (&["ledger", "--json", "--json"], "参数“--json”只能使用一次。"),
            (&["failures", "retry", "--all", "x"], "不能与"),
            (&["demo", "--orders", "1"], "参数“--orders <N>”的值“1”无效"),
            (&["demo", "--orders", "many"], "参数“--orders <N>”的值“many”无效"),
            (&["replay", "x", "--until", "tomorrow"], "日期应写成 2024-06-12。"),
        ] {
            let text = said(line, Lang::Zh);
            assert!(text.contains(sentence), "{line:?}: {text}");
            for english in ["error:", "Usage:", "tip:", "For more"] {
                assert!(!text.contains(english), "{line:?}: {text}");
            }
        }
    }

    #[test]
    fn an_english_sentence_has_no_chinese_behind_it() {
        let text = said(&["ledger", "--order", "12"], Lang::En);
        assert!(text.contains("an order id has 10–20 digits"), "{text}");
        assert!(
            !text.contains('|') && text.is_char_boundary(0) && !text.contains('位'),
            "{text}"
        );
    }

    #[test]
    fn what_fills_a_sentence_is_not_read_again() {
        let known = BTreeMap::from([("InvalidArg".to_owned(), "{Cause}".to_owned())]);
        assert_eq!(filled("“{InvalidArg}”", &known).as_deref(), Some("“{Cause}”"));
        assert_eq!(filled("{InvalidArg}{Cause}", &known), None);
    }
}
