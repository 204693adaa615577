//! Artifacts of a run: many files, unusual and invalid names, links, and file permissions.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use mlplots_tests::{Finished, MlflowServer, Project, program, read, sha256};

const PROGRAM: &str = "limits-files";
/// No process listens on this port.
const NOBODY: &str = "http://127.0.0.1:9";
const OUTSIDE: &str = "content of a file outside of the run";

/// Creates a link or pipe at the second path. Links point to the first path.
type Make = fn(&Path, &Path);

fn train(folder: &Project, case: &str) -> Finished {
    let case = format!("case={case}");
    folder.exec(&["-P", &case], &[program(PROGRAM, SOURCE)])
}

/// Whether a file below a folder contains a text.
fn contains_below(folder: &Path, text: &str) -> bool {
    let mut entries = fs::read_dir(folder).expect("the folder");
    entries.any(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            return contains_below(&path, text);
        }
        let bytes = fs::read(&path).expect("a file");
        bytes
            .windows(text.len())
            .any(|bytes| bytes == text.as_bytes())
    })
}

#[test]
fn a_directory_with_hundreds_of_files_is_stored_unchanged() {
    let folder = Project::new(PROGRAM);
    for number in 0..300 {
        let path = format!("given/{}/ü {number}.txt", number % 7);
        folder.write(&path, &format!("the file {number}"));
    }
    let finished = train(&folder, "directory");
    assert_eq!(finished.code, 0, "{}", finished.text());
    let run = folder.only();
    let root = PathBuf::from(run.text("artifact_uri"));
    assert_eq!(
        run.artifacts().len(),
        301,
        "300 files and the list of figures"
    );
    for number in 0..300 {
        let path = format!("taken/{}/ü {number}.txt", number % 7);
        let text = fs::read_to_string(root.join(path)).expect("the artifact");
        assert_eq!(text, format!("the file {number}"));
    }
}

#[test]
fn symbolic_links_and_pipes_in_a_directory_are_refused() {
    let outside = tempfile::tempdir().expect("a temporary folder");
    let secret = outside.path().join("secret.txt");
    fs::write(&secret, OUTSIDE).expect("a file");
    let cases: [(Make, &str); 4] = [
        (
            |to, link| symlink(to, link).expect("a link"),
            "is a symbolic link",
        ),
        (
            |to, link| symlink(to.parent().expect("a folder"), link).expect("a link"),
            "is a symbolic link",
        ),
        (
            |_, link| symlink("/nowhere", link).expect("a link"),
            "is a symbolic link",
        ),
        (
            |_, pipe| {
                let made = Command::new("mkfifo").arg(pipe).status();
                assert!(made.is_ok_and(|status| status.success()));
            },
            "is not a regular file",
        ),
    ];
    for (make, expected) in cases {
        let folder = Project::new(PROGRAM).file("given/deep/good.txt", "good");
        make(&secret, &folder.path().join("given/deep/other"));
        let finished = train(&folder, "directory");
        let text = finished.text();
        assert_eq!(finished.code, 1, "{text}");
        assert!(
            text.contains(expected) && text.contains("given/deep/other"),
            "{text}"
        );
        for stored in [".mlplots", "mlruns"] {
            assert!(!contains_below(&folder.path().join(stored), OUTSIDE));
        }
        assert!(text.contains("Failed"), "{text}");
    }
}

#[test]
fn artifact_paths_outside_of_the_run_are_refused() {
    let folder = Project::new(PROGRAM).file("given.txt", "given");
    let finished = train(&folder, "paths");
    assert_eq!(finished.code, 0, "{}", finished.text());
    for expected in [
        "../out.txt: the artifact path `../out.txt` has the part `..`, which leads elsewhere",
        "in/../../out.txt: the artifact path `in/../../out.txt` has the part `..`",
        "/tmp/out.txt: the artifact path `/tmp/out.txt` starts with `/`; it is relative to the run",
        r"..\out.txt: '\\' in the artifact path `..\\out.txt` is not allowed",
        "given.txt below ..: the artifact path `../given.txt` has the part `..`",
        "given.txt below /tmp: the artifact path `/tmp/given.txt` starts with `/`",
        "figure: the artifact path `../figure.png` has the part `..`",
        "has a part of 256 bytes; file systems take 255",
    ] {
        assert!(
            finished.stdout.contains(expected),
            "{expected}\n{}",
            finished.text()
        );
    }
    let run = folder.only();
    let long = format!("{}.txt", "n".repeat(251));
    let mut expected = [
        "mlplots/figures.json",
        &*long,
        "損失/ü + (1).txt",
        "here.txt",
    ];
    expected.sort_unstable();
    let mut artifacts = run.artifacts();
    artifacts.sort_unstable();
    assert_eq!(artifacts, expected);
    let entries = fs::read_dir(folder.path().join("mlruns")).expect("the artifacts");
    assert_eq!(entries.count(), 1, "only the experiment's folder");
}

