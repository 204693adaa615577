//! Configures connections: certificates, redirects, keep-alive.

use std::error::Error;
use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, Identity, Url, blocking};

use crate::settings::{HttpSettings, Trust};
use crate::ship::store::StoreError;

const AGENT: &str = concat!("mlplots/", env!("CARGO_PKG_VERSION"));
/// The timeout for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// A client with these settings for calls to the server at `base`.
pub(super) fn client(base: &Url, settings: &HttpSettings) -> Result<blocking::Client, StoreError> {
    blocking::ClientBuilder::from(tracking(base, settings)?)
        .timeout(settings.timeout)
        .build()
        .map_err(unusable)
}

/// A client with these settings for uploads of files to that server.
pub(super) fn uploads(base: &Url, settings: &HttpSettings) -> Result<reqwest::Client, StoreError> {
    tracking(base, settings)?.build().map_err(unusable)
}

fn tracking(base: &Url, settings: &HttpSettings) -> Result<ClientBuilder, StoreError> {
    let (redirects, is_bound) = (settings.redirects, settings.is_bound());
    let mut builder = reqwest::Client::builder()
        .user_agent(AGENT)
        .connect_timeout(settings.timeout.min(CONNECT))
        .redirect(Policy::custom(move |attempt| {
            let is_kept = matches!(attempt.status().as_u16(), 307 | 308);
            let is_allowed = redirects && attempt.previous().len() <= 10;
            match attempt.previous().last() {
                Some(from)
                    if is_kept && is_allowed && may_redirect(from, attempt.url(), is_bound) =>
                {
                    attempt.follow()
                }
                _ => attempt.stop(),
            }
        }));
    #[cfg(target_os = "linux")]
    {
        // TCP keep-alive detects a peer that disappeared during an upload before the timeout of the
        // upload.
        builder = builder.tcp_user_timeout(settings.timeout);
    }
    if base.scheme() == "http" {
        // A server with several workers sends the head and the body of a response in two segments
        // without TCP_NODELAY, so each call on a saved connection waits 40 ms for a delayed
        // acknowledgement. A connection per call costs less; behind TLS, where it would cost more,
        // the proxy does not have this problem.
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
                &"it does not hold a certificate and its key in PEM",
            )
        })?;
        builder = builder.identity(identity);
    }
    Ok(builder)
}

/// Whether a redirect is followed: not from https to http, and not to another origin if the client
/// has a workspace or a certificate (`is_bound`), which reqwest would send there. It sends no
/// credentials to another origin.
fn may_redirect(from: &Url, to: &Url, is_bound: bool) -> bool {
    let is_downgrade = from.scheme() == "https" && to.scheme() == "http";
    !is_downgrade && (!is_bound || from.origin() == to.origin())
}

/// reqwest takes its proxies from the environment.
fn proxied(builder: ClientBuilder, url: &Url, settings: &HttpSettings) -> ClientBuilder {
    if settings.no_proxy.covers(url) {
        return builder.no_proxy();
    }
    builder
}

/// A client for the hosts of signed URLs. They are not the tracking server, so the client
/// certificate is not sent to them.
pub(super) fn storage(url: &Url, settings: &HttpSettings) -> Result<reqwest::Client, StoreError> {
    let builder = reqwest::Client::builder()
        .user_agent(AGENT)
        .connect_timeout(CONNECT)
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
                return Err(bad_pem(variable, path, &"it holds no certificate in PEM"));
            }
            builder.tls_certs_only(found)
        }
    })
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "for `map_err`, which gives it away"
)]
fn unusable(error: reqwest::Error) -> StoreError {
    let cause = error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string);
    StoreError::refused(format!("cannot make an HTTP client: {cause}"))
}

fn read_pem(variable: &str, path: &Path) -> Result<Vec<u8>, StoreError> {
    std::fs::read(path).map_err(|error| bad_pem(variable, path, &error))
}

fn bad_pem(variable: &str, path: &Path, why: &dyn Display) -> StoreError {
    StoreError::refused(format!(
        "{variable}: {} cannot be used: {why}",
        path.display()
    ))
    .help("see that the variable names the right file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_hands_nothing_over() {
        let leads = |from: &str, to: &str, is_bound| {
            let url = |url| Url::parse(url).expect("a URL");
            may_redirect(&url(from), &url(to), is_bound)
        };
        assert!(leads("http://a:1/x", "http://a:1/y", true));
        assert!(leads("http://a:1/x", "http://b:1/x", false));
        assert!(leads("http://a/x", "https://a/x", false));
        assert!(!leads("http://a/x", "https://a/x", true));
        assert!(!leads("http://a:1/x", "http://a:2/x", true));
        assert!(!leads("https://a/x", "http://a/x", false));
        assert!(!leads("https://a/x", "http://a/x", true));
    }
}
