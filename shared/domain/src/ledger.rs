//! The ledger: append-only entries, and the difference between what is posted and what the rules expect.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::assess::{Due, Verdict};
use crate::audit::magnitude;
use crate::{Because, Cents, Currency, Order, OrderId, Policy, SellerId, Timestamp, TrackingNumber};

/// A clause that costs money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Clause {
    /// The upload failed.
    A6,
    /// Silence over 48 h.
    B3,
    /// Not signed within 30 days.
    B4,
}

/// What an entry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Charges; its amount is positive and part of the balance. In a withdrawal also what takes a reversal back.
    Fine,
    /// A fine that waits for an appeal; its amount is shown and not part of the balance. In a withdrawal also what takes a
    /// void back.
    Hold,
    /// Ends a hold without a fine; its amount is the hold's, negative, and not part of the balance.
    Void,
    /// Takes a fine back; its amount is the fine's, negative, and part of the balance.
    Reversal,
}

/// What an entry is about: once fined, never fined again for the same subject while the fine stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// The clause.
    pub clause: Clause,
    /// B3: the silent parcel.
    pub tracking_number: Option<TrackingNumber>,
    /// B3 per episode: the last event before the silence.
    pub episode_start: Option<Timestamp>,
}

/// Where one subject stands in the ledger; kept with the order, so one read tells what is posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The subject.
    pub subject: Subject,
    /// The kind of the latest entry that counts: of a withdrawal the one that it left standing.
    pub kind: EntryKind,
    /// The latest fine's or hold's amount.
    pub amount: Cents,
    /// How many entries the subject has; the latest one's number.
    pub ordinal: u32,
}

/// One line of the ledger. Never changed, never deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "EntryDocument", from = "EntryDocument")]
pub struct LedgerEntry {
    /// Made from what the entry is about (order, clause, number, episode, kind, ordinal), so that no retry and no
    /// second scanner can post twice.
    pub entry_id: String,
    /// The order fined.
    pub order_id: OrderId,
    /// Its seller.
    pub seller_id: SellerId,
    /// The clause.
    pub clause: Clause,
    /// What the entry does.
    pub kind: EntryKind,
    /// USD cents; see [`EntryKind`] for its sign.
    pub amount: Cents,
    /// What it is about.
    pub subject: Subject,
    /// The scan's instant.
    pub as_of: Timestamp,
    /// When the matter came about: the deadline that passed, the event or decision that changed it.
    pub effective_at: Timestamp,
    /// The policy pack that decided.
    pub policy: String,
    /// The inputs and the comparison that decided.
    pub because: Because,
    /// The entry taken back: by a reversal, a void, or any entry of a withdrawal.
    pub reverses: Option<String>,
}

impl EntryKind {
    /// Whether the entry's amount is part of the balance.
    pub fn moves_money(self) -> bool {
        matches!(self, Self::Fine | Self::Reversal)
    }

    /// Whether the entry charges, now or once an appeal has failed: what it charges stands until it is taken back.
    pub fn is_charge(self) -> bool {
        matches!(self, Self::Fine | Self::Hold)
    }

    /// The kind in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Hold => "hold",
            Self::Void => "void",
            Self::Reversal => "reversal",
        }
    }
}

impl Clause {
    /// The clause in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A6 => "A6",
            Self::B3 => "B3",
            Self::B4 => "B4",
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Subject {
    /// An order's one subject under a clause (A6, B4).
    pub fn order(clause: Clause) -> Self {
        Self {
            clause,
            tracking_number: None,
            episode_start: None,
        }
    }

    /// A silence of a parcel (B3); without a start, the parcel's one under a policy that fines per shipment.
    pub fn silence(number: &TrackingNumber, episode_start: Option<Timestamp>) -> Self {
        Self {
            clause: Clause::B3,
            tracking_number: Some(number.clone()),
            episode_start,
        }
    }

    pub(crate) fn entry_id(&self, order_id: &OrderId, kind: EntryKind, ordinal: u32) -> String {
        let number = self.tracking_number.as_ref().map_or("", TrackingNumber::as_str);
        let episode = self
            .episode_start
            .map(|at| at.to_string().replace(['-', ':'], ""))
            .unwrap_or_default();
        let parts = [
            order_id.as_str(),
            self.clause.as_str(),
            number,
            &episode,
            kind.as_str(),
            &ordinal.to_string(),
        ];
        parts
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(".")
    }
}

/// The JSON form of an entry, as the contract shows it.
#[derive(Serialize, Deserialize)]
struct EntryDocument {
    entry_id: String,
    order_id: OrderId,
    seller_id: SellerId,
    clause: Clause,
    kind: EntryKind,
    amount: Cents,
    currency: Currency,
    subject: SubjectDocument,
    as_of: Timestamp,
    effective_at: Timestamp,
    policy: String,
    because: Because,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reverses: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct SubjectDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tracking_number: Option<TrackingNumber>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    episode_start: Option<Timestamp>,
}

impl From<LedgerEntry> for EntryDocument {
    fn from(entry: LedgerEntry) -> Self {
        let LedgerEntry {
            entry_id,
            order_id,
            seller_id,
            clause,
            kind,
            amount,
            subject,
            as_of,
            effective_at,
            policy,
            because,
            reverses,
        } = entry;
        let subject = SubjectDocument {
            tracking_number: subject.tracking_number,
            episode_start: subject.episode_start,
        };
        Self {
            entry_id,
            order_id,
            seller_id,
            clause,
            kind,
            amount,
            currency: Currency::USD,
            subject,
            as_of,
            effective_at,
            policy,
            because,
            reverses,
        }
    }
}

impl From<EntryDocument> for LedgerEntry {
    fn from(document: EntryDocument) -> Self {
        let EntryDocument {
            entry_id,
            order_id,
            seller_id,
            clause,
            kind,
            amount,
            subject,
            as_of,
            effective_at,
            policy,
            because,
            reverses,
            ..
        } = document;
        let subject = Subject {
            clause,
            tracking_number: subject.tracking_number,
            episode_start: subject.episode_start,
        };
        Self {
            entry_id,
            order_id,
            seller_id,
            clause,
            kind,
            amount,
            subject,
            as_of,
            effective_at,
            policy,
            because,
            reverses,
        }
    }
}

/// The entries that bring the ledger from what is posted for `order` to what `due` expects as of `as_of`.
///
/// Nothing when they agree, so settling again changes nothing. Fines no longer due are reversed, holds no longer
/// due are voided, a held fine whose appeal failed is posted, and a fine due again after a reversal is posted anew.
pub fn reconcile(order: &Order, due: &[Due], as_of: Timestamp, policy: &Policy) -> Vec<LedgerEntry> {
    let draft = Draft { order, as_of, policy };
    let mut entries = Vec::new();
    for posted in &order.posted {
        let still_due = due.iter().find(|due| due.subject == posted.subject);
        draft.withdraw(posted, still_due, &mut entries);
    }
    for due in due {
        let posted = order.posted.iter().find(|posted| posted.subject == due.subject);
        draft.post(posted, due, &mut entries);
    }
    entries
}

struct Draft<'a> {
    order: &'a Order,
    as_of: Timestamp,
    policy: &'a Policy,
}

