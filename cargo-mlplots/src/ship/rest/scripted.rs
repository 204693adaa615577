//! A server that answers what the test says, byte for byte, and remembers what it was asked.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request's head and body.
type Request = (String, Vec<u8>);

/// Answers every connection as a function says, some at a time, and remembers all requests.
pub(in crate::ship) struct Answering {
    /// `http://127.0.0.1:port`.
    pub(in crate::ship) url: String,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Answering {
    /// `answer` gets the URL, the request's line without its version, and how often that was asked
    /// before; an empty answer breaks the connection.
    pub(in crate::ship) fn new(
        answer: impl Fn(&str, &str, usize) -> String + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, here) = (Arc::clone(&asked), url.clone());
        thread::spawn(move || {
            thread::scope(|scope| {
                for mut stream in listener.incoming().flatten() {
                    let (seen, here, answer) = (&seen, &here, &answer);
                    scope.spawn(move || {
                        let (head, body) = read_bytes(&mut stream);
                        let line = head.split(" HTTP").next().unwrap_or_default().to_owned();
                        let before = {
                            let mut seen = seen.lock().expect("the list");
                            let same =
                                |(head, _): &&Request| head.starts_with(&format!("{line} HTTP"));
                            let before = seen.iter().filter(same).count();
                            seen.push((head, body));
                            before
                        };
                        let close = "\r\nConnection: close\r\n\r\n";
                        let answer = answer(here, &line, before).replacen("\r\n\r\n", close, 1);
                        let _ = stream.write_all(answer.as_bytes());
                    });
                }
            });
        });
        Self { url, asked }
    }

    /// Everything that was asked so far.
    pub(in crate::ship) fn asked(&self) -> Vec<Request> {
        self.asked.lock().expect("the list").clone()
    }

    /// How often a request began like this.
    pub(in crate::ship) fn count(&self, start: &str) -> usize {
        let asked = self.asked();
        asked
            .iter()
            .filter(|(head, _)| head.starts_with(start))
            .count()
    }
}

fn read_bytes(stream: &mut TcpStream) -> Request {
    let (mut request, mut piece) = (Vec::new(), vec![0; 65536]);
    loop {
        let read = stream.read(&mut piece).unwrap_or(0);
        request.extend_from_slice(&piece[..read]);
        let end = request.windows(4).position(|part| part == b"\r\n\r\n");
        let Some(end) = end.filter(|_| read > 0) else {
            if read == 0 {
                return (String::from_utf8_lossy(&request).into_owned(), Vec::new());
            }
            continue;
        };
        let head = String::from_utf8_lossy(&request[..end]).into_owned();
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, value)| value.trim().parse().expect("a length"));
        if request.len() >= end + 4 + length {
            return (head, request[end + 4..].to_vec());
        }
    }
}

/// Answers one connection per script, in order; after the last it is gone.
pub(super) struct Scripted {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    pub(super) fn new<S: Into<Vec<u8>>>(answers: impl IntoIterator<Item = S>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, answers) = (
            Arc::clone(&asked),
            answers
                .into_iter()
                .map(Into::into)
                .collect::<Vec<Vec<u8>>>(),
        );
        thread::spawn(move || {
            // They stay open until the last: who asks again on one of them waits in vain.
            let mut open = Vec::new();
            for answer in answers {
                let Ok((mut stream, _)) = listener.accept() else {
                    return;
                };
                let request = read(&mut stream);
                seen.lock().expect("the list").push(request);
                // The client may have gone.
                let _ = stream.write_all(&answer);
                open.push(stream);
            }
        });
        Self { address, asked }
    }

    /// Answers one connection when it has seen a little, and hears no more.
    pub(super) fn hasty(answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer.as_bytes());
            thread::sleep(std::time::Duration::from_secs(20));
        });
        Self {
            address,
            asked: Arc::default(),
        }
    }

    /// `http://127.0.0.1:port` and this path.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Everything that was asked so far: head and body.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the list").clone()
    }
}

/// A whole answer with this status line and these headers.
pub(in crate::ship) fn answer(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

/// 200 with JSON.
pub(in crate::ship) fn json(body: &str) -> String {
    answer("200 OK", "Content-Type: application/json\r\n", body)
}

fn read(stream: &mut TcpStream) -> String {
    let (mut request, mut chunk) = (Vec::new(), [0; 8192]);
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, value)| value.trim().parse().expect("a length"));
            if body.len() >= length {
                return text;
            }
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return text,
            Ok(n) => request.extend_from_slice(&chunk[..n]),
        }
    }
}
