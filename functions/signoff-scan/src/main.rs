//! Wires `signoff-scan` to Lambda.

use std::sync::Arc;

use signoff_scan::{SignoffScan, handle, metrics};
use store::Store;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let cloud = entrypoint::surroundings().await?;
    let lake = lake::Lake::new(cloud.s3, &cloud.settings.bucket);
    let policy = Arc::new(lake.policy(cloud.settings.policy()).await?);
    let scan = SignoffScan {
        store: Store::new(
            cloud.dynamodb,
            cloud.settings.orders_table,
            cloud.settings.records_table,
        ),
        policy,
    };
    entrypoint::serve_dated(|request, time| handle(&scan, request, time), metrics).await
}
