//! The credentials for a tracking server.

use std::fmt;
use std::path::Path;

use super::environment::Environment;
use super::ini;
use super::secret::Secret;
use crate::failure::{Failure, refused};

/// The content of the `Authorization` header.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// User name and password.
    Basic { user: String, password: Secret },
    /// A token.
    Bearer(Secret),
}

impl fmt::Debug for Credentials {
    /// Some servers accept a token as user name without a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic { .. } => "Basic ***",
            Self::Bearer(_) => "Bearer ***",
        })
    }
}

const USER: &str = "MLFLOW_TRACKING_USERNAME";
const PASSWORD: &str = "MLFLOW_TRACKING_PASSWORD";
const TOKEN: &str = "MLFLOW_TRACKING_TOKEN";

impl Credentials {
    /// Reads the variables. User name and password each fall back to the credentials file; a
    /// complete pair takes precedence over a token.
    pub(super) fn find(
        env: &Environment<'_>,
        home: Option<&Path>,
    ) -> Result<Option<Self>, Failure> {
        for unsupported in ["MLFLOW_TRACKING_AWS_SIGV4", "MLFLOW_TRACKING_AUTH"] {
            if env
                .text(unsupported)
                .is_some_and(|value| !matches!(value.to_lowercase().as_str(), "false" | "0"))
            {
                return Err(refused(format!(
                    "{unsupported} is set, and mlplots cannot sign requests that way"
                ))
                .help(format!(
                    "unset it and use {USER} and {PASSWORD}, or {TOKEN}"
                )));
            }
        }
        let file = match home {
            Some(home) => File::read(&home.join(".mlflow/credentials"))?,
            None => File::default(),
        };
        if let (Some(user), Some(password)) = (
            env.text(USER).or(file.user),
            env.text(PASSWORD).or(file.password),
        ) {
            return Ok(Some(Self::Basic {
                user,
                password: Secret::new(password),
            }));
        }
        Ok(env
            .text(TOKEN)
            .map(|token| Self::Bearer(Secret::new(token))))
    }
}

/// `~/.mlflow/credentials`, an INI file with a section `[mlflow]`.
#[derive(Default)]
struct File {
    user: Option<String>,
    password: Option<String>,
}

impl File {
    fn read(path: &Path) -> Result<Self, Failure> {
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(refused(format!("cannot read {}: {error}", path.display()))
                .help("make the file readable, or remove it")),
        }
    }

    /// Python's `configparser` reads `%%` as `%` here.
    fn parse(text: &str) -> Self {
        let mut file = Self::default();
        for (key, value) in ini::section(text, "mlflow") {
            let value = Some(value.replace("%%", "%"));
            match key.to_uppercase().as_str() {
                USER => file.user = value,
                PASSWORD => file.password = value,
                _ => {}
            }
        }
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_read_as_python_reads_it() {
        let file = File::parse(
            "# mine\n[other]\nmlflow_tracking_username = x\n[mlflow]\n; note\nMLFLOW_tracking_username: ada\nmlflow_tracking_password = a=b:c%%#\n",
        );
        assert_eq!(file.user.as_deref(), Some("ada"));
        assert_eq!(file.password.as_deref(), Some("a=b:c%#"));
    }
}
