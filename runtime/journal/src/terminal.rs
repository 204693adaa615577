//! Escapes text of foreign origin, so that it can be printed on a terminal.

use std::borrow::Cow;

/// Returns `true` if a terminal interprets the character instead of displaying it: a control
/// character, or a mark that changes the direction of text.
///
/// ```
/// use mlplots_journal::terminal::is_terminal_control;
///
/// assert!(is_terminal_control('\u{1b}'));
/// assert!(is_terminal_control('\u{202e}'));
/// assert!(!is_terminal_control('é'));
/// ```
pub fn is_terminal_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Replaces each [terminal control](is_terminal_control) by its Rust escape, so that the text
/// cannot move the cursor or begin a new line.
///
/// ```
/// use mlplots_journal::terminal::escape;
///
/// assert_eq!(escape("loss"), "loss");
/// assert_eq!(escape("a\u{1b}[2J\nb"), r"a\u{1b}[2J\nb");
/// ```
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_terminal_control) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().fold(String::new(), |mut escaped, c| {
        if is_terminal_control(c) {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
        escaped
    });
    Cow::Owned(escaped)
}

/// [Escapes](escape) a text of several lines, such as the output of another program. All lines but
/// the first are indented by four spaces, so that they do not look like messages of mlplots. A
/// newline at the end is removed.
///
/// ```
/// use mlplots_journal::terminal::escape_lines;
///
/// assert_eq!(escape_lines("failed\nerror: \u{7}\n"), "failed\n    error: \\u{7}");
/// ```
pub fn escape_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(escape).collect();
    lines.join("\n    ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_cannot_command_the_terminal() {
        assert_eq!(escape("mild-finch-375, 損失"), "mild-finch-375, 損失");
        assert_eq!(
            escape("a\u{1b}[2J\r\nerror: b\u{9b}1m\u{7f}\u{202e}c"),
            r"a\u{1b}[2J\r\nerror: b\u{9b}1m\u{7f}\u{202e}c"
        );
        assert_eq!(escape_lines("a\nerror: b\u{7}"), "a\n    error: b\\u{7}");
    }
}
