//! What must hold after every single write, whoever made it and whatever comes next.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{AppealStatus, AppealedClause, OrderStatus, SendType};
use local::{ORDERS_TABLE, RECORDS_TABLE};
use serde_json::{Value, json};
use store::Item;

use crate::facts::{Plea, Status};
use crate::model::{self, Appeal, Event, Order, Parcel, Row, Standing, StateTold, StatusTold, Subject, Word};
use crate::tables::{Change, Tables};

/// The watermark while a withdrawal is under way: the last instant of the year 9999.
const NEVER: i64 = 253_402_300_799;

/// What was found wrong with writes.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    broken: Vec<String>,
}

/// One entry of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub subject: Subject,
    /// `fine`, `hold`, `void` or `reversal`.
    pub kind: String,
    /// Cents.
    pub cents: i64,
    /// Counts the subject's entries.
    pub ordinal: u32,
    /// The night that posted it.
    pub as_of: String,
    /// The entry that it takes back in a withdrawal.
    pub withdraws: Option<String>,
}

impl Watch {
    /// What was found wrong so far.
    pub fn broken(&self) -> &[String] {
        &self.broken
    }

    /// Looks at the writes of one call.
    pub fn see(&mut self, changes: &[Change], tables: &Tables) {
        for change in changes {
            match change.table.as_str() {
                ORDERS_TABLE => self.see_order(change, tables),
                RECORDS_TABLE => self.see_record(change, tables),
                _ => {}
            }
        }
    }

    fn see_order(&mut self, change: &Change, tables: &Tables) {
        let id = change.key["order_id"]["S"].as_str().unwrap_or_default();
        let version = |item: &Value| {
            item["version"]["N"]
                .as_str()
                .and_then(|version| version.parse::<u64>().ok())
        };
        if change.after.is_null() {
            return;
        }
        let (before, after) = (version(&change.before).unwrap_or(0), version(&change.after));
        if change.before != change.after && after != Some(before + 1) {
            self.broken
                .push(format!("order {id} went from version {before} to {after:?}"));
        }
        let guard = if change.before.is_null() {
            "attribute_not_exists"
        } else {
            "= :seen"
        };
        if !change.condition.contains(guard) {
            self.broken.push(format!(
                "order {id} was written under the condition `{}`",
                change.condition
            ));
        }
        let image = match store::decode_order(&item_of(&change.after)) {
            Ok(Some(image)) => image,
            other => return self.broken.push(format!("order {id} does not decode: {other:?}")),
        };
        let standing = standing(&entries_of(tables, id));
        let posted = standing.get(&("B4", String::new(), None)).copied();
        let open = model::is_open(&known(&image.order), posted);
        if open == change.after["open_shard"].is_null() {
            let state = if open { "open and not" } else { "settled and still" };
            self.broken
                .push(format!("order {id} is {state} in the index of open orders"));
        }
    }

    fn see_record(&mut self, change: &Change, tables: &Tables) {
        let (pk, sk) = (&change.key["pk"]["S"], &change.key["sk"]["S"]);
        let (pk, sk) = (pk.as_str().unwrap_or_default(), sk.as_str().unwrap_or_default());
        if let Some((as_of, _)) = pk.strip_prefix("night#").and_then(|night| night.split_once('#')) {
            self.see_posting(as_of, change, tables);
        }
        if sk.starts_with("entry#") {
            // The same transaction sent again after its answer was lost is answered, and changes nothing.
            if !change.before.is_null() && change.before != change.after {
                self.broken.push(format!("the ledger's {sk} was written again"));
            }
            if !change.condition.contains("attribute_not_exists") {
                self.broken
                    .push(format!("{sk} was put without asking whether it is there"));
            }
        }
        if pk == "watermark" {
            let as_of = |item: &Value| item["as_of"]["N"].as_str().and_then(|at| at.parse::<i64>().ok());
            // A withdrawal bars every scan by a watermark that none reaches, and lowers it when it is done.
            if as_of(&change.after) < as_of(&change.before) && as_of(&change.before) != Some(NEVER) {
                self.broken.push(format!("the watermark {sk} went back"));
            }
        }
        // Claimants only come: the first stays the first.
        let first = |item: &Value| item["order_id"]["S"].clone();
        if sk == "owner" && !change.before.is_null() && first(&change.before) != first(&change.after) {
            self.broken.push(format!("{pk} changed hands"));
        }
    }