impl Draft<'_> {
    /// Takes back what stands and is no longer due, or due at another amount.
    fn withdraw(&self, posted: &Posted, due: Option<&Due>, entries: &mut Vec<LedgerEntry>) {
        let kind = match (posted.kind, due) {
            (EntryKind::Fine, Some(due)) if due.verdict == Verdict::Fine && due.amount == posted.amount => {
                return;
            }
            (EntryKind::Hold, Some(due)) if due.amount == posted.amount => return,
            (EntryKind::Fine, _) => EntryKind::Reversal,
            (EntryKind::Hold, _) => EntryKind::Void,
            (EntryKind::Void | EntryKind::Reversal, _) => return,
        };
        let standing = self.order.standing_ordinal(posted);
        let taken_back = posted
            .subject
            .entry_id(&self.order.order_id, posted.kind, standing);
        let because = self
            .order
            .why_withdrawn(&posted.subject, due, self.as_of, self.policy);
        entries.push(LedgerEntry {
            effective_at: self.as_of,
            reverses: Some(taken_back),
            ..self.entry(&posted.subject, kind, -posted.amount, posted.ordinal + 1, because)
        });
    }

    /// Posts what is due and does not stand.
    fn post(&self, posted: Option<&Posted>, due: &Due, entries: &mut Vec<LedgerEntry>) {
        let kind = match due.verdict {
            Verdict::Fine => EntryKind::Fine,
            Verdict::Hold => EntryKind::Hold,
        };
        if posted.is_some_and(|posted| posted.kind == kind && posted.amount == due.amount) {
            return;
        }
        let withdrawn = entries
            .iter()
            .filter(|entry| entry.subject == due.subject)
            .count() as u32;
        let ordinal = posted.map_or(0, |posted| posted.ordinal) + withdrawn + 1;
        entries.push(LedgerEntry {
            effective_at: due.effective_at,
            ..self.entry(&due.subject, kind, due.amount, ordinal, due.because.clone())
        });
    }

    fn entry(
        &self,
        subject: &Subject,
        kind: EntryKind,
        amount: Cents,
        ordinal: u32,
        because: Because,
    ) -> LedgerEntry {
        LedgerEntry {
            entry_id: subject.entry_id(&self.order.order_id, kind, ordinal),
            order_id: self.order.order_id.clone(),
            seller_id: self.order.seller_id.clone(),
            clause: subject.clause,
            kind,
            amount,
            subject: subject.clone(),
            as_of: self.as_of,
            effective_at: self.as_of,
            policy: self.policy.version.clone(),
            because,
            reverses: None,
        }
    }
}

impl Order {
    /// Notes entries as posted. Called by the one transaction that puts them into the ledger.
    pub fn note_posted(&mut self, entries: &[LedgerEntry], as_of: Timestamp) {
        for entry in entries {
            let amount = magnitude(entry.amount);
            self.restored.retain(|restored| restored.subject != entry.subject);
            match self
                .posted
                .iter_mut()
                .find(|posted| posted.subject == entry.subject)
            {
                Some(posted) => {
                    posted.kind = entry.kind;
                    posted.amount = amount;
                    posted.ordinal += 1;
                }
                None => self.posted.push(Posted {
                    subject: entry.subject.clone(),
                    kind: entry.kind,
                    amount,
                    ordinal: 1,
                }),
            }
        }
        self.settled_as_of = self.settled_as_of.max(Some(as_of));
    }
}
