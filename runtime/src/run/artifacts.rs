//! Files of a run: artifacts, figures, images, tables and models.

use std::path::Path;

use mlplots_journal::names::{check_image_key, check_key};
use mlplots_journal::record::{self, Figure, FigureStatus, Record, RunUuid, now_millis};
use serde::Serialize;

use super::Run;
use super::directory;
use super::tables::Listed;
use crate::data_frame::{self, DataFrame};
use crate::error::Error;
use crate::figure::{Format, Image, IntoFigure, Output, Spec};
use crate::model::Model;
use crate::stderr::print;

impl Run {
    /// Logs a local file as an artifact. Its name is the file's name; `artifact_path`, if not
    /// empty, is the folder below the run's artifact root.
    ///
    /// The file is copied now; later changes to it have no effect.
    ///
    /// # Errors
    /// The file cannot be read, or the journal's disk is full.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) -> Result<(), mlplots::Error> {
    /// run.log_artifact("target/report.html", "reports")
    /// # }
    /// ```
    pub fn log_artifact(&self, path: impl AsRef<Path>, artifact_path: &str) -> Result<(), Error> {
        let path = path.as_ref();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| Error::new(format!("`{}` does not name a file", path.display())))?;
        let artifact = self.shared.store_file(&below(artifact_path, name), path)?;
        self.shared.log(artifact);
        Ok(())
    }

    /// Logs all files below a local directory, with the names they have there, under
    /// `artifact_path` (empty: the run's artifact root).
    ///
    /// # Errors
    /// The directory is empty, contains a symbolic link, or cannot be read. A file that cannot be
    /// logged, for example because of its name, is an error too; the other files are logged.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) -> Result<(), mlplots::Error> {
    /// run.log_artifacts("target/report", "report")
    /// # }
    /// ```
    pub fn log_artifacts(&self, dir: impl AsRef<Path>, artifact_path: &str) -> Result<(), Error> {
        let mut refused = Vec::new();
        for name in directory::list(dir.as_ref())? {
            let path = below(artifact_path, &name);
            match self.shared.store_file(&path, &dir.as_ref().join(&name)) {
                Ok(artifact) => self.shared.log(artifact),
                Err(why) => refused.push(why),
            }
        }
        match refused.len() {
            0 => Ok(()),
            1 => Err(refused.remove(0)),
            count => Err(Error::new(format!(
                "{count} files of `{}` are not logged; the first: {}",
                dir.as_ref().display(),
                refused[0]
            ))),
        }
    }

    /// Logs text as a file. Its extension decides how MLflow's page shows it (`.txt`, `.md`, `.html`
    /// …).
    ///
    /// # Errors
    /// MLflow does not allow the path, or the file cannot be written to the run's directory.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) -> Result<(), mlplots::Error> {
    /// run.log_text("three rows have no price", "notes/data.txt")
    /// # }
    /// ```
    pub fn log_text(&self, text: impl AsRef<str>, artifact_file: &str) -> Result<(), Error> {
        let artifact = self.shared.store(artifact_file, text.as_ref().as_bytes())?;
        self.shared.log(artifact);
        Ok(())
    }

    /// Logs a value as a JSON file. With a name that ends in `.yaml` or `.yml` the file is YAML, of
    /// which JSON is a subset.
    ///
    /// # Errors
    /// The value cannot be written as JSON (a map with keys that are no strings), MLflow does not
    /// allow the path, or the file cannot be written to the run's directory.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) -> Result<(), mlplots::Error> {
    /// let folds = std::collections::BTreeMap::from([("train", 800), ("test", 200)]);
    /// run.log_dict(&folds, "folds.json")
    /// # }
    /// ```
    pub fn log_dict(&self, value: &impl Serialize, artifact_file: &str) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(value).map_err(|why| {
            Error::with_source(format!("`{artifact_file}` cannot be written as JSON"), why)
        })?;
        self.log_text(text, artifact_file)
    }

    /// Logs rows as a table that MLflow's page shows and compares between runs. Each row is a
    /// struct or a map; its fields are the columns, in the order of the first row.
    ///
    /// # Errors
    /// A row has no named fields or other columns than the first row, MLflow does not allow the
    /// path, or the file cannot be written to the run's directory.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) -> Result<(), mlplots::Error> {
    /// #[derive(serde::Serialize)]
    /// struct Mistake { row: usize, wanted: &'static str, got: &'static str }
    ///
    /// run.log_table(&[Mistake { row: 7, wanted: "ripe", got: "green" }], "mistakes.json")
    /// # }
    /// ```
    pub fn log_table<R: Serialize>(&self, rows: &[R], artifact_file: &str) -> Result<(), Error> {
        let table =
            table(rows).map_err(|why| Error::new(format!("the table `{artifact_file}`: {why}")))?;
        self.log_text(table, artifact_file)?;
        if self.shared.is_forked() {
            return Ok(());
        }
        let listed = self.shared.state().tables.add(artifact_file);
        match listed {
            Listed::Tag(tag) => self.set_tag("mlflow.loggedArtifacts", tag),
            Listed::Full { is_first: true } => print(format_args!(
                "note: the table `{artifact_file}` and further ones are artifacts of the run, but \
                 MLflow's table view does not list them: its tag is full"
            )),
            Listed::Known | Listed::Full { .. } => {}
        }
        Ok(())
    }

    /// Logs a figure that no `#[plot]` draws; the extension of `artifact_file` is its format.
    ///
    /// # Errors
    /// The figure cannot be drawn or is not of that format, MLflow does not allow the path, or the
    /// file cannot be written to the run's directory.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) -> Result<(), mlplots::Error> {
    /// let predicted = mlplots::charts::residuals(&[1.0, 2.0, 3.0], &[1.1, 1.9, 3.2]);
    /// run.log_figure(predicted, "residuals.svg")
    /// # }
    /// ```
    #[track_caller]
    pub fn log_figure(&self, figure: impl IntoFigure, artifact_file: &str) -> Result<(), Error> {
        let source = std::panic::Location::caller();
        let source = format!("{}:{}", source.file(), source.line());
        let since = std::time::Instant::now();
        let extension = Path::new(artifact_file)
            .extension()
            .and_then(|e| e.to_str());
        let formats: &'static [Format] = match extension {
            Some("svg") => &[Format::Svg],
            Some("pdf") => &[Format::Pdf],
            _ => &[Format::Png],
        };
        let failed = |why: Error| {
            Error::with_source(format!("could not log the figure `{artifact_file}`"), why)
        };
        let output = figure
            .into_output(&Spec {
                size: None,
                formats,
            })
            .map_err(failed)?;
        let artifact = match output {
            Output::Files(files) => {
                let file = files
                    .iter()
                    .find(|file| Some(file.extension) == extension)
                    .ok_or_else(|| failed(mismatch(&files).into()))?;
                self.shared
                    .store_drawn(artifact_file, &file.bytes, &source)?
            }
            Output::Saved(path, _guard) => self.shared.store_file(artifact_file, &path)?,
            Output::Directory(..) => {
                return Err(failed(
                    "a directory is not one figure; use `log_artifacts`".into(),
                ));
            }
        };
        self.shared.figure(Figure {
            name: artifact_file.to_owned(),
            status: FigureStatus::Logged,
            reason: None,
            step: None,
            files: vec![artifact],
            millis: since.elapsed().as_millis() as u64,
            source,
            optional: false,
        });
        Ok(())
    }

    /// Logs the image of a step. MLflow's page shows the images of one key in a grid with a
    /// slider over the steps.
    ///
    /// # Errors
    /// MLflow does not allow the key, the image is too large for PNG, or the file cannot be written
    /// to the run's directory.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) -> Result<(), mlplots::Error> {
    /// let sample = mlplots::Image::rgb8(2, 1, vec![255, 0, 0, 0, 0, 255])?;
    /// run.log_image("samples", 3, &sample)
    /// # }
    /// ```
    pub fn log_image(
        &self,
        key: &str,
        step: impl TryInto<i64>,
        image: &Image,
    ) -> Result<(), Error> {
        let Some(step) = self.step(step) else {
            return Ok(());
        };
        check_image_key(key).map_err(Error::new)?;
        let png = image
            .to_png()
            .map_err(|why| Error::with_source(format!("could not log the image `{key}`"), why))?;
        let png = self
            .shared
            .store_at(&"image.png".parse().map_err(Error::new)?, &png)?;
        let files = self
            .shared
            .grid_images(key, step, &png)
            .map_err(Error::new)?;
        for artifact in files {
            self.shared.log(artifact);
        }
        Ok(())
    }

    /// Logs a model of this run: MLflow's LoggedModel, with the URI `runs:/RUN/NAME`.
    ///
    /// # Errors
    /// MLflow does not allow the name, a file of the run has it, the model or its input example is
    /// invalid (see [`Model`]), or a file cannot be written to the run's directory.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) -> Result<(), mlplots::Error> {
    /// use mlplots::{Model, onnx};
    ///
    /// run.log_model("model", Model::onnx(onnx::linear(&[2.0, -1.0], 0.5)))
    /// # }
    /// ```
    pub fn log_model(&self, name: &str, model: Model) -> Result<(), Error> {
        check_key("model", name).map_err(Error::new)?;
        if name.contains(['/', ':', '.', '%', '"', '\'']) {
            return Err(Error::new(format!(
                "the model name `{name}` must not hold `/`, `:`, `.`, `%` or quotes"
            )));
        }
        let failed = |why: String| Error::new(format!("the model `{name}`: {why}"));
        // MLflow 2 stores a model's files among those of the run.
        self.shared
            .folder(name)
            .map_err(|why| Error::new(format!("the model `{name}` {why}")))?;
        let parts = model.into_parts().map_err(failed)?;
        let files = parts
            .files
            .iter()
            .map(|(path, content)| {
                let path = path.parse().map_err(Error::new)?;
                self.shared.store_at(&path, content)
            })
            .collect::<Result<_, _>>()?;
        self.shared.append(&Record::Model(Box::new(record::Model {
            uuid: RunUuid::new().into(),
            name: name.to_owned(),
            step: 0,
            timestamp: now_millis(),
            flavor: parts.flavor,
            files,
            signature: parts.signature,
            input_example: parts.input_example,
        })));
        self.shared.sync();
        Ok(())
    }
}

fn below(folder: &str, name: &str) -> String {
    match folder.trim_end_matches('/') {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

fn mismatch(files: &[crate::figure::Encoded]) -> String {
    let made: Vec<_> = files
        .iter()
        .map(|file| format!("`.{}`", file.extension))
        .collect();
    format!("it is made as {}; name the file so", made.join(" or "))
}

/// The rows as MLflow's tables hold them.
fn table<R: Serialize>(rows: &[R]) -> Result<String, String> {
    let values = rows.iter().enumerate().map(|(index, row)| {
        serde_json::to_value(row).map_err(|why| format!("row {index} is not JSON: {why}"))
    });
    let values = values.collect::<Result<_, _>>()?;
    let first = rows.first().map(serde_json::to_string).transpose();
    let columns = data_frame::columns(&first.map_err(|why| why.to_string())?.unwrap_or_default());
    Ok(DataFrame::new(columns, values)?.to_json().to_string())
}
