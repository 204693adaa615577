//! What each fault looks like from both sides.

use std::io::{BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::http::Head;
use super::{Fault, FaultyProxy, at_random, in_turn};

const BODY: &str = "{\"run\":1}";

/// A server that answers everything alike, and how many bytes of bodies it was sent.
fn server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("the port"));
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&seen);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(&stream);
            let head = Head::read(&mut reader)
                .expect("a request")
                .expect("a request");
            let mut body = vec![0; head.length()];
            reader.read_exact(&mut body).expect("its body");
            counted.fetch_add(body.len(), Ordering::SeqCst);
            let length = BODY.len();
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{BODY}");
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (url, seen)
}

/// Asks on a connection, and reads until it ends or nothing comes; whether it was reset.
fn ask(stream: &mut TcpStream, path: &str) -> (String, bool) {
    let body = "x".repeat(1000);
    let request = format!(
        "POST /api/2.0/{path}?q=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n{body}"
    );
    let wait = Some(Duration::from_millis(500));
    stream.set_read_timeout(wait).expect("a time");
    if stream.write_all(request.as_bytes()).is_err() {
        return (String::new(), true);
    }
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let reset = read.is_err_and(|why| why.kind() == ErrorKind::ConnectionReset);
    (String::from_utf8_lossy(&answer).into_owned(), reset)
}

fn connect(proxy: &FaultyProxy) -> TcpStream {
    TcpStream::connect(("127.0.0.1", proxy.port)).expect("the proxy listens")
}

/// What the client gets under one fault, whether it was reset, and what the server saw.
fn under(fault: Fault) -> (String, bool, usize) {
    let (url, seen) = server();
    let proxy = FaultyProxy::start(&url, in_turn(vec![fault]));
    let (answer, reset) = ask(&mut connect(&proxy), "mlflow/runs/create");
    assert_eq!(proxy.faults().into_iter().collect::<Vec<_>>(), [(fault, 1)]);
    let (after, _) = ask(&mut connect(&proxy), "mlflow/runs/create");
    assert!(after.ends_with(BODY), "the fault is over: {after}");
    (answer, reset, seen.load(Ordering::SeqCst) - 1000)
}

#[test]
fn faults_are_what_they_are_called() {
    std::thread::scope(|threads| {
        for obeyed in [false, true] {
            for fault in Fault::all(obeyed) {
                threads.spawn(move || is_as_called(fault, obeyed));
            }
        }
    });
}

fn is_as_called(fault: Fault, obeyed: bool) {
    let (answer, reset, seen) = under(fault);
    assert_eq!(seen, if obeyed { 1000 } else { 0 }, "{fault}");
    match fault {
        Fault::Closed | Fault::Silent { .. } => assert_eq!(answer, "", "{fault}"),
        Fault::CutOff | Fault::Lost => assert_eq!((&*answer, reset), ("", true), "{fault}"),
        Fault::Halved => {
            assert!(answer.contains("Content-Length: 9") && answer.ends_with("\r\n\r\n{\"ru"));
        }
        Fault::Status { code, .. } => {
            assert!(answer.starts_with(&format!("HTTP/1.1 {code} ")), "{answer}");
            assert_eq!(answer.contains("Retry-After: 1"), matches!(code, 429 | 503));
        }
        Fault::Page { .. } => {
            assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("<html>"));
        }
        Fault::Slow => assert!(answer.ends_with(BODY), "{answer}"),
    }
}

#[test]
fn a_connection_may_be_kept_or_refused() {
    let (url, seen) = server();
    let mut proxy = FaultyProxy::start(&url, |_| None);
    let mut stream = connect(&proxy);
    for asked in 1..=3 {
        assert!(ask(&mut stream, "mlflow/runs/log-batch").0.ends_with(BODY));
        assert_eq!(proxy.asked("POST mlflow/runs/log-batch"), asked);
    }
    for _ in 0..2 {
        proxy.down();
        assert!(TcpStream::connect(("127.0.0.1", proxy.port)).is_err());
        proxy.up();
        ask(
            &mut connect(&proxy),
            "mlflow-artifacts/artifacts/7/0/artifacts/a.png",
        );
    }
    assert_eq!(proxy.asked("POST mlflow-artifacts/artifacts/7"), 2);
    assert_eq!(seen.load(Ordering::SeqCst), 5000);
}

#[test]
fn every_call_has_its_turn_and_chance_has_a_seed() {
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
    let hit = plan(1).into_iter().flatten().count();
    assert!((50..200).contains(&hit), "{hit}");
}
