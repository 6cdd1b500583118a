//! The page that `waymark up` serves: a clerk's question at a local address, as a function's URL answers it.

use std::io::Write;
use std::net::Shutdown;
use std::path::Path;

use serde_json::Value;

use crate::command::diagnose::{LATER, with_season};
use crate::command::raw::{self, Said};
use crate::command::up::Up;

/// A fined order of the season.
const FINED: &str = "8300000000000002";
const BROWSER: &str = "Accept: text/html,application/xhtml+xml\r\nAccept-Language: zh-CN,zh;q=0.9\r\n";

/// An embedded cloud that is up, with the season of `waymark diagnose`.
struct Page {
    port: u16,
    up: Up,
    /// What `waymark diagnose --json` said of the fined order before.
    told: Value,
}

impl Page {
    fn of(directory: &Path) -> Self {
        let waymark = with_season(directory);
        let told = waymark
            .run(["diagnose", FINED, "--as-of", LATER, "--json"])
            .json_lines()
            .remove(0);
        let up = Up::of(&waymark);
        let address = format!("http://127.0.0.1:{}/", up.ports.diagnosis);
        assert!(
            up.hello
                .iter()
                .any(|line| line.starts_with("Diagnosis ") && line.contains(&address)),
            "the page is named"
        );
        Self {
            port: up.ports.diagnosis,
            up,
            told,
        }
    }

    fn send(&self, bytes: &str) -> Said {
        raw::send(self.port, bytes)
    }

    /// Asks as a client does who means this address.
    fn ask(&self, method: &str, target: &str, headers: &str) -> Said {
        self.send(&format!(
            "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{headers}\r\n",
            self.port
        ))
    }

    fn get(&self, target: &str) -> Said {
        self.ask("GET", target, "")
    }
}

#[test]
fn a_clerk_asks_in_a_browser_and_a_program_as_json() {
    let directory = tempfile::tempdir().expect("a directory");
    let page = Page::of(directory.path());

    let form = page.ask("GET", "/", BROWSER);
    assert_eq!(form.status, 200, "{form:?}");
    for words in ["id=\"language-zh\" checked", "name=\"q\"", "查询会列出"] {
        assert!(form.body.contains(words), "{words} in {form:?}");
    }
    for header in [
        "content-security-policy: default-src 'none'; style-src 'sha256-",
        "cache-control: no-store",
    ] {
        assert!(form.head.contains(header), "{header} in {form:?}");
    }

    // As of an instant it is what the command told, and as of no instant the present one, by which nothing is mended.
    let target = format!("/?q={FINED}&as_of={LATER}");
    let then = page.get(&target);
    assert_eq!((then.status, then.json()), (200, page.told.clone()));
    let now = page.get(&format!("/?q={FINED}")).json();
    assert_eq!(
        (&now["fined"], &now["standing"]),
        (&"0.50".into(), &"failed".into())
    );
    assert!(now["as_of"].as_str() > Some("2024-06"), "{now}");

    let shown = page.ask("GET", &target, BROWSER);
    assert!(
        shown.status == 200 && shown.body.contains(FINED) && shown.body.contains("已罚"),
        "{shown:?}"
    );
    let head = page.ask("HEAD", &target, BROWSER);
    assert_eq!((head.status, head.body.as_str()), (200, ""), "{head:?}");
    let length = format!("content-length: {}", shown.body.len());
    assert!(head.head.contains(&length), "{length} in {head:?}");
}

#[test]
fn what_is_no_question_for_this_address_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let page = Page::of(directory.path());
    let (port, target) = (page.port, format!("/?q={FINED}"));

    let unknown = page.get("/?q=3318810073");
    assert_eq!(
        (unknown.status, &unknown.json()["stages"][0]["stage"]),
        (200, &"order".into())
    );
    assert_eq!(page.get("/").json()["error"]["zh"], "请输入一个运单号或订单号");
    for (target, status) in [
        ("/", 400),
        ("/?q=", 400),
        ("/?q=%ff", 400),
        ("/favicon.ico", 404),
        (&format!("/?q={}", "7".repeat(3_000)), 400),
    ] {
        let said = page.get(target);
        assert_eq!(said.status, status, "{}", target.len());
    }
    // Too long to be read to its end: whoever still writes may not hear the answer.
    let long = format!("GET /?q={} HTTP/1.1\r\n\r\n", "7".repeat(1_000_000));
    let refused = raw::try_send(page.port, &long);
    assert!(
        refused.as_ref().is_none_or(|said| said.status == 431),
        "{refused:?}"
    );
    let posted = page.ask("POST", &target, "Content-Length: 12\r\n\r\nq=3318810025");
    assert_eq!(posted.status, 405, "{posted:?}");
    assert!(posted.head.contains("allow: get, head"), "{posted:?}");

    let named = page.send(&format!(
        "GET {target} HTTP/1.1\r\nHost: LOCALHOST:{port}\r\n\r\n"
    ));
    assert_eq!(named.status, 200, "{named:?}");
}

#[test]
fn a_slow_or_broken_client_hinders_nobody_and_not_the_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let page = Page::of(directory.path());
    let silent: Vec<_> = (0..20).map(|_| raw::connect(page.port)).collect();
    let mut halfway = raw::connect(page.port);
    halfway
        .write_all(b"GET /?q=1 HTTP/1.1\r\nHost: 127")
        .expect("half a request");
    let broken = raw::connect(page.port);
    broken.shutdown(Shutdown::Both).expect("a client that goes");
    let nonsense = page.send("\u{16}\u{3}\u{1} no request\r\n\r\n");
    assert_eq!(nonsense.status, 400, "{nonsense:?}");
    let target = format!("/?q={FINED}");
    assert_eq!(page.get(&target).status, 200);

    page.up.stop();
    drop(silent);
}
