//! `waymark up`

use std::time::Duration;

use local::{AccessKey, Endpoints};
use tokio::signal::ctrl_c;
use tokio::sync::oneshot;

use super::now;
use crate::Done;
use crate::args::{Shared, Up};
use crate::backend::{Backend, read_shadow};
use crate::failure::CommandError;
use crate::policy;
use crate::terminal::Terminal;

/// How long it may take to end after Ctrl-C, whatever is under way.
const END_MAX: Duration = Duration::from_secs(4);
/// What a shell calls the end by a second Ctrl-C.
const INTERRUPTED: i32 = 130;

pub(crate) async fn run(shared: &Shared, arguments: &Up, terminal: &Terminal) -> Result<Done, CommandError> {
    if shared.aws {
        return Err(CommandError::usage(
            "`up` serves the embedded cloud; it goes without --aws | `up` 启动本地模拟云，不能与 --aws 同用",
        ));
    }
    let shadow = read_shadow(&arguments.shadow)?;
    let backend = Backend::open_here(&shared.data_dir, policy::named(shared)?).await?;
    let backend = backend.beside(shadow).await?;
    let cloud = backend
        .embedded()
        .ok_or_else(|| CommandError::service("the cloud was not opened here | 模拟云不是由本进程打开的"))?;
    let endpoints = Endpoints {
        s3_port: arguments.s3_port,
        dynamodb_port: arguments.dynamodb_port,
        diagnosis_port: arguments.diagnosis_port,
    };
    let ready = |endpoints| hello(endpoints, &cloud.access_key, terminal);
    let interrupted = interrupted().await;
    cloud
        .serve(endpoints, now, ready, |news| terminal.line(news), interrupted)
        .await?;
    Ok(Done::Well)
}

/// Listens for Ctrl-C from now on, so that none is missed that comes with the first line printed. What it gives resolves at the
/// first one. From then on the process ends in time: nothing that was acknowledged is lost whenever it does.
async fn interrupted() -> impl Future<Output = ()> {
    let (first, is_first) = oneshot::channel();
    let mut interrupt = Box::pin(ctrl_c());
    let listens = futures::poll!(interrupt.as_mut()).is_pending();
    tokio::spawn(async move {
        // Without a handler for Ctrl-C there is only kill, which is as safe.
        if !listens || interrupt.await.is_err() {
            return std::future::pending().await;
        }
        // Whoever waits for it may be gone.
        let _ = first.send(());
        let status = tokio::select! {
            _ = ctrl_c() => INTERRUPTED,
            () = tokio::time::sleep(END_MAX) => 0,
        };
        std::process::exit(status);
    });
    async move {
        let _ = is_first.await;
    }
}

/// What is served where, and how an AWS client comes to it.
fn hello(endpoints: Endpoints, key: &AccessKey, terminal: &Terminal) {
    let address = |port: u16| format!("http://127.0.0.1:{port}");
    let (s3, dynamodb) = (address(endpoints.s3_port), address(endpoints.dynamodb_port));
    let region = local::s3::REGION;
    for line in [
        format!("S3        {s3}   bucket {}", local::BUCKET),
        format!(
            "DynamoDB  {dynamodb}   tables {}, {}",
            local::ORDERS_TABLE,
            local::RECORDS_TABLE
        ),
        format!(
            "Diagnosis {}/  {}",
            address(endpoints.diagnosis_port),
            terminal.say(
                "open it in a browser: what is wrong with a number or an order",
                "请用浏览器打开：查询运单或订单的问题"
            )
        ),
        terminal
            .say(
                "In a shell with these lines any AWS client works on it; the secret is this data directory's own:",
                "在终端执行以下几行后，任何 AWS 客户端都可以使用；密钥只属于此数据目录：",
            )
            .to_owned(),
        format!("export AWS_ACCESS_KEY_ID={} AWS_SECRET_ACCESS_KEY={}", key.id, key.secret),
        format!("export AWS_REGION={region} AWS_DEFAULT_REGION={region}"),
        format!("export AWS_ENDPOINT_URL_S3={s3} AWS_ENDPOINT_URL_DYNAMODB={dynamodb}"),
        terminal
            .say(
                "Put files under inbox/<kind>/<seller>/; answers come under outbox/. Other waymark commands work meanwhile. Ctrl-C stops.",
                "把文件放到 inbox/<kind>/<seller>/，结果在 outbox/。期间可以照常使用其他 waymark 命令。按 Ctrl-C 停止。",
            )
            .to_owned(),
    ] {
        terminal.line(line);
    }
}
