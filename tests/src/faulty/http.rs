//! The part of HTTP that the proxy needs to read and forward messages.

use std::io::{self, BufRead, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The head of a request or response: everything before the body.
pub(super) struct Head(String);

/// A complete response of the server.
pub(super) struct Response {
    head: Head,
    body: Vec<u8>,
}

impl Head {
    /// Reads a head. Returns `None` if the client sends no further request.
    pub(super) fn read(client: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if client.read_line(&mut head)? == 0 {
                return Ok(None);
            }
        }
        Ok(Some(Self(head)))
    }

    /// The call of MLflow's API, such as `POST mlflow/runs/create`, without host, query, file names
    /// and model IDs.
    pub(super) fn call(&self) -> String {
        let mut words = self.0.split([' ', '?']);
        let (method, path) = (words.next(), words.next());
        let path = path.unwrap_or_default();
        let path = path.split_once("/api/2.0/").map_or(path, |(_, call)| call);
        let parts = path.split('/').filter(|part| !part.starts_with("m-"));
        let parts: Vec<_> = parts.take(3).collect();
        format!("{} {}", method.unwrap_or_default(), parts.join("/"))
    }

    /// The length of the body.
    ///
    /// # Panics
    /// The message has no `Content-Length` but a transfer encoding. No client of the tests sends
    /// one.
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

    /// The head without the `Connection` header, which holds for one hop only.
    fn forwarded(&self) -> String {
        let is_end_to_end = |line: &&str| !line.to_lowercase().starts_with("connection:");
        let lines: Vec<_> = self.0.split("\r\n").filter(is_end_to_end).collect();
        lines.join("\r\n")
    }

    /// Forwards the request to the server and reads the complete response.
    pub(super) fn forward(
        &self,
        body: &[u8],
        server: u16,
        delay: Duration,
    ) -> io::Result<Response> {
        let mut stream = TcpStream::connect(("127.0.0.1", server))?;
        // In HTTP 1.0 the response ends with the connection.
        let head = self
            .forwarded()
            .replacen(" HTTP/1.1\r\n", " HTTP/1.0\r\n", 1);
        stream.write_all(head.as_bytes())?;
        in_chunks(body, delay, |chunk| stream.write_all(chunk))?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.ok_or(io::ErrorKind::UnexpectedEof)? + 4;
        Ok(Response {
            head: Head(String::from_utf8_lossy(&bytes[..end]).into_owned()),
            body: bytes.split_off(end),
        })
    }
}

impl Response {
    /// The bytes that the client receives.
    pub(super) fn bytes(&self) -> Vec<u8> {
        [self.head.forwarded().as_bytes(), &self.body].concat()
    }

    /// The response with half of its body, or with half of its head if it has no body.
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

    /// Whether the client can find the end of the response while the connection stays open.
    pub(super) fn is_complete(&self) -> bool {
        self.head.header("content-length").is_some() && self.head.length() == self.body.len()
    }
}

/// A response of a proxy, which MLflow never sends.
pub(super) fn html_page(status: u16) -> Vec<u8> {
    let body = format!("<html><head><title>A proxy says {status}</title></head></html>");
    let retry_after = if matches!(status, 429 | 503) {
        "Retry-After: 1\r\n"
    } else {
        ""
    };
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Proxy\r\nContent-Type: text/html\r\n{retry_after}Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Writes bytes at once, or in chunks if there is a delay.
pub(super) fn in_chunks(
    bytes: &[u8],
    delay: Duration,
    mut write: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    if delay.is_zero() {
        return write(bytes);
    }
    // Large files take seconds, small messages a fraction of a second.
    let size = (bytes.len() / 8).clamp(1, 32 * 1024);
    bytes.chunks(size).try_for_each(|chunk| {
        std::thread::sleep(delay);
        write(chunk)
    })
}
