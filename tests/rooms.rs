//! The rooms of `app` and `explorer`: which there are, and that their arrows run down.
//!
//! A room is a file or folder directly under `src`. Each may import only the rooms listed before it.

use std::collections::BTreeSet;

use blockscape_tests::imports::{Imports, Module};
use blockscape_tests::repository;

/// Rooms of `explorer/src` from the ground up.
const EXPLORER: [&str; 11] = [
    "random",
    "ticket",
    "pareto",
    "worker",
    "space",
    "judge",
    "search",
    "engine",
    "sweep",
    "preset",
    "measurement",
];

/// Rooms of `app/src` from the ground up.
const APP: [&str; 10] = [
    "plots",
    "session",
    "files",
    "checkpoint",
    "results",
    "figure",
    "export",
    "work",
    "window",
    "cli",
];

fn crate_imports(package: &str) -> Imports {
    Imports::read(&repository().join(package).join("src"))
}

fn entries(package: &str) -> BTreeSet<String> {
    std::fs::read_dir(repository().join(package).join("src"))
        .expect("sources")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.file_stem()
                .is_some_and(|stem| stem != "main" && stem != "lib")
        })
        .map(|path| {
            path.file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}

/// Arrows between rooms that run up, with the two files of each.
fn arrows_up(imports: &Imports, rooms: &[&str]) -> Vec<String> {
    let floor = |module: &Module| {
        let room = module.first().map_or("", String::as_str);
        rooms.iter().position(|known| *known == room)
    };
    let mut found = Vec::new();
    for (from, targets) in &imports.arrows {
        for to in targets {
            let (Some(above), Some(below)) = (floor(from), floor(to)) else {
                continue;
            };
            if below > above {
                found.push(format!(
                    "{} imports {}",
                    imports.file(from),
                    imports.file(to)
                ));
            }
        }
    }
    found
}

#[track_caller]
fn check_rooms(package: &str, rooms: &[&str]) {
    let listed: BTreeSet<String> = rooms.iter().map(ToString::to_string).collect();
    assert_eq!(entries(package), listed, "rooms of {package}/src");
    let imports = crate_imports(package);
    assert!(imports.n_files() > rooms.len(), "the sources were read");
    let up = arrows_up(&imports, rooms);
    assert!(up.is_empty(), "arrows run down:\n{}", up.join("\n"));
}

#[track_caller]
fn check_circles(package: &str) {
    let imports = crate_imports(package);
    let named = |circle: &Vec<Module>| {
        let files: Vec<String> = circle.iter().map(|module| imports.file(module)).collect();
        files.join("\n  ")
    };
    let circles: Vec<String> = imports.circles().iter().map(named).collect();
    assert!(
        circles.is_empty(),
        "files of {package} import each other around a circle:\n  {}",
        circles.join("\n\n  ")
    );
}

#[test]
fn rooms_of_the_explorer_import_only_rooms_below() {
    check_rooms("explorer", &EXPLORER);
}

#[test]
fn rooms_of_the_app_import_only_rooms_below() {
    check_rooms("app", &APP);
}

#[test]
fn figure_and_export_do_not_know_each_other() {
    let imports = crate_imports("app");
    let room = |module: &Module| module.first().cloned().unwrap_or_default();
    for (from, targets) in &imports.arrows {
        for to in targets {
            let pair = (room(from), room(to));
            assert!(
                pair != ("export".to_owned(), "figure".to_owned())
                    && pair != ("figure".to_owned(), "export".to_owned()),
                "{} imports {}",
                imports.file(from),
                imports.file(to)
            );
        }
    }
}

#[test]
fn no_files_of_app_or_explorer_import_each_other_around_a_circle() {
    check_circles("explorer");
    check_circles("app");
}
