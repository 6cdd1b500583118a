//! The operator's own codes and texts: `[[event_code]]` and `[[event_text]]` of the policy file, asked before the shipped
//! tables.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use foldhash::fast::FixedState;
use serde::Deserialize;

use super::codes::CodeTable;
use super::phrases::TextTable;
use super::{Keeping, Meaning, Report, SHIPPED, Understood};
use crate::Node;
use crate::carrier::CarrierTable;
use crate::wording::Wording;

/// Own codes or texts of one policy file, at most.
const ENTRIES_MAX: usize = 5_000;

/// A code as the operator's policy file states it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnEventCode {
    /// The carrier whose code it is, by id, name or alias; every carrier's, when absent.
    carrier: Option<String>,
    /// The code, in any case; one `*` stands for any characters.
    code: String,
    /// The node it stands for.
    node: Node,
}

/// A text as the operator's policy file states it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnEventText {
    /// The carrier whose text it is, by id, name or alias; every carrier's, when absent.
    carrier: Option<String>,
    /// The text, compared as those of `event_texts.toml` are; `*` stands for any words.
    text: String,
    /// The node it stands for.
    node: Node,
}

/// What the policy decides of a parcel in somebody's keeping (B4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepingPolicy {
    /// Whether a proxy's signature (代签) is a sign-off.
    pub proxy_is_signed: bool,
    /// Whether a parcel that waits at a station (驿站, 代收) is signed.
    pub station_is_signed: bool,
}

/// The tables of codes and texts in force: the operator's own, then those that ship with the software.
#[derive(Clone, Debug, Default)]
pub struct EventTables {
    keeping: KeepingPolicy,
    /// By carrier id; under the empty id, every carrier's.
    own: HashMap<String, OwnTables, FixedState>,
}

#[derive(Clone, Debug, Default)]
struct OwnTables {
    codes: CodeTable,
    texts: TextTable,
}

/// Why the operator's codes or texts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OwnEventError {
    /// An entry names no carrier of the carrier table in force.
    #[error("the event code or text {entry:?} names the carrier {carrier:?}, which is in no carrier table")]
    Carrier {
        /// The code or text.
        entry: String,
        /// The name.
        carrier: String,
    },
    /// A code that cannot be one, or that stands twice for its carrier.
    #[error(
        "the event code {entry:?} is empty, longer than 64 characters, not ASCII, has more than one `*`, or stands twice"
    )]
    Code {
        /// The code.
        entry: String,
    },
    /// A text without a word, or that stands twice for its carrier.
    #[error("the event text {entry:?} holds no word, is longer than 400 characters, or stands twice")]
    Text {
        /// The text.
        entry: String,
    },
    /// More entries than a policy file may have.
    #[error("a policy file has at most {ENTRIES_MAX} event codes and as many event texts")]
    Many,
}

impl Default for KeepingPolicy {
    fn default() -> Self {
        Self {
            proxy_is_signed: true,
            station_is_signed: false,
        }
    }
}

impl KeepingPolicy {
    pub(super) fn node(self, keeping: Keeping) -> Node {
        let is_signed = match keeping {
            Keeping::ByProxy => self.proxy_is_signed,
            Keeping::AtStation => self.station_is_signed,
        };
        if is_signed { Node::Signed } else { Node::InTransit }
    }
}

