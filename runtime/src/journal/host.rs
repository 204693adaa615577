//! The machine that a program runs on, as far as the kernel tells it.

use crate::record::Host;

/// This machine, since its last start. Unknown where the kernel does not number its starts.
pub fn here() -> Host {
    let read = |name: &str| {
        let text = std::fs::read_to_string(format!("/proc/sys/kernel/{name}"));
        text.map_or_else(|_| String::new(), |text| text.trim().to_owned())
    };
    Host {
        name: read("hostname"),
        boot_id: read("random/boot_id"),
    }
}
