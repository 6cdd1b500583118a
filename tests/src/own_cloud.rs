//! An embedded cloud for one test alone.

use std::collections::BTreeSet;
use std::fs;
use std::ops::{Deref, DerefMut};
use std::path::Path;

use domain::{Order, OrderId, SellerId, Timestamp, TrackingNumber};
use lake::{Answer, UploadKey};
use local::{Cloud, Options, RECORDS_TABLE};
use tempfile::TempDir;

/// An embedded cloud in a directory of its own, gone with it.
pub struct OwnCloud {
    cloud: Cloud,
    directory: TempDir,
}

/// The key of an operator's file.
pub fn operator_key(kind: &str, name: &str) -> UploadKey {
    UploadKey {
        kind: kind.to_owned(),
        seller_id: None,
        name: name.to_owned(),
    }
}

/// The key of a seller's own file.
///
/// # Panics
/// When the seller's id is none.
pub fn seller_key(kind: &str, seller: &str, name: &str) -> UploadKey {
    let seller_id = SellerId::parse(seller).expect("a seller's id of a test");
    UploadKey {
        kind: kind.to_owned(),
        seller_id: Some(seller_id),
        name: name.to_owned(),
    }
}

impl OwnCloud {
    /// A new cloud.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn new() -> Self {
        Self::reopen(tempfile::tempdir().expect("a directory for a cloud")).await
    }

    /// The cloud whose state lies in `directory`.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn reopen(directory: TempDir) -> Self {
        let options = Options {
            data_dir: directory.path().to_owned(),
            policy: None,
        };
        Self {
            cloud: Cloud::open(options).await.expect("a cloud can be opened"),
            directory,
        }
    }

    /// Where its state lies.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Shuts the cloud down and leaves its state, for the command to work on.
    pub fn close(self) -> TempDir {
        self.directory
    }

    /// Puts a file into the inbox without delivering it.
    ///
    /// # Panics
    /// When the bucket refuses.
    pub async fn put(&self, key: &UploadKey, content: impl AsRef<[u8]>, recorded_at: Option<Timestamp>) {
        let file = tempfile::NamedTempFile::new().expect("a scratch file");
        fs::write(file.path(), content).expect("a scratch file can be written");
        self.lake
            .put_upload(key, file.path(), recorded_at)
            .await
            .expect("the inbox takes every file");
    }

    /// Uploads a file's content and gives its answer.
    ///
    /// # Panics
    /// When it is not answered, or the answer does not add up.
    pub async fn upload(
        &self,
        key: &UploadKey,
        content: impl AsRef<[u8]>,
        recorded_at: Option<Timestamp>,
    ) -> Answer {
        self.put(key, content, recorded_at).await;
        self.deliver_notifications()
            .await
            .expect("an upload is answered, whatever it holds");
        self.answer(key).await
    }

    /// Uploads a file as the operator's, under its own name; its kind is its name's first word.
    ///
    /// # Panics
    /// As [`OwnCloud::upload`].
    pub async fn upload_file(&self, path: &Path, recorded_at: Timestamp) -> Answer {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a file has a name");
        let kind = name.split(['-', '.']).next().unwrap_or(name);
        let content = fs::read(path).expect("the file can be read");
        self.upload(&operator_key(kind, name), content, Some(recorded_at))
            .await
    }

    /// The answer to an upload, which always adds up.
    ///
    /// # Panics
    /// When there is none, or it does not add up.
    pub async fn answer(&self, key: &UploadKey) -> Answer {
        let answer = self.lake.answer(key).await.expect("the upload was answered");
        let counts = answer.counts;
        let verdicts = counts.accepted
            + counts.accepted_with_warning
            + counts.unchanged
            + counts.parked
            + counts.rejected
            + counts.skipped;
        assert_eq!(verdicts, counts.rows, "the verdicts on {key} add up to its rows");
        assert_eq!(answer.upload.rows, counts.rows, "{key}");
        answer
    }

    /// `rejected.csv` of an upload.
    ///
    /// # Panics
    /// When there is none.
    pub async fn rejected(&self, key: &UploadKey) -> Vec<u8> {
        self.lake
            .bytes(&key.answer("rejected.csv"))
            .await
            .expect("every answer has its rejected.csv")
    }

    /// Both scans of a night, which stays open: it can be settled again.
    ///
    /// # Panics
    /// When a scan fails, or an order in it.
    pub async fn settle(&self, as_of: Timestamp) {
        let stalls = self.scan_stalls(as_of).await.expect("a stall scan can be run");
        let signoffs = self
            .scan_signoffs(as_of)
            .await
            .expect("a sign-off scan can be run");
        assert!(
            stalls.failed.is_empty() && signoffs.failed.is_empty(),
            "no order fails: {stalls:?} {signoffs:?}"
        );
    }

    /// How many rows wait for a number that another order holds.
    ///
    /// # Panics
    /// When the tables cannot be read.
    pub async fn rows_waiting(&self) -> usize {
        let records = self.dynamodb.scan().table_name(RECORDS_TABLE);
        let mut records = records.into_paginator().items().send();
        let mut waiting = 0;
        while let Some(record) = records.next().await {
            let record = record.expect("the records can be read");
            let pk = record["pk"].as_s().expect("a key is text");
            waiting += usize::from(pk.starts_with("parked#claim#") && record.contains_key("body"));
        }
        waiting
    }

    /// Rows that are parked though what they wait for is there: always none.
    ///
    /// # Panics
    /// When the tables cannot be read.
    pub async fn forgotten_rows(&self) -> Vec<String> {
        let (mut orders, mut numbers) = (BTreeSet::new(), BTreeSet::new());
        let records = self.dynamodb.scan().table_name(RECORDS_TABLE);
        let mut records = records.into_paginator().items().send();
        while let Some(record) = records.next().await {
            let record = record.expect("the records can be read");
            let key = |name: &str| record[name].as_s().expect("a key is text").clone();
            if record.contains_key("body") {
                let pk = key("pk");
                orders.extend(pk.strip_prefix("parked#order#").and_then(OrderId::parse));
                numbers.extend(pk.strip_prefix("parked#number#").and_then(TrackingNumber::parse));
            }
        }
        let (orders, numbers): (Vec<_>, Vec<_>) =
            (orders.into_iter().collect(), numbers.into_iter().collect());
        let orders = self.store.orders(&orders).await.expect("orders can be read");
        let numbers = self.store.claimants(&numbers).await.expect("numbers can be read");
        let orders = orders.into_keys().map(|order| format!("rows of order {order}"));
        orders
            .chain(numbers.into_keys().map(|number| format!("events of {number}")))
            .collect()
    }

    /// Every order, by its id.
    ///
    /// # Panics
    /// When the table cannot be read.
    pub async fn orders(&self) -> Vec<Order> {
        let mut orders = Vec::new();
        let mut cursor = None;
        loop {
            let page = self
                .store
                .scan_orders(0, 1, cursor.as_ref())
                .await
                .expect("the orders can be read");
            orders.extend(
                page.found
                    .into_iter()
                    .map(|order| order.expect("an order decodes").order),
            );
            cursor = page.cursor;
            if cursor.is_none() {
                orders.sort_by(|one, other| one.order_id.cmp(&other.order_id));
                return orders;
            }
        }
    }
}

impl Deref for OwnCloud {
    type Target = Cloud;

    fn deref(&self) -> &Cloud {
        &self.cloud
    }
}

impl DerefMut for OwnCloud {
    fn deref_mut(&mut self) -> &mut Cloud {
        &mut self.cloud
    }
}
