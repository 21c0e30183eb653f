//! Imports between the files of a crate, read from its source text.
//!
//! Test modules at the end of a file do not count: a test may use what is above it. Re-exports are followed, so that an
//! arrow ends at the file that declares the name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Path of a module as its segments; the root of the crate has none.
pub type Module = Vec<String>;

/// Files of one crate and the arrows between them.
#[derive(Debug)]
pub struct Imports {
    files: BTreeMap<Module, PathBuf>,
    /// Names that a module re-exports, with the path behind each.
    exports: BTreeMap<Module, BTreeMap<String, Module>>,
    /// File to imported files.
    pub arrows: BTreeMap<Module, BTreeSet<Module>>,
}

/// One `use`, as the path from the root of the crate.
struct Use {
    path: Module,
    is_export: bool,
}

impl Imports {
    /// Reads the crate whose sources lie in this folder.
    ///
    /// # Panics
    /// A file that cannot be read.
    pub fn read(source: &Path) -> Self {
        let mut texts = BTreeMap::new();
        collect(source, &mut Vec::new(), &mut texts);
        let mut imports = Self {
            files: texts
                .iter()
                .map(|(module, (path, _))| (module.clone(), path.clone()))
                .collect(),
            exports: BTreeMap::new(),
            arrows: BTreeMap::new(),
        };
        let mut uses = Vec::new();
        for (module, (_, text)) in &texts {
            for found in imports.uses(module, text) {
                if found.is_export {
                    let name = found.path.last().cloned().unwrap_or_default();
                    let exports = imports.exports.entry(module.clone()).or_default();
                    exports.insert(name, found.path);
                } else {
                    uses.push((module.clone(), found.path));
                }
            }
        }
        for (from, path) in uses {
            let to = imports.declaring(&path, 0);
            if to != from && !to.is_empty() {
                imports.arrows.entry(from).or_default().insert(to);
            }
        }
        imports
    }

    /// File of a module, for messages.
    pub fn file(&self, module: &Module) -> String {
        self.files
            .get(module)
            .map_or_else(|| module.join("::"), |path| path.display().to_string())
    }

    /// Number of files.
    pub fn n_files(&self) -> usize {
        self.files.len()
    }

    /// Groups of files that import each other around a circle, each in order of path.
    pub fn circles(&self) -> Vec<Vec<Module>> {
        let reach: BTreeMap<&Module, BTreeSet<Module>> = self
            .arrows
            .keys()
            .map(|from| (from, self.reached(from)))
            .collect();
        let mut circles: BTreeSet<Vec<Module>> = BTreeSet::new();
        for (from, there) in &reach {
            let back = |to: &&Module| reach.get(to).is_some_and(|again| again.contains(*from));
            let mut group: Vec<Module> = there.iter().filter(back).cloned().collect();
            if group.len() > 1 {
                group.sort();
                circles.insert(group);
            }
        }
        circles.into_iter().collect()
    }

