//! Prints lines in the style of cargo on stderr, and results on stdout.

use std::fmt::{Display, Write as _};
use std::io::{ErrorKind, Write};

use anstyle::{AnsiColor, Style};
use mlplots_journal::terminal::{escape, escape_lines, is_terminal_control};
use serde::Serialize;

use crate::failure::{Failure, failure};

const GREEN: Style = AnsiColor::Green.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const CYAN: Style = AnsiColor::Cyan.on_default();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const BOLD: Style = Style::new().bold();

/// Prints a result on stdout. A closed pipe, as of `head`, is not an error.
pub(crate) fn print(text: impl Display) -> Result<(), Failure> {
    let mut stdout = anstream::stdout();
    let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    match written {
        Err(why) if why.kind() != ErrorKind::BrokenPipe => Err(failure(format!(
            "could not write to standard output: {why}"
        ))),
        _ => Ok(()),
    }
}

/// Prints JSON, which may be read on a terminal too.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string(value)
        .map_err(|why| failure(format!("the result cannot be written as JSON: {why}")))?;
    // In JSON such characters occur only in strings, where an escape is equivalent.
    let harmless = json.chars().fold(String::new(), |mut harmless, c| {
        if is_terminal_control(c) {
            let _ = write!(harmless, "\\u{:04x}", u32::from(c));
        } else {
            harmless.push(c);
        }
        harmless
    });
    print(harmless)
}

/// Prints a line on stderr; errors are ignored.
pub(super) fn line(text: impl Display) {
    // One write, so that the output of the program cannot interleave.
    let _ = anstream::stderr().write_all(format!("{text}\n").as_bytes());
}

/// Prints a right-aligned verb and its object, like cargo's `   Compiling …`.
pub(crate) fn status(verb: &str, text: &str) {
    line(format_args!("{GREEN}{verb:>12}{GREEN:#} {}", escape(text)));
}

/// The same for a run that is not FINISHED.
pub(crate) fn bad_status(verb: &str, text: &str) {
    line(format_args!("{RED}{verb:>12}{RED:#} {}", escape(text)));
}

/// Prints an error.
pub(crate) fn error(text: &str) {
    line(format_args!("{RED}error{RED:#}: {}", escape_lines(text)));
}

/// Prints a warning.
pub(crate) fn warning(text: &str) {
    line(format_args!(
        "{YELLOW}warning{YELLOW:#}: {}",
        escape_lines(text)
    ));
}

/// Prints a help line.
pub(crate) fn help(text: &str) {
    line(format_args!("  {CYAN}help{CYAN:#}: {}", escape_lines(text)));
}
