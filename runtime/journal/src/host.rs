//! The machine that a program runs on, as the kernel identifies it.

use serde::{Deserialize, Serialize};

/// A machine, from one boot to the next. After a reboot, the same machine is another host, so that
/// no process id of the earlier boot is mistaken for that of a live process.
///
/// ```
/// use mlplots_journal::Host;
///
/// assert_eq!(Host::current(), Host::current());
/// assert!(Host::default().is_unknown());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Host {
    /// The host name of the machine; empty if it is unknown.
    pub name: String,
    /// The kernel's id of this boot; empty if the kernel has none.
    pub boot_id: String,
}

impl Host {
    /// Returns `true` if the boot id is unknown. It is unknown on systems other than Linux, and in
    /// journals of versions that do not record the host.
    ///
    /// ```
    /// use mlplots_journal::Host;
    ///
    /// let host: Host = serde_json::from_str(r#"{"name":"node7","boot_id":""}"#)?;
    /// assert!(host.is_unknown());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn is_unknown(&self) -> bool {
        self.boot_id.is_empty()
    }

    /// Returns this machine since its last boot. It is unknown if the kernel has no boot id.
    ///
    /// ```
    /// # use mlplots_journal::Host;
    /// assert_eq!(Host::current().is_unknown(), !cfg!(target_os = "linux"));
    /// ```
    pub fn current() -> Self {
        let read = |name: &str| {
            let text = std::fs::read_to_string(format!("/proc/sys/kernel/{name}"));
            text.map_or_else(|_| String::new(), |text| text.trim().to_owned())
        };
        Self {
            name: read("hostname"),
            boot_id: read("random/boot_id"),
        }
    }
}
