//! The line of the Pareto plot and what it is of; bounds and rows that stay while a slider is dragged.

use blockscape::plots::Bounds;
use blockscape::plots::pareto::{self, Shown};
use blockscape::session::first::first_session;
use blockscape_explorer::{Axis, Spread};
use blockscape_model::evaluation::{Metric, Metrics};
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;

use crate::driver::{
    Folder, Window, follow, gone, opened, press, respond, settle, shown_with, until,
};

/// What the plot shows at the moment.
fn plot(window: &Window) -> Shown {
    pareto::shown(&window.ctx).expect("the plot was drawn")
}

/// Draws until the front of the plot stands.
fn stands(window: &mut Window) {
    settle(window);
    until(window, "a front that stands", |window| plot(window).stands);
}

fn holds(outer: &Bounds, inner: &Bounds) -> bool {
    outer.contains(inner.min) && outer.contains(inner.max)
}

/// A window on an exploration of many designs.
fn explored(folder: &Folder, n_columns: f64, axes: [Metric; 2]) -> Window {
    let mut session = first_session();
    session.exploration.axes.truncate(3);
    session.exploration.axes.push(Axis {
        parameter: "columns".parse().unwrap(),
        values: Spread::Range {
            from: 1.0,
            to: n_columns,
            step: 1.0,
        },
    });
    [session.pareto.y, session.pareto.x] = axes;
    let file = folder.0.join("start.ron");
    std::fs::write(&file, session.to_ron()).unwrap();
    opened(folder, &file)
}

/// Labels and places of the sliders that the pointer reaches.
fn sliders(window: &Window) -> Vec<egui::Rect> {
    let rails = window
        .query_all_by_role(Role::Slider)
        .map(|slider| slider.rect());
    rails.filter(|rail| rail.bottom() < 1500.0).collect()
}

#[test]
fn no_slider_empties_plot_or_table_while_it_is_dragged() {
    let folder = Folder::new("stable");
    // 343 settings of formats by 196 widths: 67,228 designs.
    let objectives = [Metric::Perplexity, Metric::PrefillEnergy];
    let mut window = explored(&folder, 196.0, objectives);
    stands(&mut window);
    assert_eq!(window.state().results().shown.metrics.len(), 67_228);
    let sliders = sliders(&window);
    assert!(sliders.len() > 10, "{}", sliders.len());
    for rail in sliders {
        let mut before = plot(&window).bounds;
        // What the fronts that stood so far need.
        let mut allowed = before;
        let at = |share: f32| egui::pos2(rail.left() + share * rail.width(), rail.center().y);
        window.drag_at(at(0.5));
        follow(&mut window);
        for step in 0..40_u8 {
            window.hover_at(at(f32::from(step) / 39.0));
            follow(&mut window);
            let now = plot(&window);
            if now.stands {
                allowed = allowed.union(&now.bounds);
            }
            assert!(
                holds(&now.bounds, &before),
                "they only grow: {before:?} {now:?}"
            );
            assert!(holds(&allowed, &now.bounds), "{allowed:?} {:?}", now.bounds);
            before = now.bounds;
            let results = window.state().results();
            let n_rows = results.front.len().max(results.former.points.len());
            assert!(
                n_rows > 0,
                "no row at step {step} of the slider at {rail:?}"
            );
        }
        window.drop_at(at(1.0));
        follow(&mut window);
    }
}

