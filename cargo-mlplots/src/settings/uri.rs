//! Parses tracking URIs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;

use super::credentials::Credentials;
use super::secret::Secret;
use crate::failure::{Failure, refused};

/// A tracking store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A tracking server.
    Server {
        /// Its address with the path prefix, without credentials.
        base: Url,
        /// The credentials in the URI.
        credentials: Option<Credentials>,
    },
    /// A local database file.
    Database(Database),
}

/// An SQLite tracking store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Database {
    /// `mlflow.db`, absolute.
    pub(crate) file: PathBuf,
    /// The artifact root of new experiments: `mlruns` in the current folder, absolute.
    pub(crate) artifact_root: PathBuf,
    /// Timeout for the lock of another writer.
    pub(crate) timeout: Duration,
}

/// Default timeout for the lock of another writer.
pub(crate) const BUSY: Duration = Duration::from_secs(30);

impl Target {
    /// Parses a tracking URI. A relative path is relative to `directory`.
    pub(crate) fn parse(uri: &str, directory: &Path) -> Result<Self, Failure> {
        let uri = uri.trim();
        let scheme = scheme(uri);
        match scheme.split('+').next().unwrap_or_default() {
            "http" | "https" => server(uri),
            "sqlite" => database(uri, directory).map(Self::Database),
            _ if uri.starts_with(['"', '\'']) => Err(refused(
                "the tracking URI begins with a quotation mark",
            )
            .help("remove the quotation marks around it")),
            "" if uri.contains('@') => Err(refused(format!(
                "the tracking URI `{}` has no scheme",
                without_secrets(uri)
            ))
            .help("begin it with `http://` or `https://`")),
            "" | "file" => Err(refused(format!(
                "the tracking URI `{}` is a directory, MLflow's file store, which MLflow no longer supports",
                without_secrets(uri)
            ))
            .help("use a database file, `sqlite:///mlflow.db`; `mlflow migrate-filestore` moves old runs into one")),
            "postgresql" | "postgres" | "mysql" | "mssql" => Err(refused(format!(
                "the tracking URI is a {scheme} database; mlplots writes to a tracking server or to an SQLite file"
            ))
            .help("start `mlflow server --backend-store-uri …` with that URI, and give mlplots the server's http address")),
            "databricks" | "databricks-uc" | "uc" => Err(refused(format!(
                "the tracking URI `{scheme}` needs the Databricks client, which mlplots does not have"
            ))
            .help("give the http address of an MLflow tracking server, or `sqlite:///mlflow.db`")),
            _ => Err(refused(format!(
                "no tracking store of mlplots supports `{}`",
                without_secrets(uri)
            ))
            .help("give the http address of an MLflow tracking server, or `sqlite:///mlflow.db`")),
        }
    }
}

/// The scheme in lower case; empty for a path, including one with a drive letter.
pub(crate) fn scheme(uri: &str) -> String {
    match uri.split_once(':') {
        Some((scheme, _)) if is_scheme(scheme) => scheme.to_ascii_lowercase(),
        // MLflow accepts the bare word as well as `databricks://profile`.
        None if uri == "databricks" => uri.to_owned(),
        _ => String::new(),
    }
}

fn is_scheme(text: &str) -> bool {
    let is_mark = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    // A single letter is a drive.
    text.len() > 1
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(is_mark)
}

fn server(uri: &str) -> Result<Target, Failure> {
    // The text is not shown: it may hold a password.
    let invalid = |why: &str| {
        refused(format!(
            "the tracking URI is not a valid http address: {why}"
        ))
        .help("it looks like `http://localhost:5000`")
    };
    let mut base = Url::parse(uri).map_err(|error| invalid(&error.to_string()))?;
    if base.query().is_some() {
        return Err(invalid("it has a query (`?…`)"));
    }
    let credentials = match (base.username(), base.password()) {
        ("", None | Some("")) if uri.contains('@') => {
            return Err(invalid("it has an `@` that ends no user name"))
                .map_err(|error| error.help("in a user name and a password, write `%2F` for `/`, `%3F` for `?`, `%23` for `#` and `%40` for `@`"));
        }
        ("", None | Some("")) => None,
        (user, password) => Some(Credentials::Basic {
            user: percent_decode(user),
            password: Secret::new(percent_decode(password.unwrap_or_default())),
        }),
    };
    // An address copied from the browser, `http://host/#/experiments/1`, means the server.
    base.set_fragment(None);
    if base.path().contains('@') {
        return Err(invalid("it has an `@` in its path"));
    }
    let cleared = base.set_username("").and_then(|()| base.set_password(None));
    cleared.map_err(|()| invalid("it names no host"))?;
    let path = base.path().trim_end_matches('/').to_owned();
    base.set_path(&path);
    Ok(Target::Server { base, credentials })
}

/// `sqlite:///relative` or `sqlite:////absolute`, percent-encoded or not, as `SQLAlchemy` reads it.
fn database(uri: &str, directory: &Path) -> Result<Database, Failure> {
    let refused = |why: &str| {
        refused(format!("the tracking URI `{}` {why}", without_secrets(uri)))
            .help("write `sqlite:///mlflow.db` for a file here, `sqlite:////home/me/mlflow.db` for one elsewhere")
    };
    let (_, rest) = uri.split_once(':').unwrap_or_default();
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let Some(path) = path.strip_prefix("///") else {
        return Err(refused("names no file"));
    };
    let path = percent_decode(path);
    if path.is_empty() || path == ":memory:" {
        return Err(refused(
            "is a database in memory, which is lost when the command ends",
        ));
    }
    if path.starts_with("file:") {
        return Err(refused(
            "is an SQLite file URI, which mlplots does not read",
        ));
    }
    let mut timeout = BUSY;
    for (key, value) in query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    {
        match (key, value.parse::<f64>()) {
            ("timeout", Ok(seconds)) if (0.0..1e6).contains(&seconds) => {
                timeout = Duration::from_secs_f64(seconds);
            }
            _ => {
                return Err(refused(&format!(
                    "has the option `{key}`, which mlplots does not read"
                )));
            }
        }
    }
    Ok(Database {
        file: directory.join(path),
        artifact_root: directory.join("mlruns"),
        timeout,
    })
}

/// The URI of a database file, for the user and for MLflow's commands.
pub(crate) fn sqlite_uri(file: &Path) -> String {
    let path = file
        .to_string_lossy()
        .replace('%', "%25")
        .replace('?', "%3F");
    format!("sqlite:///{path}")
}

/// A URI of any form, even an invalid one, without its possible secrets: the part before an `@`,
/// and the query.
pub(crate) fn without_secrets(uri: &str) -> String {
    let Some((before, host)) = uri.rsplit_once('@') else {
        return uri.split('?').next().unwrap_or_default().to_owned();
    };
    let scheme = match before.split_once("://") {
        Some((scheme, _)) if is_scheme(scheme) => format!("{scheme}://"),
        _ => String::new(),
    };
    let host = host.split('?').next().unwrap_or_default();
    format!("{scheme}***@{host}")
}

/// Decodes percent-encoded text.
pub(crate) fn percent_decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}
