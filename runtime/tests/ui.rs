//! What the attributes say of mistakes, each rule in a file named for it, and what they take.
//!
//! The words of the compiler's own errors change with its version, so the expected output is that
//! of the toolchain this project builds with. After a change: `TRYBUILD=overwrite cargo test -p
//! mlplots --test ui`, and read the difference.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/train/*.rs");
    cases.compile_fail("tests/ui/plot/*.rs");
    cases.compile_fail("tests/ui/types/*.rs");
}
