//! Interprets responses without success, and requests without a response.

use std::error::Error;
use std::io;
use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Method, StatusCode, Url};
use serde_json::error::Category;

use super::{HttpClient, LONGEST_ERROR};
use crate::ship::reason::Reason;
use crate::ship::store::{ErrorKind, Scope, StoreError};

/// MLflow's response to a call under a host name that it does not accept.
const INVALID_HOST: &str = "Invalid Host";

/// A call that failed: the error, and the server's code for it.
#[derive(Debug)]
pub(in crate::ship::rest) struct Failure {
    pub(in crate::ship::rest) status: Option<StatusCode>,
    /// MLflow's `error_code`, or empty.
    pub(in crate::ship::rest) code: String,
    pub(in crate::ship::rest) error: StoreError,
    /// The database contains one of the metric points already, and the server did not check first.
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
    /// The server responded with an error.
    pub(super) fn answered(
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
        if later(status, &reason.code) {
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
        let known = !reason.code.is_empty();
        let help = match status.as_u16() {
            300..=399 => {
                let to = headers.get(LOCATION).and_then(|to| to.to_str().ok());
                if self.base.scheme() == "https" && to.is_some_and(|to| to.starts_with("http:")) {
                    return Some(
                        "the server redirects to an address without TLS, which is not followed: see how the proxy in front of it is configured"
                            .to_owned(),
                    );
                }
                // The path of the call is not part of the tracking URI.
                let base = to.map(|to| to.split("/api/2.0/").next().unwrap_or(to));
                let to =
                    base.map_or_else(String::new, |to| format!(" ({})", without_credentials(to)));
                return Some(format!(
                    "give as tracking URI the address to which the server redirects{to}"
                ));
            }
            401 | 403 if self.is_anonymous => {
                let origin = self.base.origin().ascii_serialization();
                return Some(format!(
                    "credentials go to the tracking server only; MLPLOTS_TRUSTED_ORIGINS={origin} lets them go to this one too"
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
            404 | 405 if !known => {
                return Some(format!(
                    "{}; its path prefix belongs to the tracking URI",
                    self.look()
                ));
            }
            413 => "a proxy in front of the server rejects a body of this size: raise its limit",
            _ if reason.code == "FEATURE_DISABLED" && self.workspace.is_some() => {
                "the server has no workspaces: unset MLFLOW_WORKSPACE"
            }
            500.. if !known => "see the log of the server, or of the proxy in front of it",
            _ => return None,
        };
        Some(help.to_owned())
    }

    /// There is no response, or only a part of it.
    pub(super) fn lost(&self, call: &Call, error: reqwest::Error) -> Failure {
        let error = error.without_url();
        let mut causes = causes(&error);
        if let Some((why, help)) = causes.iter().find_map(|cause| insecure(cause)) {
            return call
                .broken(StoreError::refused, &why)
                .help(help)
                .with_scope(Scope::Store);
        }
        let last = causes.pop().unwrap_or_default();
        if error.is_builder() || error.is_redirect() {
            return call.broken(StoreError::refused, &last);
        }
        if error.is_timeout() {
            let why = format!("no answer within {} s", self.settings.timeout.as_secs());
            return call.broken(StoreError::retry, &why).help(
                "see whether the server is busy; MLFLOW_HTTP_REQUEST_TIMEOUT sets the timeout of a call in seconds",
            ).with_scope(Scope::Address);
        }
        let (what, scope) = if error.is_connect() {
            ("cannot connect", Scope::Address)
        } else {
            ("the connection broke", Scope::Store)
        };
        let help = match self.look() {
            // A server with TLS 1.3 rejects a client without a certificate like this.
            look if last.contains("close_notify") => {
                format!(
                    "{look}; if it wants a client certificate, MLFLOW_TRACKING_CLIENT_CERT_PATH names it"
                )
            }
            look => look,
        };
        call.broken(StoreError::retry, &format!("{what}: {last}"))
            .help(help)
            .with_scope(scope)
    }

    /// The status is success, but the body is not the expected response: a page of a proxy, or a
    /// truncated response. Whether the call was executed is unknown.
    pub(super) fn unpromised(&self, call: &Call, reason: &str) -> Failure {
        let why = format!("the answer is not what MLflow promises: {reason}");
        call.broken(StoreError::retry, &why).help(self.look())
    }

    /// A truncated response.
    pub(super) fn broken(&self, call: &Call, error: io::Error) -> Failure {
        let text = error.to_string();
        match error.downcast::<reqwest::Error>() {
            Ok(error) => self.lost(call, error),
            _ => call.broken(StoreError::retry, &format!("the connection broke: {text}")),
        }
    }

    /// What to do if the address may belong to another server.
    fn look(&self) -> String {
        let base = self.base.as_str().trim_end_matches('/');
        format!("see whether an MLflow server answers at {base}")
    }
}

/// The difference between the response and the expected one.
pub(super) fn mismatch(body: &str, error: &serde_json::Error) -> String {
    if body.trim().is_empty() {
        return "it is empty".to_owned();
    }
    let start: String = body.chars().take(LONGEST_ERROR as usize).collect();
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

/// The messages of an error and of its causes; the last is the root cause.
pub(super) fn causes(error: &reqwest::Error) -> Vec<String> {
    let first: &dyn Error = error;
    std::iter::successors(Some(first), |&cause| cause.source())
        .map(|cause| {
            let text = cause.to_string();
            // Some messages end with the address of an explanation.
            text.split(": https://")
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

/// A call in an error message, without query and credentials.
pub(super) struct Call(String);

impl Call {
    pub(super) fn new(method: &Method, url: &Url) -> Self {
        Self(format!("{method} {}", without_credentials(url.as_str())))
    }

    pub(super) fn broken(&self, kind: fn(String) -> StoreError, why: &str) -> Failure {
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

/// The message and the help for a TLS error that a retry does not fix.
fn insecure(cause: &str) -> Option<(String, &'static str)> {
    let help = if cause.contains("CertificateRequired") {
        "the server requires a client certificate: set MLFLOW_TRACKING_CLIENT_CERT_PATH to a PEM file with the certificate and its key"
    } else if cause.to_lowercase().contains("certificate") {
        "the server must show a certificate for this name by an authority known here: \
         MLFLOW_TRACKING_SERVER_CERT_PATH names a PEM file with it"
    } else if cause.contains("InvalidContentType") {
        return Some((
            "the server does not answer in TLS".to_owned(),
            "write `http://` if it has none",
        ));
    } else {
        return None;
    };
    Some((format!("the connection is not secure: {cause}"), help))
}

/// An address without its user, password and query, which may be secret.
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

/// Whether a status asks for a retry. MLflow uses 500 and 501 also for permanent errors.
pub(super) fn later(status: StatusCode, code: &str) -> bool {
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
        // A page of another server, or a server that is busy, not ready or not configured for it.
        (_, "FEATURE_DISABLED")
        | (404 | 405, "")
        | (300..=399 | 401 | 408 | 425 | 429 | 502..=504, _) => Scope::Store,
        // A server that fails for one item responds with 500.
        _ => Scope::Item,
    }
}

/// `Retry-After`: seconds, or a date.
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
