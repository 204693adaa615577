//! Escapes text of other origin before it is printed on a terminal.

use std::borrow::Cow;

/// Whether a terminal interprets this character instead of showing it: control characters and
/// bidirectional marks.
pub fn is_terminal_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with escapes instead of such characters, so that it cannot move the cursor or start a
/// line.
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

/// Several lines, such as the output of another program. All but the first are indented, so that they
/// do not look like lines of mlplots.
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
