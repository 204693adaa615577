//! Servers that are away, refuse, or talk nonsense: the training goes on, and nothing is lost.

use std::io::{Read, Write};
use std::net::TcpListener;

use mlplots_tests::{MlflowServer, Project, read, sample};

/// A server that gives every request the same answer.
fn scripted(status: &'static str, kind: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("the port"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = vec![0; 65536];
            let _ = stream.read(&mut request);
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
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
    let synced = project.mlplots(&["sync"]);
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
