//! A bucket of Amazon S3 or of a compatible server, with the variables and files that Python's
//! client reads.

use std::path::Path;
use std::sync::Arc;

use object_store::Certificate;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey as Setting};

use super::client::{Bounded, client, retries};
use super::reason::{ErrorReporter, Texts};
use super::{Bucket, host};
use crate::settings::{AwsProfile, Environment, word};
use crate::ship::store::StoreError;

/// The texts for S3.
const TEXTS: Texts = Texts {
    provider: "AWS",
    container: "bucket",
    no_credentials: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary credentials), or set AWS_PROFILE to a profile \
           in ~/.aws/credentials",
    wrong_credentials: "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile in ~/.aws/credentials",
    no_permission: "check that the credentials permit writing to the bucket (s3:PutObject)",
    untrusted_certificate: "set AWS_CA_BUNDLE to a PEM file with the authority that issued the server's certificate",
    unreachable: "check that the server is running; for a server other than Amazon's, set MLFLOW_S3_ENDPOINT_URL to its URL",
    metadata_path: "/latest/",
};

/// Variables from which the SDKs read credentials, a region and an endpoint.
const VARIABLES: [(&str, Setting); 13] = [
    ("AWS_DEFAULT_REGION", Setting::DefaultRegion),
    ("AWS_REGION", Setting::Region),
    ("AWS_ENDPOINT_URL", Setting::Endpoint),
    ("AWS_ENDPOINT_URL_S3", Setting::S3Endpoint),
    ("MLFLOW_S3_ENDPOINT_URL", Setting::S3Endpoint),
    ("AWS_ENDPOINT_URL_STS", Setting::StsEndpoint),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", Setting::WebIdentityTokenFile),
    ("AWS_ROLE_ARN", Setting::RoleArn),
    ("AWS_ROLE_SESSION_NAME", Setting::RoleSessionName),
    (
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        Setting::ContainerCredentialsRelativeUri,
    ),
    (
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        Setting::ContainerCredentialsFullUri,
    ),
    (
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        Setting::ContainerAuthorizationTokenFile,
    ),
    (
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        Setting::MetadataEndpoint,
    ),
];

pub(super) fn bucket(
    name: &str,
    env: &Environment<'_>,
    home: Option<&Path>,
) -> Result<Bucket, StoreError> {
    let profile = AwsProfile::find(env, home)?;
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(name)
        .with_http_connector(Bounded::default())
        .with_retry(retries());
    if let Some(region) = profile.region {
        builder = builder.with_region(word("`region` of the AWS profile", region)?);
    }
    if let Some(endpoint) = profile.endpoint {
        builder = builder.with_endpoint(word("`endpoint_url` of the AWS profile", endpoint)?);
    }
    for (variable, setting) in VARIABLES {
        let is_path = variable.ends_with("_FILE");
        let value = if is_path {
            env.text(variable)
        } else {
            env.word(variable)?
        };
        if let Some(value) = value {
            builder = builder.with_config(setting, value);
        }
    }
    let key = env.word("AWS_ACCESS_KEY_ID")?;
    let secret = env.text("AWS_SECRET_ACCESS_KEY");
    let by_role = [
        Setting::WebIdentityTokenFile,
        Setting::ContainerCredentialsRelativeUri,
        Setting::ContainerCredentialsFullUri,
    ];
    let mut from_metadata = false;
    match (key, secret, profile.keys) {
        (Some(key), Some(secret), _) => {
            builder = builder
                .with_access_key_id(key)
                .with_secret_access_key(secret);
            if let Some(token) = env.word("AWS_SESSION_TOKEN")? {
                builder = builder.with_token(token);
            }
        }
        (Some(_), None, _) | (None, Some(_), _) => {
            return Err(StoreError::refused(
                "only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set",
            )
            .help("set both or neither"));
        }
        (None, None, _)
            if by_role
                .iter()
                .any(|by| builder.get_config_value(by).is_some()) => {}
        (None, None, Some((key, secret, token))) => {
            let key = word("`aws_access_key_id` of the AWS profile", key)?;
            builder = builder
                .with_access_key_id(key)
                .with_secret_access_key(secret.reveal());
            if let Some(token) = token {
                let token = token.reveal().to_owned();
                builder =
                    builder.with_token(word("`aws_session_token` of the AWS profile", token)?);
            }
        }
        (None, None, None) if env.flag("AWS_EC2_METADATA_DISABLED", false)? => {
            return Err(TEXTS.missing_credentials(name));
        }
        // On a machine of Amazon, the metadata service provides credentials.
        (None, None, None) => from_metadata = true,
    }
    let endpoint = [Setting::S3Endpoint, Setting::Endpoint]
        .iter()
        .find_map(|by| builder.get_config_value(by));
    let mut options = client(endpoint.as_deref(), env)
        .with_allow_invalid_certificates(env.flag("MLFLOW_S3_IGNORE_TLS", false)?)
        .with_allow_http(
            endpoint
                .as_deref()
                .is_some_and(|url| url.starts_with("http:")),
        );
    if let Some(path) = env.path("AWS_CA_BUNDLE") {
        for certificate in authorities(&path)? {
            options = options.with_root_certificate(certificate);
        }
    }
    let host = match &endpoint {
        None => "Amazon S3".to_owned(),
        Some(endpoint) => host(endpoint).ok_or_else(|| {
            StoreError::refused("the address of the S3 server is not a valid http address")
                .help("set MLFLOW_S3_ENDPOINT_URL to a URL such as `http://localhost:9000`")
        })?,
    };
    let bucket = builder.with_client_options(options).build().map_err(|_| {
        StoreError::refused(format!(
            "the settings for the bucket `{name}` cannot be used"
        ))
        .help("check the variables that begin with AWS_")
    })?;
    let reporter = ErrorReporter {
        bucket: name.to_owned(),
        host,
        texts: &TEXTS,
        from_metadata,
    };
    Ok((Arc::new(bucket), reporter))
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, StoreError> {
    let bad = |why: &dyn std::fmt::Display| {
        StoreError::refused(format!(
            "AWS_CA_BUNDLE: {} cannot be used: {why}",
            path.display()
        ))
        .help("check the path in this variable")
    };
    let pem = std::fs::read(path).map_err(|error| bad(&error))?;
    let found = Certificate::from_pem_bundle(&pem).unwrap_or_default();
    if found.is_empty() {
        return Err(bad(&"it contains no PEM certificate"));
    }
    Ok(found)
}
