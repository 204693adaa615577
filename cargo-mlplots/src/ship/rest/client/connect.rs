//! Configures connections: certificates, redirects, proxies and timeouts.

use std::error::Error;
use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, Identity, Url, blocking};

use crate::settings::{HttpSettings, Trust};
use crate::ship::store::StoreError;

const AGENT: &str = concat!("mlplots/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A client with these settings for calls to the server at `base`.
pub(super) fn client(base: &Url, settings: &HttpSettings) -> Result<blocking::Client, StoreError> {
    blocking::ClientBuilder::from(tracking(base, settings)?)
        .timeout(settings.timeout)
        .build()
        .map_err(unusable)
}

/// A client with these settings for uploads to the server at `base`.
pub(super) fn uploads(base: &Url, settings: &HttpSettings) -> Result<reqwest::Client, StoreError> {
    tracking(base, settings)?.build().map_err(unusable)
}

fn tracking(base: &Url, settings: &HttpSettings) -> Result<ClientBuilder, StoreError> {
    let (redirects, is_bound) = (settings.redirects, settings.is_bound());
    let mut builder = reqwest::Client::builder()
        .user_agent(AGENT)
        .connect_timeout(settings.timeout.min(CONNECT_TIMEOUT))
        .redirect(Policy::custom(move |attempt| {
            // Other redirects would turn a POST into a GET.
            let keeps_method = matches!(attempt.status().as_u16(), 307 | 308);
            let is_allowed = redirects && attempt.previous().len() <= 10;
            match attempt.previous().last() {
                Some(from)
                    if keeps_method
                        && is_allowed
                        && may_redirect(from, attempt.url(), is_bound) =>
                {
                    attempt.follow()
                }
                _ => attempt.stop(),
            }
        }));
    #[cfg(target_os = "linux")]
    {
        // Detects a peer that disappeared during an upload, before the timeout of the upload.
        builder = builder.tcp_user_timeout(settings.timeout);
    }
    if base.scheme() == "http" {
        // A server with several workers sends the head and the body of a response in two segments
        // without TCP_NODELAY, so each call on a kept connection waits 40 ms for a delayed
        // acknowledgement. A connection per call costs less. With TLS it would cost more, but there
        // the peer is a proxy without this problem.
        builder = builder.pool_max_idle_per_host(0);
    }
    builder = proxied(builder, base, settings);
    builder = trusting(builder, &settings.trust, "MLFLOW_TRACKING_SERVER_CERT_PATH")?;
    if let Some(path) = &settings.client_certificate {
        let what = "MLFLOW_TRACKING_CLIENT_CERT_PATH";
        let identity = Identity::from_pem(&read_pem(what, path)?).map_err(|_| {
            bad_pem(
                what,
                path,
                &"it does not contain a PEM certificate and its key",
            )
        })?;
        builder = builder.identity(identity);
    }
    Ok(builder)
}

/// Whether a redirect may be followed. Not from https to http, and not to another origin if the
/// client has a workspace or a certificate (`is_bound`): reqwest would send them there, and removes
/// only the credentials.
fn may_redirect(from: &Url, to: &Url, is_bound: bool) -> bool {
    let is_downgrade = from.scheme() == "https" && to.scheme() == "http";
    !is_downgrade && (!is_bound || from.origin() == to.origin())
}

/// Disables proxies for the hosts that `NO_PROXY` excludes. Otherwise reqwest takes them from the
/// environment.
fn proxied(builder: ClientBuilder, url: &Url, settings: &HttpSettings) -> ClientBuilder {
    if settings.no_proxy.covers(url) {
        return builder.no_proxy();
    }
    builder
}

/// A client for the hosts of signed URLs. They are not the tracking server, so they do not get its
/// client certificate.
pub(super) fn storage(url: &Url, settings: &HttpSettings) -> Result<reqwest::Client, StoreError> {
    let builder = reqwest::Client::builder()
        .user_agent(AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        // A URL is signed for one host.
        .redirect(Policy::none());
    let builder = proxied(builder, url, settings);
    trusting(builder, &settings.storage_trust, "AWS_CA_BUNDLE")?
        .build()
        .map_err(unusable)
}

fn trusting(
    builder: ClientBuilder,
    trust: &Trust,
    variable: &str,
) -> Result<ClientBuilder, StoreError> {
    Ok(match trust {
        Trust::System => builder,
        Trust::Anything => builder.tls_danger_accept_invalid_certs(true),
        Trust::File(path) => {
            let pem = read_pem(variable, path)?;
            let found = Certificate::from_pem_bundle(&pem).unwrap_or_default();
            if found.is_empty() {
                return Err(bad_pem(variable, path, &"it contains no PEM certificate"));
            }
            builder.tls_certs_only(found)
        }
    })
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "`map_err` passes the error by value"
)]
fn unusable(error: reqwest::Error) -> StoreError {
    let cause = error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string);
    StoreError::refused(format!("cannot create an HTTP client: {cause}"))
}

fn read_pem(variable: &str, path: &Path) -> Result<Vec<u8>, StoreError> {
    std::fs::read(path).map_err(|error| bad_pem(variable, path, &error))
}

fn bad_pem(variable: &str, path: &Path, why: &dyn Display) -> StoreError {
    StoreError::refused(format!(
        "{variable}: {} cannot be used: {why}",
        path.display()
    ))
    .help("check the path in this variable")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_disclose_no_secrets() {
        let allowed = |from: &str, to: &str, is_bound| {
            let url = |url| Url::parse(url).expect("a URL");
            may_redirect(&url(from), &url(to), is_bound)
        };
        assert!(allowed("http://a:1/x", "http://a:1/y", true));
        assert!(allowed("http://a:1/x", "http://b:1/x", false));
        assert!(allowed("http://a/x", "https://a/x", false));
        assert!(!allowed("http://a/x", "https://a/x", true));
        assert!(!allowed("http://a:1/x", "http://a:2/x", true));
        assert!(!allowed("https://a/x", "http://a/x", false));
        assert!(!allowed("https://a/x", "http://a/x", true));
    }
}
