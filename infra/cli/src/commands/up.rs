//! `waymark up`

use local::Endpoints;

use super::now;
use crate::Done;
use crate::args::{Shared, Up};
use crate::backend::{Backend, read_shadow};
use crate::failure::CommandError;
use crate::terminal::Terminal;

pub(crate) async fn run(shared: &Shared, arguments: &Up, terminal: &Terminal) -> Result<Done, CommandError> {
    let shadow = read_shadow(&arguments.shadow)?;
    let backend = Backend::open(shared).await?.beside(shadow).await?;
    let cloud = backend
        .embedded()
        .ok_or_else(|| CommandError::usage("`up` serves the embedded cloud; it goes without --aws"))?;
    let endpoints = Endpoints {
        s3_port: arguments.s3_port,
        dynamodb_port: arguments.dynamodb_port,
        diagnosis_port: arguments.diagnosis_port,
    };
    let hello = || {
        terminal.line(format!(
            "S3        http://127.0.0.1:{}   bucket {}",
            endpoints.s3_port,
            local::BUCKET
        ));
        terminal.line(format!(
            "DynamoDB  http://127.0.0.1:{}   tables {}, {}",
            endpoints.dynamodb_port,
            local::ORDERS_TABLE,
            local::RECORDS_TABLE
        ));
        terminal.line(format!(
            "          access key `{}`, secret `{}`, region us-east-1",
            local::s3::ACCESS_KEY_ID,
            local::s3::SECRET_ACCESS_KEY
        ));
        terminal.line(format!(
            "Diagnosis http://127.0.0.1:{}/  {}",
            endpoints.diagnosis_port,
            terminal.say(
                "open it in a browser: what is wrong with a number or an order",
                "请用浏览器打开：查询运单或订单的问题"
            )
        ));
        terminal.line(terminal.say(
            "put files under inbox/<kind>/<seller>/; answers come under outbox/. Ctrl-C stops.",
            "把文件放到 inbox/<kind>/<seller>/，结果在 outbox/。按 Ctrl-C 停止。",
        ));
    };
    let shutdown = async {
        // Without a handler for Ctrl-C there is only kill, which is as safe.
        let _ = tokio::signal::ctrl_c().await;
    };
    cloud
        .serve(endpoints, now, hello, |news| terminal.line(news), shutdown)
        .await?;
    Ok(Done::Well)
}
