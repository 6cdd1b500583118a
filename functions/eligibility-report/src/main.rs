//! Wires `eligibility-report` to Lambda.

use std::sync::Arc;

use eligibility_report::{Done, EligibilityReport, run};
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
    let report = EligibilityReport { lake, store, policy };
    entrypoint::serve_dated(|task, _| run(&report, task), Done::metrics).await
}
