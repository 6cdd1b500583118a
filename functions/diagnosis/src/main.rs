//! Wires `diagnosis` to Lambda.

use std::sync::Arc;

use diagnosis::{DiagnosisDesk, handle, metrics};
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
    let desk = DiagnosisDesk { store, policy };
    entrypoint::serve(|request| handle(&desk, request), metrics).await
}
