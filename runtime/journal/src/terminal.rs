//! Text that others wrote, made harmless for a terminal.

use std::borrow::Cow;

/// Whether a terminal obeys this character instead of showing it: control characters, and the marks
/// that turn the direction of writing.
pub fn is_terminal_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with such characters as escapes, so that it can neither move the cursor nor begin a
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

/// Several lines, such as the words of another program: each but the first is indented, and looks
/// like none of ours.
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
