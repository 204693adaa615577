//! The checked model of `#[train]`.

use mlplots_names::{check_experiment_name, check_key};
use quote::ToTokens;
use syn::{Path, Type};

use crate::args::Args;
use crate::attribute::Attribute;
use crate::item::Function;
use crate::report::Report;
use crate::types::{check_borrow, check_owned, find_word, same};

pub(crate) struct Train {
    pub(crate) root: Path,
    pub(crate) function: Function,
    pub(crate) name: String,
    pub(crate) experiment: Option<String>,
    pub(crate) provides: Vec<Type>,
    /// The type of `run`, written `&Run`.
    pub(crate) run: Type,
    pub(crate) params: Option<Type>,
}

impl Train {
    pub(crate) fn check(args: &Args, mut function: Function, report: &mut Report) -> Option<Self> {
        let name = args.text("name", |name| check_key("training", name), report);
        let experiment = args.text("experiment", check_experiment_name, report);
        let provides = provides(args, report);
        let root = args.root(report);
        if let Some(output) = &function.output {
            check_output(output, report);
        }
        let (run, params) = arguments(&mut function, report)?;
        let name = name.unwrap_or_else(|| function.name());
        Some(Self {
            root,
            function,
            name,
            experiment,
            provides,
            run,
            params,
        })
    }
}

fn provides(args: &Args, report: &mut Report) -> Vec<Type> {
    let types: Vec<Type> = args.list("provides", report);
    for (place, ty) in types.iter().enumerate() {
        check_owned(Attribute::Train, ty, report);
        if types[..place].iter().any(|other| same(other, ty)) {
            report.error(ty, "this type is named twice: keep one");
        }
    }
    types
}

/// The types of `run: &Run` and `params: P`. A wrong first argument may be missing, so that the
/// others are not checked then.
fn arguments(function: &mut Function, report: &mut Report) -> Option<(Type, Option<Type>)> {
    let mut arguments = std::mem::take(&mut function.arguments).into_iter();
    let Some(run) = arguments.next() else {
        if !function.is_method {
            let why = "the run that it logs to";
            report.error(
                &function.ident,
                format!("a training takes `run: &Run`: {why}"),
            );
        }
        return None;
    };
    let Type::Reference(borrow) = &run else {
        report.error(
            run,
            "the first argument is `run: &Run`: the run that the training logs to",
        );
        return None;
    };
    let why = "a run is shared with its plots and threads: write `&Run`";
    check_borrow(Attribute::Train, borrow, why, report);
    let params = arguments.next();
    if let Some(params) = &params {
        match params {
            Type::Reference(borrow) => report.error(
                borrow.and_token,
                "params are made for each run: take them by value, `params: P`",
            ),
            params => drop(check_owned(Attribute::Train, params, report)),
        }
    }
    for more in arguments {
        let why = "make this a field of `P`, or make it in the function";
        report.error(
            more,
            format!("a training takes `run: &Run` and `params: P`: {why}"),
        );
    }
    Some((run, params))
}

fn check_output(output: &Type, report: &mut Report) {
    match output {
        Type::Reference(borrow) => report.error(
            borrow.and_token,
            "what a training returns outlives it: return it owned",
        ),
        Type::Never(never) => {
            report.error(never, "a training has to return: its run would never end");
        }
        output => {
            if let Some(word) = find_word("impl", output.to_token_stream()) {
                let why = "what a training returns is found by its type";
                report.error(word, format!("name the type: {why}"));
            }
            if let Some(lifetime) = find_word("_", output.to_token_stream()) {
                let why = "it would borrow from the run";
                report.error(
                    lifetime,
                    format!("what a training returns outlives it: {why}"),
                );
            }
        }
    }
}
