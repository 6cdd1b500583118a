//! The kinds of upload and the columns of each, by their canonical names (contract, "Files in").

use std::fmt;

use Need::{Carried, Optional, Required};

/// What an upload is about; part of its object key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Orders as the platform has them.
    Orders,
    /// Tracking numbers of orders (A1–A6).
    Tracking,
    /// What carriers report of parcels (B1–B4).
    Events,
    /// Appeals against fines (B5).
    Appeals,
    /// Exchange rates by day.
    Rates,
    /// Sellers' admission papers (C1–C8), JSON Lines.
    Sellers,
    /// The platform's bill.
    Statement,
}

/// Whether a kind's header must have a column, and its rows a value in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The header without it is `HEADER_MISSING`, an empty cell `CELL_MISSING`.
    Required,
    /// It may be missing or empty.
    Optional,
    /// Named by the contract, kept for the answer file, not read: it may even stand there twice.
    Carried,
}

macro_rules! columns {
    ($($variant:ident $text:literal;)*) => {
        /// A column that intake knows; every other one is carried along and ignored.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Column {
            $(#[doc = concat!("`", $text, "`")] $variant,)*
        }

        impl Column {
            /// Every column of every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The canonical name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

columns! {
    OrderId "order_id";
    SellerId "seller_id";
    PaidAt "paid_at";
    Amount "amount";
    Currency "currency";
    DestinationCountry "destination_country";
    Category "category";
    SendDeadline "send_deadline";
    Status "status";
    StatusAt "status_at";
    Carrier "carrier";
    TrackingNumber "tracking_number";
    UploadedAt "uploaded_at";
    SendType "send_type";
    InvoiceNo "invoice_no";
    ConsigneeTaxId "consignee_tax_id";
    TrackingWebsite "tracking_website";
    Description "description";
    EventCode "event_code";
    OccurredAt "occurred_at";
    RecordedAt "recorded_at";
    Country "country";
    AppealId "appeal_id";
    Clause "clause";
    EpisodeStart "episode_start";
    Reason "reason";
    FiledAt "filed_at";
    DecidedAt "decided_at";
    Evidence "evidence";
    Date "date";
    UsdPerUnit "usd_per_unit";
    EntityType "entity_type";
    Name "name";
    CreditCode "credit_code";
    LicenceValidUntil "licence_valid_until";
    Notarised "notarised";
    Certificates "certificates";
    Authorisations "authorisations";
    Agreements "agreements";
    Steps "steps";
    StatementId "statement_id";
    LineNo "line_no";
    Kind "kind";
    ChargedAt "charged_at";
    Zone "zone";
}

const ORDERS: &[(Column, Need)] = &[
    (Column::OrderId, Required),
    (Column::SellerId, Required),
    (Column::PaidAt, Required),
    (Column::Amount, Required),
    (Column::Currency, Required),
    (Column::DestinationCountry, Required),
    (Column::Category, Optional),
    (Column::SendDeadline, Optional),
    (Column::Status, Optional),
    (Column::StatusAt, Optional),
    (Column::Zone, Optional),
];

const TRACKING: &[(Column, Need)] = &[
    (Column::OrderId, Required),
    (Column::Carrier, Required),
    (Column::TrackingNumber, Required),
    (Column::UploadedAt, Optional),
    (Column::SendType, Optional),
    (Column::InvoiceNo, Optional),
    (Column::ConsigneeTaxId, Optional),
    (Column::TrackingWebsite, Carried),
    (Column::Description, Carried),
    (Column::PaidAt, Optional),
    (Column::DestinationCountry, Optional),
    (Column::Amount, Optional),
    (Column::Currency, Optional),
    (Column::SellerId, Optional),
    (Column::Zone, Optional),
];

const EVENTS: &[(Column, Need)] = &[
    (Column::Carrier, Required),
    (Column::TrackingNumber, Required),
    (Column::EventCode, Required),
    (Column::OccurredAt, Required),
    (Column::RecordedAt, Optional),
    (Column::Country, Optional),
    (Column::Description, Optional),
    (Column::Zone, Optional),
];

const APPEALS: &[(Column, Need)] = &[
    (Column::AppealId, Required),
    (Column::OrderId, Required),
    (Column::Clause, Optional),
    (Column::EpisodeStart, Optional),
    (Column::Reason, Required),
    (Column::Status, Required),
    (Column::FiledAt, Required),
    (Column::DecidedAt, Optional),
    (Column::Evidence, Carried),
    (Column::Zone, Optional),
];

const RATES: &[(Column, Need)] = &[
    (Column::Date, Required),
    (Column::Currency, Required),
    (Column::UsdPerUnit, Required),
];

const SELLERS: &[(Column, Need)] = &[
    (Column::SellerId, Required),
    (Column::EntityType, Required),
    (Column::Name, Optional),
    (Column::CreditCode, Optional),
    (Column::LicenceValidUntil, Optional),
    (Column::Notarised, Optional),
    (Column::Certificates, Optional),
    (Column::Authorisations, Optional),
    (Column::Agreements, Optional),
    (Column::Steps, Optional),
    (Column::Zone, Optional),
];

const STATEMENT: &[(Column, Need)] = &[
    (Column::StatementId, Required),
    (Column::LineNo, Required),
    (Column::OrderId, Optional),
    (Column::Kind, Optional),
    (Column::Amount, Required),
    (Column::Currency, Required),
    (Column::ChargedAt, Required),
    (Column::Description, Optional),
    (Column::Zone, Optional),
];

impl Kind {
    /// What a Chinese office calls the files.
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Orders => "订单",
            Self::Tracking => "运单",
            Self::Events => "轨迹",
            Self::Appeals => "申诉",
            Self::Rates => "汇率",
            Self::Sellers => "店铺资料",
            Self::Statement => "账单",
        }
    }

    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Orders,
        Self::Tracking,
        Self::Events,
        Self::Appeals,
        Self::Rates,
        Self::Sellers,
        Self::Statement,
    ];

    /// The kind of that name, exactly as object keys write it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The name in object keys and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Tracking => "tracking",
            Self::Events => "events",
            Self::Appeals => "appeals",
            Self::Rates => "rates",
            Self::Sellers => "sellers",
            Self::Statement => "statement",
        }
    }

    /// Whether a row's cell of `column` is read at all.
    pub fn reads(self, column: Column) -> bool {
        self.columns()
            .iter()
            .any(|&(known, need)| known == column && need != Carried)
    }

    /// Whether cells of `column` are only compared with what is known already.
    pub(crate) fn compares(self, column: Column) -> bool {
        let of_order = [
            Column::PaidAt,
            Column::DestinationCountry,
            Column::Amount,
            Column::Currency,
            Column::SellerId,
        ];
        self == Self::Tracking && of_order.contains(&column)
    }

    /// What a Chinese back office calls files of the kind.
    pub fn in_chinese(self) -> &'static str {
        match self {
            Self::Orders => "订单",
            Self::Tracking => "运单号",
            Self::Events => "物流轨迹",
            Self::Appeals => "申诉",
            Self::Rates => "汇率",
            Self::Sellers => "店铺资料",
            Self::Statement => "账单",
        }
    }

    /// The kind's columns in the contract's order.
    pub fn columns(self) -> &'static [(Column, Need)] {
        match self {
            Self::Orders => ORDERS,
            Self::Tracking => TRACKING,
            Self::Events => EVENTS,
            Self::Appeals => APPEALS,
            Self::Rates => RATES,
            Self::Sellers => SELLERS,
            Self::Statement => STATEMENT,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Column {
    /// What a Chinese back office calls it.
    pub(crate) fn in_chinese(self) -> &'static str {
        domain::message::column_in_chinese(self.as_str())
    }

    /// The column of that canonical name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|column| column.as_str() == name)
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
        for &column in Column::ALL {
            assert_eq!(Column::parse(column.as_str()), Some(column));
        }
        assert_eq!(Kind::parse("Orders"), None, "keys are exact");
    }

    #[test]
    fn no_kind_names_a_column_twice() {
        for kind in Kind::ALL {
            let mut columns: Vec<Column> = kind.columns().iter().map(|&(column, _)| column).collect();
            columns.sort();
            columns.dedup();
            assert_eq!(columns.len(), kind.columns().len(), "{kind}");
        }
    }
}
