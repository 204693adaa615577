//! What could only fail after ten hours is refused in milliseconds, with the words a person reads.

use mlplots_tests::{Finished, Project, read, sample};

fn refused(project: &Project, arguments: &[&str]) -> String {
    let finished = project.mlplots(arguments);
    assert_eq!(finished.code, 3, "{}", finished.text());
    assert!(!project.path().join("mlruns").exists(), "nothing is logged");
    words(&finished)
}

/// What the program says, without what cargo says of building it.
fn words(finished: &Finished) -> String {
    let cargo = [
        "Compiling",
        "Finished `",
        "Locking",
        "Adding",
        "Updating",
        "Removing",
        "Blocking",
        "warning: unused",
        "Downloading",
        "Downloaded",
    ];
    let ours = |line: &&str| !cargo.iter().any(|word| line.trim_start().starts_with(word));
    finished
        .stderr
        .lines()
        .filter(ours)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn params_that_do_not_fit() {
    let project = sample("preflight-params");
    let text = refused(
        &project,
        &["run", "-P", "rte=1", "-P", "rate=abc", "-P", "steps=1.5"],
    );
    assert_eq!(
        text,
        "error: `-P rte`: there is no param `rte`; did you mean `rate`?\n\
         error: `-P rate=abc`: `abc` is not a number; the default is `0.1`\n\
         error: `-P steps=1.5`: `1.5` is not a whole number from 0 to 4294967295; the default is `5`"
    );
    let text = refused(&project, &["run", "--only", "x*", "--tag", "a@b=c"]);
    assert_eq!(
        text,
        "error: '@' in the tag name `a@b` is not allowed; MLflow takes letters, digits, `_`, `/`, `.`, `-`, `:` and spaces\n\
         error: `--only x*` fits no figure\n  help: there are `curve`, `spread`"
    );
    let checked = project.mlplots(&["check", "-P", "rate=0.5"]);
    assert_eq!(
        (checked.code, words(&checked).trim()),
        (0, "Checked 1 `#[train]` and 2 `#[plot]` are ready"),
        "{}",
        checked.text()
    );
}

#[test]
fn inputs_that_nothing_provides_and_names_taken_twice() {
    let project = Project::new("preflight-inputs").file(
        "src/main.rs",
        "use mlplots::prelude::*;
struct Data(f64);
struct Missing(f64);
#[train]
fn fit(_run: &Run) -> Data { Data(1.0) }
#[plot]
fn lonely(m: &Missing) -> Figure { charts::qq(&[m.0]) }
#[plot]
fn twin(d: &Data) -> Figure { charts::qq(&[d.0]) }
mod other {
    use super::*;
    #[plot(name = \"twin\")]
    fn second(d: &Data) -> Figure { charts::qq(&[d.0]) }
}
mlplots::main!();
",
    );
    assert_eq!(
        refused(&project, &["run"]),
        "error: the plot `lonely` (src/main.rs:7) looks at `Missing`, which no training provides\n  \
         help: return a `Missing` from `fit` (src/main.rs:5), or provide it midway and say so: `#[train(provides(Missing))]`\n\
         error: two figures have the name `twin`: src/main.rs:9 and src/main.rs:13\n  \
         help: give one another: `#[plot(name = \"…\")]` or `#[plot(dir = \"…\")]`"
    );
}

#[test]
fn nothing_registered() {
    let project = Project::new("preflight-empty").file("src/main.rs", "mlplots::main!();\n");
    let text = refused(&project, &["run"]);
    assert!(
        text.starts_with("error: no `#[train]` function is linked into this program\n  help: "),
        "{text}"
    );
    let project = Project::new("preflight-plain").file("src/main.rs", "fn main() {}\n");
    let text = refused(&project, &["run"]);
    assert!(
        text.starts_with("error: the program exited with code 0 and began no run\n  help: "),
        "{text}"
    );
}

#[test]
fn a_build_that_fails_is_101() {
    let project = Project::new("preflight-broken").file("src/main.rs", "fn main() { nonsense }\n");
    let finished = project.mlplots(&["run"]);
    assert_eq!(finished.code, 101, "{}", finished.text());
    assert!(
        finished
            .stderr
            .contains("error: `preflight-broken` was not built"),
        "{}",
        finished.text()
    );
    let finished = project.mlplots(&["run", "--nonsense"]);
    assert_eq!(finished.code, 2, "{}", finished.text());
}

#[test]
fn a_folder_that_cannot_be_written_to() {
    let project = sample("preflight-readonly");
    assert_eq!(project.cargo(&["build", "--quiet"]).code, 0);
    let folder = project.path().join(".mlplots");
    std::fs::write(&folder, "in the way").expect("a file");
    let text = refused(&project, &["run"]);
    for words in [
        "error: could not make the run's folder `",
        ".mlplots` is not a directory; mlplots uses only a directory that you own. Remove it",
    ] {
        assert!(text.contains(words), "{text}");
    }
    std::fs::remove_file(&folder).expect("it can be removed");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("runs"), "in the way").expect("a file");
    let text = refused(&project, &["run"]);
    for words in ["error: could not make the run's folder `", ".mlplots/runs`"] {
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn a_program_alone_journals_and_sync_ships_it_once() {
    let project = sample("alone");
    let finished = project.cargo(&["run", "--quiet"]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    assert!(
        words(&finished).contains("help: `cargo mlplots sync` ships it to MLflow"),
        "{}",
        finished.text()
    );
    let runs = project.mlplots(&["runs"]);
    assert!(
        runs.stdout.contains("FINISHED") && runs.stdout.trim_end().ends_with("no"),
        "{}",
        runs.text()
    );
    let first = project.mlplots(&["sync"]);
    assert_eq!(first.code, 0, "{}", first.text());
    let uri = project.database();
    let shipped = read(&uri);
    assert_eq!((shipped.len(), shipped[0].status()), (1, "FINISHED"));
    let second = project.mlplots(&["sync"]);
    assert_eq!(
        (second.code, words(&second).trim()),
        (0, "Synced nothing is left to ship")
    );
    assert_eq!(
        read(&uri)[0].0,
        shipped[0].0,
        "a second sync changes nothing"
    );
}
