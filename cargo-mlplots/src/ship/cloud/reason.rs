//! What an object store's refusal means, for a person and for the delivery.

use std::error::Error;

use object_store::client::{HttpError, HttpErrorKind};

use crate::ship::reason::Reason;
use crate::ship::store::{Concern, ErrorKind, StoreError};

/// What a person reads about one kind of store.
pub(super) struct Words {
    /// Whose credentials it wants.
    pub(super) whose: &'static str,
    /// What it calls a bucket.
    pub(super) place: &'static str,
    /// What to do without credentials,
    pub(super) none: &'static str,
    /// with those that are refused,
    pub(super) wrong: &'static str,
    /// with those that may not write,
    pub(super) denied: &'static str,
    /// with a certificate that nobody vouches for,
    pub(super) insecure: &'static str,
    /// and when nobody answers.
    pub(super) away: &'static str,
    /// Part of the address at which a machine of theirs gives credentials.
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

/// Tells what went wrong at one bucket.
pub(super) struct Teller {
    pub(super) bucket: String,
    /// Who keeps the bucket.
    pub(super) host: String,
    pub(super) words: &'static Words,
    /// The credentials are those that the machine may have.
    pub(super) by_machine: bool,
}

impl Teller {
    /// An error of the library, in words; `place` is the file's address.
    pub(super) fn tell(&self, place: &str, error: &object_store::Error) -> StoreError {
        // Other runs may have their artifacts elsewhere.
        self.told(place, error).concerning(Concern::Run)
    }

    fn told(&self, place: &str, error: &object_store::Error) -> StoreError {
        let first: &dyn Error = error;
        let causes: Vec<_> = std::iter::successors(Some(first), |&cause| cause.source()).collect();
        // The library's own words name the address that it asked, and end with the answer.
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

    /// The store answered, and it is not a success.
    fn answered(&self, place: &str, status: Option<u16>, reason: &Reason) -> StoreError {
        let Self { host, words, .. } = self;
        let said = reason.said();
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
                    "have the {} made, or take an experiment whose artifact location is another one",
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

    /// Who gives a token for the credentials does not.
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

    /// No answer, or not all of it.
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
