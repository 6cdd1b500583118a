//! Carriers' own status codes and texts → canonical nodes (conventions, "Canonical tracking nodes"), from
//! `data/event_codes.toml` and `data/event_texts.toml`.

mod codes;
mod personal;
mod phrases;
mod table_file;

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::FixedState;
use serde::Deserialize;

use crate::Node;
use crate::carrier::folded;
use codes::{CODE_BYTES_MAX, CodeTable};
pub use personal::without_personal_data;
use phrases::{TextTable, normalised};

/// What a carrier says of one event, as a row has it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report<'a> {
    /// The carrier's own code, or its text where it has no codes.
    pub code: &'a str,
    /// The text beside the code; empty where there is none.
    pub description: &'a str,
    /// Where it happened, as an ISO 3166-1 alpha-2 code; `None` where the row does not say.
    pub country: Option<&'a str>,
}

/// What a [`Report`] was understood as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Understood {
    /// The node it stands for.
    pub node: Node,
    /// Whether the code is in a table or a node's name. Else it is a text, or was explained by one: it may hold personal
    /// data (see [`without_personal_data`]).
    pub is_code: bool,
}

/// The node that a carrier's code or text stands for: by the carrier's own tables first, then by those of the systems
/// that speak for every carrier, by the names that nodes have (`picked_up`, `揽收`, `Departure from Origin
/// Country`), and by the texts. `carrier_id` is an id of the carrier table. `None`: `EVENT_CODE_UNMAPPED`; the event
/// is kept as `in_transit` and counted.
pub fn node_of(carrier_id: &str, code: &str) -> Option<Node> {
    let report = Report {
        code,
        ..Report::default()
    };
    understand(carrier_id, &report).map(|understood| understood.node)
}

/// As [`node_of`], with all that the row says.
///
/// The code decides. Its description speaks where the code is unknown; where the code says no more than movement or
/// trouble, it may tell more, but never that the timeline has ended; and where the code says signed, it may take that
/// back: at a pickup point, or back with its sender, a parcel is not signed.
pub fn understand(carrier_id: &str, report: &Report<'_>) -> Option<Understood> {
    SHIPPED.understand(carrier_id, report)
}

/// What a code or text stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Meaning {
    Node(Node),
    Clearance(Clearance),
}

/// A clearance of which the code does not tell whether it is the export's or the import's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Clearance {
    /// Export, unless it happened elsewhere.
    ExportOrImport,
    /// Import, unless it happened where parcels start from.
    ImportOrExport,
}

struct EventCodes {
    at_origin: Vec<String>,
    /// By name, as written and folded.
    names: HashMap<String, Node, FixedState>,
    /// Places in `tables` that serve every carrier.
    aggregators: Vec<usize>,
    carriers: HashMap<String, CarrierCodes, FixedState>,
    tables: Vec<CodeTable>,
    texts: Vec<TextTable>,
    /// The texts that serve every carrier.
    common: TextTable,
}

/// What is a carrier's own, as places in [`EventCodes`].
#[derive(Default)]
struct CarrierCodes {
    tables: Vec<usize>,
    texts: Option<usize>,
}

static SHIPPED: LazyLock<EventCodes> = LazyLock::new(|| {
    EventCodes::parse(
        include_str!("../data/event_codes.toml"),
        include_str!("../data/event_texts.toml"),
    )
    .expect("a test reads the shipped tables of codes and texts")
});

impl EventCodes {
    fn understand(&self, carrier_id: &str, report: &Report<'_>) -> Option<Understood> {
        let own = self.carriers.get(carrier_id);
        let by_code = self.by_code(own, report.code);
        let meaning = by_code.or_else(|| self.by_text(own, report.code));
        let node = meaning.map(|meaning| self.node(meaning, report.country));
        Some(Understood {
            node: self.refined(own, node, report)?,
            is_code: by_code.is_some(),
        })
    }

    /// By tables and names. Nothing is allocated unless the code is in none of the tables.
    fn by_code(&self, own: Option<&CarrierCodes>, code: &str) -> Option<Meaning> {
        let own = own.map_or(&[][..], |own| &own.tables);
        let as_written = own.iter().find_map(|place| self.tables[*place].exact(code));
        let by_name = |name: &str| self.names.get(name).map(|node| Meaning::Node(*node));
        as_written
            .or_else(|| by_name(code))
            .or_else(|| {
                let mut buffer = [0; CODE_BYTES_MAX];
                let upper = upper_case(code, &mut buffer)?;
                let mut places = own.iter().chain(&self.aggregators);
                places.find_map(|place| self.tables[*place].meaning_of(upper))
            })
            .or_else(|| (code.len() <= CODE_BYTES_MAX).then(|| by_name(&folded(code)))?)
    }

    fn by_text(&self, own: Option<&CarrierCodes>, text: &str) -> Option<Meaning> {
        let words = normalised(text)?;
        let own = own.and_then(|own| self.texts[own.texts?].meaning_of(&words));
        own.or_else(|| self.common.meaning_of(&words))
    }

    /// `node`, or what the description makes of it.
    fn refined(&self, own: Option<&CarrierCodes>, node: Option<Node>, report: &Report<'_>) -> Option<Node> {
        if report.description.is_empty() || !node.is_none_or(may_be_refined) {
            return node;
        }
        let by_name = || Some(Meaning::Node(*self.names.get(&folded(report.description))?));
        let told = self.by_text(own, report.description).or_else(by_name);
        let told = told.map(|meaning| self.node(meaning, report.country));
        match (node, told) {
            (Some(known), Some(told)) if is_told_better(known, told) => Some(told),
            (None, told) => told,
            (known, _) => known,
        }
    }

    fn node(&self, meaning: Meaning, country: Option<&str>) -> Node {
        let is_at_origin = |country: &str| self.at_origin.iter().any(|origin| origin == country);
        match (meaning, country.map(is_at_origin)) {
            (Meaning::Node(node), _) => node,
            (Meaning::Clearance(_), Some(true)) | (Meaning::Clearance(Clearance::ExportOrImport), None) => {
                Node::ExportCustoms
            }
            (Meaning::Clearance(_), Some(false)) | (Meaning::Clearance(Clearance::ImportOrExport), None) => {
                Node::ImportCustoms
            }
        }
    }
}

fn may_be_refined(node: Node) -> bool {
    matches!(node, Node::InTransit | Node::Exception | Node::Signed)
}

/// Whether the description's word counts before the code's.
fn is_told_better(known: Node, told: Node) -> bool {
    match known {
        Node::InTransit => !told.ends_timeline(),
        Node::Exception => matches!(told, Node::CustomsHeld | Node::DeliveryAttempted),
        Node::Signed => matches!(told, Node::InTransit | Node::Returned),
        _ => false,
    }
}

/// A code in upper case; `None` for what is no code: other characters than ASCII, or too long.
fn upper_case<'a>(code: &str, buffer: &'a mut [u8; CODE_BYTES_MAX]) -> Option<&'a str> {
    if !code.is_ascii() {
        return None;
    }
    let upper = buffer.get_mut(..code.len())?;
    upper.copy_from_slice(code.as_bytes());
    upper.make_ascii_uppercase();
    str::from_utf8(upper).ok()
}

#[cfg(test)]
mod tests;
