//! Servers that are down, refuse requests or send invalid responses. The training continues, and no
//! data is lost or duplicated.

use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use mlplots_tests::http::{Answering, answer};
use mlplots_tests::{
    Fault, FaultyProxy, Finished, MlflowServer, Project, assert_stored, at_random,
    everything_program, in_turn, read, sample,
};

const PROGRAM: &str = "faults";

/// A server that tests share. It stops after the last of them.
fn shared_server() -> Arc<MlflowServer> {
    static SERVER: Mutex<Weak<MlflowServer>> = Mutex::new(Weak::new());
    let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    server.upgrade().unwrap_or_else(|| {
        let started = Arc::new(MlflowServer::start(&["--workers", "2"]));
        *server = Arc::downgrade(&started);
        started
    })
}

/// A training that reaches the server through a proxy. Each has its own folder and experiment.
fn training(folder: &Project, experiment: &str, proxy: &FaultyProxy, options: &[&str]) -> Command {
    let mut command = folder.command(&["exec", "--tracking-uri", &proxy.url]);
    command
        .args(["--experiment", experiment])
        .args(options)
        .arg("--")
        .arg(everything_program(PROGRAM))
        .env("MLFLOW_HTTP_REQUEST_TIMEOUT", "3")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs a training through a proxy to its successful end.
fn train(experiment: &str, proxy: &FaultyProxy, options: &[&str]) -> Project {
    let folder = Project::new(PROGRAM);
    let options = [&["--flush-timeout", "300"], options].concat();
    let output = training(&folder, experiment, proxy, &options).output();
    let finished: Finished = output.expect("cargo-mlplots starts").into();
    assert_eq!(finished.code, 0, "{experiment}: {}", finished.text());
    folder
}

/// The first requests of every call meet the faults of one group per training. The client does not
/// repeat a request that the server has handled, so only the first fault of a group is certain to
/// meet every call. Faults that send a response share groups, because the client treats them alike.
#[test]
fn every_fault_in_every_call_loses_nothing() {
    let server = shared_server();
    let (unhandled, handled) = (Fault::all(false), Fault::all(true));
    let (unhandled, unhandled_responses) = unhandled.split_at(3);
    let (handled, handled_responses) = handled.split_at(4);
    // The slowest faults come first.
    let groups = unhandled.chunks(1).rev().chain(handled.chunks(1).rev());
    let responses = unhandled_responses
        .chunks(2)
        .chain(handled_responses.chunks(2));
    let groups = groups.chain(responses);
    // More parallel trainings would make the server slower than the request timeout.
    let groups = Mutex::new(groups);
    let next = || groups.lock().unwrap_or_else(PoisonError::into_inner).next();
    let train_groups = || {
        let folders = std::iter::from_fn(next).map(|faults| train_with_faults(&server.url, faults));
        folders.collect::<Vec<_>>()
    };
    let folders: Vec<Project> = std::thread::scope(|threads| {
        let trainings: Vec<_> = (0..6).map(|_| threads.spawn(train_groups)).collect();
        let folders = trainings
            .into_iter()
            .flat_map(std::thread::ScopedJoinHandle::join);
        folders.flatten().collect()
    });
    assert_eq!(folders.len(), 15, "each group has a training");
    assert_stored(&server.url, &folders);
}

fn train_with_faults(url: &str, faults: &[Fault]) -> Project {
    let proxy = FaultyProxy::start(url, in_turn(faults.to_vec()));
    let names: Vec<_> = faults.iter().map(Fault::to_string).collect();
    // A small upload, because the timeout of an upload grows with its size.
    let folder = train(&names.join("; "), &proxy, &["-P", "megabytes=1"]);
    let counts = proxy.faults();
    assert!(
        counts[&faults[0]] >= 10,
        "every call meets the fault: {counts:?}"
    );
    folder
}

#[test]
fn random_faults_lose_nothing() {
    let server = shared_server();
    let proxy = FaultyProxy::start(&server.url, at_random(3, 0.3));
    let folder = train("random", &proxy, &[]);
    println!("{:?}", proxy.faults());
    assert!(proxy.faults().len() > 5, "{:?}", proxy.faults());
    assert_stored(&server.url, &[folder]);
}

/// The client repeats its request while the server is frozen. Afterwards the server handles all of
/// the queued requests.
#[test]
fn a_server_that_freezes_creates_everything_once() {
    let server = Arc::new(MlflowServer::start(&["--workers", "4"]));
    let frozen = Arc::clone(&server);
    let mut calls = vec!["POST mlflow/runs/create", "POST mlflow/logged-models"];
    let proxy = FaultyProxy::start(&server.url, move |call| {
        let index = calls.iter().position(|expected| *expected == call);
        if let Some(index) = index {
            calls.remove(index);
            // Longer than the request timeout.
            frozen.freeze(Duration::from_secs(8));
        }
        None
    });
    let start = Instant::now();
    let folder = train("frozen", &proxy, &[]);
    assert!(
        start.elapsed() > Duration::from_secs(16),
        "the server froze twice"
    );
    assert_stored(&server.url, &[folder]);
}

#[test]
fn an_upload_may_take_longer_than_the_request_timeout() {
    let server = shared_server();
    let slow = |call: &str| call.starts_with("PUT").then_some(Fault::Slow);
    let proxy = FaultyProxy::start(&server.url, slow);
    let folder = train("slow", &proxy, &["-P", "steps=100", "-P", "megabytes=6"]);
    assert_stored(&server.url, &[folder]);
}

#[test]
fn a_server_with_several_outages_gets_everything() {
    let server = shared_server();
    let folder = Project::new(PROGRAM);
    let mut proxy = FaultyProxy::start(&server.url, |_| None);
    proxy.down();
    let options = [
        "-P",
        "steps=3000",
        "-P",
        "waits=true",
        "--flush-timeout",
        "2",
    ];
    let mut training = training(&folder, "comes and goes", &proxy, &options)
        .spawn()
        .expect("cargo-mlplots starts");
    let second = Duration::from_secs(1);
    std::thread::sleep(second);
    proxy.up();
    wait_for_batches(&proxy, &mut training, 2);
    proxy.down();
    std::thread::sleep(second);
    proxy.up();
    wait_for_batches(&proxy, &mut training, 4);
    proxy.down();
    folder.write("go on", "");
    let finished: Finished = training
        .wait_with_output()
        .expect("the process exits")
        .into();
    assert_eq!(finished.code, 4, "{}", finished.text());
    proxy.up();
    let synced = folder.mlplots(&["sync", "--tracking-uri", &proxy.url]);
    assert_eq!(synced.code, 0, "{}", synced.text());
    assert_stored(&server.url, &[folder]);
}

/// Waits until this number of batches has reached the server.
fn wait_for_batches(proxy: &FaultyProxy, training: &mut Child, count: usize) {
    let start = Instant::now();
    while proxy.request_count("POST mlflow/runs/log-batch") < count {
        let status = training.try_wait().expect("the status of the training");
        assert!(
            status.is_none() && start.elapsed() < Duration::from_mins(1),
            "no batch arrives"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The URL of a server that gives every request the same response.
fn scripted(status: &'static str, content_type: &str, body: &'static str) -> String {
    let headers = format!("Content-Type: {content_type}\r\n");
    Answering::new(move |_, _, _| answer(status, &headers, body)).url
}

/// Trains with a server that accepts no data. Returns the output on stderr.
fn train_unshipped(project: &Project, url: &str) -> String {
    let finished = project.mlplots(&["run", "--tracking-uri", url, "--flush-timeout", "2"]);
    assert_eq!(finished.code, 4, "{}", finished.text());
    assert!(
        finished.stderr.contains("Finished Sample / "),
        "{}",
        finished.text()
    );
    assert!(
        finished
            .stderr
            .contains("help: no data is lost: `cargo mlplots sync` ships the rest"),
        "{}",
        finished.text()
    );
    finished.stderr
}

#[test]
fn a_server_that_was_down_gets_everything_on_sync() {
    let mut server = MlflowServer::start(&["--workers", "1"]);
    server.stop();
    let project = sample("fault-away");
    let text = train_unshipped(&project, &server.url);
    assert!(
        text.contains(&format!(
            "not everything could be shipped to {} in time",
            server.url
        )),
        "{text}"
    );
    server.restart();
    let synced = project.mlplots(&["sync", "--tracking-uri", &server.url]);
    assert_eq!(synced.code, 0, "{}", synced.text());
    let runs = read(&server.url);
    assert_eq!(
        (runs.len(), runs[0].status(), runs[0].steps("loss")),
        (1, "FINISHED", vec![0, 1, 2, 3, 4])
    );
    assert_eq!(project.mlplots(&["sync"]).code, 0);
    assert_eq!(
        read(&server.url)[0].0,
        runs[0].0,
        "a second sync changes nothing"
    );
}

#[test]
fn a_server_restart_during_the_training_loses_nothing() {
    let mut server = MlflowServer::start(&["--workers", "1"]);
    let project = sample("fault-restart");
    assert_eq!(project.cargo(&["build", "--quiet"]).code, 0);
    let mut command = project.command(&[
        "run",
        "-P",
        "steps=3000",
        "-P",
        "millis=2",
        "--flush-timeout",
        "180",
        "--tracking-uri",
        &server.url,
    ]);
    let run = command.spawn().expect("the process starts");
    std::thread::sleep(std::time::Duration::from_secs(3));
    server.restart();
    let output = run.wait_with_output().expect("the process exits");
    assert!(output.status.success());
    let runs = read(&server.url);
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
    assert_eq!(
        runs[0].steps("loss"),
        (0..3000).collect::<Vec<_>>(),
        "MLflow has each point once"
    );
}

#[test]
fn error_responses_are_reported_without_html() {
    let project = sample("fault-answers");
    let denied = train_unshipped(
        &project,
        &scripted("403 Forbidden", "text/plain", "Permission denied"),
    );
    assert!(
        denied.contains("403") && denied.contains("Permission denied"),
        "{denied}"
    );
    let page = "<html><head><title>Not here</title></head><body><h1>nginx</h1></body></html>";
    let html = train_unshipped(&project, &scripted("404 Not Found", "text/html", page));
    assert!(html.contains("404") && !html.contains("<html>"), "{html}");
    let broken = train_unshipped(
        &project,
        &scripted("500 Internal Server Error", "text/plain", "oh no"),
    );
    assert!(broken.contains("500"), "{broken}");
    let proxy = train_unshipped(&project, &scripted("200 OK", "text/html", page));
    assert!(
        proxy.contains("warning: not everything could be shipped"),
        "{proxy}"
    );
}
