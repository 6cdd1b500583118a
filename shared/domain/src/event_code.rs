//! Carriers' own status codes and texts → canonical nodes (conventions, "Canonical tracking nodes"), from
//! `data/event_codes.toml` and `data/event_texts.toml`.

mod codes;
mod handover;
mod own;
mod phrases;
mod table_file;

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::FixedState;
use serde::Deserialize;

use crate::Node;
use crate::carrier::folded;
use crate::wording::Wording;
use codes::{CODE_BYTES_MAX, CodeTable};
use handover::{Grammar, Handover};
pub use own::{EventTables, KeepingPolicy, OwnEventCode, OwnEventError, OwnEventText};
use phrases::TextTable;

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
    /// data (see [`crate::personal::without_personal_data`]).
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

/// As [`node_of`], with all that the row says, by the tables that ship with the software.
///
/// The code decides. Its description speaks where the code is unknown; where the code says no more than movement or
/// trouble, it may tell more, but never that the timeline has ended; and where the code says signed, it may take that
/// back: at a pickup point, or back with its sender, a parcel is not signed.
pub fn understand(carrier_id: &str, report: &Report<'_>) -> Option<Understood> {
    EventTables::shipped().understand(carrier_id, report)
}

/// What a code or text stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Meaning {
    Node(Node),
    Clearance(Clearance),
    Keeping(Keeping),
}

/// A parcel that somebody keeps or signs for in the recipient's place: the policy decides (B4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Keeping {
    /// Waiting at a station (驿站, 代收).
    AtStation,
    /// Signed for by a proxy (代签).
    ByProxy,
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
    /// What texts say of a handover, whatever the carrier.
    handovers: Grammar,
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

/// Who asks: the tables in force, and the carrier whose event it is.
#[derive(Clone, Copy)]
struct Asked<'a> {
    tables: &'a EventTables,
    carrier_id: &'a str,
    own: Option<&'a CarrierCodes>,
}

impl EventCodes {
    fn understand(&self, tables: &EventTables, carrier_id: &str, report: &Report<'_>) -> Option<Understood> {
        let asked = Asked {
            tables,
            carrier_id,
            own: self.carriers.get(carrier_id),
        };
        let by_code = self.by_code(asked, report.code);
        let meaning = by_code.or_else(|| self.by_text(asked, report.code));
        let node = meaning.map(|meaning| self.node(asked, meaning, report.country));
        Some(Understood {
            node: self.refined(asked, node, report)?,
            is_code: by_code.is_some(),
        })
    }

    /// By tables and names, the operator's first. Nothing is allocated unless the code is in none of the tables.
    fn by_code(&self, asked: Asked<'_>, code: &str) -> Option<Meaning> {
        let mut buffer = [0; CODE_BYTES_MAX];
        if asked.tables.has_own() {
            let stated =
                upper_case(code, &mut buffer).and_then(|upper| asked.tables.by_code(asked.carrier_id, upper));
            if stated.is_some() {
                return stated;
            }
        }
        let own = asked.own.map_or(&[][..], |own| &own.tables);
        let as_written = own.iter().find_map(|place| self.tables[*place].exact(code));
        let by_name = |name: &str| self.names.get(name).map(|node| Meaning::Node(*node));
        as_written
            .or_else(|| by_name(code))
            .or_else(|| {
                let upper = upper_case(code, &mut buffer)?;
                let mut places = own.iter().chain(&self.aggregators);
                places.find_map(|place| self.tables[*place].meaning_of(upper))
            })
            .or_else(|| (code.len() <= CODE_BYTES_MAX).then(|| by_name(&folded(code)))?)
    }

    /// By the operator's texts, the carrier's own and those that are listed as a whole, then by what the words say of a
    /// handover, then by the texts with a `*`, of which none says signed.
    fn by_text(&self, asked: Asked<'_>, text: &str) -> Option<Meaning> {
        let text = Wording::of(text)?;
        let own = || {
            let own = &self.texts[asked.own?.texts?];
            own.whole(&text).or_else(|| own.open(&text))
        };
        let stated = asked.tables.by_text(asked.carrier_id, &text);
        let listed = stated.or_else(own).or_else(|| self.common.whole(&text));
        if listed.is_some() {
            return listed;
        }
        match self.handovers.read(&text) {
            Some(Handover::Expected) => {
                let listed = self.common.open(&text);
                Some(listed.unwrap_or(Meaning::Node(Node::InTransit)))
            }
            Some(handover) => meaning_of_handover(handover),
            None => self.common.open(&text),
        }
    }

    /// `node`, or what the description makes of it.
    fn refined(&self, asked: Asked<'_>, node: Option<Node>, report: &Report<'_>) -> Option<Node> {
        let description = report.description;
        if description.is_empty() || !node.is_none_or(may_be_refined) {
            return node;
        }
        let by_name = || Some(Meaning::Node(*self.names.get(&folded(description))?));
        // Where the code says signed, the description may go on: "to local carrier".
        let going_on = || {
            let handover = (node == Some(Node::Signed))
                .then(|| self.handovers.read_on(&Wording::of(description)?))??;
            meaning_of_handover(handover)
        };
        let told = self
            .by_text(asked, description)
            .or_else(by_name)
            .or_else(going_on);
        let told = told.map(|meaning| self.node(asked, meaning, report.country));
        match (node, told) {
            (Some(known), Some(told)) if is_told_better(known, told) => Some(told),
            (None, told) => told,
            (known, _) => known,
        }
    }

    fn node(&self, asked: Asked<'_>, meaning: Meaning, country: Option<&str>) -> Node {
        let is_at_origin = |country: &str| self.at_origin.iter().any(|origin| origin == country);
        match (meaning, country.map(is_at_origin)) {
            (Meaning::Node(node), _) => node,
            (Meaning::Keeping(keeping), _) => asked.tables.keeping().node(keeping),
            (Meaning::Clearance(_), Some(true)) | (Meaning::Clearance(Clearance::ExportOrImport), None) => {
                Node::ExportCustoms
            }
            (Meaning::Clearance(_), Some(false)) | (Meaning::Clearance(Clearance::ImportOrExport), None) => {
                Node::ImportCustoms
            }
        }
    }
}

/// What a handover stands for (B4). `None`: a taker of whom nothing is known; the text stays unmapped, and the operator
/// says who it is.
fn meaning_of_handover(handover: Handover) -> Option<Meaning> {
    let node = match handover {
        Handover::AtStation => return Some(Meaning::Keeping(Keeping::AtStation)),
        Handover::ByProxy => return Some(Meaning::Keeping(Keeping::ByProxy)),
        Handover::Unclear => return None,
        Handover::Signed => Node::Signed,
        Handover::Returned => Node::Returned,
        Handover::Returning => Node::Exception,
        Handover::Failed => Node::DeliveryAttempted,
        Handover::OnRound => Node::OutForDelivery,
        Handover::WithCarrier | Handover::Expected => Node::InTransit,
    };
    Some(Meaning::Node(node))
}

fn may_be_refined(node: Node) -> bool {
    matches!(node, Node::InTransit | Node::Exception | Node::Signed)
}

/// Whether the description's word counts before the code's.
fn is_told_better(known: Node, told: Node) -> bool {
    match known {
        Node::InTransit => !told.ends_timeline(),
        Node::Exception => matches!(told, Node::CustomsHeld | Node::DeliveryAttempted),
        Node::Signed => matches!(told, Node::InTransit | Node::Returned | Node::DeliveryAttempted),
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
