//! A container of Azure Blob Storage, with the variables that MLflow and Python's clients read.

use std::path::Path;
use std::sync::Arc;

use object_store::azure::{AzureConfigKey as Setting, MicrosoftAzureBuilder};

use super::client::{Bounded, client, retries};
use super::reason::{ErrorReporter, Texts};
use super::{Bucket, host};
use crate::settings::{Environment, word};
use crate::ship::store::StoreError;

const CONNECTION: &str = "AZURE_STORAGE_CONNECTION_STRING";

/// The domains of Azure, as in MLflow's client: for blobs and for Data Lake.
const DOMAINS: [&str; 6] = [
    "blob.core.windows.net",
    "blob.core.chinacloudapi.cn",
    "blob.core.usgovcloudapi.net",
    "dfs.core.windows.net",
    "dfs.core.chinacloudapi.cn",
    "dfs.core.usgovcloudapi.net",
];

/// The texts for Azure Blob Storage.
const TEXTS: Texts = Texts {
    provider: "Azure",
    container: "container",
    no_credentials: "set AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCESS_KEY or AZURE_STORAGE_SAS_TOKEN; or AZURE_TENANT_ID, AZURE_CLIENT_ID and \
           AZURE_CLIENT_SECRET; or log in with `az login`",
    wrong_credentials: "check AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCESS_KEY or AZURE_STORAGE_SAS_TOKEN, or the service principal in AZURE_CLIENT_ID",
    no_permission: "check that the credentials permit writing to the container (the role Storage Blob Data Contributor)",
    untrusted_certificate: "this machine must trust the authority that issued the server's certificate",
    unreachable: "check the name of the storage account; for a server other than Microsoft's, set BlobEndpoint in AZURE_STORAGE_CONNECTION_STRING to its URL",
    metadata_path: "/oauth2/token",
};

/// Variables that identify a service principal instead of a storage account.
const VARIABLES: [(&str, Setting); 5] = [
    ("AZURE_TENANT_ID", Setting::AuthorityId),
    ("AZURE_CLIENT_ID", Setting::ClientId),
    ("AZURE_CLIENT_SECRET", Setting::ClientSecret),
    ("AZURE_FEDERATED_TOKEN_FILE", Setting::FederatedTokenFile),
    ("IDENTITY_ENDPOINT", Setting::MsiEndpoint),
];

