//! Where artifacts are written, and where they must not be.

use std::fs;
use std::os::unix::fs::symlink;

use super::*;
use crate::ship::store::Source;

/// A root below a folder of the test's, and a file to be stored.
fn scene() -> (TempDir, Box<dyn ArtifactStore>, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("root");
    fs::create_dir(&root).expect("a folder");
    let source = folder.path().join("source");
    fs::write(&source, "the artifact").expect("written");
    let store = LocalStore::new(&root.display().to_string()).expect("a store");
    (folder, Box::new(store), source)
}

#[test]
fn no_link_below_the_root_is_followed() {
    let (folder, store, source) = scene();
    let root = folder.path().join("root");
    let victim = folder.path().join("home");
    fs::create_dir(&victim).expect("a folder");
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
    // A link in the artifact's own place is replaced.
    store.put_file("a.txt", &source).expect("stored");
    store.put_file("dangling", &source).expect("stored");
    assert_eq!(
        fs::read_to_string(victim.join(".profile")).expect("text"),
        "mine"
    );
    assert_eq!(fs::read_dir(&victim).expect("a folder").count(), 1);
    for name in ["a.txt", "dangling"] {
        let metadata = root.join(name).symlink_metadata().expect("an artifact");
        assert!(metadata.is_file());
    }
}

#[test]
fn a_file_that_changed_since_it_was_logged_does_not_appear() {
    let (folder, store, source) = scene();
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
    assert_eq!(walk(&root), [root.join("plots/a.txt")]);
    let saved = fs::read_to_string(root.join("plots/a.txt")).expect("text");
    assert_eq!(saved, "the artifact");
}

/// MLflow decodes an artifact location, and finds what is there.
#[test]
fn a_directory_of_any_name_is_one_where_mlflow_finds_the_artifacts() {
    let (folder, _, source) = scene();
    for name in [
        "a%20b", "%ce%bb", "100%", "a b", "a#b", "a?b", "λ", "%25", "a+b", "a;b",
    ] {
        let place = folder.path().join(name);
        fs::create_dir(&place).expect("a folder");
        let database = Database {
            file: place.join("mlflow.db"),
            artifact_root: place.join("mlruns"),
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
client.log_text(other, 'theirs', 'b.txt')
print(other, client.get_run(other).info.artifact_uri)";
        let seen = python(script, &[store.uri(), &run.id]);
        let seen: Vec<_> = seen.lines().collect();
        assert_eq!(seen[..2], ["plots/50 of.txt", "the artifact"], "{name}");
        // Both write to one place.
        let (id, uri) = seen[2].split_once(' ').expect("a run");
        assert_eq!(uri, store.run(id).expect("their run").run.artifact_uri);
        let artifacts = place.join("mlruns").join(&run.experiment_id);
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
