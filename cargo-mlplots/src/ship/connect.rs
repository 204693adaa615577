//! Opens the tracking store that the user's settings name.

use super::rest::RestStore;
use super::sqlite::SqliteStore;
use super::store::{Experiment, ExperimentChoice, StoreError, TrackingStore};
use crate::settings::{Settings, Target};

/// Opens the tracking store. Sends no request to a server. Creates a database file that is missing.
pub(super) fn open(settings: &Settings) -> Result<Box<dyn TrackingStore>, StoreError> {
    Ok(match &settings.target {
        Target::Server { base, .. } => Box::new(RestStore::new(base, &settings.http)?),
        Target::Database(database) => Box::new(SqliteStore::open(database)?),
    })
}

/// Opens the tracking store of a run that exists, without creating a database file.
pub(crate) fn open_existing(settings: &Settings) -> Result<Box<dyn TrackingStore>, StoreError> {
    match &settings.target {
        Target::Database(database) => Ok(Box::new(SqliteStore::open_existing(database)?)),
        Target::Server { .. } => open(settings),
    }
}

/// The experiment that `MLFLOW_EXPERIMENT_NAME` or `MLFLOW_EXPERIMENT_ID` names, if any. Creates a
/// missing experiment if only the name is set. If both are set, they must agree.
pub(super) fn experiment(
    settings: &Settings,
    store: &dyn TrackingStore,
) -> Result<Option<Experiment>, StoreError> {
    let choice = match (&settings.experiment_name, &settings.experiment_id) {
        (None, None) => return Ok(None),
        (_, Some(id)) => ExperimentChoice::Id(id.clone()),
        (Some(name), None) => ExperimentChoice::Name(name.clone()),
    };
    let experiment = store.experiment(&choice)?;
    match &settings.experiment_name {
        Some(name) if *name != experiment.name => Err(StoreError::refused(format!(
            "MLFLOW_EXPERIMENT_NAME is `{name}`, but MLFLOW_EXPERIMENT_ID {} is the experiment `{}`",
            experiment.id, experiment.name
        ))
        .help("unset one of the two variables")),
        _ => Ok(Some(experiment)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::sqlite_uri;

    #[test]
    fn a_name_and_an_id_of_different_experiments_are_rejected() {
        let folder = tempfile::tempdir().expect("a directory");
        let uri = sqlite_uri(&folder.path().join("mlflow.db"));
        let experiment = |variables: &[(&str, &str)]| {
            let settings = Settings::of(&uri, variables)?;
            super::experiment(&settings, &*open(&settings)?)
        };
        let (name, id) = (
            ("MLFLOW_EXPERIMENT_NAME", "fruit"),
            ("MLFLOW_EXPERIMENT_ID", "1"),
        );
        assert_eq!(experiment(&[]).expect("no experiment"), None);
        let fruit = Some(Experiment {
            id: "1".to_owned(),
            name: "fruit".to_owned(),
        });
        for variables in [&[name][..], &[id], &[name, id]] {
            assert_eq!(experiment(variables).expect("the experiment"), fruit);
        }
        let error =
            experiment(&[name, ("MLFLOW_EXPERIMENT_ID", "0")]).expect_err("two experiments");
        assert_eq!(
            error.message,
            "MLFLOW_EXPERIMENT_NAME is `fruit`, but MLFLOW_EXPERIMENT_ID 0 is the experiment `Default`"
        );
    }
}
