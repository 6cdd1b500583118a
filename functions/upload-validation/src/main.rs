//! Wires `upload-validation` to Lambda.

use std::sync::Arc;

use store::Store;
use upload_validation::{BatchLimits, UploadValidation, handle_batch, metrics};

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
    let function = UploadValidation {
        store,
        lake,
        policy,
        batches: BatchLimits::default(),
    };
    entrypoint::serve_in_time(|batch, time| handle_batch(&function, batch, time), metrics).await
}
