//! An answer as people read it: how many rows have which verdict, then each code with its rows, what it is and what to do.

use anstyle::{AnsiColor, Style};
use domain::RowCode;
use domain::count::noun;
use domain::message::column_in_chinese;
use lake::{Answer, Issue, severity_in_answers};

use crate::terminal::Terminal;

/// Columns of a terminal that every line fits into.
const COLUMNS_MAX: usize = 80;
/// Rows named for one code.
const ROWS_NAMED_MAX: usize = 4;
/// Width of the longest code, so that the figures behind stand in one column.
const CODE_WIDTH: usize = 25;

const BOLD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();

/// A code of an answer with the rows that have it.
struct CodeLine<'a> {
    code: &'a str,
    /// The column by its canonical name; empty for what is about rows or the file.
    column: &'a str,
    rows: u64,
    /// The row that was counted last.
    last_row: Option<u64>,
    is_error: bool,
    /// Its findings as far as the answer lists them, in the order of the rows.
    issues: Vec<&'a Issue>,
}

/// Shows an answer under `title`; the caller says where its files lie.
pub(crate) fn show(answer: &Answer, title: &str, terminal: &Terminal) {
    show_head(answer, title, terminal);
    if !answer.is_refused() {
        show_counts(answer, terminal);
    }
    for line in code_lines(answer) {
        show_code(&line, terminal);
    }
    show_undone(answer, terminal);
    for note in &answer.notes {
        show_wrapped(
            terminal.say(&note.message_en, &note.message_zh),
            "  · ",
            FAINT,
            terminal,
        );
    }
    if answer.fines.count > 0 {
        let due = terminal.say("fines due at the next scan:", "下次扫描将扣罚：");
        terminal.line(format!("  {due} {} USD (A6)", answer.fines.amount));
    }
}

fn show_head(answer: &Answer, title: &str, terminal: &Terminal) {
    let mut about = vec![answer.upload.kind.clone()];
    if let Some(file) = &answer.upload.about {
        let packed = file.compression.iter().cloned();
        about.push(file.format.to_uppercase().replace('_', " "));
        about.extend(file.encoding.iter().map(|encoding| encoding.to_uppercase()));
        about.extend(packed);
        about.extend(file.sheet.iter().map(|sheet| format!("“{sheet}”")));
    }
    about.push(size(answer.upload.bytes));
    if answer.dry_run {
        about.push(
            terminal
                .say("dry run, nothing applied", "试运行，未写入")
                .to_owned(),
        );
    }
    terminal.line(format!("{BOLD}{title}{BOLD:#}"));
    show_wrapped(&about.join(" · "), "  ", FAINT, terminal);
}

fn show_counts(answer: &Answer, terminal: &Terminal) {
    let counts = answer.counts;
    let (green, yellow, red) = (AnsiColor::Green, AnsiColor::Yellow, AnsiColor::Red);
    let verdicts = [
        (counts.accepted, green, "accepted", "接受"),
        (counts.accepted_with_warning, yellow, "with a warning", "有警告"),
        (counts.unchanged, green, "unchanged", "无变化"),
        (counts.parked, yellow, "parked", "暂挂"),
        (counts.rejected, red, "rejected", "拒绝"),
        (counts.skipped, yellow, "skipped", "跳过"),
    ];
    // Few files have rows that are no data.
    let verdicts = &verdicts[..verdicts.len() - usize::from(counts.skipped == 0)];
    terminal.line(format!(
        "  {BOLD}{:>11}{BOLD:#}  {}",
        thousands(counts.rows),
        terminal.say(&noun(counts.rows, "row"), "行")
    ));
    for &(rows, colour, english, chinese) in verdicts {
        // A verdict that no row has is not worth a colour.
        let style = if rows == 0 { FAINT } else { colour.on_default() };
        let name = terminal.say(english, chinese);
        terminal.line(format!("  {style}{:>11}  {name}{style:#}", thousands(rows)));
    }
}

/// The codes, each by the columns that it was found in: errors first, then by how many rows have them. Where the answer lists
/// not all findings, a code of several columns has its rows at the column that has most of those listed.
fn code_lines(answer: &Answer) -> Vec<CodeLine<'_>> {
    let mut lines: Vec<CodeLine<'_>> = Vec::new();
    for issue in &answer.issues {
        let at = lines
            .iter()
            .position(|line| line.code == issue.code && line.column == issue.column);
        let at = at.unwrap_or_else(|| {
            lines.push(CodeLine {
                code: &issue.code,
                column: &issue.column,
                rows: 0,
                last_row: None,
                is_error: is_error(&issue.code),
                issues: Vec::new(),
            });
            lines.len() - 1
        });
        let line = &mut lines[at];
        if line.last_row.replace(issue.row) != Some(issue.row) {
            line.rows += 1;
            if line.issues.len() <= ROWS_NAMED_MAX {
                line.issues.push(issue);
            }
        }
    }
    for (code, &rows) in &answer.by_code {
        let listed: u64 = lines
            .iter()
            .filter(|line| line.code == code)
            .map(|line| line.rows)
            .sum();
        let of_code = lines.iter_mut().filter(|line| line.code == code);
        match of_code.max_by_key(|line| line.rows) {
            Some(line) => line.rows += rows.saturating_sub(listed),
            None => lines.push(CodeLine {
                code,
                column: "",
                rows,
                last_row: None,
                is_error: is_error(code),
                issues: Vec::new(),
            }),
        }
    }
    lines.sort_by_key(|line| {
        (
            !line.is_error,
            std::cmp::Reverse(line.rows),
            line.code,
            line.column,
        )
    });
    lines
}

