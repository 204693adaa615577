//! Lines in cargo's own grammar, on stderr.

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

/// Prints a result on stdout. A reader that has gone away, such as `head`, is no error.
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

/// Prints a result for programs, which a person may read in a terminal all the same.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string(value)
        .map_err(|why| failure(format!("the result cannot be written as JSON: {why}")))?;
    // In JSON such characters stand in strings only, where an escape means the same.
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

/// A line on stderr. Where nobody is left to read it, what it tells goes on all the same.
pub(super) fn line(text: impl Display) {
    // At once: a program that prints too does not come between its parts.
    let _ = anstream::stderr().write_all(format!("{text}\n").as_bytes());
}

/// A right-justified verb and what it is about, like cargo's `   Compiling …`.
pub(crate) fn status(verb: &str, text: &str) {
    line(format_args!("{GREEN}{verb:>12}{GREEN:#} {}", escape(text)));
}

/// The same for an end that is not well.
pub(crate) fn bad_status(verb: &str, text: &str) {
    line(format_args!("{RED}{verb:>12}{RED:#} {}", escape(text)));
}

/// What cannot be done.
pub(crate) fn error(text: &str) {
    line(format_args!("{RED}error{RED:#}: {}", escape_lines(text)));
}

/// What a person should know.
pub(crate) fn warning(text: &str) {
    line(format_args!(
        "{YELLOW}warning{YELLOW:#}: {}",
        escape_lines(text)
    ));
}

/// What to do next.
pub(crate) fn help(text: &str) {
    line(format_args!("  {CYAN}help{CYAN:#}: {}", escape_lines(text)));
}
