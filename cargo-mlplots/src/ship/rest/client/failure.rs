//! What an answer means that is not a success, and what no answer means.

use std::error::Error;
use std::io;
use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Method, StatusCode, Url};
use serde_json::error::Category;

use super::{HttpClient, LONGEST_ERROR};
use crate::ship::reason::Reason;
use crate::ship::store::{Concern, ErrorKind, StoreError};

/// How MLflow refuses a call under a name that it does not know as its own.
const INVALID_HOST: &str = "Invalid Host";

/// A call that did not succeed: the error, and what the server calls it.
#[derive(Debug)]
pub(in crate::ship::rest) struct Failure {
    pub(in crate::ship::rest) status: Option<StatusCode>,
    /// MLflow's `error_code`, or nothing.
    pub(in crate::ship::rest) code: String,
    pub(in crate::ship::rest) error: StoreError,
    /// The database has one of the metric points already, and the server did not look first.
    pub(in crate::ship::rest) duplicate_point: bool,
}

impl Failure {
    fn help(mut self, help: impl Into<String>) -> Self {
        self.error = self.error.help(help);
        self
    }

    fn concerning(mut self, concern: Concern) -> Self {
        self.error.concerns = concern;
        self
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl HttpClient {
    /// The server answered, and it is not a success.
    pub(super) fn answered(
        &self,
        call: &Call,
        status: StatusCode,
        headers: &HeaderMap,
        reason: Reason,
    ) -> Failure {
        let text = match (&*reason.text, &*reason.code) {
            ("", "") => String::new(),
            // An error page's title.
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
        error.concerns = concern(status, &reason);
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
                // The call's own path is not the user's to give.
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
                "the server answers only under names it knows: start it with `--allowed-hosts`, or use such a name"
            }
            403 => "ask the server's administrator for the right to write there",
            404 if self.workspace.is_some() && reason.text.starts_with("Workspace") => {
                "check MLFLOW_WORKSPACE, or have that workspace made"
            }
            404 | 405 if !known => {
                return Some(format!(
                    "{}; its path prefix belongs to the tracking URI",
                    self.look()
                ));
            }
            413 => {
                "what stands in front of the server refuses a body of this size: raise its limit"
            }
            _ if reason.code == "FEATURE_DISABLED" && self.workspace.is_some() => {
                "the server has no workspaces: unset MLFLOW_WORKSPACE"
            }
            500.. if !known => "see the log of the server, or of the proxy in front of it",
            _ => return None,
        };
        Some(help.to_owned())
    }

    /// No answer, or not all of it.
    pub(super) fn lost(&self, call: &Call, error: reqwest::Error) -> Failure {
        let error = error.without_url();
        let mut causes = causes(&error);
        if let Some((why, help)) = causes.iter().find_map(|cause| insecure(cause)) {
            return call
                .broken(StoreError::refused, &why)
                .help(help)
                .concerning(Concern::Store);
        }
        let last = causes.pop().unwrap_or_default();
        if error.is_builder() || error.is_redirect() {
            return call.broken(StoreError::refused, &last);
        }
        if error.is_timeout() {
            let why = format!("no answer within {} s", self.settings.timeout.as_secs());
            return call.broken(StoreError::retry, &why).help(
                "see whether the server is busy; MLFLOW_HTTP_REQUEST_TIMEOUT is how long a call may take, in seconds",
            ).concerning(Concern::Nobody);
        }
        let (what, concern) = if error.is_connect() {
            ("cannot connect", Concern::Nobody)
        } else {
            ("the connection broke", Concern::Store)
        };
        let help = match self.look() {
            // How a server with TLS 1.3 turns away who shows no certificate.
            look if last.contains("close_notify") => {
                format!(
                    "{look}; if it wants a client certificate, MLFLOW_TRACKING_CLIENT_CERT_PATH names it"
                )
            }
            look => look,
        };
        call.broken(StoreError::retry, &format!("{what}: {last}"))
            .help(help)
            .concerning(concern)
    }

    /// A success by its status, but not what the call promises: a proxy's page, or half an answer.
    /// Whether the call was obeyed is not known.
    pub(super) fn unpromised(&self, call: &Call, reason: &str) -> Failure {
        let why = format!("the answer is not what MLflow promises: {reason}");
        call.broken(StoreError::retry, &why).help(self.look())
    }

    /// An answer that broke off.
    pub(super) fn broken(&self, call: &Call, error: io::Error) -> Failure {
        let text = error.to_string();
        match error.downcast::<reqwest::Error>() {
            Ok(error) => self.lost(call, error),
            _ => call.broken(StoreError::retry, &format!("the connection broke: {text}")),
        }
    }

    /// What to do when it is not clear who answers.
    fn look(&self) -> String {
        let base = self.base.as_str().trim_end_matches('/');
        format!("see whether an MLflow server answers at {base}")
    }
}

/// How an answer differs from what the call promises.
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

/// What an error says, and what each of its causes does; the last is the first that went wrong.
pub(super) fn causes(error: &reqwest::Error) -> Vec<String> {
    let first: &dyn Error = error;
    std::iter::successors(Some(first), |&cause| cause.source())
        .map(|cause| {
            let text = cause.to_string();
            // Some end with the address of an explanation.
            text.split(": https://")
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

/// A call, as a person reads it: without query and credentials.
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

/// What TLS says that trying again does not change, and what to do about it.
fn insecure(cause: &str) -> Option<(String, &'static str)> {
    let help = if cause.contains("CertificateRequired") {
        "the server asks who we are: MLFLOW_TRACKING_CLIENT_CERT_PATH names a PEM file with our certificate and its key"
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

/// An address without what may be secret in it: user, password, query.
fn without_credentials(url: &str) -> String {
    let Ok(mut url) = Url::parse(url) else {
        return url.split('?').next().unwrap_or_default().to_owned();
    };
    // These fail only where there is nothing to remove.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.into()
}

/// Whether a status means "later". MLflow answers 500 and 501 also for what it will never do.
pub(super) fn later(status: StatusCode, code: &str) -> bool {
    match status.as_u16() {
        408 | 425 | 429 => true,
        501 => false,
        500.. => !matches!(code, "FEATURE_DISABLED" | "NOT_IMPLEMENTED"),
        _ => false,
    }
}

/// Whom an answer concerns that is not a success.
fn concern(status: StatusCode, reason: &Reason) -> Concern {
    match (status.as_u16(), &*reason.code) {
        (403, _) if reason.text.contains(INVALID_HOST) => Concern::Store,
        (_, "RESOURCE_DOES_NOT_EXIST") | (403, _) => Concern::Run,
        // A page of somebody else's, or a server that is busy, not ready or not as configured.
        (_, "FEATURE_DISABLED")
        | (404 | 405, "")
        | (300..=399 | 401 | 408 | 425 | 429 | 502..=504, _) => Concern::Store,
        // A server that fails at one thing says 500.
        _ => Concern::Item,
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
