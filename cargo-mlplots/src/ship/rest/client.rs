//! The HTTP client of a tracking server. It authenticates requests, and checks that responses have
//! the expected form.

mod connect;
mod content;
mod failure;
mod storage;
mod upload;

use std::io::Read;
use std::sync::Arc;

use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::settings::{Credentials, HttpSettings};
use crate::ship::reason::Reason;
use crate::ship::store::{Checked, ErrorKind, StoreError};
use failure::Call;
pub(super) use failure::Failure;
pub(super) use storage::{SignedUrl, Storage, UploadError};
use upload::Uploads;

/// Maximum number of bytes that are read from an error body.
const MAX_ERROR_BODY: u64 = 64 * 1024;
/// Maximum bytes of a response body: more than the params, tags and last metrics of any run.
const MAX_BODY: u64 = 64 * 1024 * 1024;

/// A client of one server. Credentials, certificate and workspace go only to its origin.
#[derive(Clone)]
pub(in crate::ship::rest) struct HttpClient {
    http: Client,
    uploads: Uploads,
    base: Url,
    workspace: Option<HeaderValue>,
    settings: Arc<HttpSettings>,
    /// The server is not the one that the user named, so it gets no credentials.
    is_anonymous: bool,
}

impl HttpClient {
    pub(in crate::ship::rest) fn new(
        base: &Url,
        settings: &HttpSettings,
    ) -> Result<Self, StoreError> {
        if let Some(Credentials::Bearer(token)) = &settings.credentials {
            HeaderValue::from_str(token.reveal()).map_err(|_| {
                StoreError::refused(
                    "the tracking token has a character that is not visible ASCII, such as a line break",
                )
                .help("check MLFLOW_TRACKING_TOKEN")
            })?;
        }
        Ok(Self {
            http: connect::client(base, settings)?,
            uploads: Uploads::new(connect::uploads(base, settings)?, settings.timeout)?,
            base: base.clone(),
            workspace: settings.workspace.as_deref().map(workspace).transpose()?,
            settings: Arc::new(settings.clone()),
            is_anonymous: false,
        })
    }

    /// A client for another URL, which a server named. Another origin gets no credentials,
    /// certificate or workspace, unless the user trusts it.
    pub(in crate::ship::rest) fn at(&self, base: Url) -> Result<Self, StoreError> {
        if base.origin() == self.base.origin() {
            return Ok(Self {
                base,
                ..self.clone()
            });
        }
        if self.settings.trusts(&base) {
            return Self::new(&base, &self.settings);
        }
        Ok(Self {
            is_anonymous: true,
            ..Self::new(&base, &self.settings.anonymous())?
        })
    }

    /// The URL of the server with its path prefix.
    pub(in crate::ship::rest) fn base(&self) -> &Url {
        &self.base
    }

    /// The URL of `path`, which begins with `/`, below the prefix of the server.
    pub(in crate::ship::rest) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url
    }

    /// A GET request with a query and a JSON response.
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

    /// A POST request with a JSON body and a JSON response.
    pub(in crate::ship::rest) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        self.json(&Method::POST, self.url(path), Some(body))
    }

    /// A PATCH request with a JSON body and a JSON response.
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
        let mut request = self.authenticated(
            self.http
                .request(method.clone(), url)
                .timeout(self.settings.timeout),
        );
        if let Some(body) = body {
            let bytes = serde_json::to_vec(body)
                .map_err(|error| call.failure(StoreError::refused, &error.to_string()))?;
            request = request.header(CONTENT_TYPE, "application/json").body(bytes);
        }
        let mut body = Vec::new();
        let response = self.send(&call, request)?;
        response
            .take(MAX_BODY + 1)
            .read_to_end(&mut body)
            .map_err(|error| self.truncated(&call, error))?;
        if body.len() as u64 > MAX_BODY {
            return Err(self.unexpected(&call, "it has more than 64 MiB"));
        }
        serde_json::from_slice(&body).map_err(|error| {
            let body = String::from_utf8_lossy(&body);
            self.unexpected(&call, &failure::mismatch(&body, &error))
        })
    }

    /// A PUT request that streams the bytes of a file.
    pub(in crate::ship::rest) fn put(
        &self,
        url: &Url,
        content: Checked,
        content_type: &str,
    ) -> Result<(), Failure> {
        let call = Call::new(&Method::PUT, url);
        let request = self.authenticated(self.http.put(url.clone()));
        let request = request.header(CONTENT_TYPE, content_type).build();
        let headers = request.map_err(|error| self.transport_failure(&call, error))?;
        let headers = headers.headers().clone();
        let response = self.uploads.put(url.clone(), headers, content);
        let response = response.map_err(|error| self.transport_failure(&call, error))?;
        if !response.status.is_success() {
            let reason = Reason::read(&response.body);
            return Err(self.error_response(&call, response.status, &response.headers, reason));
        }
        // MLflow responds with nothing or `{}`. Other content is the page of a proxy, which did not
        // store the file.
        match response.body.trim_start().chars().next() {
            None | Some('{') => Ok(()),
            Some(_) => Err(self.unexpected(&call, &Reason::read(&response.body).text)),
        }
    }

    fn authenticated(&self, mut request: RequestBuilder) -> RequestBuilder {
        request = match &self.settings.credentials {
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

    /// Sends a request, and turns every status except success into a failure.
    fn send(&self, call: &Call, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request
            .send()
            .map_err(|error| self.transport_failure(call, error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let headers = response.headers().clone();
        let mut body = Vec::new();
        let is_complete = response.take(MAX_ERROR_BODY).read_to_end(&mut body).is_ok();
        if !is_complete {
            body.clear();
        }
        let reason = Reason::read(&String::from_utf8_lossy(&body));
        let mut failure = self.error_response(call, status, &headers, reason);
        if !is_complete {
            // The error code is unknown, so the status alone must not decide: 404 without a code
            // would mean that the server does not have the endpoint.
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
            "the workspace name {name:?} has a character that is not visible ASCII"
        ))
        .help("check MLFLOW_WORKSPACE")
    })
}
