//! What the registry gets to know.

use mlplots::__private::{Format, Plot, Train, inventory};
use mlplots::prelude::*;

struct Sales;
struct Model;

mod deep {
    use super::*;

    /// Prices by day.
    ///
    ///     indented
    #[doc = concat!("of ", "2024")]
    #[doc(alias = "cost")]
    #[plot(
        name = "all options",
        dir = "sales/prices",
        size = (640, 480),
        formats(svg, png),
        every = 10,
        optional,
        timeout = 60
    )]
    #[cfg(all())]
    pub fn prices(_canvas: &Canvas, _sales: &Sales, _pairs: &Vec<(f64, f64)>) -> PlotResult {
        Ok(())
    }
}

#[plot]
fn r#type(_: &self::Model) -> Svg {
    Svg(String::new())
}

#[derive(Default, Serialize, Deserialize)]
struct Params {
    alpha: f64,
}

/// Fits.
#[train(name = "val/fit", experiment = "Apples", provides(Sales, Vec<f64>))]
fn fit(_: &Run, params: Params) -> Result<(Model, String), String> {
    Err(params.alpha.to_string())
}

#[train]
fn nothing(_: &Run) {}

fn plot(name: &str) -> &'static Plot {
    let mut plots = inventory::iter::<Plot>.into_iter();
    plots
        .find(|plot| plot.name == name)
        .expect("it is registered")
}

fn train(name: &str) -> &'static Train {
    let mut trains = inventory::iter::<Train>.into_iter();
    trains
        .find(|train| train.name == name)
        .expect("it is registered")
}

fn main() {
    let all = plot("all options");
    assert_eq!(all.dir, Some("sales/prices"));
    assert_eq!(all.size, Some((640, 480)));
    assert_eq!(all.formats, [Format::Svg, Format::Png]);
    assert_eq!((all.every, all.optional, all.timeout), (10, true, Some(60)));
    assert!(all.module.ends_with("::deep"), "{}", all.module);
    assert!(all.file.ends_with("entries.rs"), "{}", all.file);
    assert_eq!(all.line, 27, "the line of the function's name");
    assert_eq!(all.doc, "Prices by day.\n\n    indented\nof 2024");
    let inputs: Vec<&str> = all.inputs.iter().map(|input| input.written).collect();
    assert_eq!(inputs, ["Sales", "Vec<(f64, f64)>"]);

    let plain = plot("type");
    assert_eq!((plain.dir, plain.size, plain.timeout), (None, None, None));
    assert_eq!(plain.formats, [Format::Png]);
    assert_eq!((plain.every, plain.optional, plain.doc), (1, false, ""));

    let fit = train("val/fit");
    assert_eq!(
        (fit.experiment, fit.doc, fit.line),
        (Some("Apples"), "Fits.", 44)
    );
    let provides: Vec<&str> = fit.provides.iter().map(|input| input.written).collect();
    assert_eq!(provides, ["Sales", "Vec<f64>"]);
    assert_eq!((fit.returns)().len(), 2);
    assert!(fit.params.is_some());

    let nothing = train("nothing");
    assert!(nothing.params.is_none());
    assert_eq!(
        (
            nothing.experiment,
            nothing.provides.len(),
            (nothing.returns)().len()
        ),
        (None, 0, 0)
    );
}
