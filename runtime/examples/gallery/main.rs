//! Every chart in every theme, as one page: `cargo run -p mlplots --example gallery -- gallery.html`.

mod classification;
mod exploration;
mod inspection;
mod numbers;
mod regression;
mod training;

use std::fmt::Write;
use std::process::ExitCode;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mlplots::{Error, Figure, Theme};

/// A family of charts with its heading.
type Family = (&'static str, fn() -> Vec<(&'static str, Figure)>);

const FAMILIES: [Family; 5] = [
    ("Data", exploration::charts),
    ("Regression", regression::charts),
    ("Classification", classification::charts),
    ("Training", training::charts),
    ("Inspection", inspection::charts),
];

fn main() -> ExitCode {
    let path = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "gallery.html".to_owned());
    let written = page().map_err(|why| why.to_string()).and_then(|page| {
        std::fs::write(&path, page).map_err(|why| format!("could not write `{path}`: {why}"))
    });
    match written {
        Ok(()) => {
            println!("The gallery is in {path}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

const HEAD: &str = "<!doctype html>
<html lang=\"en\"><meta charset=\"utf-8\"><title>Charts of mlplots</title>
<style>
body { font: 16px/1.4 system-ui, sans-serif; margin: 2rem; background: #fafafa; color: #262626 }
figure { display: inline-block; margin: 0 1rem 1.5rem 0; vertical-align: top }
figcaption { font: 13px ui-monospace, monospace; margin-bottom: .3rem }
img { width: 560px; border: 1px solid #ddd }
</style>
<h1>Charts of mlplots</h1>
";

fn page() -> Result<String, Error> {
    let mut page = HEAD.to_owned();
    for (heading, charts) in FAMILIES {
        let _ = writeln!(page, "<h2>{heading}</h2>");
        let themes = Theme::ALL.map(|theme| (theme, charts()));
        let names: Vec<&str> = themes[0].1.iter().map(|(name, _)| *name).collect();
        let mut drawn = themes.map(|(theme, charts)| (theme, charts.into_iter()));
        for name in names {
            for (theme, charts) in &mut drawn {
                let Some((_, figure)) = charts.next() else {
                    continue;
                };
                let png = figure.theme(*theme).to_png(1.0)?;
                let _ = writeln!(
                    page,
                    "<figure><figcaption>charts::{name} · Theme::{theme:?}</figcaption>\
                     <img alt=\"{name}\" src=\"data:image/png;base64,{}\"></figure>",
                    STANDARD.encode(png)
                );
            }
        }
    }
    Ok(page)
}
