//! An MLflow server with PostgreSQL as its backend store, which two trainings use in parallel.

use mlplots_tests::{MlflowServer, Postgres, read, sample};

#[test]
fn parallel_runs_are_stored_completely() {
    let postgres = Postgres::start();
    let server = MlflowServer::start(&["--workers", "2", "--backend-store-uri", &postgres.uri]);
    let project = sample("postgres");
    let arguments = ["run", "--tracking-uri", &server.url];
    let finished = project.mlplots(&arguments);
    assert_eq!(finished.code, 0, "{}", finished.text());
    let runs = read(&server.url);
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
    assert_eq!(runs[0].steps("loss"), [0, 1, 2, 3, 4]);
    assert_eq!(runs[0].metric("loss"), Some(0.2));
    assert_eq!(runs[0].artifacts().len(), 5);

    let long = ["-P", "steps=3000", "-P", "millis=1"];
    let start = || {
        let mut command = project.command(&arguments);
        command.args(long).spawn().expect("the process starts")
    };
    for mut run in [start(), start()] {
        assert!(run.wait().is_ok_and(|status| status.success()));
    }
    let runs = read(&server.url);
    assert_eq!(runs.len(), 3);
    for run in &runs[1..] {
        assert_eq!(run.status(), "FINISHED");
        assert_eq!(
            run.steps("loss"),
            (0..3000).collect::<Vec<_>>(),
            "MLflow has each point once"
        );
        assert_eq!(run.artifacts(), runs[0].artifacts());
    }
    let synced = project.mlplots(&["sync", "--tracking-uri", &server.url]);
    assert_eq!(synced.code, 0, "{}", synced.text());
    assert_eq!(read(&server.url).len(), 3, "a sync creates no duplicate");
}
