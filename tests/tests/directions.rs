//! Modules import in one direction. ARCHITECTURE.md lists the imports of every room; this test
//! compares them with the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Ident, UseTree};

/// A module's path below the crate's root: `["ship", "rest"]`.
type Module = Vec<String>;
/// From each module to those that it imports.
type Imports = BTreeMap<Module, BTreeSet<Module>>;

#[test]
fn rooms_import_what_architecture_md_says() {
    let document = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let mut sections = 0;
    for section in document.split("\n## Rooms of `").skip(1) {
        let (src, text) = section.split_once('`').expect("a folder");
        let text = text.split("\n## ").next().unwrap_or_default();
        let stated: BTreeMap<&str, BTreeSet<&str>> = text.lines().filter_map(row).collect();
        let imports = imports(&root().join(src));
        let rooms = within(&imports, &[]);
        let found: BTreeMap<&str, BTreeSet<&str>> = rooms
            .iter()
            .map(|(room, to)| (&**room, to.iter().map(|to| &**to).collect()))
            .collect();
        assert_eq!(stated, found, "the rooms of {src}");
        sections += 1;
    }
    assert_eq!(sections, PACKAGES.len(), "one section for each package");
}

#[test]
fn no_folder_has_a_cycle() {
    for src in PACKAGES {
        let imports = imports(&root().join(src));
        let folders: BTreeSet<&[String]> = imports
            .keys()
            .flat_map(|module| (0..module.len()).map(|end| &module[..end]))
            .collect();
        for folder in folders {
            let rooms = within(&imports, folder);
            assert_eq!(
                cycle(&rooms),
                None,
                "in {src}, folder `{}`",
                folder.join("/")
            );
        }
    }
}

#[test]
fn a_cycle_is_found() {
    let rooms = |edges: &[(&str, &str)]| {
        let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in edges {
            rooms.entry((*to).to_owned()).or_default();
            let from = rooms.entry((*from).to_owned()).or_default();
            from.insert((*to).to_owned());
        }
        rooms
    };
    assert_eq!(cycle(&rooms(&[("a", "b"), ("b", "c"), ("a", "c")])), None);
    let circle = rooms(&[("a", "b"), ("b", "c"), ("c", "b")]);
    assert_eq!(cycle(&circle), Some(vec!["a", "b", "c"]));
}

const PACKAGES: [&str; 4] = [
    "runtime/journal/src",
    "runtime/src",
    "macros/src",
    "cargo-mlplots/src",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
}

/// A row of the table, `` | `room` | `import`, `import` | … | ``.
fn row(line: &str) -> Option<(&str, BTreeSet<&str>)> {
    let mut cells = line.strip_prefix("| `")?.split('|').map(str::trim);
    let room = cells.next()?.strip_suffix('`')?;
    let imports = cells.next()?;
    Some((room, imports.split('`').skip(1).step_by(2).collect()))
}

/// The modules directly in a folder, each with those of its siblings that it imports.
fn within(imports: &Imports, folder: &[String]) -> BTreeMap<String, BTreeSet<String>> {
    let child = |module: &Module| {
        let below = module.strip_prefix(folder)?;
        below.first().cloned()
    };
    let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, to) in imports {
        let Some(room) = child(module) else { continue };
        let to = to.iter().filter_map(child).filter(|to| *to != room);
        rooms.entry(room.clone()).or_default().extend(to);
    }
    rooms
}

/// The modules of a cycle and those that lead to it, if there is one.
fn cycle(rooms: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<&str>> {
    let mut left: BTreeMap<&str, BTreeSet<&str>> = rooms
        .iter()
        .map(|(room, to)| (&**room, to.iter().map(|to| &**to).collect()))
        .collect();
    while let Some(room) = left
        .iter()
        .find(|(_, to)| {
            to.iter()
                .all(|to| !rooms.contains_key(*to) || !left.contains_key(to))
        })
        .map(|(room, _)| *room)
    {
        left.remove(room);
    }
    (!left.is_empty()).then(|| left.into_keys().collect())
}

/// All modules of a crate with their imports, without tests.
fn imports(src: &Path) -> Imports {
    let mut sources = BTreeMap::new();
    read(src, &[], &mut sources);
    let modules: BTreeSet<Module> = sources.keys().cloned().collect();
    let of = |(module, source): (&Module, &String)| {
        let mut paths = Paths::default();
        paths.visit_file(&syn::parse_file(source).expect("Rust"));
        let to = paths.0.iter();
        let to = to.filter_map(|path| resolve(path, module, &modules));
        (module.clone(), to.filter(|to| to != module).collect())
    };
    sources.iter().map(of).collect()
}

fn read(folder: &Path, module: &[String], sources: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a file").path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let below = [module, &[name.to_string()]].concat();
        if is_test(&name) {
            continue;
        }
        if path.is_dir() {
            read(&path, &below, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let module = if matches!(&*name, "mod" | "lib" | "main") {
                module.to_vec()
            } else {
                below
            };
            sources.insert(module, fs::read_to_string(&path).expect("a source"));
        }
    }
}

/// Modules that are compiled for tests only.
fn is_test(name: &str) -> bool {
    ["tests", "contract", "hardness", "random", "scripted"].contains(&name)
}

/// The paths of `use`, and all others that begin with `crate`, `self` or `super`.
#[derive(Default)]
struct Paths(Vec<Vec<String>>);

impl Paths {
    fn add_tree(&mut self, tree: &UseTree, before: &[String]) {
        let with = |word: &Ident| [before, &[word.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.add_tree(&path.tree, &with(&path.ident)),
            UseTree::Name(name) => self.0.push(with(&name.ident)),
            UseTree::Rename(name) => self.0.push(with(&name.ident)),
            UseTree::Glob(_) => self.0.push(before.to_vec()),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_tree(tree, before);
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.ident.to_string()) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.add_tree(&item.tree, &[]);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let words = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string());
        let words: Vec<String> = words.collect();
        if matches!(words[0].as_str(), "crate" | "self" | "super") {
            self.0.push(words);
        }
        visit::visit_path(self, path);
    }
}

/// The module that a path in `module` leads to, if it is one of this crate.
fn resolve(path: &[String], module: &Module, modules: &BTreeSet<Module>) -> Option<Module> {
    let mut base = module.clone();
    let mut rest = path;
    match rest.first()?.as_str() {
        "crate" => {
            base.clear();
            rest = &rest[1..];
        }
        "self" => rest = &rest[1..],
        "super" => {
            while rest.first().is_some_and(|word| word == "super") {
                base.pop();
                rest = &rest[1..];
            }
        }
        first => {
            let child = [&*base, &[first.to_owned()]].concat();
            modules.contains(&child).then_some(())?;
        }
    }
    let mut target = [base, rest.to_vec()].concat();
    while !modules.contains(&target) {
        target.pop()?;
    }
    Some(target)
}
