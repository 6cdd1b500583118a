//! Reading a carrier table: TOML → compiled rules. What cannot be used is refused, with the carrier named.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use super::advice::Hint;
use super::check_digit::{Algorithm, CheckDigit};
use super::pattern::{Pattern, PatternError};
use super::{Carrier, CarrierClass, CarrierTable, Check, Format, folded};

/// Bytes of one pattern, at most.
const PATTERN_BYTES_MAX: usize = 1_000;

/// Why a carrier table cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CarrierTableError {
    /// Not TOML, or not of the table's shape.
    #[error("the carrier table is not TOML of the table's shape")]
    Shape {
        /// What the reader stumbled over.
        source: Box<toml::de::Error>,
    },
    /// A pattern with other characters than ASCII, or too long.
    #[error("the pattern {pattern:?} of carrier {carrier} is not ASCII of at most {PATTERN_BYTES_MAX} bytes")]
    PatternForm {
        /// The carrier's id.
        carrier: String,
        /// The pattern.
        pattern: String,
    },
    /// A pattern that does not compile within its limits.
    #[error("the pattern {pattern:?} of carrier {carrier} does not compile")]
    Pattern {
        /// The carrier's id.
        carrier: String,
        /// The pattern.
        pattern: String,
        /// Why.
        source: PatternError,
    },
    /// An example that misses its own format, or has a wrong check digit under it.
    #[error("the example {example:?} of carrier {carrier} misses its own format")]
    Example {
        /// The carrier's id.
        carrier: String,
        /// The example.
        example: String,
    },
    /// A name that means two carriers.
    #[error("the name {name:?} belongs to both {first} and {second}")]
    NameTwice {
        /// The name, as the later carrier writes it.
        name: String,
        /// The earlier carrier's id.
        first: String,
        /// The later carrier's id.
        second: String,
    },
    /// A carrier that is not described as it has to be.
    #[error("carrier {carrier:?}: {what}")]
    Row {
        /// The carrier's id.
        carrier: String,
        /// What is wrong with it.
        what: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableFile {
    carrier: Vec<CarrierRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CarrierRow {
    id: String,
    name: String,
    name_zh: String,
    #[serde(default)]
    aliases: Vec<String>,
    class: CarrierClass,
    source: String,
    #[serde(default)]
    fallback: bool,
    #[serde(default)]
    format: Vec<FormatRow>,
    #[serde(default)]
    hint: Vec<HintRow>,
}

/// A format as a file states it. The shipped table has an example of each.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormatRow {
    pattern: String,
    check: Option<Algorithm>,
    check_last: Option<usize>,
    example: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HintRow {
    pattern: String,
    text_en: String,
    text_zh: String,
}

impl CarrierTable {
    /// Reads a table of the form of `data/carriers.toml`.
    ///
    /// # Errors
    /// [`CarrierTableError`] names the carrier and what cannot be used: nothing of a faulty table is used.
    pub fn parse(toml: &str) -> Result<Self, CarrierTableError> {
        let file: TableFile = toml::from_str(toml).map_err(|source| CarrierTableError::Shape {
            source: Box::new(source),
        })?;
        let mut table = Self {
            carriers: Vec::new(),
            by_name: HashMap::default(),
            cells: OnceLock::new(),
        };
        for row in file.carrier {
            let names = [&row.id, &row.name, &row.name_zh].into_iter().chain(&row.aliases);
            for name in names {
                table.add_name(name, &row.id)?;
            }
            table.carriers.push(Arc::new(carrier(row)?));
        }
        Ok(table)
    }

    /// Gives `name` to the carrier that is read next.
    fn add_name(&mut self, name: &str, id: &str) -> Result<(), CarrierTableError> {
        self.name(self.carriers.len(), name, id)
    }

    /// Gives `name` to the carrier at `index`, whose id is `id`.
    pub(super) fn name(&mut self, index: usize, name: &str, id: &str) -> Result<(), CarrierTableError> {
        // Also as programs write it, so that most cells are found without folding.
        let as_constant = name.to_uppercase().replace(' ', "_");
        for key in [name.to_owned(), folded(name), as_constant] {
            let holder = *self.by_name.entry(key).or_insert(index);
            if let Some(first) = self.carriers.get(holder).filter(|_| holder != index) {
                let (first, second) = (first.id.clone(), id.to_owned());
                return Err(CarrierTableError::NameTwice {
                    name: name.to_owned(),
                    first,
                    second,
                });
            }
        }
        Ok(())
    }
}

fn carrier(row: CarrierRow) -> Result<Carrier, CarrierTableError> {
    if row.format.iter().any(|format| format.example.is_none()) {
        let what = "a format of the shipped table has an example".to_owned();
        return Err(CarrierTableError::Row {
            carrier: row.id,
            what,
        });
    }
    let formats = row
        .format
        .into_iter()
        .map(|format| read_format(&row.id, format))
        .collect::<Result<_, _>>()?;
    let hint = |hint: HintRow| {
        let pattern = compiled(&row.id, &hint.pattern)?;
        Ok(Hint {
            pattern,
            text_en: hint.text_en,
            text_zh: hint.text_zh,
        })
    };
    let hints = row.hint.into_iter().map(hint).collect::<Result<_, _>>()?;
    Ok(Carrier {
        id: row.id,
        name: row.name,
        name_zh: row.name_zh,
        class: row.class,
        source: row.source,
        is_fallback: row.fallback,
        formats,
        hints,
        agreement_required: None,
        agreements: Vec::new(),
    })
}

pub(super) fn read_format(carrier: &str, row: FormatRow) -> Result<Format, CarrierTableError> {
    let check = row.check.map(|algorithm| Check {
        algorithm,
        last: row.check_last,
    });
    let format = Format {
        pattern: compiled(carrier, &row.pattern)?,
        check,
    };
    match row.example {
        Some(example)
            if !matches!(
                format.judge(example.as_bytes()),
                Some(CheckDigit::Valid | CheckDigit::None)
            ) =>
        {
            Err(CarrierTableError::Example {
                carrier: carrier.to_owned(),
                example,
            })
        }
        _ => Ok(format),
    }
}

/// Compiles a pattern so that it must match the whole number, bytes only, in linear time and bounded memory.
fn compiled(carrier: &str, pattern: &str) -> Result<Pattern, CarrierTableError> {
    let (owner, written) = (carrier.to_owned(), pattern.to_owned());
    if !pattern.is_ascii() || pattern.len() > PATTERN_BYTES_MAX {
        return Err(CarrierTableError::PatternForm {
            carrier: owner,
            pattern: written,
        });
    }
    Pattern::compile(pattern).map_err(|source| CarrierTableError::Pattern {
        carrier: owner,
        pattern: written,
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rest: &str) -> Result<CarrierTable, CarrierTableError> {
        let head = "id = 'a'\nname = 'A'\nname_zh = '甲'\nclass = 'certified'\nsource = 'test'";
        CarrierTable::parse(&format!("[[carrier]]\n{head}\n{rest}"))
    }

    fn format(pattern: &str, example: &str) -> String {
        format!("[[carrier.format]]\npattern = '{pattern}'\nexample = '{example}'")
    }

    #[test]
    fn a_pattern_must_match_the_whole_number() {
        let table = table(&format("[0-9]{3}|X", "123")).expect("a table");
        let carrier = table.find("甲").expect("its carrier");
        assert_eq!(carrier.judge("X"), Some(CheckDigit::None));
        for number in ["1234", "0X", "X1", "123\n"] {
            assert_eq!(carrier.judge(number), None, "{number:?}");
        }
    }

    #[test]
    fn faulty_patterns_are_refused() {
        assert!(matches!(
            table(&format("[0-9", "1")),
            Err(CarrierTableError::Pattern { .. })
        ));
        assert!(matches!(
            table(&format("(?:[0-9]{99}){99}", "1")),
            Err(CarrierTableError::Pattern { .. })
        ));
        assert!(matches!(
            table(&format("单号", "1")),
            Err(CarrierTableError::PatternForm { .. })
        ));
        assert!(matches!(
            table(&format(&"1".repeat(1_001), "1")),
            Err(CarrierTableError::PatternForm { .. })
        ));
    }

    #[test]
    fn an_example_that_misses_its_format_is_refused() {
        assert!(matches!(
            table(&format("[0-9]{3}", "12")),
            Err(CarrierTableError::Example { .. })
        ));
        let wrong = format!("{}\ncheck = 'mod7'", format("[0-9]{10}", "3318810024"));
        assert!(matches!(table(&wrong), Err(CarrierTableError::Example { .. })));
    }

    #[test]
    fn unknown_keys_and_checks_are_refused() {
        assert!(matches!(
            table("colour = 'red'"),
            Err(CarrierTableError::Shape { .. })
        ));
        let unknown = format!("{}\ncheck = 'mod9'", format("[0-9]", "1"));
        assert!(matches!(table(&unknown), Err(CarrierTableError::Shape { .. })));
    }

    #[test]
    fn a_name_of_two_carriers_is_refused() {
        let second =
            "[[carrier]]\nid = 'b'\nname = 'a_'\nname_zh = '乙'\nclass = 'certified'\nsource = 'test'";
        let refused = table(second).expect_err("two carriers of one name").to_string();
        assert_eq!(refused, "the name \"a_\" belongs to both a and b");
    }
}
