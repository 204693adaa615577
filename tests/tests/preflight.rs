//! Checks before a training starts. Errors that could otherwise appear after hours of training are
//! reported at once; the tests compare the complete messages.

use mlplots_tests::{Finished, Project, read, sample};

/// Checks that the command is refused before the training. Returns the messages of mlplots.
fn refuse(project: &Project, arguments: &[&str]) -> String {
    let finished = project.mlplots(arguments);
    assert_eq!(finished.code, 3, "{}", finished.text());
    assert!(
        !project.path().join("mlruns").exists(),
        "the training did not start"
    );
    messages(&finished)
}

/// The lines on stderr, without those of cargo.
fn messages(finished: &Finished) -> String {
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
    let is_own = |line: &&str| !cargo.iter().any(|word| line.trim_start().starts_with(word));
    finished
        .stderr
        .lines()
        .filter(is_own)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn invalid_params_tags_and_patterns_are_reported() {
    let project = sample("preflight-params");
    let text = refuse(
        &project,
        &["run", "-P", "rte=1", "-P", "rate=abc", "-P", "steps=1.5"],
    );
    assert_eq!(
        text,
        "error: `-P rte`: there is no param `rte`; did you mean `rate`?\n\
         error: `-P rate=abc`: `abc` is not a number; the default is `0.1`\n\
         error: `-P steps=1.5`: `1.5` is not a whole number from 0 to 4294967295; the default is `5`"
    );
    let text = refuse(&project, &["run", "--only", "x*", "--tag", "a@b=c"]);
    assert_eq!(
        text,
        "error: '@' in the tag name `a@b` is not allowed; MLflow takes letters, digits, `_`, `/`, `.`, `-`, `:` and spaces\n\
         error: `--only x*` fits no figure\n  help: there are `curve`, `spread`"
    );
    let checked = project.mlplots(&["check", "-P", "rate=0.5"]);
    assert_eq!(
        (checked.code, messages(&checked).trim()),
        (0, "Checked 1 `#[train]` and 2 `#[plot]` are ready"),
        "{}",
        checked.text()
    );
}

#[test]
fn missing_inputs_and_duplicate_figure_names_are_reported() {
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
        refuse(&project, &["run"]),
        "error: the plot `lonely` (src/main.rs:7) looks at `Missing`, which no training provides\n  \
         help: return a `Missing` from `fit` (src/main.rs:5), or provide it during the training and declare it: `#[train(provides(Missing))]`\n\
         error: two figures have the name `twin`: src/main.rs:9 and src/main.rs:13\n  \
         help: give one another: `#[plot(name = \"…\")]` or `#[plot(dir = \"…\")]`"
    );
}

#[test]
fn a_program_without_a_training_is_reported() {
    let project = Project::new("preflight-empty").file("src/main.rs", "mlplots::main!();\n");
    let text = refuse(&project, &["run"]);
    assert!(
        text.starts_with("error: no `#[train]` function is linked into this program\n  help: "),
        "{text}"
    );
    let project = Project::new("preflight-plain").file("src/main.rs", "fn main() {}\n");
    let text = refuse(&project, &["run"]);
    assert!(
        text.starts_with("error: the program exited with code 0 and began no run\n  help: "),
        "{text}"
    );
}

#[test]
fn a_failed_build_exits_with_101() {
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
fn a_file_in_place_of_the_runs_folder_is_reported() {
    let project = sample("preflight-readonly");
    assert_eq!(project.cargo(&["build", "--quiet"]).code, 0);
    let folder = project.path().join(".mlplots");
    std::fs::write(&folder, "in the way").expect("a file");
    let text = refuse(&project, &["run"]);
    for expected in [
        "error: could not create the run's directory `",
        ".mlplots` is not a directory; mlplots uses only a directory that you own. Remove it",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    std::fs::remove_file(&folder).expect("the file is removed");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("runs"), "in the way").expect("a file");
    let text = refuse(&project, &["run"]);
    for expected in [
        "error: could not create the run's directory `",
        ".mlplots/runs`",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn sync_ships_the_run_of_an_unsupervised_program_once() {
    let project = sample("alone");
    let finished = project.cargo(&["run", "--quiet"]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    assert!(
        messages(&finished).contains("help: `cargo mlplots sync` ships it to MLflow"),
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
        (second.code, messages(&second).trim()),
        (0, "Synced nothing is left to ship")
    );
    assert_eq!(
        read(&uri)[0].0,
        shipped[0].0,
        "a second sync changes nothing"
    );
}
