//! Lines in cargo's own grammar, on stderr.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{ErrorKind, Write};

use anstyle::{AnsiColor, Style};

use crate::failure::{Failure, failure};

const GREEN: Style = AnsiColor::Green.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const CYAN: Style = AnsiColor::Cyan.on_default();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const BOLD: Style = Style::new().bold();

/// Text that came from a server, a journal or a file, made harmless for a terminal: control
/// characters are written as escapes, so that it can neither move the cursor nor begin a line, and
/// so are the marks that turn the direction of writing.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let is_bad = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(is_bad) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().fold(String::new(), |mut escaped, c| {
        if is_bad(c) {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
        escaped
    });
    Cow::Owned(escaped)
}

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

/// A line on stderr. Where nobody is left to read it, what it tells goes on all the same.
pub(super) fn line(text: impl Display) {
    // At once: a program that prints too does not come between its parts.
    let _ = anstream::stderr().write_all(format!("{text}\n").as_bytes());
}

/// A right-justified verb and what it is about, like cargo's `   Compiling …`.
pub(crate) fn status(verb: &str, text: &str) {
    line(format_args!("{GREEN}{verb:>12}{GREEN:#} {}", plain(text)));
}

/// The same for an end that is not well.
pub(crate) fn bad_status(verb: &str, text: &str) {
    line(format_args!("{RED}{verb:>12}{RED:#} {}", plain(text)));
}

/// What cannot be done.
pub(crate) fn error(text: &str) {
    line(format_args!("{RED}error{RED:#}: {}", indented(text)));
}

/// What a person should know.
pub(crate) fn warning(text: &str) {
    line(format_args!(
        "{YELLOW}warning{YELLOW:#}: {}",
        indented(text)
    ));
}

/// What to do next.
pub(crate) fn help(text: &str) {
    line(format_args!("  {CYAN}help{CYAN:#}: {}", indented(text)));
}

/// Several lines, such as cargo's own words: each but the first is indented, and looks like none of
/// ours.
fn indented(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(plain).collect();
    lines.join("\n    ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_cannot_command_the_terminal() {
        assert_eq!(plain("mild-finch-375, 損失"), "mild-finch-375, 損失");
        assert_eq!(
            plain("a\u{1b}[2J\r\nerror: b\u{9b}1m\u{7f}\u{202e}c"),
            r"a\u{1b}[2J\r\nerror: b\u{9b}1m\u{7f}\u{202e}c"
        );
        assert_eq!(indented("a\nerror: b\u{7}"), "a\n    error: b\\u{7}");
    }
}
