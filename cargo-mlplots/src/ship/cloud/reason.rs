//! What an object store's refusal means, for a person and for the delivery.

use std::error::Error;

use object_store::client::{HttpError, HttpErrorKind};

use super::s3::{NO_CREDENTIALS, no_credentials};
use crate::ship::store::{ErrorKind, StoreError};

/// Tells what went wrong at one bucket.
pub(super) struct Teller {
    pub(super) bucket: String,
    /// Who keeps the bucket.
    pub(super) host: String,
    /// The credentials are those that the machine may have.
    pub(super) by_machine: bool,
}

impl Teller {
    /// An error of the library, in words; `place` is the file's address.
    pub(super) fn tell(&self, place: &str, error: &object_store::Error) -> StoreError {
        let first: &dyn Error = error;
        let causes: Vec<_> = std::iter::successors(Some(first), |&cause| cause.source()).collect();
        // The library's own words name the address that it asked.
        let words = error.to_string();
        if self.by_machine && words.contains("/latest/") {
            return no_credentials(&self.bucket);
        }
        if let Some(http) = causes
            .iter()
            .find_map(|cause| cause.downcast_ref::<HttpError>())
        {
            let last = causes.last().map(ToString::to_string).unwrap_or_default();
            return self.lost(place, http, &last);
        }
        if words.contains("redirect without LOCATION") {
            return self.elsewhere(place);
        }
        self.answered(place, &Answer::read(&words))
    }

    /// The store answered, and it is not a success.
    fn answered(&self, place: &str, answer: &Answer<'_>) -> StoreError {
        let said = match (answer.code, answer.message) {
            ("", "") => String::new(),
            (code, "") => format!(": {code}"),
            ("", message) => format!(": {message}"),
            (code, message) => format!(": {code}: {message}"),
        };
        let status = answer
            .status
            .map_or_else(String::new, |status| format!(" ({status})"));
        let mut error =
            StoreError::refused(format!("{} does not take {place}{status}{said}", self.host));
        if matches!(answer.status, Some(408 | 429 | 500..)) {
            error.kind = ErrorKind::Retry(None);
        }
        let help = match (answer.code, answer.status) {
            ("NoSuchBucket", _) => {
                return StoreError::refused(format!(
                    "{} has no bucket `{}`, where the artifacts should go",
                    self.host, self.bucket
                ))
                .help("have the bucket made, or take an experiment whose artifact location is another one");
            }
            ("InvalidAccessKeyId" | "SignatureDoesNotMatch", _) => {
                "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile in ~/.aws/credentials"
            }
            ("ExpiredToken" | "InvalidToken", _) => {
                "the credentials are no longer valid: get new ones (AWS_SESSION_TOKEN belongs to them)"
            }
            ("RequestTimeTooSkewed", _) => "set this machine's clock",
            ("AuthorizationHeaderMalformed" | "PermanentRedirect", _) => {
                return self.elsewhere(place);
            }
            (_, Some(401)) => NO_CREDENTIALS,
            (_, Some(403)) => "check the credentials, and that they may write there (s3:PutObject)",
            _ => return error,
        };
        error.help(help)
    }

    fn elsewhere(&self, place: &str) -> StoreError {
        StoreError::refused(format!(
            "{} does not take {place}: the bucket is in another region",
            self.host
        ))
        .help("set AWS_REGION to the bucket's region")
    }

    /// No answer, or not all of it.
    fn lost(&self, place: &str, error: &HttpError, last: &str) -> StoreError {
        let Self { host, .. } = self;
        if last.to_lowercase().contains("certificate") {
            return StoreError::refused(format!("the connection to {host} is not secure: {last}"))
                .help("AWS_CA_BUNDLE names a PEM file with the authority that the server's certificate comes from");
        }
        let what = match error.kind() {
            HttpErrorKind::Connect => "cannot connect to",
            HttpErrorKind::Timeout => "no answer in time from",
            _ => "the connection broke to",
        };
        StoreError::retry(format!("{what} {host}, for {place}: {last}")).help(
            "see whether it answers there; MLFLOW_S3_ENDPOINT_URL is the address of a server that is not Amazon's",
        )
    }
}

/// What stands in an answer: S3 says it in XML.
#[derive(Debug, Default, PartialEq, Eq)]
struct Answer<'a> {
    status: Option<u16>,
    code: &'a str,
    message: &'a str,
}

impl<'a> Answer<'a> {
    /// Reads it from the library's words, which end with the answer's body.
    fn read(words: &'a str) -> Self {
        let status = words
            .split_once("status code: ")
            .and_then(|(_, rest)| rest.get(..3)?.parse().ok());
        let within = |open: &str, close: &str| {
            let (_, rest) = words.split_once(open)?;
            Some(rest.split_once(close)?.0.trim())
        };
        Self {
            status,
            code: within("<Code>", "</Code>").unwrap_or_default(),
            message: within("<Message>", "</Message>").unwrap_or_default(),
        }
    }
}
