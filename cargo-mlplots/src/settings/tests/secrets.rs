//! Passwords in URIs of every form.

use super::*;

/// No error, setting or printed address shows any part of the password.
#[test]
fn a_password_is_never_printed_whatever_form_its_uri_has() {
    const PARTS: [&str; 2] = ["s3cret", "s3"];
    let shapes = [
        "\"http://ada:PW@host\"",
        "'http://ada:PW@host'",
        "\u{201c}http://ada:PW@host\u{201d}",
        "`http://ada:PW@host`",
        " http://ada:PW@host ",
        "\nhttp://ada:PW@host\n",
        "ada:PW@host",
        "ada:PW@host:5000/ml",
        "//ada:PW@host",
        "://ada:PW@host",
        "http//ada:PW@host",
        "http:ada:PW@host",
        "http:/ada:PW@host",
        "http:///ada:PW@host",
        "http:\\\\ada:PW@host",
        "htp://ada:PW@host",
        "https://http://ada:PW@host",
        "http://ada:PW@host:port",
        "http://ada:PW@host:99999",
        "http://ada:PW@",
        "http://ada:PW@[::1",
        "http://ada:PW@ho st",
        "http://ada:PW@host?a=b",
        "http://ada:PW@host#a",
        "http://PW@host",
        "http://:PW@host",
        "http://ada:PW@eve:PW@host",
        "http ://ada:PW@host",
        "MLFLOW_TRACKING_URI=http://ada:PW@host",
        "sqlite://ada:PW@host/mlflow.db",
        "sqlite://ada:PW@host",
        "sqlite:ada:PW@host",
        "postgresql+psycopg2://ada:PW@host/db",
        "\"postgresql://ada:PW@host/db\"",
        "mssql+pyodbc://ada:PW@host/db",
        "file://ada:PW@host/mlruns",
        "databricks://ada:PW@host",
        "gs://ada:PW@host",
    ];
    let passwords = [
        "s3cret",
        "s3/cret",
        "12/s3cret",
        "1#s3cret",
        "s3?cret",
        "s3@cret",
        "s3 cret",
        "%s3cret",
    ];
    for shape in shapes {
        for password in passwords {
            let uri = shape.replace("PW", password);
            let seen = match resolve(Some(&uri), None, &[]) {
                Ok(settings) => format!("{settings:?} {}", settings.uri()),
                Err(error) => format!("{error:?} {error}"),
            };
            for part in PARTS {
                assert!(!seen.contains(part), "{uri}: {seen}");
            }
            assert!(!without_secrets(&uri).contains("s3"), "{uri}");
        }
    }
}

#[test]
fn what_is_no_secret_stays_readable() {
    for (uri, shown) in [
        ("./mlruns", "./mlruns"),
        ("http://ada:pw@host:5000/ml", "http://***@host:5000/ml"),
        ("ada:pw@host", "***@host"),
        ("https://host/path?token=1", "https://host/path"),
    ] {
        assert_eq!(without_secrets(uri), shown);
    }
}
