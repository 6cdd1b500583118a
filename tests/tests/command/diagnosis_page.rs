//! The page that `waymark up` serves: a clerk's question at a local address, as a function's URL answers it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::Running;

use crate::diagnose::{LATER, with_season};
use crate::up::{Ports, interrupt};

/// A fined order of the season.
const FINED: &str = "8300000000000002";
const BROWSER: &str = "Accept: text/html,application/xhtml+xml\r\nAccept-Language: zh-CN,zh;q=0.9\r\n";

/// An embedded cloud that is up, with the season of `waymark diagnose`.
struct Page {
    port: u16,
    served: Running,
    lines: Box<dyn Iterator<Item = String>>,
    /// What `waymark diagnose --json` said of the fined order before.
    told: Value,
}

/// What a server said, until it closed the connection.
#[derive(Debug)]
struct Said {
    status: u16,
    head: String,
    body: String,
}

impl Page {
    fn of(directory: &Path) -> Self {
        let waymark = with_season(directory);
        let told = waymark
            .run(["diagnose", FINED, "--as-of", LATER, "--json"])
            .json_lines()
            .remove(0);
        let ports = Ports::free();
        let mut served = waymark.start(ports.arguments());
        let mut lines = Box::new(served.lines());
        let address = format!("http://127.0.0.1:{}/", ports.diagnosis);
        assert!(
            lines.any(|line| line.starts_with("Diagnosis ") && line.contains(&address)),
            "the page is named"
        );
        Self {
            port: ports.diagnosis,
            served,
            lines,
            told,
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("somebody listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .expect("a limit");
        stream
    }

    /// Sends these bytes as they are; `None` when the server breaks off.
    fn try_send(&self, bytes: &str) -> Option<Said> {
        let mut stream = self.connect();
        stream.write_all(bytes.as_bytes()).ok()?;
        let mut said = Vec::new();
        stream.read_to_end(&mut said).ok()?;
        Some(Said::of(said))
    }

    fn send(&self, bytes: &str) -> Said {
        self.try_send(bytes).expect("a request is answered")
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

impl Said {
    fn of(bytes: Vec<u8>) -> Self {
        let text = String::from_utf8(bytes).expect("an answer is text");
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer has a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Self {
            status: status.expect("a status"),
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    fn json(&self) -> Value {
        assert!(self.head.contains("content-type: application/json"), "{self:?}");
        serde_json::from_str(&self.body).expect("JSON")
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
    let refused = page.try_send(&long);
    assert!(
        refused.as_ref().is_none_or(|said| said.status == 431),
        "{refused:?}"
    );
    let posted = page.ask("POST", &target, "Content-Length: 12\r\n\r\nq=3318810025");
    assert_eq!(posted.status, 405, "{posted:?}");
    assert!(posted.head.contains("allow: get, head"), "{posted:?}");

    // Other names that lead here are other websites' (DNS rebinding).
    for host in [
        "Host: rebound.example\r\n".to_owned(),
        format!("Host: rebound.example:{port}\r\n"),
        format!("Host: 127.0.0.1.rebound.example:{port}\r\n"),
        "Host: 127.0.0.1\r\n".to_owned(),
        format!("Host: 127.0.0.1:{port}\r\nHost: rebound.example\r\n"),
        "Host: \r\n".to_owned(),
        String::new(),
    ] {
        let said = page.send(&format!("GET {target} HTTP/1.1\r\n{host}\r\n"));
        assert_eq!(said.status, 421, "{host}");
        assert!(
            said.body.contains(&format!("http://127.0.0.1:{port}/")),
            "{said:?}"
        );
        assert!(!said.body.contains(FINED), "{said:?}");
    }
    let absolute = format!("GET http://rebound.example{target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    assert_eq!(page.send(&absolute).status, 421);
    let named = page.send(&format!(
        "GET {target} HTTP/1.1\r\nHost: LOCALHOST:{port}\r\n\r\n"
    ));
    assert_eq!(named.status, 200, "{named:?}");
}

#[test]
fn a_slow_or_broken_client_hinders_nobody_and_not_the_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut page = Page::of(directory.path());
    let silent: Vec<_> = (0..20).map(|_| page.connect()).collect();
    let mut halfway = page.connect();
    halfway
        .write_all(b"GET /?q=1 HTTP/1.1\r\nHost: 127")
        .expect("half a request");
    let broken = page.connect();
    broken.shutdown(Shutdown::Both).expect("a client that goes");
    let nonsense = page.send("\u{16}\u{3}\u{1} no request\r\n\r\n");
    assert_eq!(nonsense.status, 400, "{nonsense:?}");
    let target = format!("/?q={FINED}");
    assert_eq!(page.get(&target).status, 200);

    let begun = Instant::now();
    interrupt(&page.served);
    assert_eq!(page.served.wait(), Some(0), "Ctrl-C is how it is stopped");
    assert!(
        begun.elapsed() < Duration::from_secs(9),
        "nobody is waited for: {:?}",
        begun.elapsed()
    );
    drop((silent, page.lines));
}
