//! The HTTP and TLS settings of tracking servers.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;

use super::credentials::Credentials;
use super::environment::Environment;
use super::proxy::NoProxy;
use crate::failure::{Failure, refused};

/// MLflow's client variables about HTTP and TLS.
#[derive(Clone, Debug)]
pub(crate) struct HttpSettings {
    /// From `user:password@` of the tracking URI, or else from the variables and the credentials
    /// file.
    pub(crate) credentials: Option<Credentials>,
    /// `MLFLOW_WORKSPACE`.
    pub(crate) workspace: Option<String>,
    /// `MLFLOW_HTTP_REQUEST_TIMEOUT`.
    pub(crate) timeout: Duration,
    /// `MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER`.
    pub(crate) respect_retry_after: bool,
    /// `MLFLOW_ALLOW_HTTP_REDIRECTS`.
    pub(crate) redirects: bool,
    /// The trusted certificates of servers.
    pub(crate) trust: Trust,
    /// `MLFLOW_TRACKING_CLIENT_CERT_PATH`: the client certificate and its key, in one PEM file.
    pub(crate) client_certificate: Option<PathBuf>,
    /// The trusted certificates of object stores behind signed URLs.
    pub(crate) storage_trust: Trust,
    /// The settings of multipart uploads.
    pub(crate) multipart: Multipart,
    /// `MLPLOTS_TRUSTED_ORIGINS`: origins of artifacts that get the credentials of the tracking
    /// server.
    trusted: Vec<Url>,
    /// `NO_PROXY`.
    pub(crate) no_proxy: NoProxy,
}

/// The settings of multipart uploads past a server that serves artifacts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Multipart {
    /// `MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD`; if unset, the server decides.
    pub(crate) enabled: Option<bool>,
    /// `MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE`, in bytes.
    pub(crate) minimum: u64,
    /// `MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE`, in bytes.
    pub(crate) chunk: u64,
}

/// The trusted certificates of servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Those of the system's certificate authorities.
    System,
    /// `MLFLOW_TRACKING_SERVER_CERT_PATH`, `AWS_CA_BUNDLE`: those of the authorities in a PEM file.
    File(PathBuf),
    /// `MLFLOW_TRACKING_INSECURE_TLS`, `MLFLOW_S3_IGNORE_TLS`: any.
    Anything,
}

impl HttpSettings {
    pub(super) fn find(env: &Environment<'_>, home: Option<&Path>) -> Result<Self, Failure> {
        let insecure = env.flag("MLFLOW_TRACKING_INSECURE_TLS", false)?;
        let trust = match env.path("MLFLOW_TRACKING_SERVER_CERT_PATH") {
            Some(_) if insecure => {
                return Err(refused(
                    "MLFLOW_TRACKING_INSECURE_TLS and MLFLOW_TRACKING_SERVER_CERT_PATH are both set, and contradict each other",
                )
                .help("unset MLFLOW_TRACKING_INSECURE_TLS"));
            }
            Some(path) => Trust::File(path),
            None if insecure => Trust::Anything,
            None => Trust::System,
        };
        let storage_trust = match env.path("AWS_CA_BUNDLE") {
            _ if env.flag("MLFLOW_S3_IGNORE_TLS", false)? => Trust::Anything,
            Some(path) => Trust::File(path),
            None => Trust::System,
        };
        Ok(Self {
            credentials: Credentials::find(env, home)?,
            workspace: env.text("MLFLOW_WORKSPACE"),
            // Clocks cannot represent larger durations.
            timeout: Duration::from_secs(
                env.number::<u32>("MLFLOW_HTTP_REQUEST_TIMEOUT", 120)?
                    .into(),
            ),
            respect_retry_after: env.flag("MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER", true)?,
            redirects: env.flag("MLFLOW_ALLOW_HTTP_REDIRECTS", true)?,
            trust,
            client_certificate: env.path("MLFLOW_TRACKING_CLIENT_CERT_PATH"),
            storage_trust,
            multipart: Multipart::find(env)?,
            trusted: trusted(env)?,
            no_proxy: NoProxy::find(env),
        })
    }

    /// Whether the user allows credentials for the origin of a URL.
    pub(crate) fn trusts(&self, url: &Url) -> bool {
        self.trusted
            .iter()
            .any(|trusted| trusted.origin() == url.origin())
    }

    /// The same settings without anything that identifies the user.
    pub(crate) fn anonymous(&self) -> Self {
        Self {
            credentials: None,
            workspace: None,
            client_certificate: None,
            ..self.clone()
        }
    }

    /// Whether requests carry secrets that a redirect to another origin would disclose.
    pub(crate) fn is_bound(&self) -> bool {
        self.workspace.is_some() || self.client_certificate.is_some()
    }
}

fn trusted(env: &Environment<'_>) -> Result<Vec<Url>, Failure> {
    const VARIABLE: &str = "MLPLOTS_TRUSTED_ORIGINS";
    let text = env.text(VARIABLE).unwrap_or_default();
    let origins = text
        .split(',')
        .map(str::trim)
        .filter(|origin| !origin.is_empty());
    origins
        .map(|origin| {
            let url = Url::parse(origin).ok();
            url.filter(|url| matches!(url.scheme(), "http" | "https"))
                .ok_or_else(|| {
                    refused(format!("{VARIABLE} has an entry that is not a valid http address"))
                        .help("it looks like `https://artifacts.example.org:5000`, several with commas between them")
                })
        })
        .collect()
}

impl Multipart {
    fn find(env: &Environment<'_>) -> Result<Self, Failure> {
        const ENABLE: &str = "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD";
        const MIB: u64 = 1024 * 1024;
        let enabled = env.text(ENABLE).map(|_| env.flag(ENABLE, false));
        Ok(Self {
            enabled: enabled.transpose()?,
            minimum: env.number("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", 500 * MIB)?,
            chunk: env.number("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", 10 * MIB)?,
        })
    }
}
