//! Interprets error responses and requests without a response: the message and the help for the
//! user, whether a retry can help, and the scope.

use std::error::Error;
use std::io;
use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Method, StatusCode, Url};
use serde_json::error::Category;

use super::{HttpClient, MAX_ERROR_BODY};
use crate::ship::reason::Reason;
use crate::ship::store::{ErrorKind, Scope, StoreError};

/// MLflow's message if it rejects the host name of a request.
const INVALID_HOST: &str = "Invalid Host";

/// A call that failed: the error, and the server's code for it.
#[derive(Debug)]
pub(in crate::ship::rest) struct Failure {
    pub(in crate::ship::rest) status: Option<StatusCode>,
    /// MLflow's `error_code`. Empty if there is none.
    pub(in crate::ship::rest) code: String,
    pub(in crate::ship::rest) error: StoreError,
    /// The database rejects the batch because one of its metric points already exists.
    pub(in crate::ship::rest) duplicate_point: bool,
}

impl Failure {
    fn help(mut self, help: impl Into<String>) -> Self {
        self.error = self.error.help(help);
        self
    }

    fn with_scope(mut self, scope: Scope) -> Self {
        self.error.scope = scope;
        self
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl HttpClient {
    /// The failure for an error response.
    pub(super) fn error_response(
        &self,
        call: &Call,
        status: StatusCode,
        headers: &HeaderMap,
        reason: Reason,
    ) -> Failure {
        let text = match (&*reason.text, &*reason.code) {
            ("", "") => String::new(),
            // The title of an error page repeats the status.
            (text, _) if text == status.to_string() => String::new(),
            ("", code) => format!(": {code}"),
            (text, _) => format!(": {text}"),
        };
        let mut error = StoreError::refused(format!("{call}: {status}{text}"));
        if is_temporary(status, &reason.code) {
            let after = headers
                .get(RETRY_AFTER)
                .filter(|_| self.settings.respect_retry_after)
                .and_then(retry_after);
            error.kind = ErrorKind::Retry(after);
        }
        error.scope = scope_of(status, &reason);
        if let Some(help) = self.help(status, headers, &reason) {
            error = error.help(help);
        }
        Failure {
            status: Some(status),
            code: reason.code,
            error,
            duplicate_point: reason.duplicate_point,
        }
    }

    fn help(&self, status: StatusCode, headers: &HeaderMap, reason: &Reason) -> Option<String> {
        let is_from_mlflow = !reason.code.is_empty();
        let help = match status.as_u16() {
            300..=399 => {
                let to = headers.get(LOCATION).and_then(|to| to.to_str().ok());
                if self.base.scheme() == "https" && to.is_some_and(|to| to.starts_with("http:")) {
                    return Some(
                        "the server redirects to a URL without TLS, which is not followed: check the configuration of the proxy in front of the server"
                            .to_owned(),
                    );
                }
                // The path of the call is not part of the tracking URI.
                let base = to.map(|to| to.split("/api/2.0/").next().unwrap_or(to));
                let to =
                    base.map_or_else(String::new, |to| format!(" ({})", without_credentials(to)));
                return Some(format!(
                    "set the tracking URI to the URL to which the server redirects{to}"
                ));
            }
            401 | 403 if self.is_anonymous => {
                let origin = self.base.origin().ascii_serialization();
                return Some(format!(
                    "credentials are sent only to the tracking server; set MLPLOTS_TRUSTED_ORIGINS={origin} to send them to this server too"
                ));
            }
            401 if self.settings.credentials.is_some() => {
                "the server does not accept these credentials: check user name and password, or the token"
            }
            401 => {
                "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
            }
            403 if reason.text.contains(INVALID_HOST) => {
                "the server accepts only known host names: start it with `--allowed-hosts`, or use one of them"
            }
            403 => "ask the server's administrator for write permission",
            404 if self.workspace.is_some() && reason.text.starts_with("Workspace") => {
                "check MLFLOW_WORKSPACE, or create that workspace"
            }
            404 | 405 if !is_from_mlflow => {
                return Some(format!(
                    "{}; the tracking URI must include its path prefix",
                    self.check_server()
                ));
            }
            413 => "a proxy in front of the server rejects a body of this size: raise its limit",
            _ if reason.code == "FEATURE_DISABLED" && self.workspace.is_some() => {
                "the server has no workspaces: unset MLFLOW_WORKSPACE"
            }
            500.. if !is_from_mlflow => {
                "check the log of the server, or of the proxy in front of it"
            }
            _ => return None,
        };
        Some(help.to_owned())
    }

    /// The failure if there is no response, or only a part of it.
    pub(super) fn transport_failure(&self, call: &Call, error: reqwest::Error) -> Failure {
        let error = error.without_url();
        let mut causes = causes(&error);
        if let Some((why, help)) = causes.iter().find_map(|cause| tls_failure(cause)) {
            return call
                .failure(StoreError::refused, &why)
                .help(help)
                .with_scope(Scope::Store);
        }
        let last = causes.pop().unwrap_or_default();
        if error.is_builder() || error.is_redirect() {
            return call.failure(StoreError::refused, &last);
        }
        if error.is_timeout() {
            let why = format!("no response within {} s", self.settings.timeout.as_secs());
            return call.failure(StoreError::retry, &why).help(
                "check whether the server is busy; MLFLOW_HTTP_REQUEST_TIMEOUT sets the timeout of a request in seconds",
            ).with_scope(Scope::Address);
        }
        let (what, scope) = if error.is_connect() {
            ("cannot connect", Scope::Address)
        } else {
            ("the connection was lost", Scope::Store)
        };
        let mut help = self.check_server();
        // With TLS 1.3, a server that requires a client certificate closes the connection.
        if last.contains("close_notify") {
            help += "; if the server requires a client certificate, set MLFLOW_TRACKING_CLIENT_CERT_PATH to its PEM file";
        }
        call.failure(StoreError::retry, &format!("{what}: {last}"))
            .help(help)
            .with_scope(scope)
    }

    /// The failure if the status is success, but the body is not the expected one: the page of a
    /// proxy, or a truncated response. Whether the server executed the call is unknown, so it is
    /// retried.
    pub(super) fn unexpected(&self, call: &Call, reason: &str) -> Failure {
        let why = format!("unexpected response: {reason}");
        call.failure(StoreError::retry, &why)
            .help(self.check_server())
    }

    /// The failure if reading the body fails.
    pub(super) fn truncated(&self, call: &Call, error: io::Error) -> Failure {
        let text = error.to_string();
        match error.downcast::<reqwest::Error>() {
            Ok(error) => self.transport_failure(call, error),
            _ => call.failure(
                StoreError::retry,
                &format!("the connection was lost: {text}"),
            ),
        }
    }

    /// The help if the URL may not be that of an MLflow server.
    fn check_server(&self) -> String {
        let base = self.base.as_str().trim_end_matches('/');
        format!("check that an MLflow server is running at {base}")
    }
}

/// Describes how a response differs from the expected one.
pub(super) fn mismatch(body: &str, error: &serde_json::Error) -> String {
    if body.trim().is_empty() {
        return "it is empty".to_owned();
    }
    let start: String = body.chars().take(MAX_ERROR_BODY as usize).collect();
    match (Reason::read(&start).text, error.classify()) {
        (_, Category::Data) if body.trim_start().starts_with('[') => {
            "it is a JSON array instead of an object".to_owned()
        }
        (text, Category::Data) if text.is_empty() || !body.trim_start().starts_with('{') => {
            let why = error.to_string();
            let (why, _) = why.rsplit_once(" at line ").unwrap_or((&why, ""));
            Reason::read(why).text
        }
        (text, _) => text,
    }
}

/// The messages of an error and of its causes. The last is the root cause.
pub(super) fn causes(error: &reqwest::Error) -> Vec<String> {
    let first: &dyn Error = error;
    std::iter::successors(Some(first), |&cause| cause.source())
        .map(|cause| {
            let text = cause.to_string();
            // Some messages end with the URL of an explanation.
            text.split(": https://")
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

/// The method and the URL of a request in an error message, without query and credentials.
pub(super) struct Call(String);

impl Call {
    pub(super) fn new(method: &Method, url: &Url) -> Self {
        Self(format!("{method} {}", without_credentials(url.as_str())))
    }

    pub(super) fn failure(&self, kind: fn(String) -> StoreError, why: &str) -> Failure {
        Failure {
            status: None,
            code: String::new(),
            error: kind(format!("{self}: {why}")),
            duplicate_point: false,
        }
    }
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The message and the help for a TLS error that a retry does not resolve.
fn tls_failure(cause: &str) -> Option<(String, &'static str)> {
    let help = if cause.contains("CertificateRequired") {
        "the server requires a client certificate: set MLFLOW_TRACKING_CLIENT_CERT_PATH to a PEM file with the certificate and its key"
    } else if cause.to_lowercase().contains("certificate") {
        "the server's certificate must be valid for this host name and issued by a trusted authority: \
         set MLFLOW_TRACKING_SERVER_CERT_PATH to a PEM file with the authority"
    } else if cause.contains("InvalidContentType") {
        return Some((
            "the server does not use TLS".to_owned(),
            "use `http://` in the tracking URI if the server has no TLS",
        ));
    } else {
        return None;
    };
    Some((format!("the connection is not secure: {cause}"), help))
}

/// A URL without its user, password and query, which may be secret.
fn without_credentials(url: &str) -> String {
    let Ok(mut url) = Url::parse(url) else {
        return url.split('?').next().unwrap_or_default().to_owned();
    };
    // These calls fail only if there is nothing to remove.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.into()
}

/// Whether a retry can help. MLflow also uses 500 and 501 for permanent errors.
pub(super) fn is_temporary(status: StatusCode, code: &str) -> bool {
    match status.as_u16() {
        408 | 425 | 429 => true,
        501 => false,
        500.. => !matches!(code, "FEATURE_DISABLED" | "NOT_IMPLEMENTED"),
        _ => false,
    }
}

/// The scope of an error response.
fn scope_of(status: StatusCode, reason: &Reason) -> Scope {
    match (status.as_u16(), &*reason.code) {
        (403, _) if reason.text.contains(INVALID_HOST) => Scope::Store,
        (_, "RESOURCE_DOES_NOT_EXIST") | (403, _) => Scope::Run,
        // The page of another server, or a server that is busy, not ready or not configured for the
        // request.
        (_, "FEATURE_DISABLED")
        | (404 | 405, "")
        | (300..=399 | 401 | 408 | 425 | 429 | 502..=504, _) => Scope::Store,
        // 500 means that the server failed to process this item.
        _ => Scope::Item,
    }
}

/// Parses `Retry-After`: seconds or a date.
fn retry_after(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    httpdate::parse_http_date(text)
        .ok()?
        .duration_since(SystemTime::now())
        .ok()
}
