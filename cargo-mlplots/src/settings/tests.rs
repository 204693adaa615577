//! Settings from made-up variables.

mod secrets;

use std::path::PathBuf;
use std::time::Duration;

use mlplots_journal::Exit;

use super::*;
impl Settings {
    /// These settings and no others: neither the process's variables nor anybody's files.
    pub(crate) fn of(uri: &str, variables: &[(&str, &str)]) -> Result<Self, Failure> {
        resolve(Some(uri), None, variables)
    }
}

fn resolve(
    cli: Option<&str>,
    metadata: Option<&str>,
    variables: &[(&str, &str)],
) -> Result<Settings, Failure> {
    let lookup = |name: &str| {
        variables
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    };
    let directories = Directories {
        here: Path::new("/here"),
        root: Path::new("/root dir"),
        home: None,
    };
    Settings::resolve_in(cli, metadata, &directories, &Environment::new(&lookup))
}

fn uri(cli: Option<&str>, metadata: Option<&str>, variables: &[(&str, &str)]) -> String {
    resolve(cli, metadata, variables).expect("settings").uri()
}

#[test]
fn the_first_that_speaks_is_heard() {
    let variable = [("MLFLOW_TRACKING_URI", "http://env:1/x/")];
    assert_eq!(
        uri(Some("http://cli:1/"), Some("http://meta:1"), &variable),
        "http://cli:1"
    );
    assert_eq!(
        uri(None, Some("http://meta:1"), &variable),
        "http://env:1/x"
    );
    assert_eq!(
        uri(None, Some("http://meta:1"), &[("MLFLOW_TRACKING_URI", "")]),
        "http://meta:1"
    );
    assert_eq!(uri(None, None, &[]), "sqlite:////root dir/mlflow.db");
    // What is typed is relative to where it is typed, what the project says to the project.
    assert_eq!(
        uri(Some("sqlite:///a.db"), None, &[]),
        "sqlite:////here/a.db"
    );
    assert_eq!(
        uri(None, Some("sqlite:///a.db"), &[]),
        "sqlite:////root dir/a.db"
    );
}

#[test]
fn sqlite_uris_are_read_as_sqlalchemy_reads_them() {
    let target = |uri: &str| Target::parse(uri, Path::new("/here"));
    for (uri, file) in [
        ("sqlite:///mlflow.db", "/here/mlflow.db"),
        ("sqlite:////abs/a b.db", "/abs/a b.db"),
        ("sqlite:////abs/a%20b.db", "/abs/a b.db"),
        ("sqlite+pysqlite:///a+b.db", "/here/a+b.db"),
        ("SQLite:///ü.db", "/here/ü.db"),
    ] {
        let Ok(Target::Database(database)) = target(uri) else {
            panic!("{uri}")
        };
        assert_eq!(database.file, PathBuf::from(file));
        assert_eq!(database.artifact_root, PathBuf::from("/here/mlruns"));
        // What we print reads back as the same file.
        let again = target(&sqlite_uri(&database.file)).expect("a database");
        assert!(matches!(again, Target::Database(other) if other.file == database.file));
    }
    let Ok(Target::Database(database)) = target("sqlite:///a.db?timeout=2.5") else {
        panic!("timeout")
    };
    assert_eq!(database.timeout, Duration::from_millis(2500));
    for bad in [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:a.db",
        "sqlite:///a.db?mode=ro",
        "sqlite:///file:a.db?uri=true",
    ] {
        assert_eq!(target(bad).expect_err(bad).exit, Exit::Refused);
    }
}

