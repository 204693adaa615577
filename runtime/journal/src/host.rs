//! The machine that a program runs on, as far as the kernel identifies it.

use serde::{Deserialize, Serialize};

/// A machine, from one boot to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// The kernel's id of this boot; empty where there is none.
    pub boot_id: String,
}

impl Host {
    /// Whether it is unknown, as in journals of versions that did not record it.
    pub fn is_unknown(&self) -> bool {
        self.boot_id.is_empty()
    }

    /// This machine since its last boot; unknown where the kernel has no boot id.
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
