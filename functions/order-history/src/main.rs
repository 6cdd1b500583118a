//! Wires `order-history` to Lambda.

use std::sync::Arc;

use order_history::{Done, OrderHistory, run};
use store::Store;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let cloud = entrypoint::surroundings().await?;
    let lake = lake::Lake::new(cloud.s3, &cloud.settings.bucket);
    let policy = Arc::new(lake.policy(cloud.settings.policy()).await?);
    let store = Store::new(
        cloud.dynamodb,
        cloud.settings.orders_table,
        cloud.settings.records_table,
    );
    let history = OrderHistory { lake, store, policy };
    entrypoint::serve_dated(|task, time| run(&history, task, time), Done::metrics).await
}
