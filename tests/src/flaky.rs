//! A proxy that breaks off one request.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Passes requests on as they are, so that their signatures hold, and writes them down.
#[derive(Debug)]
pub struct Flaky {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Flaky {
    /// Starts one in front of `http://127.0.0.1:PORT`; it breaks off the first request whose line
    /// holds this text, when it has seen its head.
    pub fn start(url: &str, breaks: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("the port").port();
        let target = url.trim_start_matches("http://").to_owned();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&lines);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (target, seen) = (target.clone(), Arc::clone(&seen));
                // Who breaks off is no concern of this one.
                thread::spawn(move || pass(client, &target, breaks, &seen));
            }
        });
        Self {
            url: format!("http://127.0.0.1:{port}"),
            lines,
        }
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
) -> std::io::Result<()> {
    let (mut request, mut piece) = (Vec::new(), [0; 8192]);
    let end = loop {
        if let Some(end) = request.windows(4).position(|part| part == b"\r\n\r\n") {
            break end;
        }
        match client.read(&mut piece)? {
            0 => return Ok(()),
            read => request.extend_from_slice(&piece[..read]),
        }
    };
    let head = String::from_utf8_lossy(&request[..end]).into_owned();
    let line = head.lines().next().unwrap_or_default().to_owned();
    let first = {
        let mut seen = seen.lock().expect("the list");
        let first = line.contains(breaks) && !seen.iter().any(|line| line.contains(breaks));
        seen.push(line);
        first
    };
    if first {
        return client.shutdown(Shutdown::Both);
    }
    let mut server = TcpStream::connect(target)?;
    // One request for each connection; this header is in no signature.
    let head: Vec<_> = head
        .lines()
        .filter(|line| !line.to_ascii_lowercase().starts_with("connection:"))
        .collect();
    write!(server, "{}\r\nConnection: close", head.join("\r\n"))?;
    server.write_all(&request[end..])?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || std::io::copy(&mut from, &mut to));
    std::io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Both)
}
