//! Carriers' own status codes → canonical nodes (conventions, "Canonical tracking nodes"), from `data/event_codes.toml`.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::Node;
use crate::carrier::folded;

/// The node that a carrier's code stands for: by the carrier's own tables first, then by the names that nodes have
/// for every carrier (`picked_up`, `揽收`, `Departure from Origin Country`). `carrier_id` is an id of the carrier
/// table. `None`: `EVENT_CODE_UNMAPPED`; the event is kept as `in_transit` and counted.
pub fn node_of(carrier_id: &str, code: &str) -> Option<Node> {
    SHIPPED.node_of(carrier_id, code)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeFile {
    names: BTreeMap<Node, Vec<String>>,
    carriers: HashMap<String, Vec<String>>,
    tables: BTreeMap<String, BTreeMap<String, Node>>,
}

/// Why a table of codes cannot be used.
#[derive(Debug, thiserror::Error)]
enum CodeTableError {
    #[error("the table of event codes is not TOML of the table's shape")]
    Shape { source: Box<toml::de::Error> },
    #[error("carrier {carrier} is sent to the table {table}, which does not exist")]
    TableMissing { carrier: String, table: String },
    #[error("the name {name:?} belongs to both {first} and {second}")]
    NameTwice { name: String, first: Node, second: Node },
    #[error("{code:?} has more than one `*`")]
    Wildcards { code: String },
}

struct EventCodes {
    /// By name, as written and folded.
    names: HashMap<String, Node>,
    tables: Vec<CodeTable>,
    /// A carrier's tables, as places in `tables`.
    carriers: HashMap<String, Vec<usize>>,
}

/// One table: codes in upper case, and codes with a `*` as what stands before and after it.
#[derive(Default)]
struct CodeTable {
    exact: HashMap<String, Node>,
    wild: Vec<(String, String, Node)>,
}

static SHIPPED: LazyLock<EventCodes> = LazyLock::new(|| {
    EventCodes::parse(include_str!("../data/event_codes.toml"))
        .expect("a test reads the shipped table of codes")
});

impl EventCodes {
    fn parse(toml: &str) -> Result<Self, CodeTableError> {
        let file: CodeFile = toml::from_str(toml).map_err(|source| CodeTableError::Shape {
            source: Box::new(source),
        })?;
        let places: HashMap<_, _> = file.tables.keys().zip(0..).collect();
        let place = |carrier: &String, table: &String| {
            let missing = || CodeTableError::TableMissing {
                carrier: carrier.clone(),
                table: table.clone(),
            };
            places.get(table).copied().ok_or_else(missing)
        };
        let carriers = file.carriers.iter().map(|(carrier, tables)| {
            let tables = tables
                .iter()
                .map(|table| place(carrier, table))
                .collect::<Result<_, _>>()?;
            Ok((carrier.clone(), tables))
        });
        Ok(Self {
            names: names(&file.names)?,
            carriers: carriers.collect::<Result<_, _>>()?,
            tables: file
                .tables
                .values()
                .map(CodeTable::read)
                .collect::<Result<_, _>>()?,
        })
    }

    fn node_of(&self, carrier_id: &str, code: &str) -> Option<Node> {
        let tables = self
            .carriers
            .get(carrier_id)
            .into_iter()
            .flatten()
            .map(|place| &self.tables[*place]);
        let own = tables.into_iter().find_map(|table| table.node_of(code));
        own.or_else(|| self.names.get(code).copied())
            .or_else(|| self.names.get(&folded(code)).copied())
    }
}

impl CodeTable {
    fn read(codes: &BTreeMap<String, Node>) -> Result<Self, CodeTableError> {
        let mut table = Self::default();
        for (code, node) in codes {
            let upper = code.to_ascii_uppercase();
            match upper.split_once('*') {
                None => _ = table.exact.insert(upper, *node),
                Some((_, end)) if end.contains('*') => {
                    return Err(CodeTableError::Wildcards { code: code.clone() });
                }
                Some((start, end)) => table.wild.push((start.to_owned(), end.to_owned(), *node)),
            }
        }
        // The most particular first, so that `RT_X*` is asked before `RT_*`.
        table
            .wild
            .sort_by_key(|(start, end, _)| std::cmp::Reverse(start.len() + end.len()));
        Ok(table)
    }

    fn node_of(&self, code: &str) -> Option<Node> {
        if let Some(node) = self.exact.get(code) {
            return Some(*node);
        }
        let upper = code.to_ascii_uppercase();
        let matches = |start: &str, end: &str| {
            upper
                .strip_prefix(start)
                .is_some_and(|rest| rest.ends_with(end) && rest.len() >= end.len())
        };
        let wild = || {
            self.wild
                .iter()
                .find(|(start, end, _)| matches(start, end))
                .map(|(_, _, node)| *node)
        };
        self.exact.get(&upper).copied().or_else(wild)
    }
}

fn names(written: &BTreeMap<Node, Vec<String>>) -> Result<HashMap<String, Node>, CodeTableError> {
    let mut names = HashMap::new();
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
    use crate::carrier::CarrierTable;

    #[test]
    fn the_shipped_table_can_be_read_and_names_carriers_of_the_carrier_table() {
        let codes = EventCodes::parse(include_str!("../data/event_codes.toml")).expect("the shipped table");
        for carrier in codes.carriers.keys() {
            let found = CarrierTable::shipped().find(carrier).map(|carrier| carrier.id());
            assert_eq!(found, Some(carrier.as_str()));
        }
    }

    #[test]
    fn every_post_with_s10_numbers_speaks_the_posts_codes() {
        let posts = CarrierTable::shipped()
            .carriers()
            .filter(|carrier| carrier.source().contains("S10"));
        for post in posts {
            assert_eq!(node_of(post.id(), "EMI"), Some(Node::Signed), "{}", post.id());
        }
    }

    #[test]
    fn a_nodes_own_name_counts_for_every_carrier() {
        for node in Node::ALL {
            assert_eq!(node_of("dhl", node.as_str()), Some(node));
            assert_eq!(node_of("nobody", &node.as_str().to_uppercase()), Some(node));
        }
        assert_eq!(
            node_of("dhl", "Departure from Origin Country"),
            Some(Node::DepartedOrigin)
        );
        assert_eq!(node_of("dhl", "Picked Up"), Some(Node::PickedUp));
    }

    #[test]
    fn the_chinese_names_of_the_rulebook_count() {
        for (name, node) in [
            ("下单", Node::OrderPlaced),
            ("揽收", Node::PickedUp),
            ("出口清关", Node::ExportCustoms),
            ("离开始发国", Node::DepartedOrigin),
            ("到达目的国", Node::ArrivedDestination),
            ("入境清关", Node::ImportCustoms),
            ("派送", Node::OutForDelivery),
            ("签收", Node::Signed),
        ] {
            assert_eq!(node_of("yunexpress", name), Some(node), "{name}");
        }
    }

    #[test]
    fn a_carriers_own_codes_count_for_that_carrier_only() {
        assert_eq!(node_of("cainiao", "GTMS_SIGNED"), Some(Node::Signed));
        assert_eq!(node_of("cainiao", "lh_depart"), Some(Node::DepartedOrigin));
        assert_eq!(node_of("china_post", "EMC"), Some(Node::DepartedOrigin));
        assert_eq!(node_of("china_post", "GTMS_SIGNED"), None);
        assert_eq!(node_of("dhl", "EMC"), None);
        assert_eq!(node_of("cainiao", ""), None);
    }

    #[test]
    fn signed_into_a_pickup_station_is_not_signed() {
        assert_eq!(node_of("cainiao", "GTMS_STA_SIGNED"), Some(Node::InTransit));
        assert_eq!(node_of("russian_post", "EDH"), Some(Node::InTransit));
    }

    #[test]
    fn a_star_stands_for_any_characters_and_exact_codes_come_first() {
        assert_eq!(node_of("cainiao", "SC_INBOUND_FAILURE"), Some(Node::Exception));
        assert_eq!(node_of("cainiao", "RT_INBOUND"), Some(Node::Returned));
        assert_eq!(node_of("cainiao", "RT_DESTROY"), Some(Node::Lost));
        assert_eq!(node_of("cainiao", "SC_FAILURE"), None);
    }

    #[test]
    fn faulty_tables_are_refused() {
        let parse = |toml: &str| EventCodes::parse(toml).err().map(|error| error.to_string());
        let missing = parse("[names]\n[carriers]\na = ['b']\n[tables]").unwrap_or_default();
        assert_eq!(missing, "carrier a is sent to the table b, which does not exist");
        let twice = parse("names = { lost = ['签收'], signed = ['签收'] }\ncarriers = {}\ntables = {}");
        assert_eq!(
            twice.unwrap_or_default(),
            "the name \"签收\" belongs to both signed and lost"
        );
        assert!(parse("names = {}\ncarriers = {}\n[tables.t]\n'A*B*' = 'lost'").is_some());
        assert!(parse("names = {}\ncarriers = {}\n[tables.t]\nA = 'vanished'").is_some());
    }
}
