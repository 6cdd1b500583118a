//! What two policies charge, beside each other.

use comfy_table::{CellAlignment, Table, presets};
use digest::ShadowFigures;
use domain::what_if::Compared;

use crate::terminal::Terminal;
use crate::terminal::summary::show_wrapped;

/// Sellers and orders named to people; `--json` tells all that is known.
pub(super) const NAMED_MAX: usize = 10;

/// A row a clause or whatever else is compared; `policies` are the two policies' names.
pub(super) fn table<'a>(
    compared: impl Iterator<Item = (&'a str, Compared)>,
    policies: [&str; 2],
    terminal: &Terminal,
) -> Table {
    let fines = |policy| format!("{policy}{}", terminal.say(": fines", "：罚金笔数"));
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        String::new(),
        fines(policies[0]),
        "USD".to_owned(),
        fines(policies[1]),
        "USD".to_owned(),
        terminal.say("difference: fines", "差额：笔数").to_owned(),
        "USD".to_owned(),
    ]);
    for (name, compared) in compared {
        let difference = compared.difference();
        table.add_row([
            name.to_owned(),
            compared.in_force.fines.to_string(),
            compared.in_force.fined.to_string(),
            compared.alternative.fines.to_string(),
            compared.alternative.fined.to_string(),
            format!("{:+}", difference.fines),
            signed(difference.fined.0),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// An amount with its sign, also when it is positive.
pub(super) fn signed(cents: i64) -> String {
    let sign = if cents > 0 { "+" } else { "" };
    format!("{sign}{}", domain::Cents(cents))
}

/// A night under a shadow policy, for people.
pub(super) fn show_shadow(shadow: &ShadowFigures, terminal: &Terminal) {
    let name = &shadow.policy;
    terminal.line("");
    terminal.line(format!(
        "{} {} ({})",
        terminal.say("under the shadow policy", "试行规则对照"),
        name.file,
        name.version
    ));
    let clauses = shadow
        .clauses
        .iter()
        .map(|(clause, compared)| (clause.as_str(), *compared))
        .chain([(terminal.say("all", "合计"), shadow.total)]);
    let policies = [terminal.say("in force", "现行"), terminal.say("shadow", "试行")];
    terminal.table(table(clauses, policies, terminal));
    terminal.line(format!(
        "{} {}",
        terminal.say("orders that differ:", "有差异的订单："),
        terminal.say(
            &format!("{} of {}", shadow.orders_differing, shadow.orders_compared),
            &format!("{} / {}", shadow.orders_differing, shadow.orders_compared)
        )
    ));
    for seller in shadow.sellers.iter().take(NAMED_MAX) {
        let difference = seller.compared.difference();
        terminal.line(format!(
            "  {}  {} USD",
            seller.seller_id,
            signed(difference.fined.0)
        ));
    }
    for note in &shadow.notes {
        let note = terminal.say(&note.en, &note.zh);
        show_wrapped(note, "· ", anstyle::Style::new(), terminal);
    }
}
