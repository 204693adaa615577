//! Lines in cargo's own grammar, on stderr.

use std::fmt::Display;
use std::io::Write;

use anstyle::{AnsiColor, Style};

const GREEN: Style = AnsiColor::Green.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const CYAN: Style = AnsiColor::Cyan.on_default();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const BOLD: Style = Style::new().bold();

/// A line on stderr. Where nobody is left to read it, what it tells goes on all the same.
pub(super) fn line(text: impl Display) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// A right-justified verb and what it is about, like cargo's `   Compiling …`.
pub(crate) fn status(verb: &str, text: &str) {
    line(format_args!("{GREEN}{verb:>12}{GREEN:#} {text}"));
}

/// The same for an end that is not well.
pub(super) fn bad_status(verb: &str, text: &str) {
    line(format_args!("{RED}{verb:>12}{RED:#} {text}"));
}

/// What cannot be done.
pub(crate) fn error(text: &str) {
    line(format_args!("{RED}error{RED:#}: {text}"));
}

/// What a person should know.
pub(crate) fn warning(text: &str) {
    line(format_args!("{YELLOW}warning{YELLOW:#}: {text}"));
}

/// What to do next.
pub(crate) fn help(text: &str) {
    line(format_args!("  {CYAN}help{CYAN:#}: {text}"));
}
