//! The plots under the pointer: a click loads, Shift-click pins, a drag with the tool on selects, a double click fits.

use blockscape::plots::pareto::{ParetoAction, ParetoData, ParetoView, Target, pareto_ui};
use blockscape::plots::{Bounds, PlotTheme, Scale};
use blockscape_model::evaluation::{Metric, Metrics};
use egui::{Event, Modifiers, PointerButton, Pos2, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

#[derive(Default)]
struct State {
    view: ParetoView,
    actions: Vec<ParetoAction>,
    candidates: Vec<Metrics>,
}

fn metrics(energy: f64, perplexity: f64) -> Metrics {
    let mut metrics = Metrics::new([f64::NAN; Metric::COUNT]);
    metrics.set(Metric::EnergyPerToken, energy);
    metrics.set(Metric::Perplexity, perplexity);
    metrics
}

/// One design in the middle of a plot that shows 0 to 1 on both axes.
fn harness() -> Harness<'static, State> {
    harness_of(0.25)
}

/// With this many seconds from frame to frame.
fn harness_of(step: f32) -> Harness<'static, State> {
    let view = ParetoView {
        x_scale: Scale::Linear,
        bounds: Some(Bounds {
            min: [0.0; 2],
            max: [1.0; 2],
        }),
        ..ParetoView::default()
    };
    let state = State {
        view,
        candidates: vec![metrics(0.9, 0.9), metrics(0.5, 0.5)],
        ..State::default()
    };
    let ui = |ui: &mut egui::Ui, state: &mut State| {
        let data = ParetoData {
            generation: 1,
            candidates: &state.candidates,
            describe: &|index| vec![("Columns".to_owned(), index.to_string())],
            ..ParetoData::default()
        };
        state
            .actions
            .extend(pareto_ui(ui, &data, &mut state.view, &PlotTheme::light()));
    };
    Harness::builder()
        .with_size(vec2(640.0, 480.0))
        .with_step_dt(step)
        .build_ui_state(ui, state)
}

fn click(harness: &mut Harness<'_, State>, at: Pos2, modifiers: Modifiers) {
    harness.event(Event::PointerMoved(at));
    harness.step();
    for pressed in [true, false] {
        harness.event_modifiers(
            Event::PointerButton {
                pos: at,
                button: PointerButton::Primary,
                pressed,
                modifiers,
            },
            modifiers,
        );
        harness.step();
    }
}

/// Clicks around the middle until something answers.
fn find(harness: &mut Harness<'_, State>, modifiers: Modifiers) -> Option<Pos2> {
    for row in 0..10_u8 {
        for column in 0..8_u8 {
            let at = pos2(
                300.0 + 12.0 * f32::from(column),
                190.0 + 12.0 * f32::from(row),
            );
            click(harness, at, modifiers);
            if !harness.state().actions.is_empty() {
                return Some(at);
            }
        }
    }
    None
}

#[test]
fn a_click_selects_the_design_under_the_pointer_a_second_loads_it_and_shift_click_pins_it() {
    let mut harness = harness();
    harness.step();
    let at = find(&mut harness, Modifiers::NONE).expect("the design lies in the middle");
    assert_eq!(
        harness.state().actions,
        [ParetoAction::Pick(Target::Candidate(1))]
    );
    harness.state_mut().actions.clear();
    click(&mut harness, at, Modifiers::SHIFT);
    assert_eq!(
        harness.state().actions,
        [ParetoAction::Pin(Target::Candidate(1))]
    );
    // Frames so short that two clicks are a double click.
    let mut fast = harness_of(0.01);
    fast.step();
    let bounds = fast.state().view.bounds;
    click(&mut fast, at, Modifiers::NONE);
    click(&mut fast, at, Modifiers::NONE);
    assert_eq!(
        fast.state().actions,
        [
            ParetoAction::Pick(Target::Candidate(1)),
            ParetoAction::Load(Target::Candidate(1))
        ]
    );
    assert_eq!(fast.state().view.bounds, bounds, "the plot is not fitted");
}

#[test]
fn a_drag_with_the_tool_on_selects_the_designs_inside() {
    let mut harness = harness();
    harness.get_by_label("Select box").click();
    harness.step();
    harness.drag_at(pos2(200.0, 150.0));
    harness.step();
    for to in [pos2(250.0, 200.0), pos2(460.0, 360.0)] {
        harness.event(Event::PointerMoved(to));
        harness.step();
    }
    harness.drop_at(pos2(460.0, 360.0));
    harness.step();
    let selection = harness.state().view.selection.expect("a box was drawn");
    let inside: Vec<bool> = harness
        .state()
        .candidates
        .iter()
        .map(|each| selection.contains(each))
        .collect();
    assert_eq!(inside, [false, true], "{selection:?}");
    assert!(harness.state().actions.contains(&ParetoAction::Select));
    let bounds = harness.state().view.bounds.unwrap();
    assert!(
        bounds.min[0].abs() < 1e-9,
        "the plot did not pan: {bounds:?}"
    );
    harness.get_by_label("Clear selection").click();
    harness.step();
    assert_eq!(harness.state().view.selection, None);
}

#[test]
fn axes_are_chosen_by_name_and_a_plot_without_numbers_says_so() {
    let mut harness = harness();
    harness.step();
    harness.get_by_label("Vertical axis").click();
    harness.run_steps(4);
    harness.get_by_label("SQNR (dB)").click();
    harness.run_steps(4);
    assert_eq!(harness.state().view.y, Metric::Sqnr);
    assert_eq!(
        harness.state().view.bounds,
        None,
        "bounds of another axis are forgotten"
    );
}