#[test]
fn bounds_fit_the_new_front_once_a_drag_is_over() {
    let folder = Folder::new("refit");
    let mut window = explored(&folder, 4.0, [Metric::Perplexity, Metric::PrefillEnergy]);
    stands(&mut window);
    let old = plot(&window).bounds;
    // Energy follows the length of the prompt.
    let rail = window.get_by_role_and_label(Role::Slider, "Prompt").rect();
    let at = |share: f32| egui::pos2(rail.left() + share * rail.width(), rail.center().y);
    window.drag_at(at(0.5));
    respond(&mut window);
    for share in [0.9, 0.2] {
        window.hover_at(at(share));
        stands(&mut window);
    }
    let dragged = plot(&window).bounds;
    assert!(holds(&dragged, &old));
    window.drop_at(at(0.2));
    stands(&mut window);
    let fitted = plot(&window).bounds;
    assert!(
        holds(&dragged, &fitted) && fitted != dragged,
        "{dragged:?} {fitted:?}"
    );
    let file = folder.0.join("again.ron");
    std::fs::write(&file, window.state().session().to_ron()).unwrap();
    let mut again = opened(&folder, &file);
    stands(&mut again);
    assert_eq!(
        plot(&again).bounds,
        fitted,
        "as if nothing had been dragged"
    );
}

/// The unbeaten designs of the cloud by their figures on two metrics, each pair of figures once.
fn unbeaten(window: &Window, axes: [Metric; 2]) -> Vec<[u64; 2]> {
    let costs = |metrics: &Metrics| axes.map(|metric| metric.cost(metrics.get(metric)));
    let cloud = window.state().results().shown.metrics.iter().map(costs);
    let cloud: Vec<[f64; 2]> = cloud
        .filter(|pair| pair.iter().all(|cost| cost.is_finite()))
        .collect();
    let beats =
        |a: &[f64; 2], b: &[f64; 2]| a[0] <= b[0] && a[1] <= b[1] && (a[0] < b[0] || a[1] < b[1]);
    let best = cloud
        .iter()
        .filter(|pair| !cloud.iter().any(|other| beats(other, pair)));
    let mut best: Vec<[u64; 2]> = best.map(|pair| pair.map(f64::to_bits)).collect();
    best.sort_unstable();
    best.dedup();
    best
}

fn drawn(window: &Window, axes: [Metric; 2]) -> Vec<[u64; 2]> {
    let costs = |metrics: &Metrics| axes.map(|metric| metric.cost(metrics.get(metric)).to_bits());
    let front = plot(window).front;
    let mut drawn: Vec<[u64; 2]> = front.iter().map(|point| costs(&point.metrics)).collect();
    drawn.sort_unstable();
    drawn
}

#[test]
fn the_line_is_the_front_of_the_shown_axes_and_one_click_explores_for_it() {
    let folder = Folder::new("axes-front");
    // The session explores perplexity against energy of the prefill.
    let axes = [Metric::Sqnr, Metric::EnergyPerToken];
    let mut window = explored(&folder, 12.0, axes);
    stands(&mut window);
    assert_eq!(drawn(&window, axes), unbeaten(&window, axes));
    let objectives = |window: &Window| {
        let objectives = &window.state().session().exploration.objectives;
        objectives
            .iter()
            .map(|objective| objective.metric)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        objectives(&window),
        [Metric::Perplexity, Metric::PrefillEnergy]
    );
    press(&mut window, "Explore these axes");
    stands(&mut window);
    assert_eq!(objectives(&window), axes);
    gone(&mut window, "Explore these axes");
    assert_eq!(drawn(&window, axes), unbeaten(&window, axes));
}

#[test]
fn the_table_keeps_its_rows_until_the_new_front_stands() {
    let folder = Folder::new("rows");
    let mut window = explored(&folder, 196.0, [Metric::Perplexity, Metric::PrefillEnergy]);
    stands(&mut window);
    let slider = window.get_by_role_and_label(Role::Slider, "Clock");
    slider.set_value_accesskit(150.0);
    shown_with(&mut window, "of the exploration before");
    assert!(!window.state().results().former.points.is_empty());
    gone(
        &mut window,
        "No designs yet: run an exploration to list what it finds.",
    );
    until(&mut window, "rows of the new front", |window| {
        window.state().results().former.points.is_empty()
    });
    gone(
        &mut window,
        "of the exploration before: the new front does not stand yet",
    );
}
