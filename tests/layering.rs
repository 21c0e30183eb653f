//! The dependency direction app -> explorer -> model, read from the manifests.

use blockscape_tests::repository;

/// Names under `[dependencies]` of one package.
fn dependencies(package: &str) -> Vec<String> {
    let manifest = repository().join(package).join("Cargo.toml");
    let text = std::fs::read_to_string(manifest).expect("manifest");
    text.split("\n[")
        .find_map(|section| section.strip_prefix("dependencies]\n"))
        .expect("a [dependencies] section")
        .lines()
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn check_absent(package: &str, forbidden: &[&str]) {
    let present = dependencies(package);
    assert!(!present.is_empty(), "{package} has dependencies");
    for name in forbidden {
        assert!(
            !present.iter().any(|dependency| dependency == name),
            "{package} must not depend on {name}"
        );
    }
}

#[test]
fn model_knows_no_window_no_threads_and_no_file_mapping() {
    check_absent(
        "model",
        &[
            "egui",
            "eframe",
            "egui_plot",
            "rayon",
            "memmap2",
            "rfd",
            "clap",
            "blockscape-explorer",
            "blockscape",
        ],
    );
}

#[test]
fn explorer_knows_no_window() {
    check_absent(
        "explorer",
        &[
            "egui",
            "eframe",
            "egui_plot",
            "egui_tiles",
            "rfd",
            "clap",
            "blockscape",
        ],
    );
}

#[test]
fn app_does_not_schedule_threads_through_rayon() {
    check_absent("app", &["rayon"]);
}
