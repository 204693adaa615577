//! Configures the HTTP clients of object stores.

use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt, Limited};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService, ReqwestConnector,
};
use object_store::{ClientOptions, RetryConfig};
use reqwest::Url;

use crate::settings::{Environment, NoProxy};

/// The timeout of a request, which uploads at most one part.
const TIMEOUT: Duration = Duration::from_mins(3);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum bytes of a response. No response contains a file.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// The client settings for a store at `endpoint`.
pub(super) fn client(endpoint: Option<&str>, env: &Environment<'_>) -> ClientOptions {
    let options = ClientOptions::new()
        .with_timeout(TIMEOUT)
        .with_connect_timeout(CONNECT_TIMEOUT);
    let url = endpoint.and_then(|endpoint| Url::parse(endpoint).ok());
    if url.is_some_and(|url| NoProxy::find(env).covers(&url)) {
        // `object_store` takes its proxies from the environment, unless one is set.
        return options
            .with_proxy_url("http://127.0.0.1:9")
            .with_proxy_excludes("*,0.0.0.0/0,::/0");
    }
    options
}

/// The retries of one request. After them, the delivery waits longer and retries the file.
pub(super) fn retries() -> RetryConfig {
    RetryConfig {
        max_retries: 3,
        // Includes requests that time out.
        retry_timeout: TIMEOUT * 4,
        ..RetryConfig::default()
    }
}

/// Creates clients that limit the size of responses.
#[derive(Debug, Default)]
pub(super) struct Bounded(ReqwestConnector);

#[derive(Debug)]
struct Service(HttpClient);

impl HttpConnector for Bounded {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Service(self.0.connect(options)?)))
    }
}

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let response = self.0.execute(request).await?;
        Ok(response.map(|body| {
            let body = Limited::new(body, MAX_BODY);
            let failed = |error| HttpError::new_boxed(HttpErrorKind::Decode, error);
            HttpResponseBody::new(body.map_err(failed))
        }))
    }
}
