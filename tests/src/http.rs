//! HTTP servers that answer what the test says, byte for byte, and remember what they were asked.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request's head and body.
pub type Request = (String, Vec<u8>);

/// A whole answer with this status line and these headers, each with its `\r\n`.
pub fn answer(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

/// 200 with JSON.
pub fn json(body: &str) -> String {
    answer("200 OK", "Content-Type: application/json\r\n", body)
}

/// An address where connections are refused.
pub fn nobody() -> String {
    listen().1
}

/// A server that accepts connections and never answers, for as long as the listener lives.
pub fn silent() -> (TcpListener, String) {
    listen()
}

fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, url)
}

/// The URL of a server that answers every connection with this head and a body without an end, and
/// the number of megabytes that it has sent.
pub fn endless(head: &'static str) -> (String, Arc<AtomicU64>) {
    let (listener, url) = listen();
    let sent = Arc::new(AtomicU64::new(0));
    let megabytes = Arc::clone(&sent);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 8192]);
            let _ = stream.write_all(head.as_bytes());
            let piece = vec![b'x'; 1 << 20];
            while stream.write_all(&piece).is_ok() {
                megabytes.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    (url, sent)
}

/// Reads a request to the end of its body; what has arrived of one that breaks off.
///
/// # Errors
/// The connection is broken.
pub fn read_request(stream: &mut impl Read) -> io::Result<Request> {
    let (mut request, mut piece) = (Vec::new(), vec![0; 65536]);
    loop {
        let read = stream.read(&mut piece)?;
        request.extend_from_slice(&piece[..read]);
        let end = request.windows(4).position(|part| part == b"\r\n\r\n");
        let Some(end) = end.filter(|_| read > 0) else {
            if read == 0 {
                return Ok((String::from_utf8_lossy(&request).into_owned(), Vec::new()));
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
            return Ok((head, request[end + 4..].to_vec()));
        }
    }
}

/// Answers every connection as a function says, some at a time, and remembers all requests.
#[derive(Debug)]
pub struct Answering {
    /// `http://127.0.0.1:port`.
    pub url: String,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Answering {
    /// `answer` gets the URL, the request's line without its version, and how often that was asked
    /// before; an empty answer breaks the connection.
    pub fn new(answer: impl Fn(&str, &str, usize) -> String + Send + Sync + 'static) -> Self {
        let (listener, url) = listen();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, here) = (Arc::clone(&asked), url.clone());
        thread::spawn(move || {
            thread::scope(|scope| {
                for mut stream in listener.incoming().flatten() {
                    let (seen, here, answer) = (&seen, &here, &answer);
                    scope.spawn(move || {
                        let (head, body) = read_request(&mut stream).unwrap_or_default();
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
    pub fn asked(&self) -> Vec<Request> {
        self.asked.lock().expect("the list").clone()
    }

    /// How often a request began like this.
    pub fn count(&self, start: &str) -> usize {
        let asked = self.asked();
        asked
            .iter()
            .filter(|(head, _)| head.starts_with(start))
            .count()
    }
}

/// Answers one connection per script, in order; after the last it is gone.
#[derive(Debug)]
pub struct Scripted {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// A server with these answers.
    pub fn new<S: Into<Vec<u8>>>(answers: impl IntoIterator<Item = S>) -> Self {
        let answers: Vec<Vec<u8>> = answers.into_iter().map(Into::into).collect();
        Self::start(move |listener, asked| {
            // They stay open until the last: who asks again on one of them waits in vain.
            let mut open = Vec::new();
            for answer in answers {
                let Ok((mut stream, _)) = listener.accept() else {
                    return;
                };
                let (head, body) = read_request(&mut stream).unwrap_or_default();
                let body = String::from_utf8_lossy(&body);
                let request = format!("{head}\r\n\r\n{body}");
                asked.lock().expect("the list").push(request);
                // The client may have gone.
                let _ = stream.write_all(&answer);
                open.push(stream);
            }
        })
    }

    /// Answers one connection when it has seen a little of the request, and reads no more.
    pub fn hasty(answer: String) -> Self {
        Self::start(move |listener, _| {
            let (mut stream, _) = listener.accept().expect("a connection");
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer.as_bytes());
            thread::sleep(Duration::from_secs(20));
        })
    }

    fn start(serve: impl FnOnce(TcpListener, &Mutex<Vec<String>>) + Send + 'static) -> Self {
        let (listener, _) = listen();
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        thread::spawn(move || serve(listener, &seen));
        Self { address, asked }
    }

    /// `http://127.0.0.1:port` and this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Everything that was asked so far: head and body.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the list").clone()
    }
}

/// Passes requests on as they are, so that their signatures hold, and writes them down.
#[derive(Debug)]
pub struct Flaky {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Flaky {
    /// Starts a proxy for `http://127.0.0.1:PORT`; it breaks off the first request whose line holds
    /// this text.
    pub fn start(url: &str, breaks: &'static str) -> Self {
        let (listener, own) = listen();
        let target = url.trim_start_matches("http://").to_owned();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&lines);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (target, seen) = (target.clone(), Arc::clone(&seen));
                // Clients may break off.
                thread::spawn(move || pass(client, &target, breaks, &seen));
            }
        });
        Self { url: own, lines }
    }

    /// The first lines of all requests.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("the list").clone()
    }
}

fn pass(
    mut client: TcpStream,
    target: &str,
    breaks: &str,
    seen: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let (head, body) = read_request(&mut client)?;
    let line = head.lines().next().unwrap_or_default().to_owned();
    {
        let mut seen = seen.lock().expect("the list");
        let is_first = line.contains(breaks) && !seen.iter().any(|line| line.contains(breaks));
        seen.push(line);
        if is_first {
            return Ok(());
        }
    }
    let mut server = TcpStream::connect(target)?;
    // One request for each connection; this header is in no signature.
    let head: Vec<_> = head
        .lines()
        .filter(|line| !line.to_ascii_lowercase().starts_with("connection:"))
        .collect();
    write!(server, "{}\r\nConnection: close\r\n\r\n", head.join("\r\n"))?;
    server.write_all(&body)?;
    io::copy(&mut server, &mut client).map(drop)
}
