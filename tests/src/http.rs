//! HTTP servers that send scripted responses byte for byte and record the requests.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request's head and body.
pub type Request = (String, Vec<u8>);

/// A response with this status line, these headers (each ends with `\r\n`) and this body.
pub fn answer(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

/// A response with status 200 and a JSON body.
pub fn json(body: &str) -> String {
    answer("200 OK", "Content-Type: application/json\r\n", body)
}

/// The URL of a port that refuses connections.
pub fn nobody() -> String {
    listen().1
}

/// A server that accepts connections and never responds, until the listener is dropped.
pub fn silent() -> (TcpListener, String) {
    listen()
}

fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, url)
}

/// The URL of a server that responds to every connection with this head and an endless body, and
/// the number of megabytes sent.
pub fn endless(head: &'static str) -> (String, Arc<AtomicU64>) {
    let (listener, url) = listen();
    let sent = Arc::new(AtomicU64::new(0));
    let megabytes = Arc::clone(&sent);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 8192]);
            let _ = stream.write_all(head.as_bytes());
            let chunk = vec![b'x'; 1 << 20];
            while stream.write_all(&chunk).is_ok() {
                megabytes.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    (url, sent)
}

/// Reads a request to the end of its body, or up to the end of the connection.
///
/// # Errors
/// Reading from the connection fails.
pub fn read_request(stream: &mut impl Read) -> io::Result<Request> {
    let (mut request, mut buffer) = (Vec::new(), vec![0; 65536]);
    loop {
        let read = stream.read(&mut buffer)?;
        request.extend_from_slice(&buffer[..read]);
        let end = request.windows(4).position(|bytes| bytes == b"\r\n\r\n");
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

/// A server whose responses a function computes. It handles requests in parallel and records them.
#[derive(Debug)]
pub struct Answering {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Answering {
    /// Starts a server. `answer` receives the URL, the request line without the HTTP version, and
    /// the number of earlier requests with the same line. An empty string closes the connection.
    pub fn new(answer: impl Fn(&str, &str, usize) -> String + Send + Sync + 'static) -> Self {
        let (listener, url) = listen();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (requests, own_url) = (Arc::clone(&asked), url.clone());
        thread::spawn(move || {
            thread::scope(|scope| {
                for mut stream in listener.incoming().flatten() {
                    let (requests, own_url, answer) = (&requests, &own_url, &answer);
                    scope.spawn(move || {
                        let (head, body) = read_request(&mut stream).unwrap_or_default();
                        let line = head.split(" HTTP").next().unwrap_or_default().to_owned();
                        let earlier = {
                            let mut requests = requests.lock().expect("the list");
                            let same =
                                |(head, _): &&Request| head.starts_with(&format!("{line} HTTP"));
                            let earlier = requests.iter().filter(same).count();
                            requests.push((head, body));
                            earlier
                        };
                        let close = "\r\nConnection: close\r\n\r\n";
                        let answer = answer(own_url, &line, earlier).replacen("\r\n\r\n", close, 1);
                        let _ = stream.write_all(answer.as_bytes());
                    });
                }
            });
        });
        Self { url, asked }
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Request> {
        self.asked.lock().expect("the list").clone()
    }

    /// The number of requests whose head starts with this text.
    pub fn count(&self, start: &str) -> usize {
        let asked = self.asked();
        asked
            .iter()
            .filter(|(head, _)| head.starts_with(start))
            .count()
    }
}

/// A server that handles one connection per scripted response, in order, and then stops.
#[derive(Debug)]
pub struct Scripted {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// Starts a server with these responses.
    pub fn new<S: Into<Vec<u8>>>(answers: impl IntoIterator<Item = S>) -> Self {
        let answers: Vec<Vec<u8>> = answers.into_iter().map(Into::into).collect();
        Self::start(move |listener, asked| {
            // All connections stay open until the last one, so that a client that reuses one of
            // them gets no response.
            let mut open = Vec::new();
            for answer in answers {
                let Ok((mut stream, _)) = listener.accept() else {
                    return;
                };
                let (head, body) = read_request(&mut stream).unwrap_or_default();
                let body = String::from_utf8_lossy(&body);
                let request = format!("{head}\r\n\r\n{body}");
                asked.lock().expect("the list").push(request);
                // The client may have closed the connection.
                let _ = stream.write_all(&answer);
                open.push(stream);
            }
        })
    }

    /// Starts a server that responds after it has read the start of the request, and reads no more.
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
        let requests = Arc::clone(&asked);
        thread::spawn(move || serve(listener, &requests));
        Self { address, asked }
    }

    /// `http://127.0.0.1:PORT` and this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All requests so far, each with head and body.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the list").clone()
    }
}

/// A proxy that drops one request. It forwards the others unchanged, so that their signatures stay
/// valid, and records them.
#[derive(Debug)]
pub struct Flaky {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Flaky {
    /// Starts a proxy for `http://127.0.0.1:PORT`. It drops the first request whose request line
    /// contains `dropped`.
    pub fn start(url: &str, dropped: &'static str) -> Self {
        let (listener, own_url) = listen();
        let target = url.trim_start_matches("http://").to_owned();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&lines);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (target, seen) = (target.clone(), Arc::clone(&seen));
                // Clients may close the connection early.
                thread::spawn(move || forward(client, &target, dropped, &seen));
            }
        });
        Self {
            url: own_url,
            lines,
        }
    }

    /// The request lines of all requests.
    pub fn request_lines(&self) -> Vec<String> {
        self.lines.lock().expect("the list").clone()
    }
}

fn forward(
    mut client: TcpStream,
    target: &str,
    dropped: &str,
    seen: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let (head, body) = read_request(&mut client)?;
    let line = head.lines().next().unwrap_or_default().to_owned();
    {
        let mut seen = seen.lock().expect("the list");
        let is_first = line.contains(dropped) && !seen.iter().any(|line| line.contains(dropped));
        seen.push(line);
        if is_first {
            return Ok(());
        }
    }
    let mut server = TcpStream::connect(target)?;
    // One request per connection. No signature covers this header.
    let head: Vec<_> = head
        .lines()
        .filter(|line| !line.to_ascii_lowercase().starts_with("connection:"))
        .collect();
    write!(server, "{}\r\nConnection: close\r\n\r\n", head.join("\r\n"))?;
    server.write_all(&body)?;
    io::copy(&mut server, &mut client).map(drop)
}
