//! Wires `night-close` to Lambda.

use std::sync::Arc;

use night_close::{NightClose, Parts, invoke, metrics};
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
    let close = NightClose {
        store,
        lake,
        policy,
        parts: Parts::none(),
    };
    entrypoint::serve_dated(|invocation, _| invoke(&close, invocation), metrics).await
}
