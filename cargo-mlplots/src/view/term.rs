//! Lines in cargo's own grammar, on stderr.

use anstream::eprintln;
use anstyle::{AnsiColor, Style};

const GREEN: Style = AnsiColor::Green.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const CYAN: Style = AnsiColor::Cyan.on_default();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const BOLD: Style = Style::new().bold();

/// A right-justified verb and what it is about, like cargo's `   Compiling …`.
pub(crate) fn status(verb: &str, text: &str) {
    eprintln!("{GREEN}{verb:>12}{GREEN:#} {text}");
}

/// The same for an end that is not well.
pub(super) fn bad_status(verb: &str, text: &str) {
    eprintln!("{RED}{verb:>12}{RED:#} {text}");
}

/// What cannot be done.
pub(crate) fn error(text: &str) {
    eprintln!("{RED}error{RED:#}: {text}");
}

/// What a person should know.
pub(crate) fn warning(text: &str) {
    eprintln!("{YELLOW}warning{YELLOW:#}: {text}");
}

/// What to do next.
pub(crate) fn help(text: &str) {
    eprintln!("  {CYAN}help{CYAN:#}: {text}");
}
