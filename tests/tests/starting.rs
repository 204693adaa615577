//! `cargo mlplots run` selects the same program as `cargo run` and starts it in the same
//! environment.

use std::fs;

use mlplots_tests::{Finished, Project, checkout, read};
use serde_json::Value;

/// A program that logs its environment.
const PROGRAM: &str = r#"
use mlplots::prelude::*;

#[train(experiment = "Starting")]
fn NAME(run: &Run) {
    run.log_param("fruit", std::env::var("FRUIT").unwrap_or_default());
    run.log_param("runner", std::env::var("RUNNER").unwrap_or_default());
    run.log_param("version", std::env::var("CARGO_PKG_VERSION").unwrap_or_default());
    run.log_param("manifest", std::env::var("CARGO_MANIFEST_PATH").unwrap_or_default());
    run.log_param("made_by_build_script", std::env::var("MADE").unwrap_or_default());
    EXTRA
}

mlplots::main!();
"#;

/// A build script that builds a shared library in `OUT_DIR`.
const BUILD: &str = r#"
fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{out}/plum.c"), "int plums(void) { return 7; }").unwrap();
    let made = std::process::Command::new("cc")
        .args(["-shared", "-fPIC", "-o", &format!("{out}/libplum.so"), &format!("{out}/plum.c")])
        .status()
        .unwrap();
    assert!(made.success());
    println!("cargo::rustc-link-search=native={out}");
    println!("cargo::rustc-link-lib=dylib=plum");
    println!("cargo::rustc-env=MADE=yes");
}
"#;

/// A workspace with three programs: `a` links a shared library, `b` is the default member.
fn workspace() -> Project {
    let runtime = checkout().join("runtime").display().to_string();
    let member = |name: &str, extra: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"1.2.3\"\nedition = \"2024\"\n\n\
             [dependencies]\nmlplots = {{ path = \"{runtime}\" }}\n\
             serde = {{ version = \"1\", features = [\"derive\"] }}\n{extra}"
        )
    };
    let main = |name: &str, extra: &str| PROGRAM.replace("NAME", name).replace("EXTRA", extra);
    let plums = "unsafe extern \"C\" { fn plums() -> i32; }\n    \
                 run.log_param(\"plums\", unsafe { plums() });";
    Project::new("starting")
        .file(
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"a\", \"b\", \"c\"]\n\
             default-members = [\"b\"]\n\n[profile.dev]\ndebug = false\n\n\
             [workspace.metadata.mlplots]\ntracking-uri = \"sqlite:///named.db\"\n",
        )
        .file("a/Cargo.toml", &member("a", ""))
        .file("a/build.rs", BUILD)
        .file("a/src/main.rs", &main("apples", plums))
        .file("b/Cargo.toml", &member("b", ""))
        .file("b/src/main.rs", &main("berries", ""))
        .file("c/Cargo.toml", &member("c", ""))
        .file("c/src/main.rs", &main("cherries", ""))
        // A lock file that remains from before `c` became a member.
        .file("c/Cargo.lock", "version = 4\n")
        .file(
            ".cargo/config.toml",
            "[env]\nFRUIT = \"plum\"\n\n[target.'cfg(unix)']\nrunner = \"env RUNNER=own\"\n",
        )
}

fn mlplots(workspace: &Project, folder: &str, arguments: &[&str]) -> Finished {
    let mut command = workspace.command(arguments);
    command.current_dir(workspace.path().join(folder));
    command.env_remove("CARGO_MANIFEST_DIR");
    command.output().expect("the process starts").into()
}

fn trains(listing: &Finished) -> Vec<String> {
    assert_eq!(listing.code, 0, "{}", listing.text());
    let listing: Value = serde_json::from_str(&listing.stdout).expect("JSON");
    let trains = listing["trains"].as_array().cloned().unwrap_or_default();
    let names = trains
        .iter()
        .map(|train| train["name"].as_str().unwrap_or_default().to_owned());
    names.collect()
}

