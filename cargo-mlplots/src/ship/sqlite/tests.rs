//! Databases that mlplots creates, databases that MLflow creates, and invalid ones.

mod folders;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use mlplots_journal::record::{Metric, Tag};
use mlplots_tests::python;
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::ship::store::{ErrorKind, contract};

fn run_at(uri: &str) -> Root<'_> {
    Root::Run { id: "r", uri }
}

/// A database in a directory whose name has a space and a non-ASCII letter.
fn database() -> (TempDir, Database) {
    let folder = tempfile::Builder::new()
        .prefix("ä b")
        .tempdir()
        .expect("a directory");
    let database = Database {
        file: folder.path().join("mlflow.db"),
        artifact_root: folder.path().join("mlruns"),
        timeout: Duration::from_secs(30),
    };
    (folder, database)
}

fn open(database: &Database) -> SqliteStore {
    SqliteStore::open(database).expect("a store")
}

fn name(name: &str) -> ExperimentChoice {
    ExperimentChoice::Name(name.to_owned())
}

fn start(store: &dyn TrackingStore, experiment: &str) -> StoredRun {
    let experiment = store.experiment(&name(experiment)).expect("an experiment");
    let tags = [Tag {
        key: "mlplots.run_uuid".to_owned(),
        value: "u".to_owned(),
    }];
    let new = NewRun {
        experiment_id: &experiment.id,
        name: None,
        user: "ada",
        start_time: 1,
        tags: &tags,
    };
    store.create_run(&new).expect("a run")
}

fn point(step: i64) -> Batch {
    let metric = Metric {
        key: "loss".to_owned(),
        value: 0.5,
        timestamp: step,
        step,
    };
    Batch {
        metrics: vec![metric],
        ..Batch::default()
    }
}

/// MLflow upgrades the database while it is open here, and the store continues to write.
#[test]
fn the_contract_holds_in_a_database_that_mlplots_created() {
    let (folder, database) = database();
    let store: Arc<dyn TrackingStore> = Arc::new(open(&database));
    contract::check(&store, &python);
    let run = start(&*store, "contract");
    assert_eq!(
        run.artifact_uri,
        format!(
            "{}/mlruns/{}/{}/artifacts",
            folder.path().display(),
            run.experiment_id,
            run.id
        )
    );
    for entry in files(folder.path()) {
        assert!(
            !entry.ends_with("meta.yaml"),
            "MLflow would read a file store instead of the database: {}",
            entry.display()
        );
    }
}

/// The database has MLflow's newest revision and write-ahead logging.
#[test]
fn the_contract_holds_in_a_database_that_mlflow_created() {
    let (_folder, database) = database();
    python(
        "import mlflow, sys; mlflow.MlflowClient(sys.argv[1]).search_experiments()",
        &[&sqlite_uri(&database.file)],
    );
    let mode = |connection: &Connection| {
        connection.query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0))
    };
    Connection::open(&database.file)
        .and_then(|raw| raw.pragma_update(None, "journal_mode", "WAL"))
        .expect("changed");
    let store: Arc<dyn TrackingStore> = Arc::new(open(&database));
    contract::check(&store, &python);
    assert_eq!(
        Connection::open(&database.file)
            .and_then(|raw| mode(&raw))
            .expect("a mode"),
        "wal"
    );
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn concurrent_writes_with_mlflow_lose_no_point() {
    let (_folder, database) = database();
    let store = Arc::new(open(&database));
    let run = start(&*store, "both");
    let writer = {
        let (store, run) = (Arc::clone(&store), run.clone());
        thread::spawn(move || {
            for step in 0..300 {
                store.log_batch(&run.id, &point(step)).expect("logged");
            }
        })
    };
    let script = "
import mlflow, sys
client = mlflow.MlflowClient(sys.argv[1])
run = client.create_run('0').info.run_id
for step in range(300):
    client.log_metric(run, 'loss', 0.5, step, step)
print(len(client.get_metric_history(run, 'loss')))";
    assert_eq!(python(script, &[store.uri()]).trim(), "300");
    writer.join().expect("all logged");
    let count = "import mlflow, sys; print(len(mlflow.MlflowClient(sys.argv[1]).get_metric_history(sys.argv[2], 'loss')))";
    assert_eq!(python(count, &[store.uri(), &run.id]).trim(), "300");
}

#[test]
fn threads_that_create_one_database_share_it() {
    let (_folder, database) = database();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let database = database.clone();
            thread::spawn(move || {
                open(&database)
                    .experiment(&name("one"))
                    .expect("an experiment")
                    .id
            })
        })
        .collect();
    let ids: Vec<_> = threads
        .into_iter()
        .map(|thread| thread.join().expect("no panic"))
        .collect();
    assert_eq!(ids, ["1"; 8]);
}

#[test]
fn a_locked_database_is_retried() {
    let (_folder, mut database) = database();
    database.timeout = Duration::from_millis(50);
    let store = open(&database);
    let run = start(&store, "locked");
    let other = Connection::open(&database.file).expect("a connection");
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let error = store.log_batch(&run.id, &point(1)).expect_err("locked");
    assert_eq!(error.kind, ErrorKind::Retry(None));
    assert!(
        error
            .message
            .starts_with("another program holds a lock on "),
        "{error}"
    );
    other.execute_batch("ROLLBACK").expect("the lock is free");
    store.log_batch(&run.id, &point(1)).expect("logged");
}

