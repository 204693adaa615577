//! The tracking URI and MLflow's client variables, with the meaning that they have in Python.

#[cfg(feature = "cloud")]
mod aws;
mod credentials;
mod environment;
mod http;
mod ini;
mod proxy;
mod secret;
mod uri;

use std::path::Path;
use std::time::Duration;

use clap::builder::{StringValueParser, TypedValueParser};
use mlplots_journal::names::{check_experiment_name, check_tag};
use mlplots_journal::record::Tag;

#[cfg(feature = "cloud")]
pub(crate) use aws::AwsProfile;
pub(crate) use credentials::Credentials;
pub(crate) use environment::Environment;
#[cfg(feature = "cloud")]
pub(crate) use environment::word;
pub(crate) use http::{HttpSettings, Multipart, Trust};
#[cfg(feature = "cloud")]
pub(crate) use proxy::NoProxy;
pub(crate) use secret::Secret;
pub(crate) use uri::{Database, Target, percent_decode, scheme, sqlite_uri, without_secrets};

use crate::failure::{Failure, refused};

/// The settings of the command line, the environment and the project.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) target: Target,
    pub(crate) http: HttpSettings,
    /// `MLFLOW_EXPERIMENT_NAME`.
    pub(crate) experiment_name: Option<String>,
    /// `MLFLOW_EXPERIMENT_ID`.
    pub(crate) experiment_id: Option<String>,
    /// `MLFLOW_RUN_ID`: the run to resume.
    pub(crate) run_id: Option<String>,
    /// Tags of `MLFLOW_RUN_CONTEXT`.
    pub(crate) run_context: Vec<Tag>,
}

impl Settings {
    /// The tracking URI is `cli` (`--tracking-uri`), else `MLFLOW_TRACKING_URI`, else `metadata`
    /// (`tracking-uri` of `[package.metadata.mlplots]`), else `mlflow.db` in `root`, the
    /// workspace's root.
    ///
    /// All of them are named by the user: a text of a journal or a server cannot become a
    /// [`UserUri`]. Credentials go to this address only.
    pub(crate) fn resolve(
        cli: Option<&UserUri>,
        metadata: Option<&UserUri>,
        root: &Path,
    ) -> Result<Self, Failure> {
        let here = std::env::current_dir()
            .map_err(|error| refused(format!("the current directory cannot be used: {error}")))?;
        let home = std::env::home_dir();
        let directories = Directories {
            here: &here,
            root,
            home: home.as_deref(),
        };
        Self::resolve_in(
            cli.map(UserUri::reveal),
            metadata.map(UserUri::reveal),
            &directories,
            &Environment::process(),
        )
    }

    fn resolve_in(
        cli: Option<&str>,
        metadata: Option<&str>,
        directories: &Directories<'_>,
        env: &Environment<'_>,
    ) -> Result<Self, Failure> {
        let cli = cli.filter(|uri| !uri.is_empty()).map(str::to_owned);
        let mut target = match (cli.or_else(|| env.text("MLFLOW_TRACKING_URI")), metadata) {
            (Some(uri), _) => Target::parse(&uri, directories.here)?,
            (None, Some(uri)) => Target::parse(uri, directories.root)?,
            (None, None) => Target::parse("sqlite:///mlflow.db", directories.root)?,
        };
        let mut http = HttpSettings::find(env, directories.home)?;
        if let Target::Server { credentials, .. } = &mut target {
            http.credentials = credentials.take().or(http.credentials);
        }
        Ok(Self {
            target,
            http,
            experiment_name: experiment_name(env)?,
            experiment_id: env.text("MLFLOW_EXPERIMENT_ID"),
            run_id: env.text("MLFLOW_RUN_ID"),
            run_context: run_context(env)?,
        })
    }

    /// The same settings with a maximum timeout of calls.
    pub(crate) fn within(mut self, patience: Duration) -> Self {
        // Even the last call needs some time.
        let patience = patience.max(Duration::from_secs(1));
        self.http.timeout = self.http.timeout.min(patience);
        self
    }

    /// The tracking URI, without credentials.
    pub(crate) fn uri(&self) -> String {
        match &self.target {
            Target::Server { base, .. } => base.as_str().trim_end_matches('/').to_owned(),
            Target::Database(database) => sqlite_uri(&database.file),
        }
    }
}

/// A tracking URI that the user named. It may hold a password, so that `Debug` does not show it.
#[derive(Clone, Debug)]
pub(crate) struct UserUri(Secret);

impl UserUri {
    /// The parser of the command line.
    pub(crate) fn parser() -> impl TypedValueParser<Value = Self> {
        StringValueParser::new().map(|text| Self(Secret::new(text)))
    }

    /// `tracking-uri` in the metadata of a manifest.
    pub(crate) fn of_manifest(metadata: &serde_json::Value) -> Option<Self> {
        let uri = metadata.get("mlplots")?.get("tracking-uri")?.as_str()?;
        Some(Self(Secret::new(uri)))
    }

    fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

/// The folders that relative paths and files of settings refer to.
struct Directories<'a> {
    here: &'a Path,
    root: &'a Path,
    home: Option<&'a Path>,
}

fn experiment_name(env: &Environment<'_>) -> Result<Option<String>, Failure> {
    let name = env.text("MLFLOW_EXPERIMENT_NAME");
    name.as_deref()
        .map_or(Ok(()), check_experiment_name)
        .map_err(|why| refused(format!("MLFLOW_EXPERIMENT_NAME cannot be used: {why}")))?;
    Ok(name)
}

/// `MLFLOW_RUN_CONTEXT`, a JSON object of tags.
fn run_context(env: &Environment<'_>) -> Result<Vec<Tag>, Failure> {
    let Some(text) = env.text("MLFLOW_RUN_CONTEXT") else {
        return Ok(Vec::new());
    };
    let tags: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&text).map_err(|error| {
            refused(format!(
                "MLFLOW_RUN_CONTEXT is not a JSON object of tags: {error}"
            ))
            .help("it looks like `{\"team\": \"fruit\"}`")
        })?;
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    tags.into_iter()
        .map(|(key, value)| {
            let value = text(value);
            check_tag(&key, &value)
                .map_err(|why| refused(format!("MLFLOW_RUN_CONTEXT cannot be used: {why}")))?;
            Ok(Tag { key, value })
        })
        .collect()
}

#[cfg(test)]
mod tests;
