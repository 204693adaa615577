//! Finds the functions with `#[train]` and `#[plot]` in the sources, to report those that are not
//! linked.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// A function with an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// `train` or `plot`.
    pub(crate) attribute: &'static str,
    pub(crate) name: String,
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
}

impl Written {
    /// Whether it is the function at `file!()` and `line!()`; the path is relative to the working
    /// directory of the compiler.
    pub(crate) fn is_at(&self, source: &str) -> bool {
        source.rsplit_once(':').is_some_and(|(file, line)| {
            line.parse() == Ok(self.line) && self.file.ends_with(file.trim_start_matches("./"))
        })
    }
}

/// Maximum size and nesting of a source file; others are skipped.
const MAX_SOURCE: u64 = 4 * 1024 * 1024;
const MAX_NESTING: usize = 200;

/// The functions with attributes of a crate, from its root file. Modules are resolved like the
/// compiler does; files that do not parse are skipped.
pub(crate) fn scan(root: &Path, found: &mut Vec<Written>) {
    let folder = root.parent().unwrap_or(root);
    Scan {
        known: HashSet::new(),
        found,
    }
    .file(root, folder);
}

struct Scan<'a> {
    /// Files that are read already: symbolic links may form a cycle.
    known: HashSet<PathBuf>,
    found: &'a mut Vec<Written>,
}

impl Scan<'_> {
    /// Reads a file whose modules are in a folder.
    fn file(&mut self, path: &Path, modules: &Path) {
        let real = path.canonicalize();
        if real.is_ok_and(|real| self.known.insert(real))
            && let Some(text) = read(path)
            && let Ok(file) = syn::parse_file(&text)
        {
            self.items(&file.items, path, modules);
        }
    }

    fn items(&mut self, items: &[syn::Item], path: &Path, modules: &Path) {
        for item in items {
            match item {
                syn::Item::Mod(module) if !conditional(&module.attrs) => {
                    self.module(module, path, modules);
                }
                syn::Item::Fn(function) if !conditional(&function.attrs) => {
                    if let Some(attribute) = marked(&function.attrs) {
                        self.found.push(Written {
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

    fn module(&mut self, module: &syn::ItemMod, path: &Path, modules: &Path) {
        let name = module.ident.to_string();
        let name = name.trim_start_matches("r#");
        if let Some((_, items)) = &module.content {
            return self.items(items, path, &modules.join(name));
        }
        if let Some(named) = path_attribute(&module.attrs) {
            let file = path.parent().unwrap_or(path).join(named);
            let folder = file.parent().unwrap_or(&file).to_path_buf();
            return self.file(&file, &folder);
        }
        let file = modules.join(format!("{name}.rs"));
        let folder = modules.join(name);
        if file.is_file() {
            self.file(&file, &folder);
        } else {
            self.file(&folder.join("mod.rs"), &folder);
        }
    }
}

/// The text of a source file; `None` for other kinds of files, such as pipes.
fn read(path: &Path) -> Option<String> {
    let found = std::fs::metadata(path).ok()?;
    if !found.is_file() || found.len() > MAX_SOURCE {
        return None;
    }
    let text = std::fs::read_to_string(path).ok()?;
    // The parser recurses for each bracket.
    let mut depth = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return None;
        }
    }
    Some(text)
}

/// The path of `#[path = "…"]`.
fn path_attribute(attributes: &[syn::Attribute]) -> Option<String> {
    attributes
        .iter()
        .find_map(|attribute| match &attribute.meta {
            syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                syn::Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Str(path),
                    ..
                }) => Some(path.value()),
                _ => None,
            },
            _ => None,
        })
}

/// A function that is compiled conditionally may be missing.
fn conditional(attributes: &[syn::Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr"))
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
        let folder = tempfile::tempdir().expect("a folder");
        let main = folder.path().join("app/src/main.rs");
        std::fs::create_dir_all(main.parent().expect("a folder")).expect("a folder");
        std::fs::write(&main, text).expect("a file");
        let mut found = Vec::new();
        scan(&main, &mut found);
        let seen: Vec<_> = found
            .iter()
            .map(|f| (f.attribute, f.name.as_str(), f.line))
            .collect();
        assert_eq!(seen, [("train", "fit", 4), ("plot", "loss", 9)]);
        assert!(found[0].is_at("app/src/main.rs:4") && found[0].is_at("src/main.rs:4"));
        assert!(!found[0].is_at("src/main.rs:5") && !found[0].is_at("src/lib.rs:4"));
    }

    #[test]
    fn modules_are_followed_as_the_compiler_follows_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let plot = |name: &str| format!("#[plot]\nfn {name}(x: &u8) {{}}\n");
        for (path, text) in [
            (
                "main.rs",
                "mod a;\nmod b;\n#[path = \"elsewhere/c.rs\"]\nmod other;\n\
                 #[cfg(feature = \"x\")]\nmod gated;\nmod inline { mod d; }\nmod deep;\nmod pipe;\nmod back;\n"
                    .to_owned(),
            ),
            ("a.rs", format!("mod sub;\n{}", plot("a"))),
            ("a/sub.rs", plot("a_sub")),
            ("b/mod.rs", plot("b")),
            ("elsewhere/c.rs", plot("c")),
            ("inline/d.rs", plot("d")),
            ("gated.rs", plot("gated")),
            ("unnamed.rs", plot("unnamed")),
            ("deep.rs", format!("const X: u8 = {}1{};", "(".repeat(20_000), ")".repeat(20_000))),
            ("back/mod.rs", format!("mod back;\n{}", plot("back"))),
        ] {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let made = std::process::Command::new("mkfifo")
            .arg(root.join("pipe.rs"))
            .status();
        assert!(made.expect("mkfifo").success());
        // `back::back` is `back` again.
        std::os::unix::fs::symlink(root.join("back"), root.join("back/back")).expect("a link");
        let mut found = Vec::new();
        scan(&root.join("main.rs"), &mut found);
        let mut names: Vec<_> = found.iter().map(|found| found.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["a", "a_sub", "b", "back", "c", "d"]);
    }
}
