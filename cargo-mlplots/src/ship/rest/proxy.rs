//! Artifacts through the tracking server, which passes them on to where it keeps them.

use std::fs::File;
use std::path::Path;

use mlplots::record::check_artifact_path;
use reqwest::Url;

use super::client::HttpClient;
use crate::ship::store::{ArtifactStore, StoreError};

const SERVICE: &str = "/api/2.0/mlflow-artifacts/artifacts";

/// One artifact root behind a server.
pub(crate) struct ProxyStore {
    client: HttpClient,
    root: Url,
    /// Whether the root is for those who may write to the tracking server.
    signed: bool,
}

impl ProxyStore {
    /// `mlflow-artifacts:/path` is below the tracking server, `mlflow-artifacts://host:port/path`
    /// below another one with the same prefix and credentials, and `http(s)://…` is what it says.
    pub(crate) fn new(client: HttpClient, artifact_uri: &str) -> Result<Self, StoreError> {
        let invalid =
            || StoreError::refused(format!("the artifact URI `{artifact_uri}` cannot be read"));
        let Some(rest) = artifact_uri.strip_prefix("mlflow-artifacts:") else {
            let root = Url::parse(artifact_uri).map_err(|_| invalid())?;
            let signed = root.origin() == client.base().origin();
            return Ok(Self {
                client,
                root,
                signed,
            });
        };
        let (host, path) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_once('/').unwrap_or((rest, "")),
            None => ("", rest),
        };
        let mut root = client.url(&format!("{SERVICE}/{}", path.trim_start_matches('/')));
        if !host.is_empty() {
            // A bare number would be a port without a host.
            let other = Url::parse(&format!("{}://{host}", root.scheme()))
                .ok()
                .filter(|_| host.parse::<f64>().is_err());
            let other = other.ok_or_else(invalid)?;
            root.set_host(other.host_str()).map_err(|_| invalid())?;
            root.set_port(other.port()).map_err(|()| invalid())?;
        }
        Ok(Self {
            client,
            root,
            signed: true,
        })
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.root.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            // Each part is percent-encoded by itself.
            segments.pop_if_empty().extend(path.split('/'));
        }
        url
    }
}

impl ArtifactStore for ProxyStore {
    fn put(&self, path: &str, source: &Path) -> Result<(), StoreError> {
        check_artifact_path(path).map_err(StoreError::refused)?;
        let unreadable =
            |error| StoreError::refused(format!("cannot read {}: {error}", source.display()));
        let file = File::open(source).map_err(unreadable)?;
        let bytes = file.metadata().map_err(unreadable)?.len();
        let content_type = mime_guess::from_path(path).first_or_octet_stream();
        Ok(self.client.put(
            &self.url(path),
            self.signed,
            file,
            bytes,
            content_type.essence_str(),
        )?)
    }
}
