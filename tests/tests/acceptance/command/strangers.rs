//! What others may do to a cloud that is up: a website that is open in a browser of this machine, and a program that does not
//! know the secret. Nothing.

use std::io::Write;
use std::time::{Duration, Instant};

use aws_sdk_s3::config::Credentials;
use aws_sdk_s3::error::ProvideErrorMetadata;

use crate::command::raw::{self, Said};
use crate::command::up::Up;
use crate::command::waymark;

const TABLE: &str = r#"{"TableName":"local-records"}"#;

fn request(method: &str, target: &str, headers: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n")
}

/// Fails unless it is refused with `status`, without a word that a browser would show to the other website's script.
fn assert_refused(said: &Said, status: u16, of: &str) {
    assert_eq!(said.status, status, "{of}: {said:?}");
    assert!(!said.head.contains("access-control-"), "{of}: {said:?}");
    for told in ["local-records", "TableNames", "ListBucketResult"] {
        assert!(!said.body.contains(told), "{of}: {said:?}");
    }
}

#[test]
fn no_listener_answers_under_another_name() {
    let directory = tempfile::tempdir().expect("a directory");
    let up = Up::of(&waymark(&directory.path().join("state")));
    for port in up.ports.all() {
        let own = format!("Host: 127.0.0.1:{port}\r\n");
        let other = format!("Host: evil.example:{port}\r\n");
        let mut forms: Vec<String> = [
            "Host: evil.example\r\n".to_owned(),
            format!("Host: 127.0.0.1.evil.example:{port}\r\n"),
            format!("Host: localhost.evil.example:{port}\r\n"),
            format!("Host: evil@127.0.0.1:{port}\r\n"),
            format!("Host: 127.0.0.1:{}\r\n", port ^ 1),
            format!("Host: [::1]:{port}\r\n"),
            "Host: 127.0.0.1\r\n".to_owned(),
            "Host: \r\n".to_owned(),
            format!("{own}{other}"),
            format!("{other}{own}"),
            format!("{own}{own}"),
            other.clone(),
            String::new(),
        ]
        .iter()
        .map(|host| request("GET", "/", host))
        .collect();
        forms.push(request("GET", "http://evil.example/", &own));
        forms.push(request("GET", &format!("http://evil.example:{port}/"), &own));
        forms.push(request("GET", &format!("http://127.0.0.1:{port}/"), &other));
        forms.push(request("CONNECT", "evil.example:443", &own));
        forms.push("GET / HTTP/1.0\r\n\r\n".to_owned());
        forms.push(format!("GET / HTTP/1.0\r\n{other}\r\n"));
        // As the browser of a rebound website signs nothing, and as one that has the secret might.
        forms.push(request(
            "POST",
            "/",
            &format!(
                "{other}Origin: http://evil.example:{port}\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n"
            ),
        ));
        forms.push(request(
            "PUT",
            "/local-waymark/inbox/orders/_/a.csv",
            &format!("{other}Content-Length: 0\r\n"),
        ));
        for form in forms {
            let said = raw::send(port, &form);
            assert_refused(&said, 421, &form);
            assert!(
                said.body.contains(&format!("http://127.0.0.1:{port}/")),
                "{said:?}"
            );
        }
        for named in [own, format!("Host: LOCALHOST:{port}\r\n")] {
            let said = raw::send(port, &request("GET", "/", &named));
            assert!(said.status != 421 && said.status < 500, "{said:?}");
        }
    }
}

