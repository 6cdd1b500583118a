//! Sellers: what their papers say, told by many files and read back as one profile (C1–C8 judge it).
//!
//! Every row is kept as it was told ([`SellerFact`]) and the profile is folded from the facts that were learned by an
//! instant ([`profile`]). A fold over a set has no order of arrival: files may come twice and in any order.
//!
//! What a later file changes, field by field:
//!
//! - A field that a row does not name stands; a list that it names replaces the whole list; each step is a field.
//! - The operator's word stands over the seller's own, whichever came later.
//! - Of the operator's words the one learned last stands, and so of the seller's own; but the seller's *first* word stands
//!   for `entity_type` and `credit_code`. They say who the shop is (C4, C5): a shop that changes hands changes by the
//!   operator's word, or every refused owner could become another one.

mod papers;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use papers::{
    Agreement, AgreementClause, Authorisation, Certificate, CertificateKind, EntityType, Review, Steps,
    ValidUntil, ValidUntilError,
};

use crate::{Finding, RowCode, Ruling, SellerId, Source, Timestamp};

/// Whose word a fact about a seller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The operator's.
    Operator,
    /// The seller's own.
    Seller,
}

/// A seller's fields; `None` where a row does not name the field, or nobody has yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// What the owner is (C4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity_type: Option<EntityType>,
    /// The owner's name as registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The unified social credit code in upper case, or the number of another register (C5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_code: Option<String>,
    /// The licence's last day (C5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence_valid_until: Option<ValidUntil>,
    /// Whether notarised papers are there (C4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notarised: Option<bool>,
    /// Certificates of local fulfilment (C2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Vec<Certificate>>,
    /// Authorisations for sensitive categories (C3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorisations: Option<Vec<Authorisation>>,
    /// Agreements with carriers (C6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreements: Option<Vec<Agreement>>,
    /// The steps done (C8).
    pub steps: Steps,
}

impl Profile {
    /// The certificates of local fulfilment (C2) in force on a day of the platform zone.
    pub fn certificates_in_force(&self, day: NaiveDate) -> Vec<&Certificate> {
        let certificates = self.certificates.iter().flatten();
        certificates.filter(|paper| paper.is_in_force(day)).collect()
    }

    /// The authorisations for sensitive categories (C3) in force on a day of the platform zone.
    pub fn authorisations_in_force(&self, day: NaiveDate) -> Vec<&Authorisation> {
        let authorisations = self.authorisations.iter().flatten();
        authorisations.filter(|paper| paper.is_in_force(day)).collect()
    }
}

/// A row of a `sellers` file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SellerFact {
    /// The shop.
    pub seller_id: SellerId,
    /// Whose word it is.
    pub author: Author,
    /// The fields that the row names.
    pub told: Profile,
    /// When we learned it.
    pub recorded_at: Timestamp,
    /// Where the row stands.
    pub source: Source,
}

/// Which of a seller's own words stands.
#[derive(Clone, Copy)]
enum Own {
    First,
    Last,
}

/// What was known of a seller as of an instant, whatever the order of `facts`.
pub fn profile<'a>(facts: impl IntoIterator<Item = &'a SellerFact>, as_of: Timestamp) -> Profile {
    let mut facts: Vec<&SellerFact> = facts
        .into_iter()
        .filter(|fact| fact.recorded_at <= as_of)
        .collect();
    // What was learned at one instant is put in order by what it says: the files' names and times must not decide.
    facts.sort_by(|one, other| (one.recorded_at, &one.told).cmp(&(other.recorded_at, &other.told)));
    let last =
        |field: fn(&Steps) -> Option<Timestamp>| standing(&facts, Own::Last, |told| field(&told.steps));
    Profile {
        entity_type: standing(&facts, Own::First, |told| told.entity_type),
        name: standing(&facts, Own::Last, |told| told.name.clone()),
        credit_code: standing(&facts, Own::First, |told| told.credit_code.clone()),
        licence_valid_until: standing(&facts, Own::Last, |told| told.licence_valid_until),
        notarised: standing(&facts, Own::Last, |told| told.notarised),
        certificates: standing(&facts, Own::Last, |told| told.certificates.clone()),
        authorisations: standing(&facts, Own::Last, |told| told.authorisations.clone()),
        agreements: standing(&facts, Own::Last, |told| told.agreements.clone()),
        steps: Steps {
            applied_at: last(|steps| steps.applied_at),
            reviewed_at: last(|steps| steps.reviewed_at),
            review: standing(&facts, Own::Last, |told| told.steps.review),
            commitment_signed_at: last(|steps| steps.commitment_signed_at),
            trial_started_at: last(|steps| steps.trial_started_at),
            opened_at: last(|steps| steps.opened_at),
        },
    }
}

