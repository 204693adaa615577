//! Extracts the reason from the body of an error response, as one line for the user.

/// Maximum length of a reason in characters.
const MAX_CHARS: usize = 300;

/// The body of an error response.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reason {
    /// An error code such as `RESOURCE_DOES_NOT_EXIST`. Empty if the body is neither MLflow's JSON
    /// nor an object store's XML.
    pub(super) code: String,
    /// The shortened message. May be empty.
    pub(super) text: String,
    /// Whether a database rejects a metric point because it already exists.
    pub(super) duplicate_point: bool,
}

impl Reason {
    /// Parses a body: MLflow's JSON, an object store's XML, an HTML page, or plain text.
    pub(super) fn read(body: &str) -> Self {
        if let Ok(serde_json::Value::Object(json)) = serde_json::from_str(body) {
            let field = |name: &str| {
                json.get(name)
                    .and_then(|value| value.as_str())
                    .unwrap_or_default()
            };
            let message = ["message", "detail"]
                .map(field)
                .into_iter()
                .find(|text| !text.is_empty())
                .unwrap_or_default();
            return Self {
                code: field("error_code").to_owned(),
                text: shorten(without_sql(message)),
                // SQLite's message, and the constraint name of other databases.
                duplicate_point: [
                    "UNIQUE constraint failed: metrics.",
                    "metric_pk",
                    "metrics.PRIMARY",
                ]
                .iter()
                .any(|text| message.contains(text)),
            };
        }
        if let Some(reason) = Self::xml(body) {
            return reason;
        }
        let is_page = ["<!doctype", "<html", "<head"].iter().any(|start| {
            body.trim_start()
                .get(..start.len())
                .is_some_and(|text| text.eq_ignore_ascii_case(start))
        });
        let text = if is_page {
            shorten(&page_text(body))
        } else {
            shorten(body)
        };
        Self {
            text,
            ..Self::default()
        }
    }
}

impl Reason {
    /// Parses the XML of an object store. Reads only the code and the message, since other elements
    /// may be secret: some stores echo the signature.
    pub(super) fn xml(body: &str) -> Option<Self> {
        let within = |open: &str, close: &str| {
            let (_, rest) = body.split_once(open)?;
            Some(shorten(&without_entities(rest.split_once(close)?.0)))
        };
        Some(Self {
            code: within("<Code>", "</Code>")?,
            text: within("<Message>", "</Message>").unwrap_or_default(),
            duplicate_point: false,
        })
    }

    /// `: CODE: text`, to append to an error message.
    pub(super) fn suffix(&self) -> String {
        match (&*self.code, &*self.text) {
            ("", "") => String::new(),
            (code, "") => format!(": {code}"),
            ("", text) => format!(": {text}"),
            (code, text) => format!(": {code}: {text}"),
        }
    }
}

/// Removes the SQL statement and its values, with which an error of the server's database ends.
fn without_sql(message: &str) -> &str {
    const MARKS: [&str; 7] = [
        "(raised as a result of",
        "[SQL",
        "(sqlite3.",
        "(psycopg",
        "(pymysql",
        "(MySQLdb",
        "(Background on this error",
    ];
    let Some(end) = MARKS.iter().filter_map(|mark| message.find(mark)).min() else {
        return message;
    };
    let before = message[..end]
        .trim()
        .trim_end_matches(':')
        .trim_end_matches("Error");
    match before.trim_end_matches([' ', '.', ':']) {
        "" => "the server's database rejects the request",
        before => before,
    }
}

/// The title of an HTML page, or its text if it has no title.
fn page_text(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let title = lower
        .find("<title>")
        .map(|open| open + "<title>".len())
        .and_then(|from| {
            let length = lower[from..].find("</title")?;
            Some(page[from..from + length].trim()).filter(|title| !title.is_empty())
        });
    without_entities(&title.map_or_else(|| without_tags(page), str::to_owned))
}

fn without_entities(text: &str) -> String {
    const ENTITIES: [(&str, &str); 6] = [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    ENTITIES
        .iter()
        .fold(text.to_owned(), |text, (entity, character)| {
            text.replace(entity, character)
        })
}

fn without_tags(page: &str) -> String {
    let mut parts = page.split('<');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for (tag, after) in parts.filter_map(|part| part.split_once('>')) {
        let name = tag.to_ascii_lowercase();
        // The content of these elements is not displayed.
        if !(name.starts_with("script") || name.starts_with("style")) {
            text.push(' ');
            text.push_str(after);
        }
    }
    text
}

/// Shortens a text to one line without control characters.
fn shorten(text: &str) -> String {
    let gap = |c: char| c.is_whitespace() || c.is_control();
    let line = text
        .split(gap)
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    match line.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_reduced_to_one_line() {
        let read = |body: &str| Reason::read(body).text;
        assert_eq!(read("Permission denied"), "Permission denied");
        assert_eq!(read(""), "");
        let page =
            "<!doctype html>\n<html lang=en>\n<TITLE>404 &lt;Not&gt; Found</title>\n<h1>x</h1>";
        assert_eq!(read(page), "404 <Not> Found");
        let page =
            "<html><style>p{}</style><body><script>x()</script><h1>Bad</h1><p>Try later.</p>";
        assert_eq!(read(page), "Bad Try later.");
        assert_eq!(read("{\"detail\":\"Invalid path\"}"), "Invalid path");
        assert_eq!(read(&"ü ".repeat(5000)).chars().count(), MAX_CHARS + 1);
        assert_eq!(read("a\u{1b}[2Jb"), "a [2Jb");
    }

    #[test]
    fn signatures_are_not_shown() {
        let body = "<?xml version=\"1.0\"?>\n<Error><Code>SignatureDoesNotMatch</Code><Message>It &lt;differs&gt;.</Message><SignatureProvided>hush</SignatureProvided></Error>";
        let reason = Reason::read(body);
        assert_eq!(
            (&*reason.code, &*reason.text),
            ("SignatureDoesNotMatch", "It <differs>.")
        );
    }

    #[test]
    fn sql_is_not_shown() {
        let body = r#"{"error_code":"BAD_REQUEST","message":"(sqlite3.IntegrityError) UNIQUE constraint failed\n[SQL: INSERT INTO x VALUES ('secret')]"}"#;
        let reason = Reason::read(body);
        assert_eq!(reason.code, "BAD_REQUEST");
        assert_eq!(reason.text, "the server's database rejects the request");
        let body = r#"{"error_code":"RESOURCE_ALREADY_EXISTS","message":"Experiment(name=a) already exists. Error: (sqlite3.IntegrityError) x [SQL: y]"}"#;
        assert_eq!(Reason::read(body).text, "Experiment(name=a) already exists");
    }
}
