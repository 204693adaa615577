//! Checks that modules import in one direction, and that the tables in ARCHITECTURE.md list the
//! imports of every top-level module.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Ident, UseTree};

/// The path of a module relative to the crate root, such as `["ship", "rest"]`.
type Module = Vec<String>;
/// The imports of each module.
type Imports = BTreeMap<Module, BTreeSet<Module>>;

#[test]
fn imports_match_architecture_md() {
    let document = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let mut sections = 0;
    for section in document.split("\n## Rooms of `").skip(1) {
        let (src, text) = section.split_once('`').expect("a folder");
        let text = text.split("\n## ").next().unwrap_or_default();
        let documented: BTreeMap<&str, BTreeSet<&str>> = text.lines().filter_map(row).collect();
        let imports = imports(&root().join(src));
        let graph = siblings(&imports, &[]);
        let actual: BTreeMap<&str, BTreeSet<&str>> = graph
            .iter()
            .map(|(module, to)| (&**module, to.iter().map(|to| &**to).collect()))
            .collect();
        assert_eq!(documented, actual, "imports in {src}");
        sections += 1;
    }
    assert_eq!(sections, PACKAGES.len(), "each package has one section");
}

#[test]
fn imports_have_no_cycle() {
    for src in PACKAGES {
        let imports = imports(&root().join(src));
        let folders: BTreeSet<&[String]> = imports
            .keys()
            .flat_map(|module| (0..module.len()).map(|end| &module[..end]))
            .collect();
        for folder in folders {
            let graph = siblings(&imports, folder);
            assert_eq!(
                cycle(&graph),
                None,
                "in {src}, folder `{}`",
                folder.join("/")
            );
        }
    }
}

#[test]
fn a_cycle_is_detected() {
    let graph = |edges: &[(&str, &str)]| {
        let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in edges {
            graph.entry((*to).to_owned()).or_default();
            let from = graph.entry((*from).to_owned()).or_default();
            from.insert((*to).to_owned());
        }
        graph
    };
    assert_eq!(cycle(&graph(&[("a", "b"), ("b", "c"), ("a", "c")])), None);
    let cyclic = graph(&[("a", "b"), ("b", "c"), ("c", "b")]);
    assert_eq!(cycle(&cyclic), Some(vec!["a", "b", "c"]));
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
        .expect("the tests have a parent folder")
}

/// Parses a row of the table: `` | `module` | `import`, `import` | … | ``.
fn row(line: &str) -> Option<(&str, BTreeSet<&str>)> {
    let mut cells = line.strip_prefix("| `")?.split('|').map(str::trim);
    let module = cells.next()?.strip_suffix('`')?;
    let imports = cells.next()?;
    Some((module, imports.split('`').skip(1).step_by(2).collect()))
}

/// The modules directly in a folder, with the imports between them.
fn siblings(imports: &Imports, folder: &[String]) -> BTreeMap<String, BTreeSet<String>> {
    let child = |module: &Module| {
        let below = module.strip_prefix(folder)?;
        below.first().cloned()
    };
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, to) in imports {
        let Some(from) = child(module) else { continue };
        let to = to.iter().filter_map(child).filter(|to| *to != from);
        graph.entry(from.clone()).or_default().extend(to);
    }
    graph
}

/// The modules of a cycle and the modules that import them, if there is a cycle.
fn cycle(graph: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<&str>> {
    let mut remaining: BTreeMap<&str, BTreeSet<&str>> = graph
        .iter()
        .map(|(module, to)| (&**module, to.iter().map(|to| &**to).collect()))
        .collect();
    while let Some(module) = remaining
        .iter()
        .find(|(_, to)| {
            to.iter()
                .all(|to| !graph.contains_key(*to) || !remaining.contains_key(to))
        })
        .map(|(module, _)| *module)
    {
        remaining.remove(module);
    }
    (!remaining.is_empty()).then(|| remaining.into_keys().collect())
}

/// The imports of all modules of a crate, without test modules.
fn imports(src: &Path) -> Imports {
    let mut sources = BTreeMap::new();
    read(src, &[], &mut sources);
    let modules: BTreeSet<Module> = sources.keys().cloned().collect();
    let resolve_all = |(module, source): (&Module, &String)| {
        let mut paths = Paths::default();
        paths.visit_file(&syn::parse_file(source).expect("valid Rust"));
        let to = paths.0.iter();
        let to = to.filter_map(|path| resolve(path, module, &modules));
        (module.clone(), to.filter(|to| to != module).collect())
    };
    sources.iter().map(resolve_all).collect()
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

/// Whether a module is compiled for tests only.
fn is_test(name: &str) -> bool {
    ["tests", "contract", "hardness", "random"].contains(&name)
}

/// All paths in `use` items, and all other paths that start with `crate`, `self` or `super`.
#[derive(Default)]
struct Paths(Vec<Vec<String>>);

impl Paths {
    fn add_tree(&mut self, tree: &UseTree, prefix: &[String]) {
        let with = |segment: &Ident| [prefix, &[segment.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.add_tree(&path.tree, &with(&path.ident)),
            UseTree::Name(name) => self.0.push(with(&name.ident)),
            UseTree::Rename(name) => self.0.push(with(&name.ident)),
            UseTree::Glob(_) => self.0.push(prefix.to_vec()),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_tree(tree, prefix);
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
        let segments = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string());
        let segments: Vec<String> = segments.collect();
        if matches!(segments[0].as_str(), "crate" | "self" | "super") {
            self.0.push(segments);
        }
        visit::visit_path(self, path);
    }
}

/// The module of this crate that a path in `module` refers to, if any.
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
            while rest.first().is_some_and(|segment| segment == "super") {
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
