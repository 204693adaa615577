//! Servers that are away, refuse, or talk nonsense: the training goes on, and nothing is lost.

use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use mlplots_tests::http::{Answering, answer};
use mlplots_tests::{
    Fault, FaultyProxy, Finished, MlflowServer, Project, at_random, everything, has_arrived,
    in_turn, read, sample,
};

const PROGRAM: &str = "faults";

/// A server for the tests that need no more than that it is sound; it ends with the last of them.
fn sound() -> Arc<MlflowServer> {
    static SERVER: Mutex<Weak<MlflowServer>> = Mutex::new(Weak::new());
    let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    server.upgrade().unwrap_or_else(|| {
        let started = Arc::new(MlflowServer::start(&["--workers", "2"]));
        *server = Arc::downgrade(&started);
        started
    })
}

/// A training behind a proxy, in a folder and an experiment of its own.
fn training(folder: &Project, experiment: &str, proxy: &FaultyProxy, options: &[&str]) -> Command {
    let mut command = folder.command(&["exec", "--tracking-uri", &proxy.url]);
    command
        .args(["--experiment", experiment])
        .args(options)
        .arg("--")
        .arg(everything(PROGRAM))
        .env("MLFLOW_HTTP_REQUEST_TIMEOUT", "3")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The same from its start to its end, which is a good one.
fn trained(experiment: &str, proxy: &FaultyProxy, options: &[&str]) -> Project {
    let folder = Project::new(PROGRAM);
    let options = [&["--flush-timeout", "300"], options].concat();
    let output = training(&folder, experiment, proxy, &options).output();
    let finished: Finished = output.expect("cargo-mlplots starts").into();
    assert_eq!(finished.code, 0, "{experiment}: {}", finished.text());
    folder
}

/// The first requests of every call fail, in one training by these faults and in another by those.
/// What was obeyed is not asked again, so that only the first fault of a training meets all calls;
/// answers that say "later" are all alike.
#[test]
fn every_call_meets_every_fault() {
    let server = sound();
    let (unseen, obeyed) = (Fault::all(false), Fault::all(true));
    let (unseen, unseen_answers) = unseen.split_at(3);
    let (obeyed, obeyed_answers) = obeyed.split_at(4);
    // Those that take longest come first.
    let groups = unseen.chunks(1).rev().chain(obeyed.chunks(1).rev());
    let answers = unseen_answers.chunks(2).chain(obeyed_answers.chunks(2));
    let groups = groups.chain(answers);
    // More at a time would make the server slower than the clients' patience.
    let groups = Mutex::new(groups);
    let next = || groups.lock().unwrap_or_else(PoisonError::into_inner).next();
    let some = || {
        let trained = std::iter::from_fn(next).map(|faults| meets(&server.url, faults));
        trained.collect::<Vec<_>>()
    };
    let folders: Vec<Project> = std::thread::scope(|threads| {
        let trainings: Vec<_> = (0..6).map(|_| threads.spawn(some)).collect();
        let folders = trainings
            .into_iter()
            .flat_map(std::thread::ScopedJoinHandle::join);
        folders.flatten().collect()
    });
    assert_eq!(folders.len(), 15, "each is trained");
    has_arrived(&server.url, &folders);
}

fn meets(url: &str, faults: &[Fault]) -> Project {
    let proxy = FaultyProxy::start(url, in_turn(faults.to_vec()));
    let names: Vec<_> = faults.iter().map(Fault::to_string).collect();
    // A large upload may be silent for longer.
    let folder = trained(&names.join("; "), &proxy, &["-P", "megabytes=1"]);
    let counted = proxy.faults();
    assert!(
        counted[&faults[0]] >= 10,
        "there are more calls: {counted:?}"
    );
    folder
}

#[test]
fn faults_at_random_lose_nothing() {
    let server = sound();
    let proxy = FaultyProxy::start(&server.url, at_random(3, 0.3));
    let folder = trained("random", &proxy, &[]);
    println!("{:?}", proxy.faults());
    assert!(proxy.faults().len() > 5, "{:?}", proxy.faults());
    has_arrived(&server.url, &[folder]);
}

/// It is asked again and again meanwhile, and finds all of it in its queue when it comes to itself.
#[test]
fn a_server_that_freezes_makes_each_thing_once() {
    let server = Arc::new(MlflowServer::start(&["--workers", "4"]));
    let frozen = Arc::clone(&server);
    let mut calls = vec!["POST mlflow/runs/create", "POST mlflow/logged-models"];
    let proxy = FaultyProxy::start(&server.url, move |call| {
        let place = calls.iter().position(|wanted| *wanted == call);
        if let Some(place) = place {
            calls.remove(place);
            // Longer than the client's patience.
            frozen.freeze(Duration::from_secs(8));
        }
        None
    });
    let since = Instant::now();
    let folder = trained("frozen", &proxy, &[]);
    assert!(since.elapsed() > Duration::from_secs(16), "it froze twice");
    has_arrived(&server.url, &[folder]);
}

#[test]
fn an_upload_may_take_longer_than_an_answer() {
    let server = sound();
    let slow = |call: &str| call.starts_with("PUT").then_some(Fault::Slow);
    let proxy = FaultyProxy::start(&server.url, slow);
    let folder = trained("slow", &proxy, &["-P", "steps=100", "-P", "megabytes=6"]);
    has_arrived(&server.url, &[folder]);
}

#[test]
fn a_server_that_comes_and_goes_gets_everything() {
    let server = sound();
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
    batches(&proxy, &mut training, 2);
    proxy.down();
    std::thread::sleep(second);
    proxy.up();
    batches(&proxy, &mut training, 4);
    proxy.down();
    folder.write("go on", "");
    let finished: Finished = training.wait_with_output().expect("it ends").into();
    assert_eq!(finished.code, 4, "{}", finished.text());
    proxy.up();
    let synced = folder.mlplots(&["sync", "--tracking-uri", &proxy.url]);
    assert_eq!(synced.code, 0, "{}", synced.text());
    has_arrived(&server.url, &[folder]);
}

/// Waits until the server was asked to log so many batches.
fn batches(proxy: &FaultyProxy, training: &mut Child, wanted: usize) {
    let since = Instant::now();
    while proxy.asked("POST mlflow/runs/log-batch") < wanted {
        let ended = training.try_wait().expect("it can be asked");
        assert!(
            ended.is_none() && since.elapsed() < Duration::from_mins(1),
            "no batch comes"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A server that gives every request the same answer.
fn scripted(status: &'static str, kind: &str, body: &'static str) -> String {
    let headers = format!("Content-Type: {kind}\r\n");
    Answering::new(move |_, _, _| answer(status, &headers, body)).url
}

fn left_unshipped(project: &Project, url: &str) -> String {
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
            .contains("help: nothing is lost: `cargo mlplots sync` ships the rest"),
        "{}",
        finished.text()
    );
    finished.stderr
}

#[test]
fn a_server_that_is_away_gets_everything_later() {
    let mut server = MlflowServer::start(&["--workers", "1"]);
    server.stop();
    let project = sample("fault-away");
    let text = left_unshipped(&project, &server.url);
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
fn a_server_that_restarts_midway_loses_nothing() {
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
    let run = command.spawn().expect("it starts");
    std::thread::sleep(std::time::Duration::from_secs(3));
    server.restart();
    let output = run.wait_with_output().expect("it ends");
    assert!(output.status.success());
    let runs = read(&server.url);
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
    assert_eq!(
        runs[0].steps("loss"),
        (0..3000).collect::<Vec<_>>(),
        "each point once"
    );
}

#[test]
fn answers_that_refuse_are_told_in_words() {
    let project = sample("fault-answers");
    let denied = left_unshipped(
        &project,
        &scripted("403 Forbidden", "text/plain", "Permission denied"),
    );
    assert!(
        denied.contains("403") && denied.contains("Permission denied"),
        "{denied}"
    );
    let page = "<html><head><title>Not here</title></head><body><h1>nginx</h1></body></html>";
    let html = left_unshipped(&project, &scripted("404 Not Found", "text/html", page));
    assert!(html.contains("404") && !html.contains("<html>"), "{html}");
    let broken = left_unshipped(
        &project,
        &scripted("500 Internal Server Error", "text/plain", "oh no"),
    );
    assert!(broken.contains("500"), "{broken}");
    let proxy = left_unshipped(&project, &scripted("200 OK", "text/html", page));
    assert!(
        proxy.contains("warning: not everything could be shipped"),
        "{proxy}"
    );
}
