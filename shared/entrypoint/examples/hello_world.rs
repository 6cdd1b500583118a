//! The least that a function can be: what `make bench-startup` holds every function's start against.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(async |_: LambdaEvent<Value>| {
        Ok::<Value, Error>(json!("hello, world"))
    }))
    .await
}
