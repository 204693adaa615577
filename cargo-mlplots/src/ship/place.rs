//! Decides whether a run goes to the store that the user names, if its cursor names another one.

use super::connect;
use super::cursor::Cursor;
use super::store::{Concern, StoreError};
use crate::settings::{Settings, scheme};

/// Whether the run goes to the store that the user names. An address may change, as a database
/// moves with its folder: if the store has the run, it is the same store. The address in the cursor
/// is not contacted, since the cursor is untrusted.
pub(crate) fn goes_there(cursor: &Cursor, settings: &Settings) -> Result<bool, StoreError> {
    let uri = settings.uri();
    let Some(before) = cursor
        .tracking_uri
        .as_ref()
        .filter(|before| **before != uri)
    else {
        return Ok(true);
    };
    let Some(run) = &cursor.run else {
        // The run is in no store yet. A database may have moved with its workspace; a server cannot
        // become a database.
        return Ok([before, &uri].map(|uri| scheme(uri)) == ["sqlite", "sqlite"]);
    };
    match connect::open_existing(settings).and_then(|store| store.run(&run.id)) {
        Ok(_) => Ok(true),
        Err(error) if error.concerns == Concern::Gone => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ship::store::KeptRun;
    use mlplots_tests::http::{Answering, answer, json};

    fn cursor(uri: &str, run: Option<&str>) -> Cursor {
        Cursor {
            tracking_uri: Some(uri.to_owned()),
            run: run.map(|id| KeptRun {
                id: id.to_owned(),
                name: "n".to_owned(),
            }),
            ..Cursor::default()
        }
    }

    #[test]
    fn a_run_is_looked_for_where_the_user_says_and_nowhere_else() {
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
        let goes = |uri: &str, run| goes_there(&cursor(uri, run), &settings).expect("an answer");
        assert!(goes(&own.url, Some("x")), "the same address is not asked");
        assert!(own.asked().is_empty());
        assert!(
            goes(&attacker.url, Some("r")),
            "the server has a new address"
        );
        assert!(!goes(&attacker.url, Some("x")));
        assert!(!goes(&attacker.url, None));
        assert!(!goes("sqlite:////x/mlflow.db", None));
        assert!(attacker.asked().is_empty());
    }

    #[test]
    fn a_database_moves_with_its_folder_and_is_not_made_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("mlflow.db");
        let uri = crate::settings::sqlite_uri(&file);
        let settings = Settings::of(&uri, &[]).expect("settings");
        let old = "sqlite:////old/mlflow.db";
        assert!(!goes_there(&cursor(old, Some("r")), &settings).expect("an answer"));
        assert!(!file.exists());
        assert!(goes_there(&cursor(old, None), &settings).expect("an answer"));
    }
}
