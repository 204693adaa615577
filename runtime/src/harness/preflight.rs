//! The checks before a training: an error in milliseconds instead of after ten hours.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};

use mlplots_journal::names::{check_experiment_name, check_param, check_run_name, check_tag};
use mlplots_journal::request::{Request, Resumed};

use super::params::{keep, overlay};
use crate::params::Tree;
use crate::registry::Train;
use crate::run::Plot;

/// The plan of a run.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) train: &'static Train,
    pub(super) params: Option<Tree>,
    pub(super) plots: Vec<&'static Plot>,
    pub(super) skipped: Vec<(&'static Plot, String)>,
}

/// An error that prevents the training.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) error: String,
    pub(super) help: Option<String>,
}

fn complain(error: String, help: impl Into<Option<String>>) -> Complaint {
    Complaint {
        error,
        help: help.into(),
    }
}

/// Makes the plan, or returns all errors.
pub(super) fn plan(
    request: &Request,
    resumed: &Resumed,
    trains: &[&'static Train],
    plots: &[&'static Plot],
) -> Result<Plan, Vec<Complaint>> {
    let mut complaints = duplicates(trains);
    let train = match choose(request, trains) {
        Ok(train) => train,
        Err(complaint) => {
            complaints.push(complaint);
            return Err(complaints);
        }
    };
    let params = match params(request, resumed, train) {
        Ok(params) => params,
        Err(wrong) => {
            complaints.extend(wrong);
            None
        }
    };
    complaints.extend(names(request, train));
    let (plots, unprovided) = of_train(train, trains, plots);
    complaints.extend(unprovided);
    let (plots, skipped) = select(request, plots);
    complaints.extend(collisions(&plots));
    complaints.extend(formats(&plots));
    complaints.extend(no_match(request, &plots, &skipped));
    if complaints.is_empty() {
        Ok(Plan {
            train,
            params,
            plots,
            skipped,
        })
    } else {
        Err(complaints)
    }
}

fn choose(request: &Request, trains: &[&'static Train]) -> Result<&'static Train, Complaint> {
    let names = || {
        trains
            .iter()
            .map(|train| train.name)
            .collect::<Vec<_>>()
            .join("`, `")
    };
    match (&request.train, trains) {
        (_, []) => Err(complain(
            "no `#[train]` function is linked into this program".to_owned(),
            "the linker omits a library that nothing refers to: name the library with the functions, \
             `mlplots::main!(my_lib);`"
                .to_owned(),
        )),
        (None, [only]) => Ok(only),
        (None, _) => Err(complain(
            format!(
                "this program has several `#[train]` functions: `{}`",
                names()
            ),
            format!("name one: `cargo mlplots run {}`", trains[0].name),
        )),
        (Some(name), _) => trains
            .iter()
            .copied()
            .find(|train| train.name == name)
            .ok_or_else(|| {
                complain(
                    format!("there is no `#[train]` function `{name}`"),
                    format!("there are `{}`", names()),
                )
            }),
    }
}

fn duplicates(trains: &[&'static Train]) -> Vec<Complaint> {
    trains
        .windows(2)
        .filter(|pair| pair[0].name == pair[1].name)
        .map(|pair| {
            complain(
                format!(
                    "two `#[train]` functions have the name `{}`: {} and {}",
                    pair[0].name,
                    pair[0].source(),
                    pair[1].source()
                ),
                "give one another: `#[train(name = \"…\")]`".to_owned(),
            )
        })
        .collect()
}

fn params(
    request: &Request,
    resumed: &Resumed,
    train: &Train,
) -> Result<Option<Tree>, Vec<Complaint>> {
    let Some(params) = train.params else {
        return match request.params.first() {
            None => Ok(None),
            Some((key, _)) => Err(vec![complain(
                format!(
                    "`-P {key}`: the training `{}` takes no params ({})",
                    train.name,
                    train.source()
                ),
                "give it a second argument `params: P` with `P: Default + Serialize + Deserialize`"
                    .to_owned(),
            )]),
        };
    };
    let one = |error| vec![complain(error, None)];
    let source = train.source();
    let defaults = (params.defaults)().map_err(|why| {
        one(format!(
            "the default params of `{}` ({source}) cannot be written: {why}",
            train.name
        ))
    })?;
    if !matches!(defaults, Tree::Map(_)) {
        return Err(one(format!(
            "the params of `{}` ({source}) have no named fields",
            train.name
        )));
    }
    let kept = keep(&defaults, params.read_again, &resumed.params);
    let laid = overlay(&kept, params.read_again, &request.params).map_err(|wrong| {
        wrong
            .into_iter()
            .map(|error| complain(error, None))
            .collect::<Vec<_>>()
    })?;
    let mut wrong = Vec::new();
    for (key, value) in laid.flatten() {
        if let Some(before) = resumed.params.get(&key).filter(|&before| *before != value) {
            wrong.push(complain(
                format!("the param `{key}` is `{before}` in the run that is resumed, and cannot become `{value}`: a param is set once"),
                format!("leave out `-P {key}`, or begin another run"),
            ));
        }
        if let Err(error) = check_param(&key, &value) {
            let help = format!("rename the field, or leave it out by `#[serde(skip)]` ({source})");
            wrong.push(complain(error, help));
        }
    }
    if wrong.is_empty() {
        Ok(Some(laid))
    } else {
        Err(wrong)
    }
}

fn names(request: &Request, train: &Train) -> Vec<Complaint> {
    let experiment = request.experiment.as_deref().or(train.experiment);
    let experiment = experiment.map_or(Ok(()), check_experiment_name);
    let run_name = request.run_name.as_deref().map_or(Ok(()), check_run_name);
    let tags = request
        .tags
        .iter()
        .map(|(key, value)| check_tag(key, value));
    [experiment, run_name]
        .into_iter()
        .chain(tags)
        .filter_map(Result::err)
        .map(|error| complain(error, None))
        .collect()
}

/// The plots of this training, and an error for each plot with an input that no training provides.
/// A plot whose input only another training provides belongs to that one.
fn of_train(
    train: &Train,
    trains: &[&'static Train],
    plots: &[&'static Plot],
) -> (Vec<&'static Plot>, Vec<Complaint>) {
    let ids = |train: &Train| {
        train
            .outputs()
            .iter()
            .map(|output| output.id)
            .collect::<HashSet<TypeId>>()
    };
    let here = ids(train);
    let anywhere: HashSet<TypeId> = trains.iter().flat_map(|train| ids(train)).collect();
    let mut complaints = Vec::new();
    let mut mine = Vec::new();
    for &plot in plots {
        let unprovided = plot
            .inputs
            .iter()
            .filter(|input| !anywhere.contains(&input.id));
        let unprovided: Vec<_> = unprovided.map(|input| input.written).collect();
        if let [first, ..] = unprovided.as_slice() {
            complaints.push(complain(
                format!(
                    "the plot `{}` ({}) looks at `{}`, which no training provides",
                    plot.name,
                    plot.source(),
                    unprovided.join("` and `")
                ),
                format!(
                    "return a `{first}` from `{}` ({}), or provide it during the training and declare it: \
                     `#[train(provides({first}))]`",
                    train.name,
                    train.source()
                ),
            ));
        } else if plot.inputs.iter().all(|input| here.contains(&input.id)) {
            mine.push(plot);
        }
    }
    (mine, complaints)
}

/// Plots to draw, and skipped plots with the reason.
type Selected = (Vec<&'static Plot>, Vec<(&'static Plot, String)>);

pub(super) fn select(request: &Request, plots: Vec<&'static Plot>) -> Selected {
    let mut taken = Vec::new();
    let mut skipped = Vec::new();
    for plot in plots {
        let hit = |globs: &[String]| {
            globs
                .iter()
                .find(|glob| matches_glob(glob, plot.name))
                .cloned()
        };
        if let Some(glob) = hit(&request.skip) {
            skipped.push((plot, format!("left out by `--skip {glob}`")));
        } else if request.only.is_empty() || hit(&request.only).is_some() {
            taken.push(plot);
        } else {
            skipped.push((plot, format!("not in `--only {}`", request.only.join(" "))));
        }
    }
    (taken, skipped)
}

/// A glob that matches no figure is an error.
fn no_match(
    request: &Request,
    taken: &[&Plot],
    skipped: &[(&'static Plot, String)],
) -> Vec<Complaint> {
    let all = || {
        taken
            .iter()
            .copied()
            .chain(skipped.iter().map(|(plot, _)| *plot))
    };
    let known: Vec<_> = all().map(|plot| plot.name).collect();
    [("--only", &request.only), ("--skip", &request.skip)]
        .into_iter()
        .flat_map(|(flag, globs)| globs.iter().map(move |glob| (flag, glob)))
        .filter(|(_, glob)| !known.iter().any(|name| matches_glob(glob, name)))
        .map(|(flag, glob)| {
            complain(
                format!("`{flag} {glob}` fits no figure"),
                format!("there are `{}`", known.join("`, `")),
            )
        })
        .collect()
}

/// Plots that write the same file.
fn collisions(plots: &[&'static Plot]) -> Vec<Complaint> {
    let mut writers: HashMap<String, &Plot> = HashMap::new();
    let mut complaints = Vec::new();
    for plot in plots {
        let stem = plot.path(plot.name);
        if let Some(other) = writers.insert(stem.clone(), plot) {
            complaints.push(complain(
                format!(
                    "two figures have the name `{stem}`: {} and {}",
                    other.source(),
                    plot.source()
                ),
                "give one another: `#[plot(name = \"…\")]` or `#[plot(dir = \"…\")]`".to_owned(),
            ));
        }
    }
    complaints
}

/// Formats whose feature is missing.
fn formats(plots: &[&'static Plot]) -> Vec<Complaint> {
    let of = |plot: &&'static Plot| {
        let missing = plot.formats.iter().find(|format| !format.is_built())?;
        let extension = missing.extension();
        Some(complain(
            format!(
                "the figure `{}` ({}) is to be written as {extension}, which this build cannot",
                plot.name,
                plot.source()
            ),
            format!(
                "in Cargo.toml: `mlplots = {{ version = \"0.1\", features = [\"{extension}\"] }}`"
            ),
        ))
    };
    plots.iter().filter_map(of).collect()
}

/// Whether a name matches a glob: `*` stands for any text, `?` for one character.
fn matches_glob(glob: &str, name: &str) -> bool {
    let (glob, name): (Vec<char>, Vec<char>) = (glob.chars().collect(), name.chars().collect());
    let (mut at, mut here) = (0, 0);
    // The index of the last star, and the end of its match. Earlier stars need no backtracking: the
    // last one can match whatever they would.
    let mut star = None;
    while here < name.len() {
        match (glob.get(at), star) {
            (Some('*'), _) => {
                star = Some((at, here));
                at += 1;
            }
            (Some(&c), _) if c == '?' || c == name[here] => {
                at += 1;
                here += 1;
            }
            (_, Some((last, upto))) => {
                star = Some((last, upto + 1));
                (at, here) = (last + 1, upto + 1);
            }
            (_, None) => return false,
        }
    }
    glob[at..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::matches_glob;

    #[test]
    fn globs() {
        for (glob, name, fits) in [
            ("*", "loss", true),
            ("res*", "residuals", true),
            ("*_plot", "qq_plot", true),
            ("q?_plot", "qq_plot", true),
            ("loss", "loss2", false),
            ("", "", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "aXbYcd", false),
            ("*a?c", "abcabc", true),
            ("a**", "a", true),
            ("?*", "", false),
        ] {
            assert_eq!(matches_glob(glob, name), fits, "{glob} {name}");
        }
        // With backtracking at each star, this would not end.
        assert!(!matches_glob(&"*a".repeat(30), &"ab".repeat(500)));
    }
}
