//! Reads the AWS files of the user: `~/.aws/credentials` and `~/.aws/config`.

use std::path::Path;

use super::environment::Environment;
use super::ini;
use super::secret::Secret;
use crate::failure::{Failure, refused};

/// The profile that `AWS_PROFILE` names, or else `default`.
#[derive(Debug, Default)]
pub(crate) struct AwsProfile {
    /// Access key, secret, and session token of temporary keys.
    pub(crate) keys: Option<(String, Secret, Option<Secret>)>,
    /// The region.
    pub(crate) region: Option<String>,
    /// The endpoint of another server with the S3 API.
    pub(crate) endpoint: Option<String>,
}

impl AwsProfile {
    /// Reads both files; missing ones are empty.
    pub(crate) fn find(env: &Environment<'_>, home: Option<&Path>) -> Result<Self, Failure> {
        let name = env
            .text("AWS_PROFILE")
            .or_else(|| env.text("AWS_DEFAULT_PROFILE"));
        let name = name.as_deref().unwrap_or("default");
        let file = |variable: &str, usual: &str| match env.path(variable) {
            Some(path) => read(&path),
            None => home.map_or_else(|| Ok(String::new()), |home| read(&home.join(usual))),
        };
        let credentials = file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials")?;
        let config = file("AWS_CONFIG_FILE", ".aws/config")?;
        let header = match name {
            "default" => name.to_owned(),
            other => format!("profile {other}"),
        };
        let mut values: std::collections::HashMap<_, _> = ini::section(&config, &header).collect();
        values.extend(ini::section(&credentials, name));
        let text = |key: &str| values.get(key).map(|value| (*value).to_owned());
        let secret = |key: &str| values.get(key).map(|value| Secret::new(*value));
        let keys = text("aws_access_key_id").zip(secret("aws_secret_access_key"));
        Ok(Self {
            keys: keys.map(|(key, value)| (key, value, secret("aws_session_token"))),
            region: text("region"),
            endpoint: text("endpoint_url"),
        })
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|error| {
            refused(format!("cannot read {}: {error}", path.display()))
                .help("make the file readable, or remove it")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_read_as_the_sdks_read_them() {
        let home = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(home.path().join(".aws")).expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(home.path().join(".aws").join(name), text).expect("a file");
        };
        write(
            "credentials",
            "[default]\naws_access_key_id = A\naws_secret_access_key = s=1%\n[team]\naws_access_key_id=B\naws_secret_access_key=2\naws_session_token=t\n",
        );
        write(
            "config",
            "[default]\nregion = eu-west-1\ns3 =\n  endpoint_url = http://nested\n[profile team]\nendpoint_url = http://minio:9000\n",
        );
        let find = |variables: &[(&str, &str)]| {
            let lookup = |name: &str| {
                variables
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| (*value).to_owned())
            };
            AwsProfile::find(&Environment::new(&lookup), Some(home.path())).expect("a profile")
        };
        let default = find(&[]);
        let (key, secret, token) = default.keys.expect("keys");
        assert_eq!(
            (&*key, secret.reveal(), token.is_none()),
            ("A", "s=1%", true)
        );
        assert_eq!(
            (default.region.as_deref(), default.endpoint),
            (Some("eu-west-1"), None)
        );
        let team = find(&[("AWS_PROFILE", "team")]);
        assert_eq!(team.endpoint.as_deref(), Some("http://minio:9000"));
        assert!(!format!("{team:?}").contains("Secret(\"2"));
        assert!(
            team.keys
                .is_some_and(|(key, _, token)| key == "B" && token.is_some())
        );
        assert!(find(&[("AWS_PROFILE", "nobody")]).keys.is_none());
    }
}