/// The agreements with carriers (C6) that the operator stated of a seller, as known at an instant: a seller's own word covers
/// no row of a carrier of its own (A3).
pub fn agreements_by_operator(facts: &[SellerFact], as_of: Timestamp) -> Vec<Agreement> {
    let by_operator = facts.iter().filter(|fact| fact.author == Author::Operator);
    profile(by_operator, as_of).agreements.unwrap_or_default()
}

fn standing<T>(facts: &[&SellerFact], own: Own, field: impl Fn(&Profile) -> Option<T>) -> Option<T> {
    let told = |author: Author| {
        let by = facts.iter().filter(move |fact| fact.author == author);
        by.filter_map(|fact| field(&fact.told))
    };
    told(Author::Operator).next_back().or_else(|| match own {
        Own::First => told(Author::Seller).next(),
        Own::Last => told(Author::Seller).next_back(),
    })
}

impl SellerFact {
    /// What becomes of this row beside the `known` facts of its seller, of which each upload has brought one at most.
    ///
    /// A second row of one file is `ROW_DUPLICATE` or `ROW_CONFLICT`: the first stands. Fields of a seller's own row that
    /// do not come to stand are `STATEMENT_IGNORED`.
    pub fn rule(&self, known: &[Self]) -> Ruling {
        let id = self.seller_id.as_str();
        let (own, others): (Vec<&Self>, Vec<&Self>) = known
            .iter()
            .partition(|fact| fact.source.upload == self.source.upload);
        if let Some(first) = own.iter().find(|first| first.source.row != self.source.row) {
            if first.told == self.told {
                return Ruling::duplicate("seller_id", id);
            }
            let row = first.source.row;
            let finding = Finding::new(RowCode::RowConflict, "seller_id", id);
            return Ruling::refused(finding.with_detail(format!("row {row} | 第 {row} 行")));
        }
        let before = profile(others.iter().copied(), self.recorded_at);
        let after = profile(others.into_iter().chain([self]), self.recorded_at);
        let ignored = self.ignored(&after);
        if ignored.is_empty() && before == after {
            return Ruling::unchanged();
        }
        Ruling::applied(ignored)
    }

    /// The columns of a seller's own row that do not stand.
    fn ignored(&self, standing: &Profile) -> Vec<Finding> {
        if self.author == Author::Operator {
            return Vec::new();
        }
        let differs = [
            (
                "entity_type",
                is_other(&self.told.entity_type, &standing.entity_type),
            ),
            ("name", is_other(&self.told.name, &standing.name)),
            (
                "credit_code",
                is_other(&self.told.credit_code, &standing.credit_code),
            ),
            (
                "licence_valid_until",
                is_other(&self.told.licence_valid_until, &standing.licence_valid_until),
            ),
            (
                "agreements",
                is_other(&self.told.agreements, &standing.agreements),
            ),
        ];
        let columns = differs.into_iter().filter(|&(_, differs)| differs);
        columns
            .map(|(column, _)| Finding::new(RowCode::StatementIgnored, column, ""))
            .collect()
    }
}

fn is_other<T: PartialEq>(told: &Option<T>, standing: &Option<T>) -> bool {
    told.is_some() && told != standing
}

#[cfg(test)]
mod tests;
