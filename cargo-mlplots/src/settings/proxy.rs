//! Decides which addresses are reached without a proxy.

use std::net::IpAddr;

use reqwest::Url;

use super::environment::Environment;

/// The entries of `NO_PROXY` that the HTTP library does not support: `*` for IP addresses, and
/// entries with a port.
#[derive(Clone, Debug)]
pub(crate) struct NoProxy(Vec<String>);

impl NoProxy {
    pub(crate) fn find(env: &Environment<'_>) -> Self {
        let list = env.text("NO_PROXY").or_else(|| env.text("no_proxy"));
        let list = list.unwrap_or_default();
        Self(
            list.split(',')
                .map(|entry| entry.trim().to_lowercase())
                .collect(),
        )
    }

    /// Whether an address is reached without a proxy.
    pub(crate) fn covers(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else {
            return false;
        };
        let port = url.port_or_known_default();
        self.0.iter().any(|entry| {
            let with_port = || {
                let (name, number) = entry.rsplit_once(':')?;
                (number.parse().ok() == port).then_some(name)
            };
            entry == "*" || with_port().is_some_and(|name| is_within(host, name))
        })
    }
}

/// Whether a host equals an entry or is in its domain.
fn is_within(host: &str, name: &str) -> bool {
    let bare = |text: &str| {
        let text = text.strip_prefix('[').unwrap_or(text);
        text.strip_suffix(']')
            .unwrap_or(text)
            .parse::<IpAddr>()
            .ok()
    };
    if let (Some(host), Some(name)) = (bare(host), bare(name)) {
        return host == name;
    }
    let name = name.strip_prefix('.').unwrap_or(name);
    let rest = host.strip_suffix(name).filter(|_| !name.is_empty());
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_may_be_everything_or_have_a_port() {
        let covers = |list: &str, url: &str| {
            let lookup = |name: &str| (name == "NO_PROXY").then(|| list.to_owned());
            let no_proxy = NoProxy::find(&Environment::new(&lookup));
            no_proxy.covers(&Url::parse(url).expect("a URL"))
        };
        for (list, url) in [
            ("*", "http://10.0.0.1:5000"),
            ("*", "http://[::1]:5000"),
            ("a, *", "https://mlflow.example.org"),
            ("10.0.0.1:5000", "http://10.0.0.1:5000/ml"),
            ("[::1]:5000", "http://[::1]:5000"),
            ("MLflow.example.org:5000", "http://mlflow.EXAMPLE.org:5000"),
            ("example.org:80", "http://mlflow.example.org"),
            (".example.org:443", "https://mlflow.example.org"),
        ] {
            assert!(covers(list, url), "{list} {url}");
        }
        for (list, url) in [
            ("", "http://a"),
            (":5000", "http://a:5000"),
            ("10.0.0.1:5001", "http://10.0.0.1:5000"),
            ("ample.org:80", "http://example.org"),
            ("example.org:81", "http://example.org"),
            ("a:b:c", "http://a"),
        ] {
            assert!(!covers(list, url), "{list} {url}");
        }
    }
}
