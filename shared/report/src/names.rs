//! Names of instants, places, carriers, nodes and standings, in English and Chinese.

use std::collections::BTreeMap;

use domain::carrier::CarrierTable;
use domain::{Node, Timestamp, Zone, country};

use crate::Standing;
use crate::reason::beijing;

/// The carrier of orders that no upload was accepted for.
pub(crate) const NO_CARRIER: &str = "";

/// An instant in Beijing and in the platform's zone, each by its name: a zone's letters may be those of another.
pub(crate) fn instant_names(at: Timestamp, zone: Zone) -> (String, String) {
    let (there, here) = (to_the_minute(at, beijing()), to_the_minute(at, zone));
    (
        format!("{there} Beijing ({here} Pacific)"),
        format!("北京时间 {there}（太平洋时间 {here}）"),
    )
}

/// `2024-05-18 03:00`.
pub(crate) fn to_the_minute(at: Timestamp, zone: Zone) -> String {
    at.display_in(zone).chars().take(16).collect()
}

/// As [`to_the_minute`], with seconds where they are not zero.
pub(crate) fn exactly(at: Timestamp, zone: Zone) -> String {
    let written = at.display_exact_in(zone);
    let without_zone = written.rsplit_once(' ').map(|(local, _)| local.to_owned());
    without_zone.unwrap_or(written)
}

/// A country's code and name, or the code that is none.
pub(crate) fn destination_names(code: &str) -> (String, String) {
    let name = |name: Option<&str>| name.map_or_else(|| code.to_owned(), |name| format!("{code} {name}"));
    (name(country::name_en(code)), name(country::name_zh(code)))
}

/// The carriers' names in English and Chinese, by their ids: those of the policy that the report was made under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarrierNames(BTreeMap<String, (String, String)>);

impl CarrierNames {
    /// The names of a table's carriers.
    pub(crate) fn of(table: &CarrierTable) -> Self {
        let names = table.carriers().map(|carrier| {
            let names = (carrier.name().to_owned(), carrier.name_zh().to_owned());
            (carrier.id().to_owned(), names)
        });
        Self(names.collect())
    }

    /// A carrier's names, or what the row called it.
    pub(crate) fn get(&self, id: &str) -> (String, String) {
        match self.0.get(id) {
            Some(names) => names.clone(),
            None if id == NO_CARRIER => ("no accepted upload".to_owned(), "无有效上传".to_owned()),
            None => (id.to_owned(), id.to_owned()),
        }
    }
}

/// A node in words; those that are none of the rulebook's eight by their name in files.
pub(crate) fn node_names(node: Node) -> (&'static str, &'static str) {
    match node {
        Node::OrderPlaced => ("order placed", "下单"),
        Node::PickedUp => ("picked up", "揽收"),
        Node::ExportCustoms => ("export customs", "出口清关"),
        Node::DepartedOrigin => ("departed origin", "离开始发国"),
        Node::ArrivedDestination => ("arrived", "到达目的国"),
        Node::ImportCustoms => ("import customs", "入境清关"),
        Node::OutForDelivery => ("out for delivery", "派送"),
        Node::Signed => ("signed", "签收"),
        other => (other.as_str(), other.as_str()),
    }
}

/// A standing: what is, or, while the month runs, what it comes to.
pub(crate) fn standing_names(standing: Standing, running: bool) -> (&'static str, &'static str) {
    match (standing, running) {
        (Standing::AtRisk, _) => ("at risk", "有风险"),
        (Standing::Eligible, false) => ("eligible", "合格"),
        (Standing::Eligible, true) => ("on course", "正常"),
        (Standing::NotEligible, false) => ("not eligible", "不合格"),
        (Standing::NotEligible, true) => ("out of reach", "已无法达标"),
    }
}