impl EventTables {
    /// The tables that ship with the software, and nothing else.
    pub fn shipped() -> &'static Arc<Self> {
        static TABLES: LazyLock<Arc<EventTables>> = LazyLock::new(Arc::default);
        &TABLES
    }

    /// The shipped tables with an operator's own codes and texts before them.
    ///
    /// # Errors
    /// [`OwnEventError`] names the entry that cannot be used: nothing of the file is used then.
    pub fn with_own(
        keeping: KeepingPolicy,
        codes: &[OwnEventCode],
        texts: &[OwnEventText],
        carriers: &CarrierTable,
    ) -> Result<Self, OwnEventError> {
        if codes.len().max(texts.len()) > ENTRIES_MAX {
            return Err(OwnEventError::Many);
        }
        let mut tables = Self {
            keeping,
            ..Self::default()
        };
        for row in codes {
            let own = tables.of_carrier(row.carrier.as_deref(), &row.code, carriers)?;
            let entry = || row.code.clone();
            let is_new = own.codes.add(&row.code, Meaning::Node(row.node));
            is_new.ok_or_else(|| OwnEventError::Code { entry: entry() })?;
        }
        for row in texts {
            let own = tables.of_carrier(row.carrier.as_deref(), &row.text, carriers)?;
            if !own.texts.add(&row.text, Meaning::Node(row.node)) {
                let entry = row.text.clone();
                return Err(OwnEventError::Text { entry });
            }
        }
        tables.own.values_mut().for_each(|own| own.codes.sort());
        Ok(tables)
    }

    /// What the event is understood as: see [`super::understand`].
    pub fn understand(&self, carrier_id: &str, report: &Report<'_>) -> Option<Understood> {
        SHIPPED.understand(self, carrier_id, report)
    }

    fn of_carrier(
        &mut self,
        name: Option<&str>,
        entry: &str,
        carriers: &CarrierTable,
    ) -> Result<&mut OwnTables, OwnEventError> {
        let id = match name {
            None => "",
            Some(name) => {
                carriers
                    .find(name)
                    .map(|carrier| carrier.id())
                    .ok_or_else(|| OwnEventError::Carrier {
                        entry: entry.to_owned(),
                        carrier: name.to_owned(),
                    })?
            }
        };
        Ok(self.own.entry(id.to_owned()).or_default())
    }

    fn of<'a>(&'a self, carrier_id: &str) -> impl Iterator<Item = &'a OwnTables> {
        let ids = [carrier_id, ""];
        let count = if self.own.is_empty() { 0 } else { ids.len() };
        ids.into_iter().take(count).filter_map(|id| self.own.get(id))
    }

    /// What the operator says of a code in upper case.
    pub(super) fn by_code(&self, carrier_id: &str, upper: &str) -> Option<Meaning> {
        self.of(carrier_id).find_map(|own| own.codes.meaning_of(upper))
    }

    /// What the operator says of a text.
    pub(super) fn by_text(&self, carrier_id: &str, text: &Wording) -> Option<Meaning> {
        self.of(carrier_id)
            .find_map(|own| own.texts.whole(text).or_else(|| own.texts.open(text)))
    }

    pub(super) fn has_own(&self) -> bool {
        !self.own.is_empty()
    }

    pub(super) fn keeping(&self) -> KeepingPolicy {
        self.keeping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        #[serde(default)]
        event_code: Vec<OwnEventCode>,
        #[serde(default)]
        event_text: Vec<OwnEventText>,
    }

    fn tables(text: &str) -> Result<EventTables, OwnEventError> {
        let file: File = toml::from_str(text).expect("the form of a policy file");
        let carriers = CarrierTable::shipped();
        EventTables::with_own(
            KeepingPolicy::default(),
            &file.event_code,
            &file.event_text,
            carriers,
        )
    }

    fn node(tables: &EventTables, carrier: &str, code: &str, description: &str) -> Option<Node> {
        let report = Report {
            code,
            description,
            country: None,
        };
        tables
            .understand(carrier, &report)
            .map(|understood| understood.node)
    }

    #[test]
    fn the_operators_codes_and_texts_are_asked_first() {
        let tables = tables(
            "[[event_code]]\ncarrier = '云途'\ncode = 'zz9'\nnode = 'signed'\n\
             [[event_code]]\ncode = 'EMI'\nnode = 'in_transit'\n\
             [[event_text]]\ncarrier = 'GLS'\ntext = 'Delivered to Zhongtong*'\nnode = 'signed'\n\
             [[event_text]]\ntext = 'Übergeben an Nordkurier'\nnode = 'out_for_delivery'\n",
        )
        .expect("tables");
        assert_eq!(node(&tables, "yunexpress", "ZZ9", ""), Some(Node::Signed));
        assert_eq!(node(&tables, "dhl", "ZZ9", ""), None, "of that carrier only");
        assert_eq!(node(&tables, "china_post", "EMI", ""), Some(Node::InTransit));
        let text = "Delivered to Zhongtong, 5 May";
        assert_eq!(node(&tables, "gls", text, ""), Some(Node::Signed));
        assert_eq!(
            node(&tables, "gls", "?", text),
            Some(Node::Signed),
            "as a description"
        );
        assert_eq!(node(&tables, "dhl", text, ""), None);
        assert_eq!(
            node(&tables, "nobody", "ubergeben an NORDKURIER", ""),
            Some(Node::OutForDelivery)
        );
        assert_eq!(
            node(&tables, "dhl", "WC", ""),
            Some(Node::OutForDelivery),
            "the rest is as shipped"
        );
    }

    #[test]
    fn what_cannot_be_used_is_refused_by_name() {
        for (text, says) in [
            (
                "[[event_code]]\ncarrier = 'Pigeon'\ncode = 'A'\nnode = 'signed'",
                "Pigeon",
            ),
            ("[[event_code]]\ncode = '签'\nnode = 'signed'", "签"),
            ("[[event_code]]\ncode = ''\nnode = 'signed'", "\"\""),
            (
                "[[event_code]]\ncode = 'A'\nnode = 'signed'\n[[event_code]]\ncode = 'a'\nnode = 'lost'",
                "twice",
            ),
            ("[[event_text]]\ntext = '*'\nnode = 'signed'", "\"*\""),
        ] {
            let refused = tables(text).err().map(|error| error.to_string());
            assert!(
                refused.as_ref().is_some_and(|refused| refused.contains(says)),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn the_policy_decides_of_a_proxy_and_of_a_station() {
        let with = |proxy_is_signed, station_is_signed| EventTables {
            keeping: KeepingPolicy {
                proxy_is_signed,
                station_is_signed,
            },
            ..EventTables::default()
        };
        for (text, by_default, otherwise) in [
            ("快件已代签", Node::Signed, Node::InTransit),
            ("快件已由菜鸟驿站代收", Node::InTransit, Node::Signed),
            ("Delivered to Pickup parcelshop", Node::InTransit, Node::Signed),
            ("Delivered to local carrier", Node::InTransit, Node::InTransit),
        ] {
            assert_eq!(
                node(&with(true, false), "nobody", text, ""),
                Some(by_default),
                "{text}"
            );
            assert_eq!(
                node(&with(false, true), "nobody", text, ""),
                Some(otherwise),
                "{text}"
            );
        }
        assert_eq!(
            node(&with(true, true), "cainiao", "GTMS_STA_SIGNED", ""),
            Some(Node::Signed)
        );
        assert_eq!(
            node(&with(true, false), "cainiao", "GTMS_STA_SIGNED", ""),
            Some(Node::InTransit)
        );
    }
}
