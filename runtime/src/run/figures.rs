//! Stores and journals the results of plots.

use std::sync::PoisonError;

use mlplots_journal::names::check_image_key;
use mlplots_journal::record::{Artifact, Figure, FigureStatus, Record, RunUuid, Tag, now_millis};

use super::directory;
use super::pool::Drawn;
use super::shared::Shared;
use crate::figure::{Encoded, Output};
use crate::stderr::print;

impl Shared {
    /// Stores the files of a plot and journals its result.
    pub(super) fn take(&self, drawn: Drawn) {
        let plot = drawn.plot;
        let mut figure = Figure {
            name: plot.name.to_owned(),
            status: FigureStatus::Logged,
            reason: None,
            step: drawn.step,
            files: Vec::new(),
            millis: drawn.took.as_millis() as u64,
            source: plot.source(),
            optional: plot.optional,
        };
        let stored = drawn.output.and_then(|output| match output {
            Output::Files(files) => self.take_files(plot, drawn.step, files),
            Output::Saved(path, _guard) => {
                let name = path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                self.store_file(&plot.path(&name), &path)
                    .map(|artifact| vec![artifact])
                    .map_err(|error| format!("{error:#}"))
            }
            Output::Directory(path, _guard) => directory::list(&path)
                .and_then(|names| {
                    let store =
                        |name: String| self.store_file(&plot.path(&name), &path.join(&name));
                    names.into_iter().map(store).collect()
                })
                .map_err(|error| format!("{error:#}")),
        });
        let one_by_one = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        match stored.and_then(|files| self.claim(plot.name, drawn.number, files)) {
            Ok(files) => figure.files = files,
            Err(why) => {
                let why = match drawn.step {
                    Some(step) => format!("at step {step}: {why}"),
                    None => why,
                };
                print(format_args!(
                    "warning: the figure `{}` failed ({}): {why}",
                    figure.name, figure.source
                ));
                figure.status = FigureStatus::Failed;
                figure.reason = Some(why);
            }
        }
        self.journal_figure(figure);
        drop(one_by_one);
        self.sync();
    }

    /// Journals the result of a figure, and syncs the journal.
    pub(super) fn figure(&self, figure: Figure) {
        self.journal_figure(figure);
        self.sync();
    }

    fn journal_figure(&self, figure: Figure) {
        if self.is_forked() {
            return;
        }
        self.state().tally.add(&figure);
        self.append(&Record::Figure(figure));
    }

    fn take_files(
        &self,
        plot: &super::Plot,
        step: Option<i64>,
        files: Vec<Encoded>,
    ) -> Result<Vec<Artifact>, String> {
        let mut stored = Vec::new();
        for Encoded { extension, bytes } in files {
            let path = plot.path(&format!("{}.{extension}", plot.name));
            let artifact = self
                .store_drawn(&path, &bytes, &plot.source())
                .map_err(|error| format!("{error:#}"))?;
            if let (Some(step), "png") = (step, extension) {
                let key = plot.path(plot.name);
                stored.extend(self.grid_images(&key, step, &artifact)?);
            }
            stored.push(artifact);
        }
        Ok(stored)
    }

    /// A stored PNG under the two names by which MLflow's image grid finds an image with a step.
    pub(super) fn grid_images(
        &self,
        key: &str,
        step: i64,
        png: &Artifact,
    ) -> Result<[Artifact; 2], String> {
        check_image_key(key)?;
        self.append(&Record::Tags(vec![Tag {
            key: "mlflow.loggedImages".to_owned(),
            value: "True".to_owned(),
        }]));
        let name = format!(
            "images/{}+step+{step}+timestamp+{}+{}",
            key.replace('/', "~"),
            now_millis(),
            RunUuid::new(),
        );
        self.folder("images")
            .map_err(|why| format!("the image `{key}` {why}"))?;
        let file = |end: &str| {
            format!("{name}{end}").parse().map(|path| Artifact {
                path,
                ..png.clone()
            })
        };
        // The grid shows the second name; a browser reads PNG bytes under it as well.
        Ok([file(".png")?, file("+compressed.webp")?])
    }

    /// Claims the files of a drawing. Two plots must not write the same path: the later would hide the
    /// earlier. Drawings of two steps may finish in either order; a file shows the later step.
    fn claim(
        &self,
        plot: &str,
        number: u64,
        mut files: Vec<Artifact>,
    ) -> Result<Vec<Artifact>, String> {
        let written = &mut self.state().written;
        for file in &files {
            if let Some((other, _)) = written.get(&*file.path)
                && other != plot
            {
                return Err(format!(
                    "it writes `{}`, which the figure `{other}` wrote",
                    file.path
                ));
            }
        }
        files.retain(|file| {
            let newest = written.get(&*file.path).map(|(_, newest)| *newest);
            newest.is_none_or(|newest| newest <= number)
        });
        for file in &files {
            written.insert(file.path.to_string(), (plot.to_owned(), number));
        }
        Ok(files)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use mlplots_journal::record::Digest;
    use mlplots_journal::request::Resumed;
    use mlplots_journal::{RunDir, Writer};

    /// Two threads may draw two steps of one plot, and finish in either order.
    #[test]
    fn of_two_drawings_the_newer_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::new(folder.path(), &RunUuid::new());
        dir.create().unwrap();
        let journal = Writer::create(&dir).unwrap();
        let run = Shared::new(dir, journal, Resumed::default());
        let claimed = |plot: &str, number: u64, paths: &[&str]| {
            let file = |path: &&str| Artifact {
                path: path.parse().unwrap(),
                sha256: Digest::of(b"plums"),
                bytes: 5,
            };
            let files = run.claim(plot, number, paths.iter().map(file).collect())?;
            let paths = files.iter().map(|file| file.path.to_string());
            Ok::<_, String>(paths.collect::<Vec<_>>())
        };
        assert_eq!(claimed("p", 2, &["p.png"]).unwrap(), ["p.png"]);
        let late = claimed("p", 1, &["p.png", "step 1.png"]).unwrap();
        assert_eq!(late, ["step 1.png"]);
        assert_eq!(claimed("p", 2, &["p.png"]).unwrap(), ["p.png"]);
        assert_eq!(claimed("p", 3, &["p.png"]).unwrap(), ["p.png"]);
        let error = claimed("q", 4, &["p.png"]).unwrap_err();
        assert_eq!(error, "it writes `p.png`, which the figure `p` wrote");
    }
}
