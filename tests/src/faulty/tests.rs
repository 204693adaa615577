//! Checks what the client and the server see of each fault.

use std::io::{BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::http::Head;
use super::{Fault, FaultyProxy, at_random, in_turn};

const BODY: &str = "{\"run\":1}";

/// A server that gives every request the same response, and the number of body bytes it received.
fn server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("the port"));
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(&stream);
            let head = Head::read(&mut reader)
                .expect("a request")
                .expect("a request");
            let mut body = vec![0; head.length()];
            reader.read_exact(&mut body).expect("a body");
            counter.fetch_add(body.len(), Ordering::SeqCst);
            let length = BODY.len();
            let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{BODY}");
            let _ = stream.write_all(response.as_bytes());
        }
    });
    (url, seen)
}

/// Sends a request and reads until the connection ends or no data arrives for half a second.
/// Returns the response and whether the connection was reset.
fn send(stream: &mut TcpStream, path: &str) -> (String, bool) {
    let body = "x".repeat(1000);
    let request = format!(
        "POST /api/2.0/{path}?q=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n{body}"
    );
    let timeout = Some(Duration::from_millis(500));
    stream.set_read_timeout(timeout).expect("a timeout");
    if stream.write_all(request.as_bytes()).is_err() {
        return (String::new(), true);
    }
    let mut response = Vec::new();
    let read = stream.read_to_end(&mut response);
    let reset = read.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset);
    (String::from_utf8_lossy(&response).into_owned(), reset)
}

fn connect(proxy: &FaultyProxy) -> TcpStream {
    TcpStream::connect(("127.0.0.1", proxy.port)).expect("the proxy listens")
}

/// Injects one fault. Returns the response, whether the connection was reset, and the number of
/// body bytes that reached the server.
fn inject(fault: Fault) -> (String, bool, usize) {
    let (url, seen) = server();
    let proxy = FaultyProxy::start(&url, in_turn(vec![fault]));
    let (response, reset) = send(&mut connect(&proxy), "mlflow/runs/create");
    assert_eq!(proxy.faults().into_iter().collect::<Vec<_>>(), [(fault, 1)]);
    let (next, _) = send(&mut connect(&proxy), "mlflow/runs/create");
    assert!(next.ends_with(BODY), "the next request succeeds: {next}");
    (response, reset, seen.load(Ordering::SeqCst) - 1000)
}

#[test]
fn each_fault_has_its_documented_effect() {
    std::thread::scope(|threads| {
        for handled in [false, true] {
            for fault in Fault::all(handled) {
                threads.spawn(move || check(fault, handled));
            }
        }
    });
}

fn check(fault: Fault, handled: bool) {
    let (response, reset, seen) = inject(fault);
    assert_eq!(seen, if handled { 1000 } else { 0 }, "{fault}");
    match fault {
        Fault::Closed | Fault::Silent { .. } => assert_eq!(response, "", "{fault}"),
        Fault::CutOff | Fault::Lost => assert_eq!((&*response, reset), ("", true), "{fault}"),
        Fault::Truncated => {
            assert!(response.contains("Content-Length: 9") && response.ends_with("\r\n\r\n{\"ru"));
        }
        Fault::Status { code, .. } => {
            assert!(
                response.starts_with(&format!("HTTP/1.1 {code} ")),
                "{response}"
            );
            assert_eq!(
                response.contains("Retry-After: 1"),
                matches!(code, 429 | 503)
            );
        }
        Fault::Page { .. } => {
            assert!(response.starts_with("HTTP/1.1 200 ") && response.contains("<html>"));
        }
        Fault::Slow => assert!(response.ends_with(BODY), "{response}"),
    }
}

#[test]
fn the_proxy_reuses_connections_and_refuses_them_while_down() {
    let (url, seen) = server();
    let mut proxy = FaultyProxy::start(&url, |_| None);
    let mut stream = connect(&proxy);
    for count in 1..=3 {
        assert!(send(&mut stream, "mlflow/runs/log-batch").0.ends_with(BODY));
        assert_eq!(proxy.request_count("POST mlflow/runs/log-batch"), count);
    }
    for _ in 0..2 {
        proxy.down();
        assert!(TcpStream::connect(("127.0.0.1", proxy.port)).is_err());
        proxy.up();
        send(
            &mut connect(&proxy),
            "mlflow-artifacts/artifacts/7/0/artifacts/a.png",
        );
    }
    assert_eq!(proxy.request_count("POST mlflow-artifacts/artifacts/7"), 2);
    assert_eq!(seen.load(Ordering::SeqCst), 5000);
}

#[test]
fn plans_count_per_call_and_random_plans_depend_on_the_seed() {
    let mut plan = in_turn(vec![Fault::Lost, Fault::Slow]);
    let calls = ["a", "a", "b", "a", "b", "b"];
    let (lost, slow) = (Some(Fault::Lost), Some(Fault::Slow));
    assert_eq!(calls.map(&mut plan), [lost, slow, lost, None, slow, None]);
    let plan = |seed| {
        let mut plan = at_random(seed, 0.1);
        (0..1000).map(|_| plan("a")).collect::<Vec<_>>()
    };
    assert_eq!(plan(1), plan(1));
    assert_ne!(plan(1), plan(2));
    let faults = plan(1).into_iter().flatten().count();
    assert!((50..200).contains(&faults), "{faults}");
}