/// Changes a database outside of the store, and dates the change back.
fn change(file: &Path, sql: &str) {
    Connection::open(file)
        .and_then(|raw| raw.execute_batch(sql))
        .expect("changed");
    let file = std::fs::File::options()
        .append(true)
        .open(file)
        .expect("the file");
    file.set_modified(std::time::UNIX_EPOCH)
        .expect("an older time");
}

/// MLflow creates its tables one after the other.
#[test]
fn opening_waits_while_mlflow_creates_the_tables() {
    let (_folder, database) = database();
    drop(open(&database));
    change(&database.file, "ALTER TABLE latest_metrics RENAME TO later");
    let raw = Connection::open(&database.file).expect("a connection");
    raw.execute_batch("UPDATE experiments SET name = name")
        .expect("changed recently");
    let opening = thread::spawn(move || SqliteStore::open(&database).map(|_| ()));
    thread::sleep(Duration::from_millis(500));
    assert!(!opening.is_finished());
    raw.execute_batch("ALTER TABLE later RENAME TO latest_metrics")
        .expect("created");
    opening.join().expect("no panic").expect("opened");
}

#[test]
fn the_error_names_missing_tables_and_columns() {
    let refused = |sql: &str, expected: &str, help: &str| {
        let (_folder, database) = database();
        drop(open(&database));
        change(&database.file, sql);
        let error = SqliteStore::open(&database).err().expect("refused");
        assert_eq!(error.kind, ErrorKind::Refused);
        assert!(
            error.message.contains(expected) && error.message.contains("mlflow.db"),
            "{error}"
        );
        assert!(
            error
                .help
                .as_deref()
                .is_some_and(|text| text.contains(help)),
            "{:?}",
            error.help
        );
    };
    refused(
        "ALTER TABLE runs DROP COLUMN entry_point_name",
        "`entry_point_name` in the table `runs`",
        "mlflow db upgrade 'sqlite:///",
    );
    refused(
        "DROP TABLE latest_metrics",
        "the table `latest_metrics`",
        "mlflow db upgrade",
    );
    refused(
        "DROP TABLE alembic_version; DROP TABLE runs",
        "is not an MLflow database",
        "sqlite:///mlflow.db",
    );
}

#[test]
fn old_databases_accept_runs_without_models() {
    let (_folder, database) = database();
    drop(open(&database));
    let old = "DROP TABLE logged_model_tags; DROP TABLE logged_model_params; DROP TABLE logged_model_metrics; DROP TABLE logged_models";
    change(&database.file, old);
    let store = open(&database);
    let run = start(&store, "old");
    store.log_batch(&run.id, &point(1)).expect("logged");
    let error = store.find_model(&run, "u").expect_err("no models");
    assert!(
        error.message.contains("the table `logged_models`"),
        "{error}"
    );
}

#[test]
fn a_file_that_is_not_a_database_is_not_changed() {
    let (_folder, database) = database();
    let text = "not a database, but long enough to be read as one. ".repeat(40);
    std::fs::write(&database.file, &text).expect("written");
    let error = SqliteStore::open(&database).err().expect("refused");
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.message.contains("file is not a database"), "{error}");
    assert_eq!(std::fs::read_to_string(&database.file).expect("text"), text);
    std::fs::remove_file(&database.file)
        .and_then(|()| std::fs::create_dir(&database.file))
        .expect("a directory");
    assert!(
        SqliteStore::open(&database)
            .err()
            .expect("refused")
            .help
            .is_some()
    );
}

#[test]
fn an_experiment_with_artifacts_on_a_server_needs_the_server() {
    let (_folder, database) = database();
    let store = open(&database);
    store.experiment(&name("proxied")).expect("an experiment");
    let proxy =
        "UPDATE experiments SET artifact_location = 'mlflow-artifacts:/1' WHERE name = 'proxied'";
    Connection::open(&database.file)
        .and_then(|raw| raw.execute(proxy, []))
        .expect("changed");
    let error = store.experiment(&name("proxied")).expect_err("proxied");
    assert!(
        error
            .message
            .contains("the experiment `proxied` go to `mlflow-artifacts:/1`"),
        "{error}"
    );
    assert!(
        error
            .help
            .is_some_and(|help| help.contains("MLFLOW_TRACKING_URI"))
    );
    assert!(
        store
            .artifacts(run_at("mlflow-artifacts:/1/r/artifacts"))
            .is_err()
    );
    assert!(store.artifacts(run_at("s3://bucket/1")).is_err());
    assert!(store.artifacts(run_at("file:///tmp/a%20b")).is_ok());
}

/// The database of an existing run may have been moved.
#[test]
fn no_database_is_created_for_an_existing_run() {
    let (folder, database) = database();
    let error = SqliteStore::open_existing(&database)
        .err()
        .expect("no database");
    assert!(
        error.message.starts_with("there is no database /"),
        "{error}"
    );
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
    let run = start(&open(&database), "existing");
    let again = SqliteStore::open_existing(&database).expect("the database");
    assert_eq!(again.run(&run.id).expect("the run").run, run);
    let gone = again.run("0").expect_err("no such run");
    assert_eq!(gone.scope, Scope::Gone);
}

#[test]
fn words_are_quoted_for_a_shell() {
    assert_eq!(
        quote("sqlite:////home/me/mlflow.db"),
        "sqlite:////home/me/mlflow.db"
    );
    assert_eq!(
        quote("sqlite:////a b/it's.db"),
        r"'sqlite:////a b/it'\''s.db'"
    );
}
