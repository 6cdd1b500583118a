//! The operator's own carriers (A3): `[[carrier]]` of the policy file, beside the shipped table.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use chrono::NaiveDate;
use serde::Deserialize;

use super::table_file::{FormatRow, read_format};
use super::{Carrier, CarrierClass, CarrierTable, CarrierTableError, folded};
use crate::seller::{Agreement, AgreementClause, ValidUntil};

/// Own carriers of one policy file, at most.
const CARRIERS_MAX: usize = 500;
/// Names, formats or agreements of one of them, at most.
const ENTRIES_MAX: usize = 100;
/// Bytes of a name, at most.
const NAME_BYTES_MAX: usize = 200;
/// Bytes of an id, at most: every parcel keeps it.
const ID_BYTES_MAX: usize = 40;
/// The source of formats that nobody names one for.
const SOURCE: &str = "operator";

/// A carrier as the operator's policy file states it: a new one, or what is added to a shipped one of that id.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnCarrier {
    id: String,
    name: Option<String>,
    name_zh: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    class: Option<CarrierClass>,
    agreement_required: Option<bool>,
    #[serde(default)]
    agreement: Vec<AgreementRow>,
    #[serde(default)]
    format: Vec<FormatRow>,
}

/// An agreement that holds for every seller.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct AgreementRow {
    stamped: bool,
    clauses: BTreeSet<AgreementClause>,
    valid_from: NaiveDate,
    valid_until: ValidUntil,
}

impl CarrierTable {
    /// This table with an operator's own carriers. A row of a known id adds names, formats and agreements to that carrier,
    /// and its class where it states one; any other row is a carrier of its own, an own partner unless it says otherwise.
    ///
    /// # Errors
    /// [`CarrierTableError`] names the carrier and what cannot be used: nothing of the rows is used then.
    pub fn with_own(&self, rows: &[OwnCarrier]) -> Result<Self, CarrierTableError> {
        let mut table = Self {
            cells: OnceLock::new(),
            ..self.clone()
        };
        for (index, row) in rows.iter().enumerate() {
            row.check()?;
            let is_twice = rows[..index].iter().any(|other| other.id == row.id);
            if index >= CARRIERS_MAX || is_twice {
                return Err(row.refused(if is_twice {
                    "its id stands twice".to_owned()
                } else {
                    format!("a policy file has at most {CARRIERS_MAX} carriers")
                }));
            }
            let known = table.carriers.iter().position(|carrier| carrier.id == row.id);
            let index = known.unwrap_or(table.carriers.len());
            let carrier = match known {
                Some(known) => row.added_to(&table.carriers[known])?,
                None => row.alone()?,
            };
            for name in row.names() {
                table.name(index, name, &row.id)?;
            }
            match known {
                Some(known) => table.carriers[known] = Arc::new(carrier),
                None => table.carriers.push(Arc::new(carrier)),
            }
        }
        Ok(table)
    }
}

impl OwnCarrier {
    fn names(&self) -> impl Iterator<Item = &str> {
        let names = [Some(&self.id), self.name.as_ref(), self.name_zh.as_ref()];
        names
            .into_iter()
            .flatten()
            .chain(&self.aliases)
            .map(String::as_str)
    }

    fn refused(&self, what: impl Into<String>) -> CarrierTableError {
        CarrierTableError::Row {
            carrier: self.id.clone(),
            what: what.into(),
        }
    }

    fn check(&self) -> Result<(), CarrierTableError> {
        let is_of_id = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !(1..=ID_BYTES_MAX).contains(&self.id.len()) || !self.id.bytes().all(is_of_id) {
            return Err(self.refused(format!(
                "an id has 1–{ID_BYTES_MAX} small letters, digits and `_`"
            )));
        }
        let is_name = |name: &str| name.len() <= NAME_BYTES_MAX && !folded(name).is_empty();
        if let Some(name) = self.names().find(|name| !is_name(name)) {
            return Err(self.refused(format!(
                "the name {name:?} is empty or longer than {NAME_BYTES_MAX} bytes"
            )));
        }
        let counts = [self.aliases.len(), self.format.len(), self.agreement.len()];
        if counts.iter().any(|&count| count > ENTRIES_MAX) {
            return Err(self.refused(format!(
                "it has more than {ENTRIES_MAX} aliases, formats or agreements"
            )));
        }
        Ok(())
    }

    /// A carrier that no shipped one has the id of.
    fn alone(&self) -> Result<Carrier, CarrierTableError> {
        let name = self.name.clone().ok_or_else(|| self.refused("it has no name"))?;
        let carrier = Carrier {
            id: self.id.clone(),
            name_zh: self.name_zh.clone().unwrap_or_else(|| name.clone()),
            name,
            class: self.class.unwrap_or(CarrierClass::OwnPartner),
            source: SOURCE.to_owned(),
            is_fallback: false,
            formats: Vec::new(),
            hints: Vec::new(),
            agreement_required: None,
            agreements: Vec::new(),
        };
        let carrier = self.added_to(&carrier)?;
        if carrier.formats.is_empty() != (carrier.class == CarrierClass::OutOfScope) {
            return Err(self.refused("it needs a [[carrier.format]], the rule of its numbers"));
        }
        Ok(carrier)
    }

    /// `carrier` with what this row adds to it.
    fn added_to(&self, carrier: &Carrier) -> Result<Carrier, CarrierTableError> {
        let mut carrier = carrier.clone();
        let class = self.class.unwrap_or(carrier.class);
        if (class == CarrierClass::OutOfScope) != (carrier.class == CarrierClass::OutOfScope) {
            return Err(self.refused("what is out of scope (A3) is not the operator's to change"));
        }
        carrier.class = class;
        for format in &self.format {
            carrier.formats.push(read_format(&self.id, format.clone())?);
        }
        if self.agreement_required.is_some() {
            carrier.agreement_required = self.agreement_required;
        }
        let agreements = self.agreement.iter().map(|row| Agreement {
            carrier: self.id.clone(),
            stamped: row.stamped,
            clauses: row.clauses.clone(),
            valid_from: row.valid_from,
            valid_until: row.valid_until,
        });
        carrier.agreements.extend(agreements);
        Ok(carrier)
    }
}
