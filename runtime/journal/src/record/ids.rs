//! Identifiers that are read from disk. Invalid text does not parse, so that code with a value of
//! these types needs no further checks.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use mlplots_names::check_artifact_path;

/// The SHA-256 of an artifact's bytes, as text: 64 lowercase hexadecimal digits. It dereferences to
/// `str`. Other text does not parse or deserialize.
///
/// ```
/// use mlplots_journal::record::Digest;
///
/// let digest = Digest::of(b"1,2,3");
/// assert_eq!(digest.len(), 64);
/// assert_eq!(digest.parse(), Ok(digest.clone()));
/// assert!("../secret".parse::<Digest>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

/// The identity of a run and the name of its directory, as text: a UUID of 32 lowercase hexadecimal
/// digits without hyphens. It dereferences to `str`. Other text does not parse or deserialize.
///
/// ```
/// use mlplots_journal::record::RunUuid;
///
/// let uuid: RunUuid = "0198c0ffee007abc8def001122334455".parse()?;
/// assert_eq!(uuid.to_string(), "0198c0ffee007abc8def001122334455");
/// assert!("0198c0ffee00".parse::<RunUuid>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunUuid(String);

/// The path of an artifact below an artifact root. [`check_artifact_path`] accepts it, so it is
/// relative and cannot leave the root. It dereferences to `str`. Other text does not parse or
/// deserialize.
///
/// ```
/// use mlplots_journal::record::ArtifactPath;
///
/// let path: ArtifactPath = "notes/data.txt".parse()?;
/// assert_eq!(path, "notes/data.txt");
/// assert!("../data.txt".parse::<ArtifactPath>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ArtifactPath(String);

impl Digest {
    /// Returns the digest of bytes.
    ///
    /// ```
    /// # use mlplots_journal::record::Digest;
    /// let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    /// assert_eq!(Digest::of(b""), empty);
    /// ```
    pub fn of(bytes: &[u8]) -> Self {
        Self::finish(Sha256::new_with_prefix(bytes))
    }

    /// Returns the digest of all bytes that the hasher was updated with.
    ///
    /// ```
    /// # use mlplots_journal::record::Digest;
    /// use sha2::{Digest as _, Sha256};
    ///
    /// let mut hasher = Sha256::new();
    /// hasher.update(b"1,2");
    /// hasher.update(b",3");
    /// assert_eq!(Digest::finish(hasher), Digest::of(b"1,2,3"));
    /// ```
    pub fn finish(hasher: Sha256) -> Self {
        use fmt::Write as _;
        let digits = hasher.finalize();
        Self(digits.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }))
    }
}

impl RunUuid {
    /// Returns the identity of a new run: a time-ordered UUID (version 7). UUIDs sort by their time
    /// in milliseconds, and those of one process by the order of the calls.
    ///
    /// ```
    /// # use mlplots_journal::record::RunUuid;
    /// assert!(RunUuid::new() < RunUuid::new());
    /// ```
    #[allow(
        clippy::new_without_default,
        reason = "each call returns another value"
    )]
    pub fn new() -> Self {
        Self(uuid::Uuid::now_v7().simple().to_string())
    }

    /// Returns the first twelve digits: the time in milliseconds. Runs that start in different
    /// milliseconds differ in these digits.
    ///
    /// ```
    /// # use mlplots_journal::record::RunUuid;
    /// let uuid: RunUuid = "0198c0ffee007abc8def001122334455".parse()?;
    /// assert_eq!(uuid.short(), "0198c0ffee00");
    /// # Ok::<(), String>(())
    /// ```
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl FromStr for Digest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        lowercase_hex(text, 64, "a SHA-256").map(Self)
    }
}

impl FromStr for RunUuid {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        lowercase_hex(text, 32, "the id of a run").map(Self)
    }
}

impl FromStr for ArtifactPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        check_artifact_path(text)?;
        Ok(Self(text.to_owned()))
    }
}

fn lowercase_hex(text: &str, length: usize, what: &str) -> Result<String, String> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() == length && text.bytes().all(is_digit) {
        return Ok(text.to_owned());
    }
    let shown: String = text.chars().take(80).collect();
    Err(format!(
        "`{}` is not {what}, which has {length} lowercase hex digits",
        shown.escape_debug()
    ))
}

macro_rules! text {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == *other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == **other
            }
        }
    )*};
}

text!(Digest, RunUuid, ArtifactPath);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_sixty_four_lowercase_hex_digits() {
        let digest = Digest::of(b"");
        let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest, text);
        assert_eq!(text.parse(), Ok(digest));
        for bad in [
            "",
            "/home/u/.ssh/id_rsa",
            "../../../x",
            &text.to_uppercase(),
            &text[1..],
            &format!("{text}0"),
            &format!("{}é", &text[2..]),
        ] {
            assert!(bad.parse::<Digest>().is_err(), "{bad:?}");
            let json = serde_json::Value::from(bad);
            assert!(serde_json::from_value::<Digest>(json).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_run_uuid_is_thirty_two_lowercase_hex_digits() {
        let uuid = RunUuid::new();
        assert_eq!(uuid.parse(), Ok(uuid.clone()));
        for bad in ["", ".", "..", "../../elsewhere", "/", &uuid[1..]] {
            assert!(bad.parse::<RunUuid>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_artifact_path_cannot_leave_its_root() {
        assert!("plots/a b.png".parse::<ArtifactPath>().is_ok());
        for bad in ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "a\nb"] {
            assert!(bad.parse::<ArtifactPath>().is_err(), "{bad:?}");
        }
    }
}