#[test]
fn an_invalid_name_does_not_block_other_files() {
    let server = MlflowServer::start(&["--workers", "1"]);
    let folder = Project::new(PROGRAM)
        .file("given/a:b.txt", "colon")
        .file("given/50%.txt", "percent")
        .file("given/deep/ü d.txt", "space")
        .file("given/no%20.txt", "escape")
        .file("given/no#.txt", "fragment")
        .file("given/no?.txt", "query");
    let options = ["--tracking-uri", &server.url, "-P", "case=names"];
    let finished = folder.exec(&options, &[program(PROGRAM, SOURCE)]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    for expected in [
        "given: 3 files of `given` are not logged; the first: '#' in the artifact path \
         `taken/no#.txt` is not allowed",
        "in a file: the artifact path `x/y` needs a folder `x`, and the run has a file of that name",
        "over a folder: the artifact path `taken/deep` is a folder of the run already",
        "ours: the artifact path `mlplots/figures.json` is not free: `mlplots` holds what mlplots \
         logs itself",
        "model: the model `x` needs a folder `x`, and the run has a file of that name",
    ] {
        let text = finished.text();
        assert!(finished.stdout.contains(expected), "{expected}\n{text}");
    }
    let run = read(&server.url).remove(0);
    assert_eq!(run.status(), "FINISHED");
    let mut artifacts = run.artifacts();
    artifacts.sort_unstable();
    let expected = [
        "mlplots/figures.json",
        "taken/50%.txt",
        "taken/a:b.txt",
        "taken/deep/ü d.txt",
        "x",
    ];
    assert_eq!(artifacts, expected);
    let given = folder.path().join("given");
    for path in ["a:b.txt", "50%.txt", "deep/ü d.txt"] {
        let digest = sha256(&given.join(path));
        assert_eq!(run.sha256(&format!("taken/{path}")), Some(&*digest));
    }
}

#[test]
fn tables_beyond_the_size_limit_of_the_tag_are_still_artifacts() {
    let folder = Project::new(PROGRAM);
    let finished = train(&folder, "tables");
    assert_eq!(finished.code, 0, "{}", finished.text());
    let note = "and further ones are artifacts of the run, but MLflow's table view does not list \
                them: its tag is full";
    assert_eq!(
        finished.stderr.matches(note).count(),
        1,
        "{}",
        finished.text()
    );
    let run = folder.only();
    assert_eq!(
        (run.status(), run.tag("mlplots.problems")),
        ("FINISHED", "")
    );
    assert_eq!(run.artifacts().len(), 201);
    let listed = run.tag("mlflow.loggedArtifacts");
    assert!((7_900..=8_000).contains(&listed.len()), "{}", listed.len());
}

#[test]
fn unshipped_files_are_accessible_to_the_owner_only() {
    let folder = Project::new(PROGRAM).file("given/a.txt", "a");
    // With this umask, new files are accessible to everyone by default.
    let mut shell = Command::new("sh");
    let supervisor = folder.command(&["exec", "--tracking-uri", NOBODY, "--flush-timeout", "1"]);
    mlplots_tests::clean_env(&mut shell);
    shell.args(["-c", "umask 000; exec \"$@\"", "sh"]);
    shell
        .arg(supervisor.get_program())
        .args(supervisor.get_args());
    shell
        .args(["-P", "case=directory", "--"])
        .arg(program(PROGRAM, SOURCE));
    let output = shell.current_dir(folder.path()).output();
    let finished = Finished::from(output.expect("a shell"));
    assert_eq!(finished.code, 4, "{}", finished.text());
    let mut count = 0;
    assert_private(&folder.path().join(".mlplots"), &mut count);
    assert!(count >= 7, "{count}");
}

/// Checks that only the owner can access a folder and everything below it. Counts the entries.
fn assert_private(folder: &Path, count: &mut usize) {
    let mode = |path: &Path| fs::metadata(path).expect("an entry").permissions().mode() & 0o777;
    assert_eq!(mode(folder), 0o700, "{}", folder.display());
    for entry in fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        *count += 1;
        if path.is_dir() {
            assert_private(&path, count);
        } else if !path.ends_with(".gitignore") {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
}

const SOURCE: &str = r#"
use mlplots::prelude::*;
use mlplots::Error;

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Params { case: String }

/// Files of a run.
#[train(experiment = "Files")]
fn fill(run: &Run, params: Params) -> Result<(), Error> {
    match &*params.case {
        "directory" => run.log_artifacts("given", "taken"),
        "names" => names(run),
        "tables" => tables(run),
        _ => paths(run),
    }
}

fn paths(run: &Run) -> Result<(), Error> {
    for path in ["../out.txt", "in/../../out.txt", "/tmp/out.txt", r"..\out.txt", &"n".repeat(256)] {
        print_error(path, run.log_text("out", path));
    }
    for below in ["..", "/tmp"] {
        print_error(&format!("given.txt below {below}"), run.log_artifact("given.txt", below));
    }
    print_error("figure", run.log_figure(charts::histogram(&[1.0, 2.0]), "../figure.png"));
    run.log_text("in", &format!("{}.txt", "n".repeat(251)))?;
    run.log_text("in", "損失/ü + (1).txt")?;
    run.log_text("in", "here.txt")
}

fn names(run: &Run) -> Result<(), Error> {
    print_error("given", run.log_artifacts("given", "taken"));
    run.log_text("x", "x")?;
    print_error("in a file", run.log_text("y", "x/y"));
    print_error("over a folder", run.log_text("z", "taken/deep"));
    print_error("ours", run.log_text("{}", "mlplots/figures.json"));
    print_error("model", run.log_model("x", mlplots::Model::onnx(mlplots::onnx::linear(&[2.0], 0.5))));
    Ok(())
}

fn tables(run: &Run) -> Result<(), Error> {
    #[derive(Serialize)]
    struct Row { epoch: usize }
    (0..200).try_for_each(|epoch| {
        run.log_table(&[Row { epoch }], &format!("mistakes/after epoch {epoch:03}.json"))
    })
}

fn print_error(what: &str, result: Result<(), Error>) {
    println!("{what}: {}", result.expect_err("it is refused"));
}

mlplots::main!();
"#;
