//! A container of Azure Blob Storage, with the variables that MLflow and Python's clients read.

use std::path::Path;
use std::sync::Arc;

use object_store::azure::{AzureConfigKey as Setting, MicrosoftAzureBuilder};

use super::client::{Bounded, client, retries};
use super::reason::{Teller, Words};
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
const WORDS: Words = Words {
    whose: "Azure",
    place: "container",
    none: "set AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCESS_KEY or AZURE_STORAGE_SAS_TOKEN; or AZURE_TENANT_ID, AZURE_CLIENT_ID and \
           AZURE_CLIENT_SECRET; or log in with `az login`",
    wrong: "check AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCESS_KEY or AZURE_STORAGE_SAS_TOKEN, or the credentials that AZURE_CLIENT_ID belongs to",
    denied: "check the credentials, and that they may write there (the role Storage Blob Data Contributor)",
    insecure: "this machine must trust the authority that issued the server's certificate",
    away: "see whether the storage account has this name; BlobEndpoint in AZURE_STORAGE_CONNECTION_STRING is the address of a server that is not Microsoft's",
    machine: "/oauth2/token",
};

/// Variables that identify a service principal instead of a storage account.
const VARIABLES: [(&str, Setting); 5] = [
    ("AZURE_TENANT_ID", Setting::AuthorityId),
    ("AZURE_CLIENT_ID", Setting::ClientId),
    ("AZURE_CLIENT_SECRET", Setting::ClientSecret),
    ("AZURE_FEDERATED_TOKEN_FILE", Setting::FederatedTokenFile),
    ("IDENTITY_ENDPOINT", Setting::MsiEndpoint),
];

/// `place` is `container@account.blob.core.windows.net`, or the same with `dfs`.
pub(super) fn container(
    place: &str,
    env: &Environment<'_>,
    home: Option<&Path>,
) -> Result<Bucket, StoreError> {
    let account = place.split_once('@').and_then(|(container, server)| {
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
            "the artifact URI names no container of a storage account: `{place}`"
        ))
        .help("it looks like `wasbs://container@account.blob.core.windows.net/path`")
    })?;
    // The artifact root comes from the server, so credentials go only to Azure's own hosts. A
    // connection string from the user names its host itself.
    let is_known = DOMAINS.contains(&domain);
    if !is_known && env.text(CONNECTION).is_none() {
        return Err(StoreError::refused(format!(
            "the artifacts go to `{account}.{domain}`, which is no host of Azure Blob Storage: no credentials are sent there"
        ))
        .help(format!(
            "if it is yours, name it as BlobEndpoint in {CONNECTION}"
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
    let mut by_machine = false;
    let token = env.word("AZURE_STORAGE_SAS_TOKEN")?;
    // MLflow accepts the SAS token only for Data Lake.
    let is_alone = lake.is_some() && token.is_some() && is_known;
    let other = |name| env.text(name).filter(|_| !is_alone);
    if let Some(text) = other(CONNECTION) {
        let text = word(CONNECTION, text)?;
        builder = connection(builder, &text)?;
    } else if let Some(key) = other("AZURE_STORAGE_ACCESS_KEY") {
        builder = builder.with_access_key(key);
    } else if let Some(token) = &token {
        builder = builder.with_config(Setting::SasKey, token.trim_start_matches('?'));
    } else {
        for (variable, setting) in VARIABLES {
            let is_free = variable.ends_with("_FILE") || variable.ends_with("_SECRET");
            let value = if is_free {
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
            // `az login` writes this file. Otherwise, the metadata service of a machine of Azure
            // provides credentials.
            let login = home.map(|home| home.join(".azure/azureProfile.json"));
            let logged_in = login.is_some_and(|file| file.exists());
            builder = builder.with_use_azure_cli(logged_in);
            by_machine = !logged_in;
        }
    }
    let endpoint = builder.get_config_value(&Setting::Endpoint);
    let endpoint = endpoint.unwrap_or_default();
    let unusable = || {
        StoreError::refused(format!(
            "the settings for the container `{name}` cannot be used"
        ))
        .help(WORDS.wrong)
    };
    let host = host(&endpoint).ok_or_else(unusable)?;
    let options = client(Some(&endpoint), env).with_allow_http(endpoint.starts_with("http:"));
    let built = builder.with_client_options(options).build();
    let teller = Teller {
        bucket: name.to_owned(),
        host,
        words: &WORDS,
        by_machine,
    };
    Ok((Arc::new(built.map_err(|_| unusable())?), teller))
}

/// `AccountName=…;AccountKey=…;BlobEndpoint=…`, as Azure's portal shows it.
fn connection(
    mut builder: MicrosoftAzureBuilder,
    text: &str,
) -> Result<MicrosoftAzureBuilder, StoreError> {
    let mut protocol = "https";
    let mut endpoint = None;
    let mut suffix = None;
    let mut account = builder.get_config_value(&Setting::AccountName);
    let mut signed = false;
    let parts = text.split(';').filter_map(|part| part.split_once('='));
    for (key, value) in parts {
        match &*key.trim().to_lowercase() {
            "defaultendpointsprotocol" => protocol = value,
            "accountname" => account = Some(value.to_owned()),
            "accountkey" => {
                signed = true;
                builder = builder.with_access_key(value);
            }
            "sharedaccesssignature" => {
                signed = true;
                builder = builder.with_config(Setting::SasKey, value.trim_start_matches('?'));
            }
            "blobendpoint" => endpoint = Some(value.trim_end_matches('/').to_owned()),
            "endpointsuffix" => suffix = Some(value),
            _ => {}
        }
    }
    if !signed {
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
