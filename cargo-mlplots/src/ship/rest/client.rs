//! One HTTP client for a tracking server: what it sends, and that an answer is what was promised.

mod connect;
mod content;
mod failure;
mod storage;
mod upload;

use std::io::Read;
use std::time::Duration;

use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::settings::{Credentials, HttpSettings};
use crate::ship::reason::Reason;
use crate::ship::store::{ErrorKind, StoreError};
pub(super) use content::Content;
use failure::Call;
pub(super) use failure::Failure;
pub(super) use storage::{Missed, SignedUrl, Storage};
use upload::Uploads;

/// Longest error body that is read.
const LONGEST_ERROR: u64 = 64 * 1024;

/// A client of one tracking server.
#[derive(Clone)]
pub(in crate::ship::rest) struct HttpClient {
    http: Client,
    uploads: Uploads,
    base: Url,
    credentials: Option<Credentials>,
    workspace: Option<HeaderValue>,
    timeout: Duration,
    respect_retry_after: bool,
}

impl HttpClient {
    pub(in crate::ship::rest) fn new(
        base: &Url,
        settings: &HttpSettings,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            http: connect::client(base, settings)?,
            uploads: Uploads::new(connect::uploads(base, settings)?, settings.timeout)?,
            base: base.clone(),
            credentials: settings.credentials.clone(),
            workspace: settings.workspace.as_deref().map(workspace).transpose()?,
            timeout: settings.timeout,
            respect_retry_after: settings.respect_retry_after,
        })
    }

    /// The same client at another server, which has the same prefix.
    pub(in crate::ship::rest) fn at(&self, base: Url) -> Self {
        Self {
            base,
            ..self.clone()
        }
    }

    /// The server's address with its path prefix.
    pub(in crate::ship::rest) fn base(&self) -> &Url {
        &self.base
    }

    /// The address of `path`, which begins with `/`, below the server's prefix.
    pub(in crate::ship::rest) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url
    }

    /// A GET with a query, answered by JSON.
    pub(in crate::ship::rest) fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Failure> {
        let mut url = self.url(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.json(&Method::GET, url, None::<&()>)
    }

    /// A POST of JSON, answered by JSON.
    pub(in crate::ship::rest) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        self.json(&Method::POST, self.url(path), Some(body))
    }

    /// A PATCH of JSON, answered by JSON.
    pub(in crate::ship::rest) fn patch<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        self.json(&Method::PATCH, self.url(path), Some(body))
    }

    fn json<T: DeserializeOwned>(
        &self,
        method: &Method,
        url: Url,
        body: Option<&impl Serialize>,
    ) -> Result<T, Failure> {
        let call = Call::new(method, &url);
        let mut request = self.signed(self.http.request(method.clone(), url).timeout(self.timeout));
        if let Some(body) = body {
            let bytes = serde_json::to_vec(body)
                .map_err(|error| call.broken(StoreError::refused, &error.to_string()))?;
            request = request.header(CONTENT_TYPE, "application/json").body(bytes);
        }
        let text = self
            .send(&call, request)?
            .text()
            .map_err(|error| self.lost(&call, error))?;
        serde_json::from_str(&text).map_err(|_| self.unpromised(&call, &text))
    }

    /// A PUT of a file's bytes, streamed.
    pub(in crate::ship::rest) fn put(
        &self,
        url: &Url,
        signed: bool,
        content: Content,
        content_type: &str,
    ) -> Result<(), Failure> {
        let call = Call::new(&Method::PUT, url);
        let mut request = self.http.put(url.clone());
        if signed {
            request = self.signed(request);
        }
        let request = request.header(CONTENT_TYPE, content_type).build();
        let headers = request.map_err(|error| self.lost(&call, error))?;
        let headers = headers.headers().clone();
        let answer = self.uploads.put(url.clone(), headers, content);
        let answer = answer.map_err(|error| self.lost(&call, error))?;
        if !answer.status.is_success() {
            let reason = Reason::read(&answer.body);
            return Err(self.answered(&call, answer.status, &answer.headers, reason));
        }
        // MLflow says nothing, or `{}`; a proxy's page says that the file went nowhere.
        match answer.body.trim_start().chars().next() {
            None | Some('{') => Ok(()),
            Some(_) => Err(self.unpromised(&call, &answer.body)),
        }
    }

    fn signed(&self, mut request: RequestBuilder) -> RequestBuilder {
        request = match &self.credentials {
            Some(Credentials::Basic { user, password }) => {
                request.basic_auth(user, Some(password.reveal()))
            }
            Some(Credentials::Bearer(token)) => request.bearer_auth(token.reveal()),
            None => request,
        };
        if let Some(value) = &self.workspace {
            request = request.header("X-MLFLOW-WORKSPACE", value.clone());
        }
        request
    }

    /// Sends, and turns every status but success into a failure.
    fn send(&self, call: &Call, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request.send().map_err(|error| self.lost(call, error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let headers = response.headers().clone();
        let mut body = Vec::new();
        let whole = response.take(LONGEST_ERROR).read_to_end(&mut body).is_ok();
        if !whole {
            body.clear();
        }
        let reason = Reason::read(&String::from_utf8_lossy(&body));
        let mut failure = self.answered(call, status, &headers, reason);
        if !whole {
            // Half a reason is none: what is not there yet would look like a page that the server does not know.
            failure.status = None;
            if failure.error.kind == ErrorKind::Refused {
                failure.error.kind = ErrorKind::Retry(None);
            }
        }
        Err(failure)
    }
}

fn workspace(name: &str) -> Result<HeaderValue, StoreError> {
    HeaderValue::from_str(name).map_err(|_| {
        StoreError::refused(format!(
            "the workspace name {name:?} has a character that cannot be sent"
        ))
        .help("check MLFLOW_WORKSPACE")
    })
}
