//! A training program links few crates and no C code, so that it builds quickly and needs no C
//! compiler.

use mlplots_tests::Project;

const MAXIMUM: usize = 60;
/// Crates for C compilers, TLS, databases, network clients and async runtimes.
const UNWANTED: [&str; 12] = [
    "cc",
    "cmake",
    "openssl",
    "rustls",
    "ring",
    "aws-lc-rs",
    "rusqlite",
    "tokio",
    "async-std",
    "smol",
    "hyper",
    "reqwest",
];

#[test]
fn a_program_links_few_crates_and_no_c() {
    let project = Project::new("weight").file("src/main.rs", "fn main() {}");
    let crates = project.crates();
    assert!(crates.contains("mlplots"), "{crates:?}");
    assert!(crates.len() <= MAXIMUM, "{}: {crates:?}", crates.len());
    // `linux-raw-sys` contains only constants and links no library.
    let is_unwanted = |name: &&String| {
        UNWANTED.contains(&name.as_str()) || (name.ends_with("-sys") && *name != "linux-raw-sys")
    };
    let unwanted: Vec<_> = crates.iter().filter(is_unwanted).collect();
    assert!(unwanted.is_empty(), "{unwanted:?}");
}
