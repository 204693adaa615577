//! Uploads artifacts through the tracking server, which proxies them to its artifact store.

use reqwest::Url;

use super::client::{HttpClient, Storage, UploadError};
use super::multipart::Parts;
use crate::settings::{Multipart, without_secrets};
use crate::ship::store::{ArtifactStore, Source, StoreError};

const SERVICE: &str = "/api/2.0/mlflow-artifacts/artifacts";

/// An artifact root behind a server.
pub(crate) struct ProxyStore {
    client: HttpClient,
    root: Url,
    /// Multipart uploads, for an artifact root that supports them.
    parts: Option<Parts>,
}

impl ProxyStore {
    /// `mlflow-artifacts:/path` is below the tracking server, `mlflow-artifacts://host:port/path`
    /// is below another server with the same prefix, and `http(s)://…` is a URL.
    pub(crate) fn new(
        client: &HttpClient,
        storage: Storage,
        multipart: Multipart,
        artifact_uri: &str,
    ) -> Result<Self, StoreError> {
        let invalid = || {
            let uri = without_secrets(artifact_uri);
            StoreError::refused(format!("the artifact URI `{uri}` is invalid"))
        };
        let Some(rest) = artifact_uri.strip_prefix("mlflow-artifacts:") else {
            let root = Url::parse(artifact_uri).map_err(|_| invalid())?;
            return Ok(Self {
                client: client.at(root.clone())?,
                root,
                parts: None,
            });
        };
        let (host, path) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_once('/').unwrap_or((rest, "")),
            None => ("", rest),
        };
        let mut base = client.base().clone();
        if !host.is_empty() {
            // A number is a port without a host, not an IPv4 address.
            let other = Url::parse(&format!("{}://{host}", base.scheme()))
                .ok()
                .filter(|_| host.parse::<f64>().is_err());
            let other = other.ok_or_else(invalid)?;
            base.set_host(other.host_str()).map_err(|_| invalid())?;
            base.set_port(other.port()).map_err(|()| invalid())?;
        }
        let client = client.at(base)?;
        Ok(Self {
            root: client.url(&format!("{SERVICE}/{}", path.trim_start_matches('/'))),
            parts: Some(Parts::new(client.clone(), storage, multipart, path)),
            client,
        })
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.root.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            // Each segment is percent-encoded separately.
            segments.pop_if_empty().extend(path.split('/'));
        }
        url
    }
}

impl ArtifactStore for ProxyStore {
    fn put(&self, source: &Source) -> Result<(), StoreError> {
        let parts = self.parts.as_ref();
        let parts = parts.filter(|parts| parts.applies_to(source.bytes()));
        let blocked = match parts.map(|parts| parts.put(source)) {
            Some(Ok(())) => return Ok(()),
            Some(Err(UploadError::Failed(error))) => return Err(error),
            Some(Err(UploadError::Blocked(error))) => Some(error),
            Some(Err(UploadError::Unsigned)) | None => None,
        };
        let content_type = mime_guess::from_path(&**source.path()).first_or_octet_stream();
        let put = self.client.put(
            &self.url(source.path()),
            source.all(),
            content_type.essence_str(),
        );
        put.map_err(|failure| match (source.fault(), blocked) {
            (Some(fault), _) => fault,
            (None, Some(first)) => failure.error.and(&first),
            (None, None) => failure.error,
        })
    }
}