    /// Nothing is posted as of an instant once a scan of a later one has begun: the watermark is raised, and no lane of the
    /// instant is left.
    fn see_posting(&mut self, as_of: &str, change: &Change, tables: &Tables) {
        let begun = watermark(tables);
        let is_late = begun > Some(seconds(as_of)) && begun != Some(NEVER);
        if change.before.is_null() && is_late && !has_lanes(tables, as_of) {
            self.broken.push(format!(
                "a posting was made as of {as_of}, and a scan as of {begun:?} had begun"
            ));
        }
    }
}

/// The instant to which a scan raised the watermark last.
fn watermark(tables: &Tables) -> Option<i64> {
    let request = json!({
        "TableName": RECORDS_TABLE,
        "ConsistentRead": true,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": { ":pk": { "S": "watermark" } },
    });
    let items = tables.items(&request);
    items.first()?["as_of"]["N"].as_str()?.parse().ok()
}

/// Whether scans as of an instant have lanes to post by.
fn has_lanes(tables: &Tables, as_of: &str) -> bool {
    let request = json!({
        "TableName": RECORDS_TABLE,
        "ConsistentRead": true,
        "KeyConditionExpression": "pk = :pk AND begins_with(sk, :sk)",
        "ExpressionAttributeValues": { ":pk": { "S": "lanes" }, ":sk": { "S": as_of } },
    });
    !tables.items(&request).is_empty()
}

/// The entries about an order, in the order in which they were posted.
pub fn entries_of(tables: &Tables, order_id: &str) -> Vec<Entry> {
    let request = json!({
        "TableName": RECORDS_TABLE,
        "ConsistentRead": true,
        "KeyConditionExpression": "pk = :pk AND begins_with(sk, :sk)",
        "ExpressionAttributeValues": { ":pk": { "S": format!("order#{order_id}") }, ":sk": { "S": "entry#" } },
    });
    let mut entries: Vec<Entry> = tables.items(&request).iter().map(entry).collect();
    entries.sort_by(|one, other| (&one.subject, one.ordinal).cmp(&(&other.subject, other.ordinal)));
    entries
}

/// Reads an entry as its document tells it.
fn entry(item: &Value) -> Entry {
    let body = item["body"]["S"].as_str().unwrap_or_default();
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let id = text(&body["entry_id"]);
    let clause = ["A6", "B3", "B4"]
        .into_iter()
        .find(|clause| body["clause"] == *clause)
        .unwrap_or("??");
    let start = body["subject"]["episode_start"].as_str().map(seconds);
    Entry {
        subject: (clause, text(&body["subject"]["tracking_number"]), start),
        kind: text(&body["kind"]),
        cents: cents(&text(&body["amount"])),
        ordinal: id
            .rsplit('.')
            .next()
            .and_then(|ordinal| ordinal.parse().ok())
            .unwrap_or(0),
        as_of: text(&body["as_of"]),
        withdraws: (body["because"]["why"] == "withdrawn").then(|| text(&body["reverses"])),
        id,
    }
}

/// The entries that count: neither taken back by a withdrawal nor part of one.
pub fn counted(entries: &[Entry]) -> Vec<&Entry> {
    let withdrawn: BTreeSet<&String> = entries
        .iter()
        .filter_map(|entry| entry.withdraws.as_ref())
        .collect();
    let counts = |entry: &&Entry| entry.withdraws.is_none() && !withdrawn.contains(&entry.id);
    entries.iter().filter(counts).collect()
}

/// What stands after these entries, subject by subject.
pub fn standing(entries: &[Entry]) -> BTreeMap<Subject, Standing> {
    let mut standing = BTreeMap::new();
    for entry in counted(entries) {
        match entry.kind.as_str() {
            "fine" => standing.insert(entry.subject.clone(), Standing::Fine(entry.cents)),
            "hold" => standing.insert(entry.subject.clone(), Standing::Held(entry.cents)),
            _ => standing.remove(&entry.subject),
        };
    }
    standing
}

/// Seconds since 1970 of an instant as files write it.
pub fn seconds(text: &str) -> i64 {
    text.parse::<domain::Timestamp>()
        .map_or(0, domain::Timestamp::unix)
}

/// Cents of an amount as documents write it.
pub fn cents(amount: &str) -> i64 {
    amount.replace('.', "").parse().unwrap_or(0)
}

