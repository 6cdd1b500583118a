//! Requests as bytes, for what no client of HTTP would send.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// What a server answered, until it closed the connection.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: u16,
    /// The status line and the headers, in small letters.
    pub(crate) head: String,
    pub(crate) body: String,
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

    pub(crate) fn json(&self) -> Value {
        assert!(self.head.contains("content-type: application/json"), "{self:?}");
        serde_json::from_str(&self.body).expect("JSON")
    }
}

/// A connection to a port of this machine.
pub(crate) fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("somebody listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("a limit");
    stream
}

/// Sends these bytes as they are; `None` when the server breaks off.
pub(crate) fn try_send(port: u16, bytes: &str) -> Option<Said> {
    let mut stream = connect(port);
    stream.write_all(bytes.as_bytes()).ok()?;
    let mut said = Vec::new();
    stream.read_to_end(&mut said).ok()?;
    Some(Said::of(said))
}

/// Sends these bytes as they are. What keeps its connections open has to be asked for a close.
pub(crate) fn send(port: u16, bytes: &str) -> Said {
    try_send(port, bytes).expect("a request is answered")
}
