//! Reading the tables of codes and texts: what cannot be used is refused, with its name.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::codes::CodeTable;
use super::handover::{Grammar, LANGUAGES, WordsError};
use super::phrases::TextTable;
use super::{CarrierCodes, EventCodes, Meaning};
use crate::Node;
use crate::carrier::folded;

/// Why a table of codes or texts cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum CodeTableError {
    #[error("the table of event codes is not TOML of the table's shape")]
    Shape { source: Box<toml::de::Error> },
    #[error("{owner} is sent to the table {table}, which does not exist")]
    TableMissing { owner: String, table: String },
    #[error("the name {name:?} belongs to both {first} and {second}")]
    NameTwice { name: String, first: Node, second: Node },
    #[error(
        "the code {code:?} of the table {table} is long, not ASCII, has more than one `*`, or stands there twice"
    )]
    Code { table: String, code: String },
    #[error("the text {text:?} of {owner} holds no word, or stands there twice")]
    Text { owner: String, text: String },
    #[error("the words of a handover cannot be used")]
    Words { source: WordsError },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeFile {
    at_origin: Vec<String>,
    aggregators: Vec<String>,
    names: BTreeMap<Node, Vec<String>>,
    carriers: HashMap<String, Vec<String>>,
    tables: BTreeMap<String, BTreeMap<String, Meaning>>,
}

type TextFile = BTreeMap<String, Vec<TextEntry>>;

/// An entry of a list of texts. Its examples are read by the tests alone.
#[derive(Deserialize)]
struct TextEntry {
    text: String,
    node: Meaning,
}

/// The list of texts that serves every carrier.
const COMMON: &str = "common";

impl EventCodes {
    pub(super) fn parse(codes: &str, texts: &str) -> Result<Self, CodeTableError> {
        let file: CodeFile = toml::from_str(codes).map_err(shape)?;
        let texts: TextFile = toml::from_str(texts).map_err(shape)?;
        let places: HashMap<_, _> = file.tables.keys().map(String::as_str).zip(0..).collect();
        let mut carriers = HashMap::default();
        for (carrier, tables) in &file.carriers {
            let tables = places_of(&places, carrier, tables)?;
            carriers.insert(carrier.clone(), CarrierCodes { tables, texts: None });
        }
        let mut lists = Vec::new();
        for (owner, list) in &texts {
            if owner != COMMON {
                carriers.entry(owner.clone()).or_default().texts = Some(lists.len());
                lists.push(text_table(owner, list)?);
            }
        }
        Ok(Self {
            at_origin: file.at_origin,
            names: names(&file.names)?,
            aggregators: places_of(&places, "aggregators", &file.aggregators)?,
            carriers,
            tables: file.tables.iter().map(code_table).collect::<Result<_, _>>()?,
            texts: lists,
            handovers: Grammar::parse(&LANGUAGES).map_err(|source| CodeTableError::Words { source })?,
            common: text_table(COMMON, texts.get(COMMON).map_or(&[], Vec::as_slice))?,
        })
    }
}

fn shape(source: toml::de::Error) -> CodeTableError {
    CodeTableError::Shape {
        source: Box::new(source),
    }
}

fn places_of(
    places: &HashMap<&str, usize>,
    owner: &str,
    tables: &[String],
) -> Result<Vec<usize>, CodeTableError> {
    let place = |table: &String| {
        let missing = || CodeTableError::TableMissing {
            owner: owner.to_owned(),
            table: table.clone(),
        };
        places.get(table.as_str()).copied().ok_or_else(missing)
    };
    tables.iter().map(place).collect()
}

fn code_table((table, codes): (&String, &BTreeMap<String, Meaning>)) -> Result<CodeTable, CodeTableError> {
    CodeTable::read(codes).map_err(|code| CodeTableError::Code {
        table: table.clone(),
        code,
    })
}

fn text_table(owner: &str, list: &[TextEntry]) -> Result<TextTable, CodeTableError> {
    let mut table = TextTable::default();
    for TextEntry { text, node } in list {
        if !table.add(text, *node) {
            return Err(CodeTableError::Text {
                owner: owner.to_owned(),
                text: text.clone(),
            });
        }
    }
    Ok(table)
}

fn names<S: std::hash::BuildHasher + Default>(
    written: &BTreeMap<Node, Vec<String>>,
) -> Result<HashMap<String, Node, S>, CodeTableError> {
    let mut names = HashMap::default();
    let own = Node::ALL.iter().map(|node| (*node, node.as_str()));
    let further = written
        .iter()
        .flat_map(|(node, names)| names.iter().map(|name| (*node, name.as_str())));
    for (node, name) in own.chain(further) {
        for key in [name.to_owned(), folded(name)] {
            match names.insert(key, node) {
                Some(first) if first != node => {
                    return Err(CodeTableError::NameTwice {
                        name: name.to_owned(),
                        first,
                        second: node,
                    });
                }
                _ => {}
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(codes: &str, texts: &str) -> String {
        let codes = format!("at_origin = []\naggregators = []\n{codes}");
        let refused = EventCodes::parse(&codes, texts).err();
        refused.map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn faulty_tables_are_refused() {
        assert_eq!(
            refused("[names]\n[carriers]\na = ['b']\n[tables]", ""),
            "a is sent to the table b, which does not exist"
        );
        assert_eq!(
            refused(
                "names = { lost = ['签收'], signed = ['签收'] }\ncarriers = {}\ntables = {}",
                ""
            ),
            "the name \"签收\" belongs to both signed and lost"
        );
        for codes in [
            "'A*B*' = 'lost'",
            "A = 'lost'\na = 'lost'",
            "'签' = 'lost'",
            "'' = 'lost'",
        ] {
            let refused = refused(&format!("names = {{}}\ncarriers = {{}}\n[tables.t]\n{codes}"), "");
            assert!(refused.starts_with("the code "), "{codes}: {refused}");
        }
        let shape = refused("names = {}\ncarriers = {}\n[tables.t]\nA = 'vanished'", "");
        assert!(shape.contains("shape"), "{shape}");
    }

    #[test]
    fn faulty_texts_are_refused() {
        for texts in [&["*"][..], &["..."], &["A", "a."], &["A *", "a*"]] {
            let entry = |text: &&str| format!("{{ text = '{text}', node = 'lost' }}");
            let entries: Vec<String> = texts.iter().map(entry).collect();
            let list = format!("common = [{}]", entries.join(", "));
            let refused = refused("names = {}\ncarriers = {}\ntables = {}", &list);
            assert!(refused.starts_with("the text "), "{texts:?}: {refused}");
        }
    }
}