#[test]
fn no_listener_answers_a_page_of_another_website() {
    let directory = tempfile::tempdir().expect("a directory");
    let up = Up::of(&waymark(&directory.path().join("state")));
    for port in up.ports.all() {
        let ask = |method: &str, headers: &str| {
            let form = request(method, "/", &format!("Host: 127.0.0.1:{port}\r\n{headers}"));
            (raw::send(port, &form), form)
        };
        let own = format!("Origin: http://127.0.0.1:{port}\r\n");
        let evil = "Origin: https://evil.example\r\n";
        let preflight = "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-amz-target,authorization\r\n";
        for (method, headers, status) in [
            ("OPTIONS", format!("{evil}{preflight}"), 403),
            ("OPTIONS", format!("{own}{preflight}"), 405),
            ("OPTIONS", preflight.to_owned(), 405),
            ("OPTIONS", String::new(), 405),
            ("GET", evil.to_owned(), 403),
            ("GET", "Origin: null\r\n".to_owned(), 403),
            ("GET", format!("Origin: http://localhost:{}\r\n", port ^ 1), 403),
            ("GET", format!("Origin: https://127.0.0.1:{port}\r\n"), 403),
            ("GET", format!("{own}{evil}"), 403),
            // A script's request without an Origin, and a picture's.
            (
                "GET",
                "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n".to_owned(),
                403,
            ),
            (
                "GET",
                "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: no-cors\r\n".to_owned(),
                403,
            ),
            // Forms need no preflight.
            (
                "POST",
                format!("{evil}Content-Type: text/plain\r\nContent-Length: 0\r\n"),
                403,
            ),
            (
                "POST",
                format!("{evil}Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 0\r\n"),
                403,
            ),
            ("POST", "Origin: null\r\nContent-Length: 0\r\n".to_owned(), 403),
            (
                "POST",
                "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nContent-Length: 0\r\n".to_owned(),
                403,
            ),
        ] {
            let (said, form) = ask(method, &headers);
            assert_refused(&said, status, &form);
        }
    }
    // Whoever follows a link comes from another website, too.
    let followed = "Accept: text/html\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n";
    let port = up.ports.diagnosis;
    let form = request("GET", "/", &format!("Host: 127.0.0.1:{port}\r\n{followed}"));
    assert_eq!(raw::send(port, &form).status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_know_the_secret_reads_and_writes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let up = Up::of(&waymark(&directory.path().join("state")));
    let port = up.ports.dynamodb;
    let forged = "Authorization: AWS4-HMAC-SHA256 Credential=x/20240601/us-east-1/dynamodb/aws4_request, \
                  SignedHeaders=host;x-amz-date, Signature=00\r\nX-Amz-Date: 20240601T000000Z\r\n";
    for action in ["ListTables", "Scan", "DeleteTable"] {
        for authorization in ["", forged, "Authorization: Basic bG9jYWw6bG9jYWw=\r\n"] {
            for target in [
                "/",
                "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00&X-Amz-Credential=x&X-Amz-SignedHeaders=host&X-Amz-Date=20240601T000000Z",
            ] {
                let form = format!(
                    "POST {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/x-amz-json-1.0\r\n\
                     X-Amz-Target: DynamoDB_20120810.{action}\r\n{authorization}Content-Length: {}\r\nConnection: close\r\n\r\n{TABLE}",
                    TABLE.len()
                );
                assert_refused(&raw::send(port, &form), 403, &form);
            }
        }
    }
    let s3 = up.ports.s3;
    // No body is waited for: bodies of many strangers at once would fill the memory.
    for (port, service, method, target) in [
        (port, "dynamodb", "POST", "/"),
        (s3, "s3", "PUT", "/local-waymark/inbox/a"),
    ] {
        for authorization in ["", &forged.replace("dynamodb", service)] {
            let head = format!("Host: 127.0.0.1:{port}\r\nContent-Length: 16000000\r\n{authorization}");
            let said = raw::send(port, &request(method, target, &head));
            assert!((400..500).contains(&said.status), "{head}: {said:?}");
        }
    }
    for method in ["GET", "PUT", "DELETE"] {
        for authorization in ["", &forged.replace("dynamodb", "s3")] {
            let form = request(
                method,
                "/local-waymark/inbox/orders/_/a.csv",
                &format!("Host: 127.0.0.1:{s3}\r\nContent-Length: 0\r\n{authorization}"),
            );
            let said = raw::send(s3, &form);
            assert!((400..500).contains(&said.status), "{form}: {said:?}");
        }
    }

    let key = up.key();
    let id = key.access_key_id();
    for (id, secret) in [
        ("local", "local"),
        (id, "local"),
        ("local", key.secret_access_key()),
    ] {
        let stranger = Credentials::new(id, secret, None, None, "test");
        let tables = up.dynamodb(stranger.clone()).list_tables().send().await;
        let refused = tables.expect_err("no table is listed");
        assert!(
            matches!(
                refused.code(),
                Some("UnrecognizedClientException" | "InvalidSignatureException")
            ),
            "{refused:?}"
        );
        let buckets = up.s3(stranger).list_buckets().send().await;
        let refused = buckets.expect_err("no bucket is listed");
        assert!(
            matches!(refused.code(), Some("NotSignedUp" | "SignatureDoesNotMatch")),
            "{refused:?}"
        );
    }
    let tables = up.dynamodb(key).list_tables().send().await.expect("tables");
    assert_eq!(tables.table_names().len(), 2, "nothing was deleted");
}

#[test]
fn ctrl_c_ends_it_whatever_is_half_sent() {
    let directory = tempfile::tempdir().expect("a directory");
    let up = Up::of(&waymark(&directory.path().join("state")));
    let mut open = Vec::new();
    for port in up.ports.all() {
        let own = format!("Host: 127.0.0.1:{port}\r\n");
        for part in [
            String::new(),
            "POST / HT".to_owned(),
            format!(
                "POST / HTTP/1.1\r\n{own}Content-Type: application/x-amz-json-1.0\r\nContent-Length: 100\r\n\r\n{{"
            ),
            format!("PUT /local-waymark/inbox/a HTTP/1.1\r\n{own}Content-Length: 100\r\n\r\n{{"),
            format!("POST / HTTP/1.1\r\n{own}Transfer-Encoding: chunked\r\n\r\n5\r\n{{"),
        ] {
            let mut stream = raw::connect(port);
            stream.write_all(part.as_bytes()).expect("half a request");
            open.push(stream);
        }
    }
    up.stop();
    drop(open);
}

#[test]
fn a_second_ctrl_c_ends_it_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut up = Up::of(&waymark(&directory.path().join("state")));
    let mut stream = raw::connect(up.ports.dynamodb);
    stream.write_all(b"POST / HT").expect("half a request");
    let begun = Instant::now();
    up.interrupt();
    std::thread::sleep(Duration::from_millis(300));
    up.interrupt();
    let status = up.ended();
    assert!(
        begun.elapsed() < Duration::from_millis(1_500),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(status, Some(130), "as a shell has it of Ctrl-C");
}
