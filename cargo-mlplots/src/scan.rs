//! What a package's sources mark with `#[train]` and `#[plot]`, read without compiling: to name
//! what is not linked.

use std::path::{Path, PathBuf};

/// A marked function in a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// `train` or `plot`.
    pub(crate) attribute: &'static str,
    pub(crate) name: String,
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
}

impl Written {
    /// Whether it is the function at `file:line`, as `file!()` and `line!()` give them: a path
    /// relative to where the compiler was started.
    pub(crate) fn is_at(&self, source: &str) -> bool {
        source.rsplit_once(':').is_some_and(|(file, line)| {
            line.parse() == Ok(self.line) && self.file.ends_with(file.trim_start_matches("./"))
        })
    }
}

/// Marked functions of a file, or of all files below a folder. What does not parse is left to the
/// compiler to complain about.
pub(crate) fn scan(path: &Path, found: &mut Vec<Written>) {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths.iter().for_each(|path| scan(path, found));
    } else if path.extension().is_some_and(|extension| extension == "rs")
        && let Ok(text) = std::fs::read_to_string(path)
        && let Ok(file) = syn::parse_file(&text)
    {
        functions(&file.items, path, found);
    }
}

fn functions(items: &[syn::Item], path: &Path, found: &mut Vec<Written>) {
    for item in items {
        match item {
            syn::Item::Mod(module) if !conditional(&module.attrs) => {
                if let Some((_, items)) = &module.content {
                    functions(items, path, found);
                }
            }
            syn::Item::Fn(function) if !conditional(&function.attrs) => {
                if let Some(attribute) = marked(&function.attrs) {
                    found.push(Written {
                        attribute,
                        name: function.sig.ident.to_string(),
                        file: path.to_path_buf(),
                        line: function.sig.ident.span().start().line,
                    });
                }
            }
            _ => {}
        }
    }
}

/// What is compiled only under a condition may rightly be missing.
fn conditional(attributes: &[syn::Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("cfg"))
}

fn marked(attributes: &[syn::Attribute]) -> Option<&'static str> {
    attributes.iter().find_map(|attribute| {
        let segments: Vec<_> = attribute
            .path()
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        let ours = match segments.as_slice() {
            [name] => name,
            [krate, name] if krate == "mlplots" => name,
            _ => return None,
        };
        ["train", "plot"].into_iter().find(|known| known == ours)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_functions_are_found_where_they_stand() {
        let text = "\
use mlplots::prelude::*;

#[train(name = \"x\")]
fn fit(run: &Run) {}

mod plots {
    /// Doc.
    #[mlplots::plot]
    pub fn loss(x: &u8) -> Figure { todo() }
    #[other::plot]
    fn not_ours() {}
}

#[cfg(test)]
mod tests {
    #[plot]
    fn not_compiled() {}
}
";
        let file = syn::parse_file(text).expect("the sample parses");
        let mut found = Vec::new();
        functions(&file.items, Path::new("/w/app/src/main.rs"), &mut found);
        let seen: Vec<_> = found
            .iter()
            .map(|f| (f.attribute, f.name.as_str(), f.line))
            .collect();
        assert_eq!(seen, [("train", "fit", 4), ("plot", "loss", 9)]);
        assert!(found[0].is_at("app/src/main.rs:4") && found[0].is_at("src/main.rs:4"));
        assert!(!found[0].is_at("src/main.rs:5") && !found[0].is_at("src/lib.rs:4"));
    }
}
