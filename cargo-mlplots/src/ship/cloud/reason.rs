//! Interprets errors of an object store: the message and the help for the user, and the scope.

use std::error::Error;

use object_store::client::{HttpError, HttpErrorKind};

use crate::ship::reason::Reason;
use crate::ship::store::{ErrorKind, Scope, StoreError};

/// The texts for one kind of store.
pub(super) struct Words {
    /// The owner of the credentials.
    pub(super) whose: &'static str,
    /// The store's term for a bucket.
    pub(super) place: &'static str,
    /// The help if there are no credentials,
    pub(super) none: &'static str,
    /// if they are rejected,
    pub(super) wrong: &'static str,
    /// if they do not permit writing,
    pub(super) denied: &'static str,
    /// if the certificate is not trusted,
    pub(super) insecure: &'static str,
    /// and if there is no response.
    pub(super) away: &'static str,
    /// Part of the address of the metadata service, which provides credentials on the provider's
    /// machines.
    pub(super) machine: &'static str,
}

impl Words {
    pub(super) fn no_credentials(&self, bucket: &str) -> StoreError {
        StoreError::refused(format!(
            "the server leaves the artifacts to its clients, in the {} `{bucket}`, and there are no {} credentials here",
            self.place, self.whose
        ))
        .help(self.none)
    }
}

/// Interprets the errors of one bucket.
pub(super) struct Teller {
    pub(super) bucket: String,
    /// The host of the bucket.
    pub(super) host: String,
    pub(super) words: &'static Words,
    /// The credentials come from the machine.
    pub(super) by_machine: bool,
}

impl Teller {
    /// Interprets an error of `object_store`; `place` is the address of the file.
    pub(super) fn tell(&self, place: &str, error: &object_store::Error) -> StoreError {
        // Other runs may have another artifact root.
        self.told(place, error).with_scope(Scope::Run)
    }

    fn told(&self, place: &str, error: &object_store::Error) -> StoreError {
        let first: &dyn Error = error;
        let causes: Vec<_> = std::iter::successors(Some(first), |&cause| cause.source()).collect();
        // The message of object_store contains the address and ends with the response.
        let said = error.to_string();
        if self.by_machine && said.contains(self.words.machine) {
            return self.words.no_credentials(&self.bucket);
        }
        if let Some(http) = causes
            .iter()
            .find_map(|cause| cause.downcast_ref::<HttpError>())
        {
            let last = causes.last().map(ToString::to_string).unwrap_or_default();
            return self.lost(place, http, &last);
        }
        if said.contains("redirect without LOCATION") {
            return self.elsewhere(place);
        }
        let status = said
            .split_once("status code: ")
            .and_then(|(_, rest)| rest.get(..3)?.parse().ok());
        if said.contains("token request") {
            return self.no_token(place, status);
        }
        self.answered(place, status, &Reason::xml(&said).unwrap_or_default())
    }

    /// The store responded with an error.
    fn answered(&self, place: &str, status: Option<u16>, reason: &Reason) -> StoreError {
        let Self { host, words, .. } = self;
        let said = reason.suffix();
        let shown = status.map_or_else(String::new, |status| format!(" ({status})"));
        let mut error = StoreError::refused(format!("{host} does not take {place}{shown}{said}"));
        if later(status) {
            error.kind = ErrorKind::Retry(None);
        }
        let help = match (&*reason.code, status) {
            ("NoSuchBucket" | "ContainerNotFound", _) => {
                return StoreError::refused(format!(
                    "{host} has no {} `{}`, where the artifacts should go",
                    words.place, self.bucket
                ))
                .help(format!(
                    "create the {}, or use an experiment with another artifact location",
                    words.place
                ));
            }
            (
                "InvalidAccessKeyId"
                | "SignatureDoesNotMatch"
                | "AuthenticationFailed"
                | "InvalidAuthenticationInfo",
                _,
            ) => words.wrong,
            ("ExpiredToken" | "InvalidToken", _) => {
                "the credentials are no longer valid: get new ones (AWS_SESSION_TOKEN belongs to them)"
            }
            ("RequestTimeTooSkewed", _) => "set this machine's clock",
            ("AuthorizationHeaderMalformed" | "PermanentRedirect", _) => {
                return self.elsewhere(place);
            }
            (_, Some(401)) => words.none,
            (_, Some(403)) => words.denied,
            _ => return error,
        };
        error.help(help)
    }

    /// The service that issues tokens failed.
    fn no_token(&self, place: &str, status: Option<u16>) -> StoreError {
        let shown = status.map_or_else(String::new, |status| format!(" ({status})"));
        let mut error = StoreError::refused(format!(
            "{} gives no token for the credentials, for {place}{shown}",
            self.words.whose
        ))
        .help(self.words.wrong);
        if later(status) {
            error.kind = ErrorKind::Retry(None);
        }
        error
    }

    fn elsewhere(&self, place: &str) -> StoreError {
        StoreError::refused(format!(
            "{} does not take {place}: the bucket is in another region",
            self.host
        ))
        .help("set AWS_REGION to the bucket's region")
    }

    /// There is no response, or only a part of it.
    fn lost(&self, place: &str, error: &HttpError, last: &str) -> StoreError {
        let Self { host, words, .. } = self;
        if last.to_lowercase().contains("certificate") {
            return StoreError::refused(format!("the connection to {host} is not secure: {last}"))
                .help(words.insecure);
        }
        let what = match error.kind() {
            HttpErrorKind::Connect => "cannot connect to",
            HttpErrorKind::Timeout => "no answer in time from",
            _ => "the connection broke to",
        };
        StoreError::retry(format!("{what} {host}, for {place}: {last}")).help(words.away)
    }
}

fn later(status: Option<u16>) -> bool {
    matches!(status, Some(408 | 429 | 500..))
}
