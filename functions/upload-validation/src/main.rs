//! Wires `upload-validation` to Lambda.

use std::sync::Arc;

use store::Store;
use upload_validation::{UploadValidation, handle_batch, metrics};

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
    let function = UploadValidation { store, lake, policy };
    entrypoint::serve(|batch| handle_batch(&function, batch), metrics).await
}
