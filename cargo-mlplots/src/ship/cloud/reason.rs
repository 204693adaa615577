//! Interprets the errors of object stores: the message and the help for the user, whether a retry
//! can help, and the scope.

use std::error::Error;

use object_store::client::{HttpError, HttpErrorKind};

use crate::ship::reason::Reason;
use crate::ship::store::{ErrorKind, Scope, StoreError};

/// The texts for the user about one kind of store.
pub(super) struct Texts {
    /// The issuer of the credentials.
    pub(super) provider: &'static str,
    /// The store's term for a bucket.
    pub(super) container: &'static str,
    /// The help if there are no credentials.
    pub(super) no_credentials: &'static str,
    /// The help if the credentials are rejected.
    pub(super) wrong_credentials: &'static str,
    /// The help if the credentials do not permit writing.
    pub(super) no_permission: &'static str,
    /// The help if the certificate is not trusted.
    pub(super) untrusted_certificate: &'static str,
    /// The help if there is no response.
    pub(super) unreachable: &'static str,
    /// A part of the URL of the metadata service, which provides credentials on the provider's
    /// machines.
    pub(super) metadata_path: &'static str,
}

impl Texts {
    pub(super) fn missing_credentials(&self, bucket: &str) -> StoreError {
        StoreError::refused(format!(
            "the clients of this server upload artifacts to the {} `{bucket}`, and this machine has no {} credentials",
            self.container, self.provider
        ))
        .help(self.no_credentials)
    }
}

/// Reports the errors of one bucket.
pub(super) struct ErrorReporter {
    pub(super) bucket: String,
    /// The host of the bucket, as shown to the user.
    pub(super) host: String,
    pub(super) texts: &'static Texts,
    /// The credentials come from the metadata service of the machine.
    pub(super) from_metadata: bool,
}

impl ErrorReporter {
    /// Interprets an error of an upload to `uri`.
    pub(super) fn report(&self, uri: &str, error: &object_store::Error) -> StoreError {
        // Other runs may have another artifact root.
        self.interpret(uri, error).with_scope(Scope::Run)
    }

    fn interpret(&self, uri: &str, error: &object_store::Error) -> StoreError {
        let first: &dyn Error = error;
        let causes: Vec<_> = std::iter::successors(Some(first), |&cause| cause.source()).collect();
        // The message contains the URL of the request, and ends with the response.
        let message = error.to_string();
        if self.from_metadata && message.contains(self.texts.metadata_path) {
            return self.texts.missing_credentials(&self.bucket);
        }
        if let Some(http) = causes
            .iter()
            .find_map(|cause| cause.downcast_ref::<HttpError>())
        {
            let last = causes.last().map(ToString::to_string).unwrap_or_default();
            return self.transport_error(uri, http, &last);
        }
        if message.contains("redirect without LOCATION") {
            return self.wrong_region(uri);
        }
        let status = message
            .split_once("status code: ")
            .and_then(|(_, rest)| rest.get(..3)?.parse().ok());
        if message.contains("token request") {
            return self.no_token(uri, status);
        }
        self.error_response(uri, status, &Reason::xml(&message).unwrap_or_default())
    }

    fn error_response(&self, uri: &str, status: Option<u16>, reason: &Reason) -> StoreError {
        let Self { host, texts, .. } = self;
        let reason_text = reason.suffix();
        let shown = status.map_or_else(String::new, |status| format!(" ({status})"));
        let mut error = StoreError::refused(format!(
            "uploading {uri} to {host} failed{shown}{reason_text}"
        ));
        if is_temporary(status) {
            error.kind = ErrorKind::Retry(None);
        }
        let help = match (&*reason.code, status) {
            ("NoSuchBucket" | "ContainerNotFound", _) => {
                return StoreError::refused(format!(
                    "{host} has no {} `{}`, which the artifact root names",
                    texts.container, self.bucket
                ))
                .help(format!(
                    "create the {}, or use an experiment with another artifact location",
                    texts.container
                ));
            }
            (
                "InvalidAccessKeyId"
                | "SignatureDoesNotMatch"
                | "AuthenticationFailed"
                | "InvalidAuthenticationInfo",
                _,
            ) => texts.wrong_credentials,
            ("ExpiredToken" | "InvalidToken", _) => {
                "the credentials have expired: get new ones, including AWS_SESSION_TOKEN"
            }
            ("RequestTimeTooSkewed", _) => "correct this machine's clock",
            ("AuthorizationHeaderMalformed" | "PermanentRedirect", _) => {
                return self.wrong_region(uri);
            }
            (_, Some(401)) => texts.no_credentials,
            (_, Some(403)) => texts.no_permission,
            _ => return error,
        };
        error.help(help)
    }

    /// The service that issues access tokens for the credentials failed.
    fn no_token(&self, uri: &str, status: Option<u16>) -> StoreError {
        let shown = status.map_or_else(String::new, |status| format!(" ({status})"));
        let mut error = StoreError::refused(format!(
            "{} did not issue an access token for the upload of {uri}{shown}",
            self.texts.provider
        ))
        .help(self.texts.wrong_credentials);
        if is_temporary(status) {
            error.kind = ErrorKind::Retry(None);
        }
        error
    }

    fn wrong_region(&self, uri: &str) -> StoreError {
        StoreError::refused(format!(
            "uploading {uri} to {} failed: the bucket is in another region",
            self.host
        ))
        .help("set AWS_REGION to the bucket's region")
    }

    /// There is no response, or only a part of it.
    fn transport_error(&self, uri: &str, error: &HttpError, last: &str) -> StoreError {
        let Self { host, texts, .. } = self;
        if last.to_lowercase().contains("certificate") {
            return StoreError::refused(format!("the connection to {host} is not secure: {last}"))
                .help(texts.untrusted_certificate);
        }
        let what = match error.kind() {
            HttpErrorKind::Connect => "cannot connect to",
            HttpErrorKind::Timeout => "no response in time from",
            _ => "lost the connection to",
        };
        StoreError::retry(format!("{what} {host} for the upload of {uri}: {last}"))
            .help(texts.unreachable)
    }
}

fn is_temporary(status: Option<u16>) -> bool {
    matches!(status, Some(408 | 429 | 500..))
}
