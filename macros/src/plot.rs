//! The checked model of `#[plot]`.

use mlplots_names::{check_figure_name, check_folder};
use proc_macro2::Ident;
use quote::format_ident;
use syn::{LitInt, Path, Type};

use crate::args::Args;
use crate::attribute::Attribute;
use crate::item::Function;
use crate::report::Report;
use crate::types::{check_borrow, check_owned, peel, same};

/// The range of the width and height in pixels: no axis fits into less, and more needs a gigabyte
/// per figure.
const SIDES: std::ops::RangeInclusive<u64> = 16..=16384;

pub(crate) struct Plot {
    pub(crate) root: Path,
    pub(crate) function: Function,
    pub(crate) name: String,
    pub(crate) dir: Option<String>,
    pub(crate) size: Option<(LitInt, LitInt)>,
    /// Variants of `Format`.
    pub(crate) formats: Vec<Ident>,
    pub(crate) every: u32,
    pub(crate) optional: bool,
    pub(crate) timeout: Option<u64>,
    pub(crate) arguments: Vec<Argument>,
}

/// An argument, by the type behind its `&`.
pub(crate) enum Argument {
    Canvas(Type),
    Input(Type),
}

impl Plot {
    pub(crate) fn check(args: &Args, mut function: Function, report: &mut Report) -> Self {
        let name = args.text("name", check_figure_name, report);
        let dir = args.text("dir", check_folder, report);
        let size = size(args, report);
        let formats = formats(args, report);
        let every = args
            .number(
                "every",
                "0 would never draw it, and 1 draws it at each step",
                report,
            )
            .unwrap_or(1);
        let optional = args.flag("optional", report);
        let timeout = args.number("timeout", "no plot is drawn in 0 seconds", report);
        let root = args.root(report);
        let arguments = arguments(&mut function, report);
        let name = name.unwrap_or_else(|| function.name());
        Self {
            root,
            function,
            name,
            dir,
            size,
            formats,
            every,
            optional,
            timeout,
            arguments,
        }
    }
}

fn arguments(function: &mut Function, report: &mut Report) -> Vec<Argument> {
    let types = std::mem::take(&mut function.arguments);
    let arguments: Vec<Argument> = types.into_iter().map(|ty| argument(ty, report)).collect();
    for (place, argument) in arguments.iter().enumerate() {
        let (ty, message) = match argument {
            Argument::Canvas(ty) => (ty, "a plot has one canvas: it draws one figure"),
            Argument::Input(ty) => (
                ty,
                "two inputs of one type would be the same value: give each a type of its own",
            ),
        };
        if arguments[..place]
            .iter()
            .any(|other| other.repeats(argument))
        {
            report.error(ty, message);
        }
    }
    let has = |wanted: fn(&Argument) -> bool| function.is_method || arguments.iter().any(wanted);
    if !has(|argument| matches!(argument, Argument::Input(_))) {
        let why = "a run draws it when what it looks at is provided";
        report.error(
            &function.ident,
            format!("a plot needs an input `&T`: {why}"),
        );
    }
    if function.output.is_none() && !has(|argument| matches!(argument, Argument::Canvas(_))) {
        let why = "return one, or draw on an argument `canvas: &Canvas`";
        report.error(&function.ident, format!("this plot makes no figure: {why}"));
    }
    if let Some(Type::Reference(borrow)) = &function.output {
        let why = "return it owned";
        report.error(
            borrow.and_token,
            format!("a figure outlives the plot that made it: {why}"),
        );
    }
    arguments
}

fn argument(ty: Type, report: &mut Report) -> Argument {
    let ty = match ty {
        Type::Reference(borrow) => {
            let why = if is_canvas(&borrow.elem) {
                "a canvas is drawn on through `&Canvas`"
            } else {
                "other plots look at this value at the same time: write `&T`"
            };
            check_borrow(Attribute::Plot, &borrow, why, report);
            let ty = peel(*borrow.elem);
            check_owned(Attribute::Plot, &ty, report);
            ty
        }
        ty => {
            if check_owned(Attribute::Plot, &ty, report) {
                let why = "the run owns the value, and shares it with all its plots";
                report.error(&ty, format!("take it by reference, `&T`: {why}"));
            }
            ty
        }
    };
    if is_canvas(&ty) {
        Argument::Canvas(ty)
    } else {
        Argument::Input(ty)
    }
}

fn is_canvas(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path
        .segments
        .last()
        .is_some_and(|last| last.ident == "Canvas")
}

impl Argument {
    fn repeats(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Canvas(_), Self::Canvas(_)) => true,
            (Self::Input(one), Self::Input(other)) => same(one, other),
            _ => false,
        }
    }
}

fn size(args: &Args, report: &mut Report) -> Option<(LitInt, LitInt)> {
    let (width, height) = args.pair("size", report)?;
    for side in [&width, &height] {
        if !side
            .base10_parse()
            .is_ok_and(|pixels| SIDES.contains(&pixels))
        {
            let (least, most) = (SIDES.start(), SIDES.end());
            report.error(
                side,
                format!("a figure is {least} to {most} pixels wide and high"),
            );
        }
    }
    Some((width, height))
}

fn formats(args: &Args, report: &mut Report) -> Vec<Ident> {
    let mut formats = Vec::new();
    for format in args.list::<Ident>("formats", report) {
        let variant = match format.to_string().as_str() {
            "png" => format_ident!("Png"),
            "svg" => format_ident!("Svg"),
            "pdf" => format_ident!("Pdf"),
            other => {
                report.error(
                    &format,
                    format!("there is no format `{other}`; write `png`, `svg` or `pdf`"),
                );
                continue;
            }
        };
        if formats.contains(&variant) {
            report.error(&format, format!("`{format}` is given twice: keep one"));
        }
        formats.push(variant);
    }
    if formats.is_empty() {
        vec![format_ident!("Png")]
    } else {
        formats
    }
}