/// `location` is `container@account.blob.core.windows.net`, or the same with `dfs`.
pub(super) fn container(
    location: &str,
    env: &Environment<'_>,
    home: Option<&Path>,
) -> Result<Bucket, StoreError> {
    let account = location.split_once('@').and_then(|(container, server)| {
        let (account, domain) = server.split_once('.')?;
        let is_name = |name: &str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        is_name(account).then_some((container, account, domain))
    });
    let (name, account, domain) = account.ok_or_else(|| {
        StoreError::refused(format!(
            "the artifact URI names no container of a storage account: `{location}`"
        ))
        .help("the expected form is `wasbs://container@account.blob.core.windows.net/path`")
    })?;
    // The artifact root comes from the server, so credentials go only to Azure's own hosts. A
    // connection string from the user names its host itself.
    let is_known = DOMAINS.contains(&domain);
    if !is_known && env.text(CONNECTION).is_none() {
        return Err(StoreError::refused(format!(
            "the artifacts go to `{account}.{domain}`, which is not a host of Azure Blob Storage, so no credentials are sent there"
        ))
        .help(format!(
            "if you trust this host, set it as BlobEndpoint in {CONNECTION}"
        )));
    }
    // Data Lake Storage is accessible as blobs too.
    let lake = domain.strip_prefix("dfs.");
    let domain = lake.map_or_else(|| domain.to_owned(), |rest| format!("blob.{rest}"));
    let mut builder = MicrosoftAzureBuilder::new()
        .with_container_name(name)
        .with_account(account)
        .with_endpoint(format!("https://{account}.{domain}"))
        .with_http_connector(Bounded::default())
        .with_retry(retries());
    let mut from_metadata = false;
    let token = env.word("AZURE_STORAGE_SAS_TOKEN")?;
    // For Data Lake, MLflow ignores the other credentials if there is a SAS token.
    let uses_token_only = lake.is_some() && token.is_some() && is_known;
    let other = |name| env.text(name).filter(|_| !uses_token_only);
    if let Some(text) = other(CONNECTION) {
        let text = word(CONNECTION, text)?;
        builder = connection(builder, &text)?;
    } else if let Some(key) = other("AZURE_STORAGE_ACCESS_KEY") {
        builder = builder.with_access_key(key);
    } else if let Some(token) = &token {
        builder = builder.with_config(Setting::SasKey, token.trim_start_matches('?'));
    } else {
        for (variable, setting) in VARIABLES {
            let is_any_text = variable.ends_with("_FILE") || variable.ends_with("_SECRET");
            let value = if is_any_text {
                env.text(variable)
            } else {
                env.word(variable)?
            };
            if let Some(value) = value {
                builder = builder.with_config(setting, value);
            }
        }
        if let Some(address) = env.word("AZURE_AUTHORITY_HOST")? {
            builder = builder.with_authority_host(address.trim_end_matches('/'));
        }
        let set = |setting| builder.get_config_value(&setting).is_some();
        let by_program = set(Setting::ClientSecret) || set(Setting::FederatedTokenFile);
        if !by_program && !set(Setting::MsiEndpoint) {
            // `az login` writes this file. Otherwise, the metadata service of an Azure machine
            // provides credentials.
            let login = home.map(|home| home.join(".azure/azureProfile.json"));
            let logged_in = login.is_some_and(|file| file.exists());
            builder = builder.with_use_azure_cli(logged_in);
            from_metadata = !logged_in;
        }
    }
    let endpoint = builder.get_config_value(&Setting::Endpoint);
    let endpoint = endpoint.unwrap_or_default();
    let unusable = || {
        StoreError::refused(format!(
            "the settings for the container `{name}` cannot be used"
        ))
        .help(TEXTS.wrong_credentials)
    };
    let host = host(&endpoint).ok_or_else(unusable)?;
    let options = client(Some(&endpoint), env).with_allow_http(endpoint.starts_with("http:"));
    let built = builder.with_client_options(options).build();
    let reporter = ErrorReporter {
        bucket: name.to_owned(),
        host,
        texts: &TEXTS,
        from_metadata,
    };
    Ok((Arc::new(built.map_err(|_| unusable())?), reporter))
}

/// Applies a connection string, `AccountName=…;AccountKey=…;BlobEndpoint=…`.
fn connection(
    mut builder: MicrosoftAzureBuilder,
    text: &str,
) -> Result<MicrosoftAzureBuilder, StoreError> {
    let mut protocol = "https";
    let mut endpoint = None;
    let mut suffix = None;
    let mut account = builder.get_config_value(&Setting::AccountName);
    let mut has_credentials = false;
    let parts = text.split(';').filter_map(|part| part.split_once('='));
    for (key, value) in parts {
        match &*key.trim().to_lowercase() {
            "defaultendpointsprotocol" => protocol = value,
            "accountname" => account = Some(value.to_owned()),
            "accountkey" => {
                has_credentials = true;
                builder = builder.with_access_key(value);
            }
            "sharedaccesssignature" => {
                has_credentials = true;
                builder = builder.with_config(Setting::SasKey, value.trim_start_matches('?'));
            }
            "blobendpoint" => endpoint = Some(value.trim_end_matches('/').to_owned()),
            "endpointsuffix" => suffix = Some(value),
            _ => {}
        }
    }
    if !has_credentials {
        return Err(StoreError::refused(format!(
            "{CONNECTION} has neither AccountKey nor SharedAccessSignature"
        ))
        .help("copy the complete string from the access keys of the storage account"));
    }
    let account = account.unwrap_or_default();
    let endpoint = endpoint.unwrap_or_else(|| {
        let suffix = suffix.unwrap_or("core.windows.net");
        format!("{protocol}://{account}.blob.{suffix}")
    });
    Ok(builder.with_account(account).with_endpoint(endpoint))
}