/// A code of a file refuses it all.
fn is_error(code: &str) -> bool {
    let row_code = RowCode::ALL.iter().find(|known| known.as_str() == code);
    row_code.is_none_or(|&code| severity_in_answers(code) == "error")
}

fn show_code(line: &CodeLine<'_>, terminal: &Terminal) {
    let (colour, mark) = if line.is_error {
        (AnsiColor::Red.on_default().bold(), "✗")
    } else {
        (AnsiColor::Yellow.on_default(), "!")
    };
    let code = format!("{:<CODE_WIDTH$}", line.code);
    let of_file = line.issues.first().is_some_and(|issue| issue.row == 0);
    terminal.line("");
    if of_file {
        terminal.line(format!("  {colour}{mark} {code}{colour:#}"));
    } else {
        terminal.line(format!(
            "  {colour}{mark} {code}{colour:#}{:>11} {}  {FAINT}{}{FAINT:#}",
            thousands(line.rows),
            terminal.say(&format!("{:<4}", noun(line.rows, "row")), "行"),
            rows_named(line, terminal)
        ));
        show_lines(line, terminal);
    }
    let Some(first) = line.issues.first() else { return };
    let text = terminal.say(&first.message_en, &first.message_zh);
    let text = match terminal.say(line.column, column_in_chinese(line.column)) {
        "" => text.to_owned(),
        column => format!("{column}{}{text}", terminal.say(": ", "：")),
    };
    show_wrapped(&text, "    ", Style::new(), terminal);
    show_wrapped(
        terminal.say(&first.fix_en, &first.fix_zh),
        "    → ",
        AnsiColor::Cyan.on_default(),
        terminal,
    );
}

/// `3, 17, 44 …`
fn rows_named(line: &CodeLine<'_>, terminal: &Terminal) -> String {
    named(line, terminal, |issue| issue.row)
}

/// Where these rows stand in the file itself, unless it is where everybody looks: below a header in the first line, one row
/// a line.
fn show_lines(line: &CodeLine<'_>, terminal: &Terminal) {
    let named_issues = line.issues.iter().take(ROWS_NAMED_MAX);
    let is_elsewhere = |issue: &&Issue| issue.line.is_some_and(|at| at != issue.row + 1);
    if named_issues.copied().any(|issue| is_elsewhere(&issue)) {
        let lines = named(line, terminal, |issue| issue.line.unwrap_or_default());
        let lead = terminal.say("in the file, line ", "在文件的第 ");
        let end = terminal.say("", " 行");
        show_wrapped(&format!("{lead}{lines}{end}"), "    ", FAINT, terminal);
    }
}

fn named(line: &CodeLine<'_>, terminal: &Terminal, place: impl Fn(&Issue) -> u64) -> String {
    let places = line.issues.iter().take(ROWS_NAMED_MAX);
    let named: Vec<String> = places.map(|issue| place(issue).to_string()).collect();
    let more = if line.rows > named.len() as u64 && !named.is_empty() {
        " …"
    } else {
        ""
    };
    format!("{}{more}", named.join(terminal.say(", ", "、")))
}

fn show_undone(answer: &Answer, terminal: &Terminal) {
    if answer.undone.is_empty() {
        return;
    }
    let tricks: Vec<String> = answer
        .undone
        .iter()
        .map(|(trick, rows)| format!("{} {}", trick_name(trick, terminal), thousands(*rows)))
        .collect();
    let lead = terminal.say("undone while reading, by rows: ", "读取时已自动还原（按行数）：");
    terminal.line("");
    show_wrapped(
        &format!("{lead}{}", tricks.join(terminal.say(", ", "，"))),
        "  · ",
        FAINT,
        terminal,
    );
}

fn trick_name<'t>(trick: &'t str, terminal: &Terminal) -> &'t str {
    match trick {
        "apostrophe" => terminal.say("apostrophe", "撇号"),
        "formula" => terminal.say("=\"…\"", "=\"…\""),
        "tab" => terminal.say("tab", "制表符"),
        "nbsp" => terminal.say("non-breaking space", "不间断空格"),
        "invisible" => terminal.say("invisible characters", "不可见字符"),
        "full_width" => terminal.say("full-width", "全角字符"),
        "space" => terminal.say("spaces around", "首尾空格"),
        "point_zero" => terminal.say(".0", "末尾 .0"),
        "currency_name" => terminal.say("currency next to the amount", "金额旁的币种"),
        "decimal_comma" => terminal.say("digits in groups, decimal comma", "千分位与小数逗号"),
        "placeholder" => terminal.say("words for nothing", "“无”“N/A”等占位词"),
        "label" => terminal.say("a name around a tax id", "税号前后的名称"),
        other => other,
    }
}

/// A text within the terminal's columns, behind `lead` and as far in on its further lines.
pub(crate) fn show_wrapped(text: &str, lead: &str, style: Style, terminal: &Terminal) {
    let indent = " ".repeat(textwrap::core::display_width(lead));
    let options = textwrap::Options::new(COLUMNS_MAX)
        .initial_indent(lead)
        .subsequent_indent(&indent);
    // Cells are quoted: what would move the cursor stays out of the terminal.
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    for line in textwrap::wrap(&text, options) {
        terminal.line(format!("{style}{line}{style:#}"));
    }
}

/// `1234567` as `1,234,567`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in the largest unit that they have one of.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KB", bytes >> 10),
        _ => format!("{} MB", bytes >> 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_separators() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (5_000_000, "5,000,000")] {
            assert_eq!(thousands(number), text);
        }
        assert_eq!(
            (size(12), size(2_048), size(3 << 20)),
            ("12 B".into(), "2 KB".into(), "3 MB".into())
        );
    }
}
