//! A plain loop of `runs/log-batch` requests with the maximum number of points: the baseline.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, UNIX_EPOCH};

use mlplots_tests::MlflowServer;
use serde_json::json;

/// MLflow's limit of points per request.
const BATCH: u64 = 1000;

/// Logs points into a new run over parallel connections. Returns the points per second and the ID
/// of the run.
pub fn plain(server: &MlflowServer, points: u64, connections: usize) -> (f64, String) {
    let new = json!({ "experiment_id": "0", "start_time": now() });
    let run = server.post("runs/create", &new);
    let run = run["run"]["info"]["run_id"]
        .as_str()
        .expect("the ID of the run");
    let next = AtomicU64::new(0);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..connections {
            scope.spawn(|| {
                let mut connection = Connection::open(&server.url);
                loop {
                    let from = next.fetch_add(BATCH, Ordering::Relaxed);
                    if from >= points {
                        return;
                    }
                    connection.log_batch(run, from..points.min(from + BATCH));
                }
            });
        }
    });
    let rate = points as f64 / start.elapsed().as_secs_f64();
    (rate, run.to_owned())
}

/// A persistent HTTP connection.
struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
    body: String,
    head: String,
}

impl Connection {
    fn open(url: &str) -> Self {
        let host = url.trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host).expect("the server accepts connections");
        stream.set_nodelay(true).expect("TCP_NODELAY is set");
        Self {
            stream: BufReader::new(stream),
            host,
            body: String::new(),
            head: String::new(),
        }
    }

    fn log_batch(&mut self, run: &str, steps: std::ops::Range<u64>) {
        let time = now();
        self.body.clear();
        let _ = write!(self.body, r#"{{"run_id":"{run}","metrics":["#);
        for step in steps {
            let value = 1.0 / (step + 1) as f64;
            let _ = write!(
                self.body,
                r#"{{"key":"loss","value":{value:e},"timestamp":{time},"step":{step}}},"#
            );
        }
        // Removes the last comma.
        self.body.pop();
        self.body.push_str("]}");
        self.head.clear();
        let _ = write!(
            self.head,
            "POST /api/2.0/mlflow/runs/log-batch HTTP/1.1\r\nHost: {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.host,
            self.body.len()
        );
        let request = [self.head.as_bytes(), self.body.as_bytes()].concat();
        let stream = self.stream.get_mut();
        stream.write_all(&request).expect("the request is sent");
        self.read_response();
    }

    fn read_response(&mut self) {
        let mut line = String::new();
        let mut length = 0;
        let mut status = None;
        loop {
            line.clear();
            let read = self.stream.read_line(&mut line).expect("a response");
            assert!(read > 0, "the server closed the connection");
            status.get_or_insert_with(|| line.clone());
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().expect("a length");
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a body");
        let status = status.unwrap_or_default();
        let body = String::from_utf8_lossy(&body);
        assert!(status.contains(" 200 "), "{status}{body}");
    }
}

fn now() -> u64 {
    UNIX_EPOCH
        .elapsed()
        .map_or(0, |elapsed| elapsed.as_millis() as u64)
}
