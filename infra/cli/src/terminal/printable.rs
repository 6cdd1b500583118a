//! Text made fit for a terminal. Names of files and keys, cells and errors come from outside; what a terminal would obey in them
//! (an escape sequence, a line break, a change of the writing direction) is printed as an escape instead: `\n`, `\u001b`.
//!
//! Everything that [`super::Terminal`] prints goes through here, so no command can forget it.

use std::borrow::Cow;
use std::fmt::Write;

/// The styles that this command prints itself. They move nothing and hide nothing, whoever wrote them.
const STYLES: [&str; 7] = [
    "\u{1b}[0m",
    "\u{1b}[1m",
    "\u{1b}[2m",
    "\u{1b}[31m",
    "\u{1b}[32m",
    "\u{1b}[33m",
    "\u{1b}[36m",
];

/// The text on one line, with nothing in it that a terminal obeys but this command's own styles.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let style = STYLES.into_iter().find(|style| rest.starts_with(style));
        match next {
            _ if style.is_some() => shown.push_str(style.unwrap_or_default()),
            '\n' => shown.push_str("\\n"),
            // JSON has the same form, so what is for a machine stays what it is.
            next if is_obeyed(next) => {
                // Writing to a string cannot fail.
                let _ = write!(shown, "\\u{:04x}", u32::from(next));
            }
            next => shown.push(next),
        }
        rest = &rest[style.map_or(next.len_utf8(), str::len)..];
    }
    Cow::Owned(shown)
}

/// Control characters, the separators of lines and paragraphs, and the marks that turn the writing direction.
fn is_obeyed(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use anstyle::{AnsiColor, Style};

    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_shown_and_not_done() {
        for (text, shown) in [
            ("订单 1.csv", "订单 1.csv"),
            ("a\nb\r\tc", r"a\nb\u000d\u0009c"),
            ("\u{1b}[2J\u{1b}]0;title\u{7}", r"\u001b[2J\u001b]0;title\u0007"),
            ("\u{1b}[8mhidden\u{1b}[30m", r"\u001b[8mhidden\u001b[30m"),
            ("\u{9b}2J\u{7f}", r"\u009b2J\u007f"),
            ("fdp.\u{202e}csv\u{2066}\u{2028}", r"fdp.\u202ecsv\u2066\u2028"),
        ] {
            assert_eq!(printable(text), shown);
            assert!(!printable(text).contains(is_obeyed), "{text:?}");
        }
    }

    #[test]
    fn the_commands_own_styles_stay() {
        let red = AnsiColor::Red.on_default().bold();
        for style in [
            Style::new().bold(),
            Style::new().dimmed(),
            red,
            AnsiColor::Green.on_default(),
            AnsiColor::Yellow.on_default(),
            AnsiColor::Cyan.on_default(),
        ] {
            let text = format!("{style}✗ failed{style:#}");
            assert_eq!(printable(&text), text);
        }
    }

    #[test]
    fn json_stays_the_same_value() {
        let value = "a\u{9b}\u{7f}\u{202e}\u{2028}\u{1b}\n";
        let text = serde_json::to_string(value).expect("JSON");
        let shown = printable(&text);
        assert!(!shown.contains(is_obeyed));
        assert_eq!(serde_json::from_str::<String>(&shown).expect("JSON"), value);
    }
}