    fn reached(&self, from: &Module) -> BTreeSet<Module> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<&Module> = self.arrows.get(from).into_iter().flatten().collect();
        while let Some(module) = open.pop() {
            if reached.insert(module.clone()) {
                open.extend(self.arrows.get(module).into_iter().flatten());
            }
        }
        reached
    }

    /// The module that declares a name: the longest known prefix, through re-exports.
    fn declaring(&self, path: &[String], depth: usize) -> Module {
        for length in (0..=path.len()).rev() {
            let (prefix, rest) = path.split_at(length);
            if !self.files.contains_key(prefix) {
                continue;
            }
            let behind = rest
                .first()
                .and_then(|name| self.exports.get(prefix)?.get(name));
            return match behind {
                Some(behind) if depth < 8 => {
                    let mut full = behind.clone();
                    full.extend(rest[1..].iter().cloned());
                    self.declaring(&full, depth + 1)
                }
                _ => prefix.to_vec(),
            };
        }
        Vec::new()
    }

    /// All `use` items and all paths in the code that begin at the crate or above the module.
    fn uses(&self, module: &Module, text: &str) -> Vec<Use> {
        let mut found = Vec::new();
        let mut code = String::new();
        for (place, item) in text.split(';').enumerate() {
            let start = item.rfind("\nuse ").map(|at| (at + 5, false));
            let export = item.rfind("\npub use ").map(|at| (at + 9, true));
            let restricted = item.rfind(") use ").map(|at| (at + 6, true));
            let lead = item.trim_start();
            let first = (place == 0 && lead.starts_with("use ")).then_some((4, false));
            let Some((at, is_export)) = start.or(export).or(restricted).or(first) else {
                code.push_str(item);
                code.push(';');
                continue;
            };
            code.push_str(&item[..at]);
            for path in flattened(&item[at..]) {
                if let Some(path) = self.rooted(module, &path) {
                    found.push(Use { path, is_export });
                }
            }
        }
        for start in ["crate::", "super::"] {
            for (at, _) in code.match_indices(start) {
                let path: String = code[at..]
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_' || *c == ':')
                    .collect();
                let path = segments(&path);
                if let Some(path) = self.rooted(module, &path) {
                    found.push(Use {
                        path,
                        is_export: false,
                    });
                }
            }
        }
        found
    }

    /// A path as written in a module, from the root of its crate; `None` for other crates.
    fn rooted(&self, module: &Module, path: &[String]) -> Option<Module> {
        let mut base = module.clone();
        let first = path.first()?.as_str();
        match first {
            "crate" => Some(path[1..].to_vec()),
            "self" => Some([module, &path[1..]].concat()),
            "super" => {
                let n_up = path.iter().take_while(|part| *part == "super").count();
                base.truncate(module.len().checked_sub(n_up)?);
                Some([&base, &path[n_up..]].concat())
            }
            name => {
                base.push(name.to_owned());
                self.files
                    .contains_key(&base)
                    .then(|| [module, path].concat())
            }
        }
    }
}

fn segments(path: &str) -> Vec<String> {
    path.split("::")
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The paths of a `use` tree, braces opened.
fn flattened(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some((head, body)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![segments(path)];
    };
    let head = segments(head);
    let body = body.trim_end().trim_end_matches('}');
    let mut depth = 0_usize;
    let branches = body.split(|c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    branches
        .filter(|branch| !branch.trim().is_empty())
        .flat_map(flattened)
        .map(|rest| [&head[..], &rest[..]].concat())
        .collect()
}

fn collect(folder: &Path, at: &mut Module, texts: &mut BTreeMap<Module, (PathBuf, String)>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("a folder of the repository")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            at.push(name.into_owned());
            collect(&path, at, texts);
            at.pop();
        } else if path.extension().is_some_and(|ending| ending == "rs") && name != "main" {
            let mut module = at.clone();
            if name != "mod" && name != "lib" {
                module.push(name.into_owned());
            }
            let text = std::fs::read_to_string(&path).expect("UTF-8 source");
            texts.insert(module, (path, without_tests(&text)));
        }
    }
}

/// The text without comments and without the test module that ends it.
fn without_tests(text: &str) -> String {
    let end = text
        .match_indices("#[cfg(test)]")
        .find(|(at, mark)| {
            let after = text[at + mark.len()..].trim_start();
            after.starts_with("mod ") || after.starts_with("pub(crate) mod ")
        })
        .map_or(text.len(), |(at, _)| at);
    let lines = text[..end].lines().map(|line| {
        let is_comment = line.trim_start().starts_with("//");
        if is_comment {
            ""
        } else {
            line.split(" // ").next().unwrap_or("")
        }
    });
    lines.fold(String::from("\n"), |text, line| text + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_of_imports_is_opened() {
        let found = flattened("crate::a::{self, b::{C, D}, e}");
        let found: Vec<String> = found.iter().map(|path| path.join("::")).collect();
        assert_eq!(
            found,
            [
                "crate::a::self",
                "crate::a::b::C",
                "crate::a::b::D",
                "crate::a::e"
            ]
        );
    }
}