#[test]
fn a_program_starts_as_with_cargo_run() {
    let workspace = workspace();
    let run = mlplots(&workspace, "a", &["run"]);
    assert_eq!(run.code, 0, "{}", run.text());
    // The tracking URI in the manifest applies.
    let uri = format!("sqlite:///{}", workspace.path().join("named.db").display());
    let stored = read(&uri).remove(0);
    let params = &stored.0["params"];
    let manifest = workspace.path().join("a/Cargo.toml").display().to_string();
    for (key, value) in [
        ("fruit", "plum"),
        ("runner", "own"),
        ("version", "1.2.3"),
        ("manifest", &*manifest),
        ("made_by_build_script", "yes"),
        ("plums", "7"),
    ] {
        assert_eq!(params[key], value, "{key} of {params}");
    }
    assert_eq!(
        trains(&mlplots(&workspace, "a", &["list", "--json"])),
        ["apples"]
    );
    let check = mlplots(&workspace, "a", &["check"]);
    assert_eq!(check.code, 0, "{}", check.text());

    // The folder and cargo's options select the package.
    let list = |folder: &str, options: &[&str]| {
        let arguments = [&["list", "--json"][..], options].concat();
        trains(&mlplots(&workspace, folder, &arguments))
    };
    assert_eq!(
        list("a", &["--manifest-path", "../b/Cargo.toml"]),
        ["berries"]
    );
    assert_eq!(list("a", &["--manifest-path", "Cargo.toml"]), ["apples"]);
    assert_eq!(list("", &[]), ["berries"], "the default member");
    assert_eq!(list("", &["-p", "c@1.2.3"]), ["cherries"]);
    assert_eq!(list("", &["-p", "c@1.2", "--quiet"]), ["cherries"]);
    let flags = [
        "--config",
        "build.incremental=false",
        "--keep-going",
        "--color",
        "never",
    ];
    assert_eq!(list("a", &flags), ["apples"]);
    let none = mlplots(&workspace, "", &["list", "-p", "c@2"]);
    assert_eq!(none.code, 2, "{}", none.text());

    // Commands with and without cargo use the root of cargo's workspace, despite the lock file in
    // `c`.
    let run = mlplots(
        &workspace,
        "c",
        &[
            "run",
            "--tracking-uri",
            "http://127.0.0.1:9",
            "--flush-timeout",
            "1",
        ],
    );
    assert_eq!(run.code, 4, "{}", run.text());
    let runs = |folder: &str, arguments: &[&str]| {
        let runs = mlplots(
            &workspace,
            folder,
            &[&["runs", "--json"][..], arguments].concat(),
        );
        let runs: Value = serde_json::from_str(&runs.stdout).expect("JSON");
        runs["runs"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(runs("c", &[]), 2);
    assert_eq!(runs("", &["--manifest-path", "c/Cargo.toml"]), 2);
    assert!(!workspace.path().join("c/.mlplots").exists());
    let sync = mlplots(&workspace, "c", &["sync"]);
    assert_eq!(sync.code, 4, "{}", sync.text());
    assert!(
        sync.stderr.contains("it goes to http://127.0.0.1:9"),
        "{}",
        sync.text()
    );

    let other = tempfile::tempdir().expect("a folder");
    fs::write(
        other.path().join("Cargo.toml"),
        "[package]\nname = \"other\"\nversion = \"0.1.0\"\n",
    )
    .expect("a manifest");
    let manifest = other.path().join("Cargo.toml").display().to_string();
    let sync = mlplots(&workspace, "a", &["sync", "--manifest-path", &manifest]);
    assert!(
        sync.stderr.contains("nothing is left to ship"),
        "{}",
        sync.text()
    );
    let missing = mlplots(
        &workspace,
        "a",
        &["runs", "--manifest-path", "none/Cargo.toml"],
    );
    assert_eq!(missing.code, 2, "{}", missing.text());
}
