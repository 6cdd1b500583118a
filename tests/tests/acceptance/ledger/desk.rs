//! A clerk's desk: one seller's files, written row by row, and the nights between them.

use domain::{LedgerEntry, Timestamp};
use tests::{OwnCloud, at, entries};

use crate::ledger::upload;

/// When the orders of these tests are paid; hours are counted from here.
pub(crate) const PAID_AT: &str = "2024-05-01T00:00:00Z";
pub(crate) const ORDER: &str = "8200000000000001";
pub(crate) const NUMBER: &str = "3318810025";

pub(crate) struct Desk {
    pub(crate) cloud: OwnCloud,
    files: u32,
}

/// An instant, so many hours, minutes and seconds after the payment.
pub(crate) fn after(hours: i64, minutes: i64, seconds: i64) -> Timestamp {
    Timestamp::from_unix(at(PAID_AT).unix() + hours * 3_600 + minutes * 60 + seconds)
}

pub(crate) fn hour(hours: i64) -> Timestamp {
    after(hours, 0, 0)
}

pub(crate) fn day(days: i64) -> Timestamp {
    hour(24 * days)
}

impl Desk {
    pub(crate) async fn new() -> Self {
        Self {
            cloud: OwnCloud::new().await,
            files: 0,
        }
    }

    /// A desk that knows the order, of USD 80.10, and its parcel.
    pub(crate) async fn shipped() -> Self {
        let mut desk = Self::new().await;
        desk.order(ORDER, "80.10").await;
        desk.parcel(ORDER, NUMBER).await;
        desk
    }

    async fn file(&mut self, kind: &str, header: &str, rows: &[String], learned_at: Timestamp) {
        self.files += 1;
        let file = format!("{header}\n{}\n", rows.join("\n"));
        let name = format!("{}.csv", self.files);
        upload(&self.cloud, kind, &name, file, learned_at).await;
    }

    pub(crate) async fn order(&mut self, order: &str, amount: &str) {
        let row = format!("{order},S1,{PAID_AT},{amount},USD,US");
        let header = "order_id,seller_id,paid_at,amount,currency,destination_country";
        self.file("orders", header, &[row], hour(0)).await;
    }

    pub(crate) async fn parcel(&mut self, order: &str, number: &str) {
        self.tracking(order, "DHL", number).await;
    }

    pub(crate) async fn tracking(&mut self, order: &str, carrier: &str, number: &str) {
        let row = format!("{order},{carrier},{number},{}", hour(0));
        self.file(
            "tracking",
            "order_id,carrier,tracking_number,uploaded_at",
            &[row],
            hour(0),
        )
        .await;
    }

    /// A number that replaces the order's, uploaded then and learned of later.
    pub(crate) async fn replacement(&mut self, number: &str, uploaded_at: Timestamp, learned_at: Timestamp) {
        let row = format!("{ORDER},DHL,{number},{uploaded_at},all");
        let header = "order_id,carrier,tracking_number,uploaded_at,send_type";
        self.file("tracking", header, &[row], learned_at).await;
    }

    /// Events of the parcel, learned as they happened.
    pub(crate) async fn events(&mut self, events: &[(&str, Timestamp)]) {
        for (code, occurred_at) in events {
            self.event_learned(code, *occurred_at, *occurred_at).await;
        }
    }

    pub(crate) async fn event_learned(&mut self, code: &str, occurred_at: Timestamp, recorded_at: Timestamp) {
        let row = format!("DHL,{NUMBER},{code},{occurred_at},{recorded_at}");
        let header = "carrier,tracking_number,event_code,occurred_at,recorded_at";
        self.file("events", header, &[row], recorded_at).await;
    }

    /// What is learned of an appeal, filed as stated, at `learned_at`; decided then, unless it is pending.
    pub(crate) async fn appeal(
        &mut self,
        clause: &str,
        status: &str,
        filed_at: Timestamp,
        learned_at: Timestamp,
    ) {
        self.appeal_of(clause, "", status, filed_at, learned_at).await;
    }

    /// Likewise, against one episode.
    pub(crate) async fn appeal_of(
        &mut self,
        clause: &str,
        episode: &str,
        status: &str,
        filed_at: Timestamp,
        learned_at: Timestamp,
    ) {
        let decided_at = if status == "pending" {
            String::new()
        } else {
            learned_at.to_string()
        };
        let row =
            format!("AP-{clause},{ORDER},{clause},{episode},late feed,{status},{filed_at},{decided_at}");
        let header = "appeal_id,order_id,clause,episode_start,reason,status,filed_at,decided_at";
        self.file("appeals", header, &[row], learned_at).await;
    }

    /// A whole night; gives what it posted, in the order of the subjects' chains.
    pub(crate) async fn night(&self, as_of: Timestamp) -> Vec<String> {
        let night = self.cloud.night(as_of).await.expect("a night");
        assert!(
            night.stalls.failed.is_empty() && night.signoffs.failed.is_empty(),
            "{night:?}"
        );
        let mut posted = self
            .cloud
            .store
            .entries_of_night(as_of)
            .await
            .expect("its entries");
        posted.sort_by_key(|entry| {
            (
                entry.clause,
                domain::audit::ordinal(entry),
                entry.entry_id.clone(),
            )
        });
        posted.iter().map(line).collect()
    }

    /// The ledger, whole.
    pub(crate) async fn ledger(&self) -> Vec<LedgerEntry> {
        entries(&self.cloud).await
    }

    /// What is owed, in cents.
    pub(crate) async fn balance(&self) -> i64 {
        let ledger = self.ledger().await;
        let moving = ledger.iter().filter(|entry| entry.kind.moves_money());
        moving.map(|entry| entry.amount.0).sum()
    }
}

/// An entry in short: `B4 fine 1 4.01`.
fn line(entry: &LedgerEntry) -> String {
    format!(
        "{} {} {} {}",
        entry.clause,
        entry.kind.as_str(),
        domain::audit::ordinal(entry),
        entry.amount
    )
}