/// The SDK's form of an item on the wire.
pub fn item_of(item: &Value) -> Item {
    let attribute = |value: &Value| match (value["S"].as_str(), value["N"].as_str(), value["B"].as_str()) {
        (Some(text), ..) => AttributeValue::S(text.to_owned()),
        (_, Some(number), _) => AttributeValue::N(number.to_owned()),
        (.., Some(bytes)) => AttributeValue::B(Blob::new(STANDARD.decode(bytes).unwrap_or_default())),
        _ => AttributeValue::Null(true),
    };
    let fields = item.as_object().into_iter().flatten();
    fields
        .map(|(name, value)| (name.clone(), attribute(value)))
        .collect()
}

/// The facts of a stored order, in the reference's words.
pub fn known(order: &domain::Order) -> Order {
    let statuses = order.statuses.iter().map(|change| StatusTold {
        since: change.since().unix(),
        status: match change.status {
            OrderStatus::Paid => Status::Paid,
            OrderStatus::Cancelled => Status::Cancelled,
            OrderStatus::Refunded => Status::Refunded,
        },
        told_at: change.recorded_at.unix(),
    });
    let said = |word: &domain::claims::Word| Word {
        order_id: word.order_id.to_string(),
        paid_at: word.paid_at.unix(),
        known_at: word.recorded_at.unix(),
        claims: word
            .claims
            .iter()
            .map(|claim| {
                let superseded = claim.superseded.iter();
                let superseded = superseded.map(|one| (one.since.unix(), one.recorded_at.unix()));
                (claim.uploaded_at.unix(), superseded.collect())
            })
            .collect(),
    };
    let rows = order.shipments.iter().flat_map(|shipment| {
        shipment.claims.iter().map(|claim| Row {
            at: claim.uploaded_at.unix(),
            file: (claim.stored.at_ms, claim.stored.content),
            row: claim.source.row,
            number: shipment.number.to_string(),
            all: claim.send_type == SendType::All,
        })
    });
    let parcels = order.shipments.iter().map(|shipment| Parcel {
        own: order
            .word_on(&shipment.number)
            .as_ref()
            .map(said)
            .unwrap_or_default(),
        rivals: shipment.rivals.iter().map(said).collect(),
        number: shipment.number.to_string(),
        carrier: "",
        uploaded_at: shipment.uploaded_at().unix(),
        row: shipment.first_claim().source.row,
        all: shipment.first_claim().send_type == SendType::All,
        events: shipment
            .events
            .iter()
            .map(|event| Event {
                node: event.node.as_str(),
                at: event.occurred_at.unix(),
                told_at: event.recorded_at.unix(),
            })
            .collect(),
        ..Parcel::default()
    });
    let appeals = order.appeals.iter().map(|appeal| Appeal {
        appeal_id: appeal.appeal_id.clone(),
        clause: match appeal.clause {
            AppealedClause::A6 => "A6",
            AppealedClause::B3 => "B3",
            AppealedClause::B4 => "B4",
        },
        episode: appeal.episode_start.map(domain::Timestamp::unix),
        filed_at: appeal.filed_at.unix(),
        states: appeal
            .states
            .iter()
            .map(|state| StateTold {
                since: state.since.unix(),
                plea: match state.status {
                    AppealStatus::Pending => Plea::Pending,
                    AppealStatus::Rejected => Plea::Rejected,
                    AppealStatus::Withdrawn => Plea::Withdrawn,
                    AppealStatus::Expired => Plea::Expired,
                    AppealStatus::Accepted => Plea::Accepted,
                },
                told_at: state.recorded_at.unix(),
            })
            .collect(),
    });
    Order {
        seller: order.seller_id.to_string(),
        paid_at: order.paid_at.unix(),
        country: order.destination.clone(),
        known_at: order.recorded_at.unix(),
        statuses: statuses.collect(),
        failed_at: order
            .failure
            .iter()
            .map(|failure| failure.uploaded_at.unix())
            .collect(),
        parcels: parcels.collect(),
        rows: rows.collect(),
        appeals: appeals.collect(),
        usd: usd(order),
        ..Order::default()
    }
}

/// What an order comes to in US dollars, from when on.
fn usd(order: &domain::Order) -> Vec<(i64, i64)> {
    let known_at = order.recorded_at;
    let instants = order.rates.iter().map(|rate| rate.recorded_at.max(known_at));
    let told = [known_at].into_iter().chain(instants);
    model::changes(told.map(|at| (at.unix(), order.usd_at(at).0)), known_at.unix())
}
