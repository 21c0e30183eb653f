//! Designs that cannot be built and limits that none keeps: what the window says and offers.

use blockscape_model::design::UnitKind;
use blockscape_model::workload::SlotGroup;
use egui_kittest::kittest::Queryable as _;

use crate::driver::{Folder, Window, opened, press, settle, shown_with, small_session, until};

/// A window on Anda with weights that its element does not take.
fn refused(folder: &Folder) -> Window {
    let mut session = small_session();
    let weights: SlotGroup = "linear.weight".parse().unwrap();
    let format = "bfp:m=3,e=6,b=24".parse().unwrap();
    for slot in weights.slots() {
        let slot = SlotGroup::single(slot);
        session.design.formats.set(slot, format);
    }
    let file = folder.0.join("refused.ron");
    std::fs::write(&file, session.to_ron()).unwrap();
    let mut window = opened(folder, &file);
    until(&mut window, "why the design is refused", |window| {
        window.state().results().refusal.is_some()
    });
    window
}

#[test]
fn a_design_that_cannot_be_built_names_formats_and_offers_other_elements() {
    let folder = Folder::new("unbuildable");
    let mut window = refused(&folder);
    shown_with(
        &mut window,
        "Anda bit-serial multiplies block mantissas, bit by bit, by integers",
    );
    shown_with(&mut window, "weights are bfp:m=3,e=6,b=24");
    press(&mut window, "Use BFP x BFP");
    settle(&mut window);
    assert_eq!(window.state().session().design.unit, UnitKind::BfpBfp);
    assert!(window.state().results().is_built());
    assert!(window.query_by_label_contains("cannot be built;").is_none());
}

#[test]
fn the_formats_of_the_preset_are_offered_to_a_design_that_cannot_be_built() {
    let folder = Folder::new("preset-formats");
    let mut window = refused(&folder);
    press(&mut window, "Take the preset's weights");
    settle(&mut window);
    assert!(window.state().results().is_built());
    assert_eq!(window.state().session().design, small_session().design);
}

#[test]
fn an_empty_result_names_the_nearest_design_and_loads_it() {
    let folder = Folder::new("nearest");
    let mut session = small_session();
    session.exploration.objectives[0].limit = Some(1.0);
    let file = folder.0.join("limited.ron");
    std::fs::write(&file, session.to_ron()).unwrap();
    let mut window = opened(&folder, &file);
    shown_with(&mut window, "No design meets Perplexity ≤ 1");
    press(&mut window, "Load the nearest");
    settle(&mut window);
    let slot = "q.activation".parse().unwrap();
    let format = window.state().session().design.formats.at(0, slot);
    assert_eq!(format.to_string(), "anda:m=7", "the widest of the three");
}
