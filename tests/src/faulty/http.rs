//! As much of HTTP as a proxy needs that looks into what it passes on.

use std::io::{self, BufRead, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The lines of a request or of an answer before its body.
pub(super) struct Head(String);

/// The server's answer, whole.
pub(super) struct Answer {
    head: Head,
    body: Vec<u8>,
}

impl Head {
    /// Reads it; none when the client has no further request.
    pub(super) fn read(client: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if client.read_line(&mut head)? == 0 {
                return Ok(None);
            }
        }
        Ok(Some(Self(head)))
    }

    /// Which call of MLflow it is, such as `POST mlflow/runs/create`: without the host, the query,
    /// names of files and ids of models.
    pub(super) fn call(&self) -> String {
        let mut words = self.0.split([' ', '?']);
        let (method, path) = (words.next(), words.next());
        let path = path.unwrap_or_default();
        let path = path.split_once("/api/2.0/").map_or(path, |(_, call)| call);
        let parts = path.split('/').filter(|part| !part.starts_with("m-"));
        let parts: Vec<_> = parts.take(3).collect();
        format!("{} {}", method.unwrap_or_default(), parts.join("/"))
    }

    /// How long the body is.
    ///
    /// # Panics
    /// The length is not told beforehand, which no client of these tests does.
    pub(super) fn length(&self) -> usize {
        assert!(self.header("transfer-encoding").is_none(), "{}", self.0);
        let length = self.header("content-length");
        length.map_or(0, |length| length.parse().expect("a length"))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The head without what is said of the connection.
    fn passed_on(&self) -> String {
        let is_ours = |line: &&str| !line.to_lowercase().starts_with("connection:");
        let lines: Vec<_> = self.0.split("\r\n").filter(is_ours).collect();
        lines.join("\r\n")
    }

    /// Asks the server, and reads its answer to the end.
    pub(super) fn ask(&self, body: &[u8], server: u16, pause: Duration) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(("127.0.0.1", server))?;
        // In HTTP 1.0 the end of the connection is the end of the answer.
        let head = self
            .passed_on()
            .replacen(" HTTP/1.1\r\n", " HTTP/1.0\r\n", 1);
        stream.write_all(head.as_bytes())?;
        in_pieces(body, pause, |piece| stream.write_all(piece))?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.ok_or(io::ErrorKind::UnexpectedEof)? + 4;
        Ok(Answer {
            head: Head(String::from_utf8_lossy(&bytes[..end]).into_owned()),
            body: bytes.split_off(end),
        })
    }
}

impl Answer {
    /// As the client gets it.
    pub(super) fn bytes(&self) -> Vec<u8> {
        [self.head.passed_on().as_bytes(), &self.body].concat()
    }

    /// With half of its body; one that has none, with half of its head.
    pub(super) fn half(&self) -> Vec<u8> {
        let mut bytes = self.bytes();
        let cut = if self.body.is_empty() {
            bytes.len()
        } else {
            self.body.len()
        };
        bytes.truncate(bytes.len() - cut.div_ceil(2));
        bytes
    }

    /// Whether the client knows where it ends while the connection stays open.
    pub(super) fn is_whole(&self) -> bool {
        self.head.header("content-length").is_some() && self.head.length() == self.body.len()
    }
}

/// An answer that no MLflow has given.
pub(super) fn page(status: u16) -> Vec<u8> {
    let body = format!("<html><head><title>A proxy says {status}</title></head></html>");
    let later = if matches!(status, 429 | 503) {
        "Retry-After: 1\r\n"
    } else {
        ""
    };
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Proxy\r\nContent-Type: text/html\r\n{later}Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Hands bytes on, with a pause after each piece if there is one.
pub(super) fn in_pieces(
    bytes: &[u8],
    pause: Duration,
    mut hand_on: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    if pause.is_zero() {
        return hand_on(bytes);
    }
    // Large files take seconds, small ones a moment.
    let piece = (bytes.len() / 8).clamp(1, 32 * 1024);
    bytes.chunks(piece).try_for_each(|piece| {
        std::thread::sleep(pause);
        hand_on(piece)
    })
}
