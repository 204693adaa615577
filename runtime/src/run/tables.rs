//! The list of a run's tables, which MLflow's page reads from one tag.

use mlplots_journal::names::MAX_TAG_VALUE;
use serde::{Deserialize, Serialize};

/// The value of the tag `mlflow.loggedArtifacts`.
#[derive(Debug, Default)]
pub(super) struct Tables {
    listed: Vec<Table>,
    is_full: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Table {
    path: String,
    r#type: String,
}

/// The result of adding a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Listed {
    /// The tag has a new value.
    Tag(String),
    /// The tag lists it already.
    Known,
    /// The tag has no room for it.
    Full { is_first: bool },
}

impl Tables {
    /// The tables that a tag lists.
    pub(super) fn of(tag: Option<&str>) -> Self {
        Self {
            listed: tag
                .and_then(|tag| serde_json::from_str(tag).ok())
                .unwrap_or_default(),
            is_full: false,
        }
    }

    /// Adds a table, if the tag has room for it.
    pub(super) fn add(&mut self, path: &str) -> Listed {
        let table = Table {
            path: path.to_owned(),
            r#type: "table".to_owned(),
        };
        if self.listed.contains(&table) {
            return Listed::Known;
        }
        self.listed.push(table);
        match serde_json::to_string(&self.listed) {
            Ok(tag) if tag.chars().count() <= MAX_TAG_VALUE => Listed::Tag(tag),
            _ => {
                self.listed.pop();
                Listed::Full {
                    is_first: !std::mem::replace(&mut self.is_full, true),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_a_resumed_run_stay_and_what_fits_is_listed() {
        let mut tables = Tables::of(Some(r#"[{"path":"old.json","type":"table"}]"#));
        let tag = r#"[{"path":"old.json","type":"table"},{"path":"new.json","type":"table"}]"#;
        assert_eq!(tables.add("new.json"), Listed::Tag(tag.to_owned()));
        assert_eq!(tables.add("old.json"), Listed::Known);
        let mut last = String::new();
        let mut full = 0;
        for number in 0..1000 {
            match tables.add(&format!("{number:030}.json")) {
                Listed::Tag(tag) => last = tag,
                Listed::Full { is_first } => full += usize::from(is_first),
                Listed::Known => panic!("each is new"),
            }
        }
        assert!(last.len() <= MAX_TAG_VALUE && last.contains("old.json"));
        assert_eq!(full, 1);
        // A shorter name may still fit.
        assert!(Tables::of(Some("no list")).listed.is_empty());
    }
}
