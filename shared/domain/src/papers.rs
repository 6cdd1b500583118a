//! Customs papers (A4): the local tax ids that a destination wants, judged by their shape and check digits.
//!
//! The rules are ours: of the crates found, `brazilian_utils` brings an HTTP client along and `cpf_cnpj` a random number
//! generator (it makes ids up, too), `cnpj` and `cpf` read digits only, and none was found for INN, RFC and the credit code.
//! CPF and alphanumeric CNPJ were held against `cpf_cnpj` 0.3.0 over a million made-up ids, sound and damaged: no difference.
//!
//! Which countries *want* papers is the policy's to say, not this table's.

mod credit_code;
mod label;
mod tax_id;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

pub use credit_code::judge_credit_code;
pub use label::unlabelled;

use crate::facts::PapersFact;
use crate::personal::{Personal, is_mask, masked};
use tax_id::{judge_br, judge_mx, judge_ru};

/// What a country's rule says of a tax id (A4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxIdVerdict {
    /// Shape and check digits are right.
    Valid,
    /// Not an id of this country: `TAX_ID_INVALID`.
    Invalid,
    /// The shape is right and the check digit wrong, where that only warns (MX): `TAX_ID_CHECK_DIGIT`.
    CheckDigit,
}

type Rule = fn(&str) -> TaxIdVerdict;

const COUNTRIES: [&str; 3] = ["BR", "MX", "RU"];
const RULES: [Rule; COUNTRIES.len()] = [judge_br, judge_mx, judge_ru];

/// The countries (ISO 3166-1 alpha-2) whose tax ids can be judged.
pub fn countries() -> &'static [&'static str] {
    &COUNTRIES
}

/// Judges a tax id under the rule of `country`: RU an INN, BR a CNPJ or a CPF, MX an RFC (A4). The id comes trimmed;
/// letters may have any case, all of them the separators as printed. `None` when the country has no rule.
pub fn judge_tax_id(country: &str, id: &str) -> Option<TaxIdVerdict> {
    let place = COUNTRIES.iter().position(|known| *known == country)?;
    Some(RULES[place](id))
}

/// The id with the zero at its start that a spreadsheet ate: all digits, and valid with one more in front, not without. Only
/// RU and BR number so.
pub fn with_lost_zero(country: &str, id: &str) -> Option<String> {
    if id.is_empty()
        || !id.bytes().all(|byte| byte.is_ascii_digit())
        || judge_tax_id(country, id)? != TaxIdVerdict::Invalid
    {
        return None;
    }
    let whole = format!("0{id}");
    (judge_tax_id(country, &whole) == Some(TaxIdVerdict::Valid)).then_some(whole)
}

impl PapersFact {
    /// What the two cells of a row show: whether an invoice is named, and the id's verdict under every country's
    /// rule, since the destination may not be known yet (A4). A name around the id is no part of it. Keeps the id masked only.
    ///
    /// An id that comes masked says nothing new: it is kept as the mask, without a verdict.
    pub fn read(invoice: &str, tax_id: &Personal<'_>) -> Self {
        let tax_id = unlabelled(tax_id.reveal());
        let invoice = !invoice.trim().is_empty();
        if tax_id.is_empty() {
            return Self {
                invoice,
                ..Self::default()
            };
        }
        if is_mask(tax_id) {
            return Self {
                invoice,
                tax_id_masked: Some(tax_id.into()),
                ..Self::default()
            };
        }
        let verdicts = COUNTRIES
            .iter()
            .zip(RULES)
            .map(|(country, judge)| (CompactString::const_new(country), judge(tax_id)));
        Self {
            invoice,
            tax_id: verdicts.collect(),
            tax_id_masked: Some(masked(tax_id)),
            zero_lost: zero_lost(tax_id),
        }
    }

    /// Whether the cell holds a mask: the id is the one that the order has shown before.
    pub fn is_tax_id_as_before(&self) -> bool {
        self.tax_id.is_empty() && self.tax_id_masked.is_some()
    }
}

/// The countries of which it is an id once the zero at its start is back.
fn zero_lost(tax_id: &str) -> Vec<CompactString> {
    // Nearly every id has its separators or its length.
    let is_short = matches!(tax_id.len(), 9..=11 | 13) && tax_id.bytes().all(|byte| byte.is_ascii_digit());
    let countries = COUNTRIES.iter().filter(|_| is_short);
    let whole = countries.filter(|country| with_lost_zero(country, tax_id).is_some());
    whole.map(|country| CompactString::const_new(country)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use TaxIdVerdict::{Invalid, Valid};
    use proptest::prelude::*;

    #[test]
    fn a_country_without_a_rule_judges_nothing() {
        assert_eq!(judge_tax_id("ES", "B12345678"), None);
    }

    #[test]
    fn a_zero_that_a_spreadsheet_ate_is_found_where_the_id_is_then_valid() {
        assert_eq!(with_lost_zero("BR", "2345678054").as_deref(), Some("02345678054"));
        for (country, id) in [
            ("RU", "2345678054"),
            ("BR", "52998224725"),
            ("BR", "2345678055"),
            ("MX", "2345678054"),
            ("ES", "1"),
            ("BR", ""),
        ] {
            assert_eq!(with_lost_zero(country, id), None, "{country} {id}");
        }
    }

    #[test]
    fn papers_hold_every_countrys_verdict_and_no_id() {
        let papers = PapersFact::read(" INV-1 ", &Personal::new(" 7707083893 "));
        let verdicts = [("BR", Invalid), ("MX", Invalid), ("RU", Valid)];
        assert!(papers.invoice);
        assert_eq!(
            papers.tax_id,
            verdicts.map(|(country, verdict)| (country.into(), verdict))
        );
        assert_eq!(papers.tax_id_masked.as_deref(), Some("77******93"));
        assert_eq!(PapersFact::read(" ", &Personal::default()), PapersFact::default());
        let masked = PapersFact::read("", &Personal::new("77******93"));
        assert!(masked.is_tax_id_as_before() && !papers.is_tax_id_as_before());
    }

    proptest! {
        #[test]
        fn no_text_makes_a_rule_panic(id in "\\PC{0,40}") {
            for country in countries() {
                judge_tax_id(country, &id);
            }
        }
    }
}
