//! Parses INI files like Python's `configparser`.

/// The values of a section. `=` or `:` follows a name; names are case-insensitive (here in lower
/// case); lines that start with `#` or `;` are comments; indented lines continue the line above.
pub(crate) fn section<'a>(
    text: &'a str,
    name: &'a str,
) -> impl Iterator<Item = (String, &'a str)> + 'a {
    let mut current = "";
    text.lines().filter_map(move |line| {
        let trimmed = line.trim();
        if trimmed.starts_with(['#', ';']) {
            return None;
        }
        if let Some(header) = trimmed.strip_prefix('[') {
            current = header.split(']').next().unwrap_or_default().trim();
            return None;
        }
        let (key, value) = trimmed.split_once(['=', ':'])?;
        let ours = current == name && !line.starts_with([' ', '\t']) && !value.trim().is_empty();
        ours.then(|| (key.trim().to_lowercase(), value.trim()))
    })
}
