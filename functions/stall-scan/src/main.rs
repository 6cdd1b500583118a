//! Wires `stall-scan` to Lambda.

use std::sync::Arc;

use stall_scan::{StallScan, handle, metrics, shadow};
use store::Store;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let cloud = entrypoint::surroundings().await?;
    let lake = lake::Lake::new(cloud.s3, &cloud.settings.bucket);
    let policy = Arc::new(lake.policy(cloud.settings.policy()).await?);
    let shadow = shadow(&lake, cloud.settings.shadow_policy()).await?;
    let scan = StallScan {
        store: Store::new(
            cloud.dynamodb,
            cloud.settings.orders_table,
            cloud.settings.records_table,
        ),
        lake,
        policy,
        shadow,
    };
    entrypoint::serve_dated(|request, time| handle(&scan, request, time), metrics).await
}
