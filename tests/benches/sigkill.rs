//! From a training's death to its status in MLflow: `cargo bench -p mlplots-tests --bench sigkill`.
//!
//! A number after `--` says how many trainings are killed; 100 without it.

use std::process::Stdio;
use std::time::{Duration, Instant};

use mlplots_tests::{MlflowServer, sample, signal, trainer};
use serde_json::{Value, json};

const NAME: &str = "bench-sigkill";

fn main() {
    let count = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(100);
    let server = MlflowServer::start(&[]);
    let project = sample(NAME);
    assert_eq!(project.cargo(&["build", "--quiet"]).code, 0);
    let program = project.program().display().to_string();
    let mut millis: Vec<f64> = (0..count)
        .map(|_| {
            let arguments = [
                "exec",
                "-P",
                "steps=100000",
                "-P",
                "millis=2",
                "--tracking-uri",
                &server.url,
                "--",
                &program,
            ];
            let supervisor = project
                .command(&arguments)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            let mut supervisor = supervisor.expect("it starts");
            let child = trainer(supervisor.id(), NAME);
            // It is known to MLflow, and has metrics.
            wait_until(&server, |run| {
                run["info"]["status"] == "RUNNING" && run["data"]["metrics"].is_array()
            });
            let killed = Instant::now();
            signal("-KILL", child);
            wait_until(&server, |run| run["info"]["status"] == "FAILED");
            let took = killed.elapsed().as_secs_f64() * 1000.0;
            supervisor.wait().expect("it ends");
            took
        })
        .collect();
    millis.sort_by(f64::total_cmp);
    println!("From SIGKILL to FAILED in MLflow, {count} trainings, looked at every 10 ms:");
    println!(
        "median {:.0} ms, most {:.0} ms",
        millis[count / 2],
        millis[count - 1]
    );
}

/// Waits for something of the newest run.
fn wait_until(server: &MlflowServer, is_so: impl Fn(&Value) -> bool) {
    let newest = json!({
        "experiment_ids": ["1"],
        "max_results": 1,
        "order_by": ["attributes.start_time DESC"],
    });
    let since = Instant::now();
    loop {
        let found = server.post("runs/search", &newest);
        if is_so(&found["runs"][0]) {
            return;
        }
        assert!(since.elapsed() < Duration::from_secs(30), "{found}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
