//! Wires `order-history` to Lambda.

use std::sync::Arc;

use order_history::{Done, OrderHistory, run};

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let cloud = entrypoint::surroundings().await?;
    let lake = lake::Lake::new(cloud.s3, &cloud.settings.bucket);
    let policy = Arc::new(lake.policy(cloud.settings.policy()).await?);
    let history = OrderHistory { lake, policy };
    entrypoint::serve_in_time(|task, time| run(&history, task, time), Done::metrics).await
}