#[test]
fn what_is_not_supported_says_what_to_do() {
    for (uri, words, help) in [
        ("./mlruns", "file store", "sqlite:///mlflow.db"),
        ("file:///tmp/mlruns", "file store", "migrate-filestore"),
        ("C:\\runs", "file store", "sqlite"),
        (
            "postgresql+psycopg2://ada:secret@db/mlflow",
            "postgresql",
            "mlflow server --backend-store-uri",
        ),
        ("mysql://ada:secret@db/mlflow", "mysql", "mlflow server"),
        ("mssql://ada:secret@db/mlflow", "mssql", "mlflow server"),
        ("databricks", "Databricks", "http"),
        ("databricks://profile", "Databricks", "http"),
        ("ftp://ada:secret@x", "`ftp://***@x`", "http"),
        (
            "http://ada:secret@",
            "not a valid http address",
            "http://localhost:5000",
        ),
        (
            "http://ada:secret@host/?a=b",
            "query",
            "http://localhost:5000",
        ),
    ] {
        let error = resolve(Some(uri), None, &[]).expect_err(uri);
        assert_eq!(error.exit, Exit::Refused);
        assert!(error.message.contains(words), "{error}");
        assert!(
            error
                .help
                .as_deref()
                .is_some_and(|text| text.contains(help)),
            "{:?}",
            error.help
        );
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
}

#[test]
fn an_address_from_the_browser_means_its_server() {
    assert_eq!(
        uri(Some("http://host:5000/ml/#/experiments/1"), None, &[]),
        "http://host:5000/ml"
    );
    assert_eq!(
        uri(Some("https://ada:secret@host/"), None, &[]),
        "https://host"
    );
}

#[test]
fn variables_mean_what_they_mean_in_python() {
    let http =
        |variables: &[(&str, &str)]| resolve(None, None, variables).map(|settings| settings.http);
    let plain = http(&[]).expect("settings");
    assert_eq!(
        (plain.timeout.as_secs(), plain.redirects, plain.trust),
        (120, true, Trust::System)
    );
    let set = http(&[
        ("MLFLOW_HTTP_REQUEST_TIMEOUT", "5"),
        ("MLFLOW_TRACKING_INSECURE_TLS", "True"),
    ])
    .expect("settings");
    assert_eq!((set.timeout.as_secs(), set.trust), (5, Trust::Anything));
    for bad in [
        &[("MLFLOW_HTTP_REQUEST_TIMEOUT", "soon")][..],
        &[("MLFLOW_TRACKING_INSECURE_TLS", "yes")],
        &[
            ("MLFLOW_TRACKING_INSECURE_TLS", "1"),
            ("MLFLOW_TRACKING_SERVER_CERT_PATH", "/ca.pem"),
        ],
        &[("MLFLOW_TRACKING_AWS_SIGV4", "true")],
        &[("MLFLOW_RUN_CONTEXT", "team=a")],
        &[("MLFLOW_RUN_CONTEXT", r#"{"a@b":"fruit"}"#)],
        &[("MLFLOW_EXPERIMENT_NAME", &"n".repeat(257))],
    ] {
        let error = resolve(None, None, bad).expect_err("refused");
        assert!(error.message.contains(bad[0].0), "{error}");
    }
    let context = resolve(
        None,
        None,
        &[("MLFLOW_RUN_CONTEXT", r#"{"team":"fruit","size":3}"#)],
    )
    .expect("settings");
    let tag = |key: &str, value: &str| Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    assert_eq!(
        context.run_context,
        [tag("team", "fruit"), tag("size", "3")]
    );
}

#[test]
fn a_pair_wins_over_a_token_and_half_a_pair_does_not() {
    let found = |variables: &[(&str, &str)]| {
        resolve(None, None, variables)
            .expect("settings")
            .http
            .credentials
    };
    let (user, password) = (
        ("MLFLOW_TRACKING_USERNAME", "ada"),
        ("MLFLOW_TRACKING_PASSWORD", "pw"),
    );
    let token = ("MLFLOW_TRACKING_TOKEN", "t");
    assert!(
        matches!(found(&[user, password, token]), Some(Credentials::Basic { user, .. }) if user == "ada")
    );
    assert!(matches!(
        found(&[user, token]),
        Some(Credentials::Bearer(_))
    ));
    assert_eq!(found(&[user]), None);
}
