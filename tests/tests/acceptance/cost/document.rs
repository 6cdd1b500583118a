//! `infra/COST.md`, read as what it is: headings with tables under them.

use std::fmt::Write;
use std::path::Path;

/// The document.
pub(crate) struct Document(String);

impl Document {
    pub(crate) fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/COST.md");
        Self(std::fs::read_to_string(path).expect("infra/COST.md is there"))
    }

    /// The text under a heading, up to the next one.
    pub(crate) fn section(&self, heading: &str) -> &str {
        let title = format!("\n## {heading}\n");
        let from = self
            .0
            .find(&title)
            .unwrap_or_else(|| panic!("infra/COST.md has no \"{heading}\""));
        let rest = &self.0[from + title.len()..];
        rest.find("\n## ").map_or(rest, |end| &rest[..end])
    }

    /// The cells of the row that begins with `first`, under a heading.
    pub(crate) fn row(&self, heading: &str, first: &str) -> Vec<&str> {
        let rows = self
            .section(heading)
            .lines()
            .filter_map(|line| line.strip_prefix("| "));
        let mut cells = rows.map(|row| {
            row.trim_end_matches('|')
                .split('|')
                .map(str::trim)
                .collect::<Vec<_>>()
        });
        cells
            .find(|cells| cells.first() == Some(&first))
            .unwrap_or_else(|| panic!("infra/COST.md, \"{heading}\" has no row \"{first}\""))
    }

    /// A number in the row that begins with `first`: the cell at `column`, from 1, as so many of the last of its `places`
    /// after the point.
    pub(crate) fn number(&self, heading: &str, first: &str, column: usize, places: u32) -> u64 {
        let cells = self.row(heading, first);
        let cell = cells.get(column).copied().unwrap_or_default().replace(',', "");
        let (whole, part) = cell.split_once('.').unwrap_or((&cell, ""));
        let scaled = format!("{whole}{part:0<width$}", width = places as usize);
        assert!(
            part.len() <= places as usize,
            "{cell} has more than {places} places"
        );
        scaled
            .parse()
            .unwrap_or_else(|_| panic!("\"{cell}\" of \"{first}\" is no number"))
    }
}

/// A table in Markdown: the first column to the left, the others to the right.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!(
        "| {} |\n|---|{}",
        head.join(" | "),
        "---:|".repeat(head.len() - 1)
    );
    for row in rows {
        write!(text, "\n| {} |", row.join(" | ")).expect("memory takes every row");
    }
    text
}

/// Hundredths, written with a point: 2,345 hundredths are `23.45`.
pub(crate) fn hundredths(count: u64) -> String {
    format!("{}.{:02}", grouped(count / 100), count % 100)
}

/// Thousandths, written with a point: 2,345 thousandths are `2.345`.
pub(crate) fn thousandths(count: u64) -> String {
    format!("{}.{:03}", grouped(count / 1_000), count % 1_000)
}

/// A whole number with its thousands apart.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let first = digits.len() % 3;
    let mut groups = Vec::new();
    if first > 0 {
        groups.push(&digits[..first]);
    }
    groups.extend((first..digits.len()).step_by(3).map(|at| &digits[at..at + 3]));
    groups.join(",")
}
