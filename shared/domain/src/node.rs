//! The canonical tracking nodes, to which every carrier's own codes are mapped.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a tracking event stands for. The first eight are the rulebook's canonical nodes (B2 counts them); the
/// rest are events that end a silence but are no node of their own.
///
/// The order of the variants is part of the stored form: append, never reorder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    /// 下单: the order exists and is paid.
    OrderPlaced,
    /// 揽收
    PickedUp,
    /// 出口清关
    ExportCustoms,
    /// 离开始发国, "Departure from Origin Country".
    DepartedOrigin,
    /// 到达目的国
    ArrivedDestination,
    /// 入境清关
    ImportCustoms,
    /// 派送
    OutForDelivery,
    /// 签收; ends a timeline.
    Signed,
    /// The carrier knows of the parcel, but does not have it yet.
    InfoReceived,
    /// Movement without a node of its own; also every unmapped code.
    InTransit,
    /// Held by customs.
    CustomsHeld,
    /// A delivery that failed.
    DeliveryAttempted,
    /// Any other trouble.
    Exception,
    /// Sent back; ends a timeline.
    Returned,
    /// Lost; ends a timeline.
    Lost,
    /// Cancelled at the carrier; ends a timeline.
    Cancelled,
}

impl Node {
    /// Every node, in the order of the rulebook.
    pub const ALL: [Self; 16] = [
        Self::OrderPlaced,
        Self::PickedUp,
        Self::ExportCustoms,
        Self::DepartedOrigin,
        Self::ArrivedDestination,
        Self::ImportCustoms,
        Self::OutForDelivery,
        Self::Signed,
        Self::InfoReceived,
        Self::InTransit,
        Self::CustomsHeld,
        Self::DeliveryAttempted,
        Self::Exception,
        Self::Returned,
        Self::Lost,
        Self::Cancelled,
    ];

    /// Whether this is one of the eight canonical nodes that B2 counts.
    pub fn is_canonical(self) -> bool {
        self <= Self::Signed
    }

    /// Whether this ends a timeline: nothing after it counts.
    pub fn ends_timeline(self) -> bool {
        matches!(self, Self::Signed | Self::Returned | Self::Lost | Self::Cancelled)
    }

    /// The node's bit in a [`NodeSet`].
    fn bit(self) -> u16 {
        1 << (self as u16)
    }

    /// The node in words, in English and Chinese.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::OrderPlaced => ("order placed", "下单"),
            Self::PickedUp => ("picked up", "揽收"),
            Self::ExportCustoms => ("export customs", "出口清关"),
            Self::DepartedOrigin => ("departed origin", "离开始发国"),
            Self::ArrivedDestination => ("arrived", "到达目的国"),
            Self::ImportCustoms => ("import customs", "入境清关"),
            Self::OutForDelivery => ("out for delivery", "派送"),
            Self::Signed => ("signed", "签收"),
            Self::InfoReceived => ("announced", "已预报"),
            Self::InTransit => ("in transit", "运输中"),
            Self::CustomsHeld => ("held by customs", "海关扣留"),
            Self::DeliveryAttempted => ("delivery attempted", "派送未成功"),
            Self::Exception => ("exception", "异常"),
            Self::Returned => ("returned", "退回"),
            Self::Lost => ("lost", "丢失"),
            Self::Cancelled => ("cancelled at the carrier", "承运商已取消"),
        }
    }

    /// The name in files: `picked_up`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrderPlaced => "order_placed",
            Self::PickedUp => "picked_up",
            Self::ExportCustoms => "export_customs",
            Self::DepartedOrigin => "departed_origin",
            Self::ArrivedDestination => "arrived_destination",
            Self::ImportCustoms => "import_customs",
            Self::OutForDelivery => "out_for_delivery",
            Self::Signed => "signed",
            Self::InfoReceived => "info_received",
            Self::InTransit => "in_transit",
            Self::CustomsHeld => "customs_held",
            Self::DeliveryAttempted => "delivery_attempted",
            Self::Exception => "exception",
            Self::Returned => "returned",
            Self::Lost => "lost",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of nodes: repeats count once (B2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeSet(u16);

impl NodeSet {
    /// This set and `node`.
    #[must_use]
    pub fn with(self, node: Node) -> Self {
        Self(self.0 | node.bit())
    }

    /// Whether `node` is in the set.
    pub fn contains(self, node: Node) -> bool {
        self.0 & node.bit() != 0
    }

    /// How many of the eight canonical nodes are in the set.
    pub fn canonical_count(self) -> u32 {
        Node::ALL
            .iter()
            .filter(|node| node.is_canonical() && self.contains(**node))
            .count() as u32
    }

    /// The nodes of the set, in the order of the rulebook.
    pub fn iter(self) -> impl Iterator<Item = Node> {
        Node::ALL.into_iter().filter(move |node| self.contains(*node))
    }
}

impl FromIterator<Node> for NodeSet {
    fn from_iter<I: IntoIterator<Item = Node>>(nodes: I) -> Self {
        nodes.into_iter().fold(Self::default(), Self::with)
    }
}
