//! What the attributes take, and what is said of mistakes: each rule in a file named for it.
//!
//! After a change: `TRYBUILD=overwrite cargo test -p mlplots --test ui`, and read the difference.

use std::process::Command;

/// The compiler whose words are expected where the mistake is one of types: they change between
/// its versions.
const COMPILER: &str = "rustc 1.95.";

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/train/*.rs");
    cases.compile_fail("tests/ui/plot/*.rs");
    let rustc = Command::new("rustc")
        .arg("--version")
        .output()
        .expect("rustc runs");
    if rustc.stdout.starts_with(COMPILER.as_bytes()) {
        cases.compile_fail("tests/ui/types/*.rs");
    } else {
        println!("tests/ui/types is left out: it is for {COMPILER}x");
    }
}
