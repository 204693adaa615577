//! Artifacts in local directories.

use std::fs;
use std::os::unix::fs::symlink;

use super::*;
use crate::ship::store::Source;

/// An artifact root in a temporary directory, and a file to store.
fn root_and_file() -> (TempDir, Box<dyn ArtifactStore>, PathBuf) {
    let folder = tempfile::tempdir().expect("a directory");
    let root = folder.path().join("root");
    fs::create_dir(&root).expect("a directory");
    let source = folder.path().join("source");
    fs::write(&source, "the artifact").expect("written");
    let store = LocalStore::new(&root.display().to_string()).expect("a store");
    (folder, Box::new(store), source)
}

#[test]
fn symbolic_links_below_the_root_are_not_followed() {
    let (folder, store, source) = root_and_file();
    let root = folder.path().join("root");
    let victim = folder.path().join("home");
    fs::create_dir(&victim).expect("a directory");
    fs::write(victim.join(".profile"), "mine").expect("written");
    symlink(&victim, root.join("plots")).expect("a link");
    symlink(victim.join(".profile"), root.join("a.txt")).expect("a link");
    symlink("/nowhere/at/all", root.join("dangling")).expect("a link");
    let error = store
        .put_file("plots/.profile", &source)
        .expect_err("a link");
    assert!(
        error.message.contains("cannot write `plots/.profile`"),
        "{error}"
    );
    assert!(store.put_file("plots/deep/er.txt", &source).is_err());
    // A link with the name of the artifact is replaced.
    store.put_file("a.txt", &source).expect("stored");
    store.put_file("dangling", &source).expect("stored");
    assert_eq!(
        fs::read_to_string(victim.join(".profile")).expect("text"),
        "mine"
    );
    assert_eq!(fs::read_dir(&victim).expect("a directory").count(), 1);
    for name in ["a.txt", "dangling"] {
        let metadata = root.join(name).symlink_metadata().expect("an artifact");
        assert!(metadata.is_file());
    }
}

#[test]
fn a_file_that_changed_since_it_was_logged_is_not_stored() {
    let (folder, store, source) = root_and_file();
    store.put_file("plots/a.txt", &source).expect("stored");
    let opened = Source::of("plots/a.txt", &source).expect("a source");
    fs::write(&source, "not artifact").expect("written");
    let error = store.put(&opened).expect_err("changed");
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(
        error.message.starts_with("`plots/a.txt` is not shipped: "),
        "{error}"
    );
    assert!(
        error
            .message
            .ends_with("its content has changed since it was logged"),
        "{error}"
    );
    let root = folder.path().join("root");
    assert_eq!(files(&root), [root.join("plots/a.txt")]);
    let stored = fs::read_to_string(root.join("plots/a.txt")).expect("text");
    assert_eq!(stored, "the artifact");
}

/// MLflow percent-decodes artifact locations.
#[test]
fn mlflow_finds_the_artifacts_in_directories_with_special_characters() {
    let (folder, _, source) = root_and_file();
    for name in [
        "a%20b", "%ce%bb", "100%", "a b", "a#b", "a?b", "λ", "%25", "a+b", "a;b",
    ] {
        let directory = folder.path().join(name);
        fs::create_dir(&directory).expect("a directory");
        let database = Database {
            file: directory.join("mlflow.db"),
            artifact_root: directory.join("mlruns"),
            timeout: Duration::from_secs(30),
        };
        let store = open(&database);
        let run = start(&store, "percent");
        let root = store.artifacts(run.root()).expect("a root");
        root.put_file("plots/50 of.txt", &source).expect("stored");
        let script = "
import mlflow, sys
client = mlflow.MlflowClient(sys.argv[1])
print(*[file.path for file in client.list_artifacts(sys.argv[2], 'plots')])
print(open(client.download_artifacts(sys.argv[2], 'plots/50 of.txt')).read())
other = client.create_run(client.get_run(sys.argv[2]).info.experiment_id).info.run_id
client.log_text(other, 'text', 'b.txt')
print(other, client.get_run(other).info.artifact_uri)";
        let seen = python(script, &[store.uri(), &run.id]);
        let seen: Vec<_> = seen.lines().collect();
        assert_eq!(seen[..2], ["plots/50 of.txt", "the artifact"], "{name}");
        // MLflow and mlplots use the same artifact root.
        let (id, uri) = seen[2].split_once(' ').expect("a run");
        assert_eq!(
            uri,
            store.run(id).expect("the run of MLflow").run.artifact_uri
        );
        let artifacts = directory.join("mlruns").join(&run.experiment_id);
        assert!(
            artifacts.join(id).join("artifacts/b.txt").is_file(),
            "{name}"
        );
        assert!(
            artifacts
                .join(&run.id)
                .join("artifacts/plots/50 of.txt")
                .is_file()
        );
    }
}
