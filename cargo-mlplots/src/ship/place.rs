//! Decides whether a run belongs to the store that the user names. Its cursor may name another URI.

use super::connect;
use super::cursor::Cursor;
use super::store::{Scope, StoreError};
use crate::settings::{Settings, scheme};

/// Whether the run belongs to the store that the user names. The URI of a store may change, for
/// example if a database moves with its folder: a store that has the run is the same store. The URI
/// in the cursor is not contacted, since the cursor is untrusted.
pub(crate) fn belongs_to_store(cursor: &Cursor, settings: &Settings) -> Result<bool, StoreError> {
    let uri = settings.uri();
    let Some(before) = cursor
        .tracking_uri
        .as_ref()
        .filter(|before| **before != uri)
    else {
        return Ok(true);
    };
    let Some(run) = &cursor.run else {
        // No store has the run yet. A database may have moved with its workspace, but a server does
        // not become a database.
        return Ok([before, &uri].map(|uri| scheme(uri)) == ["sqlite", "sqlite"]);
    };
    match connect::open_existing(settings).and_then(|store| store.run(&run.id)) {
        Ok(_) => Ok(true),
        Err(error) if error.scope == Scope::Gone => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ship::store::SavedRun;
    use mlplots_tests::http::{Answering, answer, json};

    fn cursor(uri: &str, run: Option<&str>) -> Cursor {
        Cursor {
            tracking_uri: Some(uri.to_owned()),
            run: run.map(|id| SavedRun {
                id: id.to_owned(),
                name: "n".to_owned(),
            }),
            ..Cursor::default()
        }
    }

    #[test]
    fn only_the_store_of_the_user_is_contacted() {
        const RUN: &str = r#"{"run":{"info":{"run_id":"r","experiment_id":"1","run_name":"n","status":"RUNNING","artifact_uri":"mlflow-artifacts:/1"},"data":{}}}"#;
        let attacker = Answering::new(|_, _, _| json(RUN));
        let missing = r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"none"}"#;
        let own = Answering::new(move |_, line, _| {
            if line.contains("run_id=r") {
                json(RUN)
            } else {
                answer("404 Not Found", "", missing)
            }
        });
        let token = [("MLFLOW_TRACKING_TOKEN", "the-token")];
        let settings = Settings::of(&own.url, &token).expect("settings");
        let belongs =
            |uri: &str, run| belongs_to_store(&cursor(uri, run), &settings).expect("a decision");
        assert!(belongs(&own.url, Some("x")), "the URI is the same");
        assert!(own.asked().is_empty());
        assert!(
            belongs(&attacker.url, Some("r")),
            "the server has a new URL"
        );
        assert!(!belongs(&attacker.url, Some("x")));
        assert!(!belongs(&attacker.url, None));
        assert!(!belongs("sqlite:////x/mlflow.db", None));
        assert!(attacker.asked().is_empty());
    }

    #[test]
    fn a_run_follows_a_moved_database_and_no_database_is_created() {
        let folder = tempfile::tempdir().expect("a directory");
        let file = folder.path().join("mlflow.db");
        let uri = crate::settings::sqlite_uri(&file);
        let settings = Settings::of(&uri, &[]).expect("settings");
        let old = "sqlite:////old/mlflow.db";
        assert!(!belongs_to_store(&cursor(old, Some("r")), &settings).expect("a decision"));
        assert!(!file.exists());
        assert!(belongs_to_store(&cursor(old, None), &settings).expect("a decision"));
    }
}
