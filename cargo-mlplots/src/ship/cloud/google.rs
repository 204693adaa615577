//! A bucket of Google Cloud Storage, with the variables and the file that Python's client reads.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::gcp::GoogleCloudStorageBuilder;
use serde::Deserialize;

use super::client::{Bounded, client, retries};
use super::reason::{ErrorReporter, Texts};
use super::{Bucket, host};
use crate::settings::Environment;
use crate::ship::store::StoreError;

const FILE: &str = "GOOGLE_APPLICATION_CREDENTIALS";
const EMULATOR: &str = "STORAGE_EMULATOR_HOST";

/// The texts for Google Cloud Storage.
const TEXTS: Texts = Texts {
    provider: "Google",
    container: "bucket",
    no_credentials: "set GOOGLE_APPLICATION_CREDENTIALS to the JSON file of a service account, or log in with `gcloud auth application-default login`",
    wrong_credentials: "check the file that GOOGLE_APPLICATION_CREDENTIALS names, or log in with `gcloud auth application-default login`",
    no_permission: "check that the credentials permit writing to the bucket (storage.objects.create and storage.objects.delete)",
    untrusted_certificate: "this machine must trust the authority that issued the server's certificate",
    unreachable: "check that the server is running; for a server other than Google's, set STORAGE_EMULATOR_HOST to its URL",
    metadata_path: "/computeMetadata/",
};

pub(super) fn bucket(
    name: &str,
    env: &Environment<'_>,
    home: Option<&Path>,
) -> Result<Bucket, StoreError> {
    let mut builder = GoogleCloudStorageBuilder::new()
        .with_bucket_name(name)
        .with_http_connector(Bounded::default())
        .with_retry(retries());
    let emulator = env
        .word(EMULATOR)?
        .map(|address| match address.split_once("://") {
            Some(_) => address,
            None => format!("http://{address}"),
        });
    let file = credentials(env, home)?;
    let from_metadata = file.is_none() && emulator.is_none();
    match file {
        Some(path) => {
            builder = builder.with_application_credentials(path.to_string_lossy());
        }
        // An emulator accepts any token.
        None if emulator.is_some() => builder = builder.with_bearer_token("nobody"),
        // On a machine of Google, the metadata service provides credentials.
        None => {}
    }
    let mut host_name = "Google Cloud Storage".to_owned();
    if let Some(emulator) = &emulator {
        host_name = host(emulator).ok_or_else(|| {
            StoreError::refused(format!("{EMULATOR} is not a valid http address"))
                .help("the expected form is `http://localhost:9023`")
        })?;
        builder = builder.with_base_url(emulator.trim_end_matches('/'));
    }
    let options = client(emulator.as_deref(), env);
    let http = emulator.is_some_and(|address| address.starts_with("http:"));
    let built = builder
        .with_client_options(options.with_allow_http(http))
        .build();
    let bucket = built.map_err(|_| {
        StoreError::refused(format!(
            "the settings for the bucket `{name}` cannot be used"
        ))
        .help(TEXTS.wrong_credentials)
    })?;
    let reporter = ErrorReporter {
        bucket: name.to_owned(),
        host: host_name,
        texts: &TEXTS,
        from_metadata,
    };
    Ok((Arc::new(bucket), reporter))
}

/// The file with the credentials: the one that the variable names, else the one that `gcloud auth`
/// writes to the home directory.
fn credentials(env: &Environment<'_>, home: Option<&Path>) -> Result<Option<PathBuf>, StoreError> {
    #[derive(Deserialize)]
    struct Kind {
        r#type: String,
    }
    let default = || Some(home?.join(".config/gcloud/application_default_credentials.json"));
    let Some(path) = env
        .path(FILE)
        .or_else(|| default().filter(|path| path.exists()))
    else {
        return Ok(None);
    };
    let refused = |why: &str| {
        StoreError::refused(format!("{FILE}: {} cannot be used: {why}", path.display()))
            .help(TEXTS.no_credentials)
    };
    let text = std::fs::read_to_string(&path).map_err(|error| refused(&error.to_string()))?;
    // The content of the file is secret.
    let kind: Kind = serde_json::from_str(&text)
        .map_err(|_| refused("it is not a JSON file with credentials"))?;
    match &*kind.r#type {
        "service_account" | "authorized_user" => Ok(Some(path)),
        other => Err(refused(&format!(
            "mlplots does not support credentials of the type `{other}`"
        ))),
    }
}
