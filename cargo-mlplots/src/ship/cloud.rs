//! The artifact stores in clouds, for servers that do not proxy artifacts.

mod azure;
mod client;
mod google;
mod reason;
mod s3;
#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;
use std::sync::Arc;

use object_store::path::Path as Key;
use object_store::{
    Attribute, Attributes, ObjectStore, PutMultipartOptions, PutOptions, WriteMultipart,
};
use reqwest::Url;
use tokio::runtime::{Builder, Runtime};

use super::store::{ArtifactStore, Checked, Source, StoreError};
use crate::settings::{Environment, scheme, without_secrets};

/// Maximum size in bytes of a file that is uploaded in one request, and size of the parts of a
/// larger one, which bounds the memory.
const PART: u64 = 8 * 1024 * 1024;
/// Maximum number of parts of a file in S3.
const MAX_PARTS: u64 = 10_000;
/// Maximum number of parallel parts of a file.
const PARALLEL: usize = 2;

/// A bucket, and the reporter of its errors.
type Bucket = (Arc<dyn ObjectStore>, reason::ErrorReporter);

/// An artifact root in a bucket.
pub(crate) struct CloudStore {
    bucket: Arc<dyn ObjectStore>,
    /// The artifact URI, and its part below the bucket.
    uri: String,
    root: String,
    reporter: reason::ErrorReporter,
    runtime: Runtime,
}

impl CloudStore {
    /// A root such as `s3://bucket/1/RUN/artifacts`, if its store is supported. Sends no request.
    pub(crate) fn open(uri: &str) -> Option<Result<Self, StoreError>> {
        Self::open_in(
            uri,
            &Environment::process(),
            std::env::home_dir().as_deref(),
        )
    }

    fn open_in(
        uri: &str,
        env: &Environment<'_>,
        home: Option<&Path>,
    ) -> Option<Result<Self, StoreError>> {
        let uri = uri.trim_end_matches('/');
        let (_, location) = uri.split_once("://").unwrap_or_default();
        let (name, root) = location.split_once('/').unwrap_or((location, ""));
        let bucket = match &*scheme(uri) {
            "s3" | "gs" | "wasbs" | "abfss" if name.is_empty() => Err(StoreError::refused(
                format!("the artifact URI `{uri}` names no bucket"),
            )),
            "s3" | "gs" if !name.bytes().all(is_bucket_char) => Err(StoreError::refused(format!(
                "the artifact URI `{}` has an invalid bucket name",
                without_secrets(uri)
            ))
            .help("a bucket name has letters, digits, `-`, `_` and `.`")),
            "s3" => s3::bucket(name, env, home),
            "gs" => google::bucket(name, env, home),
            "wasbs" | "abfss" => azure::container(name, env, home),
            _ => return None,
        };
        Some(bucket.and_then(|bucket| Self::new(bucket, uri, root)))
    }

    fn new((bucket, reporter): Bucket, uri: &str, root: &str) -> Result<Self, StoreError> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| StoreError::retry(format!("cannot start an upload: {error}")))?;
        Ok(Self {
            bucket,
            uri: uri.to_owned(),
            root: root.to_owned(),
            reporter,
            runtime,
        })
    }

    async fn upload(
        &self,
        key: &Key,
        attributes: Attributes,
        source: &Source,
    ) -> Result<(), Failure> {
        let bytes = source.bytes();
        if bytes <= PART {
            let mut content = Vec::with_capacity(bytes as usize);
            let mut chunks = source.all();
            while let Some(chunk) = chunks.next()? {
                content.extend_from_slice(&chunk);
            }
            let options = PutOptions {
                attributes,
                ..PutOptions::default()
            };
            self.bucket.put_opts(key, content.into(), options).await?;
            return Ok(());
        }
        let options = PutMultipartOptions {
            attributes,
            ..PutMultipartOptions::default()
        };
        let upload = self.bucket.put_multipart_opts(key, options).await?;
        let part = PART.max(bytes.div_ceil(MAX_PARTS));
        let mut parts = WriteMultipart::new_with_chunk_size(upload, part as usize);
        match stream(&mut parts, source.all()).await {
            Ok(()) => {
                parts.finish().await?;
                Ok(())
            }
            Err(failure) => {
                // Parts that remain are left to the lifecycle rules of the store. The original
                // error is returned.
                let _ = parts.abort().await;
                Err(failure)
            }
        }
    }
}

impl ArtifactStore for CloudStore {
    fn put(&self, source: &Source) -> Result<(), StoreError> {
        let path = source.path();
        let file_uri = format!("{}/{path}", self.uri);
        let key = Key::parse(format!("{}/{path}", self.root))
            .map_err(|_| StoreError::refused(format!("`{file_uri}` is not a valid object name")))?;
        let content_type = mime_guess::from_path(&**path).first_or_octet_stream();
        let attributes = Attributes::from_iter([(
            Attribute::ContentType,
            content_type.essence_str().to_owned(),
        )]);
        self.runtime
            .block_on(self.upload(&key, attributes, source))
            .map_err(|failure| match failure {
                Failure::Source(error) => source.refusal(&error),
                Failure::Store(error) => self.reporter.report(&file_uri, &error),
            })
    }
}

/// Streams a file. Waits for earlier parts before it reads more, which bounds the memory.
async fn stream(parts: &mut WriteMultipart, mut content: Checked) -> Result<(), Failure> {
    while let Some(chunk) = content.next()? {
        parts.wait_for_capacity(PARALLEL).await?;
        parts.put(chunk);
    }
    Ok(())
}

/// Why the upload of a file failed.
enum Failure {
    Source(io::Error),
    Store(object_store::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Source(error)
    }
}

impl From<object_store::Error> for Failure {
    fn from(error: object_store::Error) -> Self {
        Self::Store(error)
    }
}

/// Whether a bucket name may contain this byte.
fn is_bucket_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// The host and the port for messages. They are not secret, unlike other parts of a URL.
fn host(endpoint: &str) -> Option<String> {
    let url = Url::parse(endpoint).ok()?;
    let host = url
        .host_str()
        .filter(|_| matches!(url.scheme(), "http" | "https"))?;
    Some(
        url.port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
    )
}
