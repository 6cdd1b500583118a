//! Raw facts: rows as people and carriers wrote them, with whose file brought them and when.

/// What a row says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the columns of the files, by their names; instants in seconds since 1970"
)]
pub enum Says {
    Order {
        order_id: String,
        seller: String,
        paid_at: i64,
        cents: i64,
        currency: &'static str,
        country: &'static str,
        status: Status,
        status_at: Option<i64>,
    },
    Tracking {
        order_id: String,
        carrier: &'static str,
        number: String,
        uploaded_at: Option<i64>,
        all: bool,
        invoice: bool,
        tax_id: &'static str,
    },
    Event {
        carrier: &'static str,
        number: String,
        node: &'static str,
        occurred_at: i64,
        recorded_at: Option<i64>,
    },
    Appeal {
        appeal_id: String,
        order_id: String,
        clause: &'static str,
        episode: Option<i64>,
        status: Plea,
        filed_at: i64,
        decided_at: Option<i64>,
    },
    Rate {
        /// The day that it is of, in days from the first of April.
        day: i64,
        currency: &'static str,
        /// USD per unit, in ten thousandths.
        ten_thousandths: i64,
    },
    /// A row that nobody can read.
    Noise(Kind),
}

/// An order's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the rulebook's words")]
pub enum Status {
    Paid,
    Cancelled,
    Refunded,
}

/// An appeal's status, the weaker first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the rulebook's words")]
pub enum Plea {
    Pending,
    Rejected,
    Withdrawn,
    Expired,
    Accepted,
}

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the contract's words")]
pub enum Kind {
    Rates,
    Orders,
    Tracking,
    Events,
    Appeals,
}

/// A row that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Counts the writings of files in their order.
    pub writing: u32,
    /// The first writing of the same bytes under the same prefix: a file stored again is the same file.
    pub file: u32,
    /// The data row, from 1.
    pub row: u64,
    /// The seller whose file it came in; `None` for an operator's.
    pub by: Option<String>,
    /// When the file's content was learned: what it states, else when it was written.
    pub at: i64,
    /// What it says.
    pub says: Says,
}

impl Says {
    /// The kind of file in which such a row stands.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Order { .. } => Kind::Orders,
            Self::Tracking { .. } => Kind::Tracking,
            Self::Event { .. } => Kind::Events,
            Self::Appeal { .. } => Kind::Appeals,
            Self::Rate { .. } => Kind::Rates,
            Self::Noise(kind) => *kind,
        }
    }
}

impl Kind {
    /// Its name in keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rates => "rates",
            Self::Orders => "orders",
            Self::Tracking => "tracking",
            Self::Events => "events",
            Self::Appeals => "appeals",
        }
    }
}

impl Status {
    /// The status in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }
}

impl Plea {
    /// The status in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Accepted => "accepted",
        }
    }
}
