//! `blockscape figure` from start to file, and back: a figure opened again is the session it was made from.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod empty_folder;

use std::process::{Command, Output};

use blockscape::export::{FrontFile, front_file};
use blockscape::files::preset_library::{self, Opened};
use blockscape::results::Results;
use blockscape::results::points::points_csv;
use blockscape::session::Session;
use blockscape::session::first::first_session;
use blockscape_explorer::{Candidate, DesignSpace, Evaluate as _, Judge, Progress};
use blockscape_model::evaluation::Metric;
use blockscape_model::preset;

use empty_folder::folder;

fn blockscape(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_blockscape"))
        .args(arguments)
        .env_remove("DISPLAY")
        .output()
        .unwrap()
}

/// A session with a small space.
fn session() -> Session {
    let mut session = first_session();
    session.exploration.axes.truncate(2);
    session
}

#[test]
fn a_session_becomes_a_figure_with_numbers_beside_it_and_opens_again_as_itself() {
    let folder = folder("figure_round_trip");
    let session = session();
    let preset = folder.join("session.ron");
    std::fs::write(&preset, session.to_ron()).unwrap();
    let figure = folder.join("front.pdf");
    let output = blockscape(&[
        "figure",
        preset.to_str().unwrap(),
        "-o",
        figure.to_str().unwrap(),
        "--beside",
        "csv,tex",
        "--threads",
        "1",
    ]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(
        preset_library::open(&figure).unwrap(),
        Opened::Session(Box::new(session))
    );
    let csv = std::fs::read_to_string(folder.join("front.csv")).unwrap();
    assert_eq!(
        csv.lines().count(),
        1 + 49,
        "a header and seven by seven designs"
    );
    let tex = std::fs::read_to_string(folder.join("front.tex")).unwrap();
    assert!(tex.contains("\\begin{tikzpicture}"));
    let again = folder.join("again.pdf");
    let output = blockscape(&[
        "figure",
        figure.to_str().unwrap(),
        "-o",
        again.to_str().unwrap(),
        "--threads",
        "2",
    ]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        std::fs::read(&figure).unwrap() == std::fs::read(&again).unwrap(),
        "threads do not show"
    );
}

#[test]
fn no_format_of_a_figure_holds_a_folder_and_the_session_can_be_left_out() {
    let folder = folder("figure_anonymous");
    let mut session = session();
    session.checkpoint = Some("/home/a-user-name/secret/model.gguf".into());
    let preset = folder.join("session.ron");
    std::fs::write(&preset, session.to_ron()).unwrap();
    let preset = preset.to_str().unwrap();
    for ending in ["svg", "pdf", "png", "tex"] {
        let figure = folder.join(format!("front.{ending}"));
        let figure = figure.to_str().unwrap();
        let arguments = ["figure", preset, "-o", figure, "--plot", "formats"];
        let output = blockscape(&arguments);
        assert!(output.status.success());
        let bytes = std::fs::read(figure).unwrap();
        for word in ["a-user-name", "secret", env!("CARGO_MANIFEST_DIR")] {
            let found = bytes
                .windows(word.len())
                .any(|part| part == word.as_bytes());
            assert!(!found, "{ending}: {word}");
        }
        let Opened::Session(opened) = preset_library::open(figure.as_ref()).unwrap() else {
            panic!("{ending}: no session");
        };
        assert_eq!(opened.checkpoint, Some("model.gguf".into()));
        assert_eq!(opened.design, session.design);
        // Without the session it is still known as the program's own.
        for _ in 0..2 {
            let output = blockscape(&[&arguments[..], &["--no-session"]].concat());
            assert!(output.status.success(), "{ending}");
            let told = preset_library::open(figure.as_ref())
                .unwrap_err()
                .to_string();
            assert!(
                told.contains("left out") || told.contains("no preset"),
                "{told}"
            );
        }
    }
}

#[test]
fn every_plot_of_a_built_in_design_can_be_drawn() {
    let folder = folder("figure_plots");
    for plot in [
        "breakdown",
        "roofline",
        "layers",
        "formats",
        "sensitivity",
        "tensor",
    ] {
        let figure = folder.join(format!("{plot}.svg"));
        let output = blockscape(&[
            "figure",
            "Anda",
            "-o",
            figure.to_str().unwrap(),
            "--plot",
            plot,
            "--beside",
            "csv",
            "--beside",
            "tex",
            "--json",
        ]);
        assert!(
            output.status.success(),
            "{plot}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told["files"].as_array().unwrap().len(), 3);
        assert!(
            std::fs::read_to_string(&figure).unwrap().contains("<text"),
            "{plot}"
        );
    }
}

#[test]
fn bad_requests_end_with_one_line_and_code_two() {
    let folder = folder("figure_refused");
    let out = folder.join("a.svg");
    let out = out.to_str().unwrap();
    let gif = folder.join("a.gif");
    let cases: [(&[&str], &str); 5] = [
        (&["figure", "Anda", "-o", out, "--width", "3"], "3.3in"),
        (
            &["figure", "Anda", "-o", out, "--width", "99in"],
            "allowed is 1 to 40",
        ),
        (
            &[
                "figure",
                "Anda",
                "-o",
                gif.to_str().unwrap(),
                "--plot",
                "formats",
            ],
            "svg, pdf, png, tex",
        ),
        (&["figure", "No such design", "-o", out], "No such design"),
        (&["figure", "Anda", "-o", out, "--plot", "pie"], "pareto"),
    ];
    for (arguments, part) in cases {
        let output = blockscape(arguments);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
        assert_eq!(message.lines().count(), 1, "{message}");
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn an_exported_front_loads_back_to_the_same_numbers() {
    let session = session();
    let judge = Judge::for_model(&session.workload.model);
    let (design, workload) = (
        session.design.clone().into(),
        session.workload.clone().into(),
    );
    let space = DesignSpace::new(
        design,
        workload,
        session.exploration.axes.clone(),
        Vec::new(),
    )
    .unwrap();
    let mut judging = judge.session();
    let batch: Vec<Candidate> = (0..space.size())
        .filter_map(|index| {
            let (design, workload) = space.design(index).ok()?;
            let metrics = judging.metrics(&design, &workload).ok()?;
            Some(Candidate { index, metrics })
        })
        .collect();
    let progress = Progress {
        n_tried: 49,
        n_impossible: 0,
        total: 49,
        elapsed: std::time::Duration::from_secs(1),
    };
    let mut results = Results::default();
    results.begin(std::sync::Arc::new(space));
    results.add(&batch, vec![0, 5, 20], progress);
    results.finish(&[0, 5, 20], progress);
    let text = preset::to_ron(&front_file(&session, &results)).unwrap();
    let file: FrontFile = preset::from_ron(&text).unwrap();
    assert_eq!(file.front.len(), 3);
    for design in &file.front {
        let evaluation = judge.evaluation(&design.design, &file.workload).unwrap();
        assert!(
            evaluation.metrics().same_bits(&design.values()),
            "{}",
            design.design.name
        );
    }
    let csv = points_csv(&results.shown, Some(&[5]));
    let energy = results.shown.metrics[5].get(Metric::EnergyPerToken);
    assert!(
        csv.lines().nth(1).unwrap().contains(&energy.to_string()),
        "{csv}"
    );
}
