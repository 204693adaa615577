//! Measures the time from SIGKILL of a training to its status FAILED in MLflow:
//! `cargo bench -p mlplots-tests --bench sigkill -- TRAININGS`. The default is 100 trainings.

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
            let mut supervisor = supervisor.expect("the process starts");
            let child = trainer(supervisor.id(), NAME);
            // MLflow has the run and its first metrics.
            wait_until(&server, |run| {
                run["info"]["status"] == "RUNNING" && run["data"]["metrics"].is_array()
            });
            let killed = Instant::now();
            signal("-KILL", child);
            wait_until(&server, |run| run["info"]["status"] == "FAILED");
            let duration = killed.elapsed().as_secs_f64() * 1000.0;
            supervisor.wait().expect("the process exits");
            duration
        })
        .collect();
    millis.sort_by(f64::total_cmp);
    println!("From SIGKILL to FAILED in MLflow, {count} trainings, polled every 10 ms:");
    println!(
        "median {:.0} ms, maximum {:.0} ms",
        millis[count / 2],
        millis[count - 1]
    );
}

/// Waits until the newest run satisfies a condition.
fn wait_until(server: &MlflowServer, condition: impl Fn(&Value) -> bool) {
    let newest = json!({
        "experiment_ids": ["1"],
        "max_results": 1,
        "order_by": ["attributes.start_time DESC"],
    });
    let start = Instant::now();
    loop {
        let found = server.post("runs/search", &newest);
        if condition(&found["runs"][0]) {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{found}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
