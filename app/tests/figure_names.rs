//! Names of published systems on paper: whole, on the page, apart from each other and from all other words.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use blockscape::cli::computed::{compute, look_at_noise, session_of};
use blockscape::figure::{COLUMN_WIDTHS, FigureFormat, FigurePlot, Page, SessionFigure};
use blockscape::files::preset_library::Opened;
use blockscape::plots::PlotViews;
use blockscape_explorer::Search;
use blockscape_explorer::preset::spaces;
use egui::{Rect, pos2, vec2};

/// Upright words of a drawing with the rectangle that their letters fill.
fn words(svg: &str) -> Vec<(String, Rect)> {
    let lines = svg
        .lines()
        .filter(|line| line.starts_with("<text") && !line.contains("rotate"));
    let word = |line: &str| {
        let number = |name: &str| -> f32 {
            let (_, rest) = line.split_once(&format!(" {name}=\"")).unwrap();
            rest.split('"').next().unwrap().parse().unwrap()
        };
        let (_, rest) = line.split_once('>').unwrap();
        let text = rest.split('<').next().unwrap().to_owned();
        let size = number("font-size");
        let top = pos2(number("x"), number("y") - 0.72 * size);
        (
            text,
            Rect::from_min_size(top, vec2(number("textLength"), 0.72 * size)),
        )
    };
    lines.map(word).collect()
}

fn names_are_apart(space: &str) {
    let space = spaces()
        .into_iter()
        .find(|preset| preset.name == space)
        .unwrap();
    let mut session = session_of(Opened::Space(Box::new(space))).unwrap();
    session.exploration.search = Search::Random { evaluations: 200 };
    look_at_noise(&mut session, 1).unwrap();
    let results = compute(&session, true, 1, |_| ()).unwrap();
    let figure = SessionFigure {
        session: &session,
        results: &results,
        views: &PlotViews::default(),
        plot: FigurePlot::Pareto,
        carries_session: true,
    };
    for width in COLUMN_WIDTHS {
        let page = Page {
            width,
            caption: figure.caption(),
            ..Page::default()
        };
        let page = figure.fitted(page).unwrap();
        let svg = figure.render(&page, FigureFormat::Svg).unwrap();
        let words = words(std::str::from_utf8(&svg).unwrap());
        let sheet = Rect::from_min_size(pos2(0.0, 0.0), page.size());
        for system in &results.literature {
            let is_shown = words.iter().any(|(text, _)| text.contains(&system.name));
            assert!(is_shown, "{} is missing at {width} in", system.name);
        }
        for (i, (text, place)) in words.iter().enumerate() {
            assert!(
                sheet.contains_rect(*place),
                "{text} leaves the page at {width} in"
            );
            for (other, there) in &words[i + 1..] {
                let apart = !place.intersects(*there);
                assert!(apart, "{text} touches {other} at {width} in");
            }
        }
    }
}

/// One test a space, so that they run beside each other; none is forgotten.
macro_rules! spaces {
    ($($test:ident: $name:literal,)*) => {
        $(#[test]
        fn $test() {
            names_are_apart($name);
        })*

        #[test]
        fn every_built_in_space_is_drawn() {
            let drawn = [$($name),*];
            assert!(spaces().iter().all(|space| drawn.contains(&space.name.as_str())));
        }
    };
}

spaces! {
    anda: "Anda",
    fbfq: "F-BFQ",
    general: "General",
    harmonia: "Harmonia",
    mase: "MASE",
}
