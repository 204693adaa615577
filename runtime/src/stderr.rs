//! The lines that mlplots prints in a training program. They go to stderr: stdout is the program's.

use std::fmt::Display;
use std::io::Write;

use mlplots_journal::terminal::escape_lines;

/// Prints a line. If stderr is closed, the training continues.
pub(crate) fn print(line: impl Display) {
    let line = line.to_string();
    // The indentation stays; further lines of the text get their own.
    let text = line.trim_start();
    let indent = &line[..line.len() - text.len()];
    let _ = writeln!(std::io::stderr(), "{indent}{}", escape_lines(text));
}
