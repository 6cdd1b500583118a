//! A dumped stack: its files, and a cloud that is given what they hold.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use local::{BUCKET, ORDERS_TABLE, RECORDS_TABLE};
use serde_json::{Map, Value};
use store::Item;
use tests::OwnCloud;

/// What a release left.
pub struct Stack {
    /// Its folder's name.
    pub name: String,
    /// Items of the orders table.
    pub orders: Vec<Item>,
    /// Items of the records table.
    pub records: Vec<Item>,
    bucket: PathBuf,
}

/// Where dumped stacks lie.
pub fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/acceptance/stored_forms/golden")
}

impl Stack {
    /// Every committed stack.
    pub fn all() -> Vec<Self> {
        let folders = fs::read_dir(golden()).expect("the golden stacks");
        let mut folders: Vec<PathBuf> = folders.map(|folder| folder.expect("a folder").path()).collect();
        folders.sort();
        assert!(!folders.is_empty(), "there is a golden stack");
        folders.iter().map(|folder| Self::read(folder)).collect()
    }

    fn read(folder: &Path) -> Self {
        let name = folder.file_name().unwrap_or_default();
        Self {
            name: name.to_string_lossy().into_owned(),
            orders: items(&folder.join("orders.json")),
            records: items(&folder.join("records.json")),
            bucket: folder.join("bucket"),
        }
    }

    /// The objects' files, by key.
    pub fn objects(&self) -> BTreeMap<String, PathBuf> {
        let mut objects = BTreeMap::new();
        let mut folders = vec![self.bucket.clone()];
        while let Some(folder) = folders.pop() {
            for found in fs::read_dir(&folder).expect("a folder") {
                let path = found.expect("a file").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let key = path.strip_prefix(&self.bucket).expect("inside");
                    objects.insert(key.to_string_lossy().replace('\\', "/"), path);
                }
            }
        }
        objects
    }

    /// A cloud that holds the stack.
    pub async fn load(&self) -> OwnCloud {
        self.load_without("").await
    }

    /// A cloud that holds the stack but for the objects under a prefix; none of them when it is empty.
    pub async fn load_without(&self, prefix: &str) -> OwnCloud {
        let cloud = OwnCloud::new().await;
        for (table, items) in [(ORDERS_TABLE, &self.orders), (RECORDS_TABLE, &self.records)] {
            for item in items {
                let put = cloud.dynamodb.put_item().table_name(table);
                let put = put.set_item(Some(item.clone())).send().await;
                put.expect("an item can be put");
            }
        }
        for (key, path) in self.objects() {
            if !prefix.is_empty() && key.starts_with(prefix) {
                continue;
            }
            let bytes = fs::read(path).expect("an object's file");
            let put = cloud.s3.put_object().bucket(BUCKET).key(key);
            put.body(bytes.into()).send().await.expect("an object can be put");
        }
        cloud
    }
}

fn items(path: &Path) -> Vec<Item> {
    let bytes = fs::read(path).expect("a table's file");
    let items: Vec<Map<String, Value>> = serde_json::from_slice(&bytes).expect("items");
    let item = |item: &Map<String, Value>| {
        let attributes = item.iter().map(|(name, held)| (name.clone(), value(held)));
        attributes.collect()
    };
    items.iter().map(item).collect()
}

fn value(held: &Value) -> AttributeValue {
    let text = |kind: &str| held[kind].as_str().map(str::to_owned);
    if let Some(text) = text("S") {
        AttributeValue::S(text)
    } else if let Some(digits) = text("N") {
        AttributeValue::N(digits)
    } else if let Some(bytes) = text("B") {
        AttributeValue::B(Blob::new(hex::decode(bytes).expect("bytes in hex")))
    } else {
        let list = held["L"].as_array().expect("a value of a known kind");
        AttributeValue::L(list.iter().map(value).collect())
    }
}
