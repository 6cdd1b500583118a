//! Statements: the platform's bills, line by line, kept as they were told until they are reconciled with the ledger.
//!
//! A line's key is who brought it, the statement and the line's number. It is immutable: the same again is unchanged,
//! other facts are `ROW_CONFLICT`. Lines that a seller brings are kept apart from the operator's, so that nobody's word
//! can take the place of a line of the platform's own.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::{Clause, Finding, Money, Order, OrderId, RowCode, Ruling, SellerId, Source, Timestamp};

/// A row of a `statement` file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementLine {
    /// Who brought it: a seller its own bill, `None` the operator.
    pub seller_id: Option<SellerId>,
    /// The statement, as the platform numbers it.
    pub statement_id: String,
    /// The line of the statement, from 1 in most files.
    pub line_no: u32,
    /// The order it names. It may be unknown yet: reconciliation looks for it.
    pub order_id: Option<OrderId>,
    /// The charge's name as the bill has it; [`charged_clause`] understands it.
    pub kind: Option<String>,
    /// What was charged, in minor units; negative when it was given back.
    pub amount: Money,
    /// When it was charged.
    pub charged_at: Timestamp,
    /// The bill's own words, without names and telephone numbers.
    pub description: Option<String>,
    /// When we learned it.
    pub recorded_at: Timestamp,
    /// Where the row stands.
    pub source: Source,
}

/// The fine that a charge of that name is; `None` for any other charge.
pub fn charged_clause(kind: &str) -> Option<Clause> {
    static NAMES: LazyLock<HashMap<String, Clause>> = LazyLock::new(|| {
        let names: HashMap<Clause, Vec<String>> =
            toml::from_str(include_str!("../data/charges.toml")).expect("the shipped names of charges");
        let folded = |(clause, names): (Clause, Vec<String>)| {
            names.into_iter().map(move |name| (name.to_lowercase(), clause))
        };
        names.into_iter().flat_map(folded).collect()
    });
    NAMES.get(&kind.trim().to_lowercase()).copied()
}

impl StatementLine {
    /// The fine that is charged; `None` when the line names another charge, or none.
    pub fn clause(&self) -> Option<Clause> {
        charged_clause(self.kind.as_deref()?)
    }

    /// What becomes of this line beside the line `known` under its key and the order it names, where that is known. Under
    /// a seller's own prefix no other seller's order is charged.
    pub fn rule(&self, known: Option<&Self>, order: Option<&Order>) -> Ruling {
        let is_others = |order: &Order| self.seller_id.as_ref().is_some_and(|own| *own != order.seller_id);
        if order.is_some_and(is_others) {
            let order_id = self.order_id.as_ref().map_or("", OrderId::as_str);
            return Ruling::refused(Finding::new(RowCode::OrderOtherSeller, "order_id", order_id));
        }
        let Some(known) = known.filter(|known| known.source != self.source) else {
            return Ruling::applied(Vec::new());
        };
        let line_no = self.line_no.to_string();
        if !self.says_what(known) {
            let detail = format!("{} {}", known.amount, known.charged_at);
            let finding = Finding::new(RowCode::RowConflict, "line_no", &line_no);
            return Ruling::refused(finding.with_detail(detail));
        }
        if known.source.upload == self.source.upload {
            return Ruling::duplicate("line_no", &line_no);
        }
        Ruling::unchanged()
    }

    fn says_what(&self, known: &Self) -> bool {
        (
            &self.order_id,
            &self.kind,
            self.amount,
            self.charged_at,
            &self.description,
        ) == (
            &known.order_id,
            &known.kind,
            known.amount,
            known.charged_at,
            &known.description,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;
    use crate::ruling::Verdict;

    fn line(upload: u64, minor: i64) -> StatementLine {
        StatementLine {
            seller_id: None,
            statement_id: "B-2024-05".to_owned(),
            line_no: 7,
            order_id: None,
            kind: Some("轨迹断更罚金".to_owned()),
            amount: Money {
                minor,
                currency: Currency::USD,
            },
            charged_at: Timestamp::from_unix(0),
            description: None,
            recorded_at: Timestamp::from_unix(upload as i64),
            source: Source { upload, row: 1 },
        }
    }

    #[test]
    fn fines_are_known_by_their_names_in_both_languages() {
        for (name, clause) in [
            ("单号上传失败罚金", Some(Clause::A6)),
            (" Stall Fine ", Some(Clause::B3)),
            ("签收超时罚金", Some(Clause::B4)),
            ("commission", None),
            ("", None),
        ] {
            assert_eq!(charged_clause(name), clause, "{name}");
        }
        assert_eq!(line(1, 120).clause(), Some(Clause::B3));
    }

    #[test]
    fn a_line_is_immutable() {
        let known = line(1, 120);
        assert_eq!(known.rule(None, None).verdict, Verdict::Accepted);
        assert_eq!(
            known.rule(Some(&known), None).verdict,
            Verdict::Accepted,
            "delivered again"
        );
        assert_eq!(line(2, 120).rule(Some(&known), None).verdict, Verdict::Unchanged);
        let other = line(2, -120).rule(Some(&known), None);
        assert_eq!(other.findings[0].code, RowCode::RowConflict);
        let mut same = line(1, 120);
        same.source.row = 2;
        assert_eq!(
            same.rule(Some(&known), None).findings[0].code,
            RowCode::RowDuplicate
        );
    }
}
