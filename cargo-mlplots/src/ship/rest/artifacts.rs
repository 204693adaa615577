//! Opens the artifact store that a tracking server names.

use super::client::{HttpClient, Storage};
use super::presigned::PresignedStore;
use super::proxy::ProxyStore;
use crate::settings::{Multipart, scheme, without_secrets};
use crate::ship::store::{ArtifactStore, Root, Scope, StoreError};

/// The artifact store behind an artifact root of a tracking server.
pub(super) fn store(
    client: &HttpClient,
    storage: &Storage,
    multipart: Multipart,
    root: Root<'_>,
) -> Result<Box<dyn ArtifactStore>, StoreError> {
    let (client, storage) = (client.clone(), storage.clone());
    let uri = root.uri();
    match &*scheme(uri) {
        "mlflow-artifacts" | "http" | "https" => {
            Ok(Box::new(ProxyStore::new(&client, storage, multipart, uri)?))
        }
        "" | "file" => Err(StoreError::refused(format!(
            "the server keeps this run's artifacts in `{uri}`, a directory of its own machine"
        ))
        .help("start the server without `--no-serve-artifacts`, and use an experiment that was created after that")
        .with_scope(Scope::Run)),
        "s3" => {
            let direct = direct_store(uri);
            Ok(Box::new(PresignedStore::new(client, storage, root, direct)))
        }
        _ => direct_store(uri),
    }
}

/// The object store behind an artifact URI, with the credentials of the user.
fn direct_store(uri: &str) -> Result<Box<dyn ArtifactStore>, StoreError> {
    #[cfg(feature = "cloud")]
    if let Some(store) = crate::ship::cloud::CloudStore::open(uri) {
        return Ok(Box::new(store?));
    }
    Err(StoreError::refused(format!(
        "the artifact root of this run is `{}`, and mlplots does not support uploads to `{}:`",
        without_secrets(uri),
        scheme(uri)
    ))
    .help("start the server with `--artifacts-destination` set to that location, so that it proxies artifacts")
    .with_scope(Scope::Run))
}
