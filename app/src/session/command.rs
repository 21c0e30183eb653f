//! The only verbs that change a session, and the only place that carries them out.

use blockscape_explorer::preset::SpacePreset;
use blockscape_model::design::{Design, SitePattern};
use blockscape_model::format::Format;
use blockscape_model::parameter::{FormatField, Parameter};
use blockscape_model::workload::{ModelShape, Slot, SlotGroup, Workload};

use crate::plots::pareto::ParetoView;
use crate::session::axis_choice::usual_axis;
use crate::session::kept_calibration::KeptCalibration;
use crate::session::kept_front::KeptFront;
use crate::session::measured_design::{MeasuredDesign, add_measured};
use crate::session::{ExplorationSettings, Session};

/// One change of the session.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// The whole session, as opened or recovered or undone.
    ReplaceSession(Box<Session>),
    /// The design after an edit.
    ReplaceDesign(Box<Design>),
    /// A preset: the design and what Reset goes back to.
    LoadDesign(Box<Design>),
    /// The workload after an edit.
    ReplaceWorkload(Box<Workload>),
    /// Another model at the same batch and lengths.
    ChangeModel(Box<ModelShape>),
    /// One format at some sites, locked ones left alone.
    Paint {
        cells: Vec<(u32, Slot)>,
        format: Format,
    },
    /// Formats of some sites back to the preset's.
    ResetCells(Vec<(u32, Slot)>),
    /// Lock a parameter, or unlock it.
    ToggleLock(Parameter),
    /// Explore a parameter over its usual values, or stop doing so.
    ToggleAxis(Parameter),
    /// Axes, objectives, strategy after an edit.
    SetExploration(Box<ExplorationSettings>),
    /// A space: its base design, its workload and what it explores.
    LoadSpace(Box<SpacePreset>),
    /// How the Pareto plot is looked at.
    SetParetoView(Box<ParetoView>),
    /// Keep a design for comparison; the first one becomes the reference.
    Pin(Box<Design>),
    Unpin(usize),
    /// Keep a front for comparison.
    KeepFront(Box<KeptFront>),
    /// Call a kept front something else.
    RenameFront(usize, String),
    DropFront(usize),
    /// Which pinned design deltas refer to.
    SetReference(Option<usize>),
    /// The opened model.
    SetCheckpoint(Option<std::path::PathBuf>),
    /// Keep accuracies that were measured.
    KeepMeasured(Vec<MeasuredDesign>),
    /// Keep what the estimator was calibrated by.
    KeepCalibration(Box<KeptCalibration>),
}

/// Pinned designs kept at most; more cannot be told apart in a plot.
const MOST_PINNED: usize = 12;

/// Fronts kept at most; more cannot be told apart in a plot.
const MOST_FRONTS: usize = 6;

/// Carries a command out; says whether designs have to be evaluated again. The name follows the design.
pub fn apply(session: &mut Session, command: Command) -> bool {
    let is_edit = matches!(
        command,
        Command::ReplaceDesign(_) | Command::Paint { .. } | Command::ResetCells(_)
    );
    let before = is_edit.then(|| session.design.clone());
    let again = carry_out(session, command);
    if let Some(before) = before {
        follow_name(session, &before);
    }
    again
}

/// End of the name of a design that is no longer what it was named for.
const EDITED: &str = ", edited";

/// A design that changed under its name is called edited; one that is its preset again has the preset's name.
fn follow_name(session: &mut Session, before: &Design) {
    let design = &mut session.design;
    if design.name != before.name || *design == *before {
        return;
    }
    if let Some(preset) = &session.preset {
        let name = preset.name.clone();
        let of_preset = Design {
            name,
            ..design.clone()
        };
        if of_preset == *preset {
            design.name = of_preset.name;
            return;
        }
    }
    if !design.name.ends_with(EDITED) {
        design.name.push_str(EDITED);
    }
}

fn carry_out(session: &mut Session, command: Command) -> bool {
    match command {
        Command::ReplaceSession(other) => *session = *other,
        Command::ReplaceDesign(design) => session.design = *design,
        Command::LoadDesign(design) => {
            session.preset = Some((*design).clone());
            session.design = *design;
        }
        Command::ReplaceWorkload(workload) => replace_workload(session, *workload),
        Command::ChangeModel(model) => {
            let workload = session.workload.on_model(*model);
            replace_workload(session, workload);
        }
        Command::Paint { cells, format } => paint(session, &cells, |_, _| Some(format)),
        Command::ResetCells(cells) => {
            let preset = session.preset.clone();
            paint(session, &cells, |layer, slot| {
                preset.as_ref().map(|preset| preset.formats.at(layer, slot))
            });
        }
        Command::ToggleLock(parameter) => {
            toggle(&mut session.locked, parameter);
            return false;
        }
        Command::ToggleAxis(parameter) => toggle_axis(session, parameter),
        Command::SetExploration(exploration) => session.exploration = *exploration,
        Command::LoadSpace(space) => return load_space(session, *space),
        Command::SetParetoView(view) => {
            session.pareto = *view;
            return false;
        }
        Command::Pin(design) => pin(session, *design),
        Command::Unpin(index) => unpin(session, index),
        Command::KeepFront(front) => {
            if session.fronts.len() >= MOST_FRONTS {
                session.fronts.remove(0);
            }
            session.fronts.push(*front);
            return false;
        }
        Command::RenameFront(index, name) => {
            if let Some(front) = session.fronts.get_mut(index) {
                front.name = name;
            }
            return false;
        }
        Command::DropFront(index) => {
            if index < session.fronts.len() {
                session.fronts.remove(index);
            }
            return false;
        }
        Command::SetReference(reference) => {
            session.reference = reference.filter(|index| *index < session.pinned.len());
            return false;
        }
        Command::SetCheckpoint(path) => {
            session.checkpoint = path;
            return false;
        }
        Command::KeepMeasured(measured) => {
            add_measured(&mut session.measured, measured);
            return false;
        }
        Command::KeepCalibration(calibration) => {
            session.calibration = Some(*calibration);
            return false;
        }
    }
    true
}

fn replace_workload(session: &mut Session, workload: Workload) {
    // Weights of one model say nothing of another.
    if workload.model != session.workload.model {
        session.checkpoint = None;
    }
    session.workload = workload;
}

/// What another model shortened of the prompt and the context; `None` where both stayed.
pub fn shortened(asked: &Workload, workload: &Workload) -> Option<String> {
    let lengths = [
        ("prompt", asked.prefill_tokens, workload.prefill_tokens),
        ("context", asked.context_tokens, workload.context_tokens),
    ];
    let cut = lengths.iter().filter(|(_, before, after)| before != after);
    let cut: Vec<String> = cut
        .map(|(name, before, after)| format!("{name} {before} becomes {after}"))
        .collect();
    let model = &workload.model;
    let (name, longest) = (&model.name, model.max_context);
    (!cut.is_empty()).then(|| format!("{name} takes at most {longest} tokens: {}", cut.join(", ")))
}

/// Whether a slot is locked as a whole format by itself or by a group.
pub fn is_slot_locked(session: &Session, slot: Slot) -> bool {
    session.locked.iter().any(|parameter| match parameter {
        Parameter::Format(FormatField::Whole, pattern) => pattern.group.contains(slot),
        _ => false,
    })
}

/// The parameter that stands for the whole format of a group in all layers.
pub fn whole_format(group: SlotGroup) -> Parameter {
    Parameter::Format(
        FormatField::Whole,
        SitePattern {
            layers: None,
            group,
        },
    )
}

fn paint(
    session: &mut Session,
    cells: &[(u32, Slot)],
    format_of: impl Fn(u32, Slot) -> Option<Format>,
) {
    let locked: Vec<Slot> = Slot::ALL
        .into_iter()
        .filter(|slot| is_slot_locked(session, *slot))
        .collect();
    let n_layers = session.workload.model.n_layers;
    let table = &mut session.design.formats;
    for slot in Slot::ALL.into_iter().filter(|slot| !locked.contains(slot)) {
        let layers: Vec<u32> = cells
            .iter()
            .filter(|cell| cell.1 == slot)
            .map(|cell| cell.0)
            .collect();
        let formats: Vec<Option<Format>> =
            layers.iter().map(|layer| format_of(*layer, slot)).collect();
        let everywhere = (0..n_layers).all(|layer| layers.contains(&layer));
        match formats.first() {
            // A column painted as a whole stays one rule, also for the head and for longer models.
            Some(Some(format))
                if everywhere && formats.iter().all(|each| *each == Some(*format)) =>
            {
                table.set(SlotGroup::single(slot), *format);
            }
            _ => {
                for (layer, format) in layers.into_iter().zip(formats) {
                    if let Some(format) = format {
                        table.set_layers(layer..=layer, SlotGroup::single(slot), format);
                    }
                }
            }
        }
    }
}

fn toggle(locked: &mut Vec<Parameter>, parameter: Parameter) {
    match locked.iter().position(|each| *each == parameter) {
        Some(index) => {
            locked.remove(index);
        }
        None => locked.push(parameter),
    }
}

fn toggle_axis(session: &mut Session, parameter: Parameter) {
    let axes = &mut session.exploration.axes;
    match axes.iter().position(|axis| axis.parameter == parameter) {
        Some(index) => {
            axes.remove(index);
        }
        None => axes.push(usual_axis(parameter, &session.design, &session.workload)),
    }
}

/// Takes a space whole or, where a name in it is unknown, not at all.
fn load_space(session: &mut Session, space: SpacePreset) -> bool {
    let (Ok(design), Ok(workload)) = (space.base.design(), space.workload.workload()) else {
        return false;
    };
    session.preset = Some(design.clone());
    session.design = design;
    session.workload = workload;
    session.exploration.axes = space.axes;
    session.exploration.constraints = space.constraints;
    session.exploration.objectives = space.objectives;
    session.exploration.search = space.search;
    look_at_objectives(session);
    true
}

/// Turns the plot to what is explored, where it shows something else; the part of it that was looked at is of another space.
fn look_at_objectives(session: &mut Session) {
    let view = &mut session.pareto;
    (view.bounds, view.selection) = (None, None);
    let objectives = session.exploration.objectives.as_slice();
    let is_explored = |metric| {
        objectives
            .iter()
            .any(|objective| objective.metric == metric)
    };
    if let [first, second, ..] = objectives
        && !(is_explored(view.x) && is_explored(view.y))
    {
        (view.y, view.x) = (first.metric, second.metric);
    }
}

fn pin(session: &mut Session, mut design: Design) {
    if session.pinned.len() >= MOST_PINNED {
        unpin(session, 0);
    }
    let taken = |name: &str| session.pinned.iter().any(|pinned| pinned.name == name);
    if taken(&design.name) {
        let base = design.name.clone();
        let free = (2..=MOST_PINNED + 2)
            .map(|number| format!("{base} ({number})"))
            .find(|name| !taken(name));
        design.name = free.unwrap_or(base);
    }
    session.pinned.push(design);
    if session.reference.is_none() {
        session.reference = Some(session.pinned.len() - 1);
    }
}

fn unpin(session: &mut Session, index: usize) {
    if index >= session.pinned.len() {
        return;
    }
    session.pinned.remove(index);
    session.reference = match session.reference {
        Some(reference) if reference == index => None,
        Some(reference) if reference > index => Some(reference - 1),
        other => other,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        crate::session::tests::session()
    }

    #[test]
    fn painting_a_whole_column_is_one_rule() {
        let mut session = session();
        let slot: Slot = "q.activation".parse().unwrap();
        let format: Format = "bfp:m=3,e=5,b=32".parse().unwrap();
        let cells = (0..session.workload.model.n_layers)
            .map(|layer| (layer, slot))
            .collect();
        assert!(apply(&mut session, Command::Paint { cells, format }));
        assert_eq!(
            session.design.formats.uniform_in(SlotGroup::single(slot)),
            Some(format)
        );
        assert!(!session.design.formats.has_layer_rows());
    }

    #[test]
    fn a_locked_column_is_not_painted() {
        let mut session = session();
        let slot: Slot = "key".parse().unwrap_or(Slot::ALL[7]);
        apply(
            &mut session,
            Command::ToggleLock(whole_format(SlotGroup::single(slot))),
        );
        let before = session.design.clone();
        let format: Format = "bfp:m=2,e=5,b=32".parse().unwrap();
        apply(
            &mut session,
            Command::Paint {
                cells: vec![(0, slot)],
                format,
            },
        );
        assert_eq!(session.design, before);
    }

    #[test]
    fn another_model_keeps_batch_and_lengths_up_to_its_longest_context() {
        let mut session = session();
        session.workload.batch = 8;
        session.workload.prefill_tokens = 3000;
        session.workload.context_tokens = 4096;
        let mut model = session.workload.model.clone();
        "Short".clone_into(&mut model.name);
        model.max_context = 3500;
        let asked = session.workload.clone();
        apply(&mut session, Command::ChangeModel(Box::new(model.clone())));
        let workload = &session.workload;
        let lengths = (workload.prefill_tokens, workload.context_tokens);
        assert_eq!((workload.batch, lengths), (8, (3000, 3500)));
        assert_eq!(
            shortened(&asked, workload).as_deref(),
            Some("Short takes at most 3500 tokens: context 4096 becomes 3500")
        );
        model.max_context = 1 << 17;
        let asked = session.workload.clone();
        apply(&mut session, Command::ChangeModel(Box::new(model)));
        assert_eq!(shortened(&asked, &session.workload), None);
    }

    #[test]
    fn a_name_follows_its_design() {
        let mut session = session();
        let preset = session.design.clone();
        let edit = |session: &mut Session, rows: u32| {
            let mut design = session.design.clone();
            design.array.rows = rows;
            apply(session, Command::ReplaceDesign(Box::new(design)));
        };
        edit(&mut session, preset.array.rows + 1);
        assert_eq!(session.design.name, "Anda, edited");
        edit(&mut session, preset.array.rows + 2);
        assert_eq!(session.design.name, "Anda, edited");
        edit(&mut session, preset.array.rows);
        assert_eq!(session.design, preset, "back at its preset");
        let mut own = preset.clone();
        "Mine".clone_into(&mut own.name);
        apply(&mut session, Command::ReplaceDesign(Box::new(own.clone())));
        assert_eq!(session.design, own, "a new name is no edit");
        edit(&mut session, preset.array.rows + 1);
        assert_eq!(session.design.name, "Mine, edited");
    }

    #[test]
    fn the_reference_follows_its_design() {
        let mut session = session();
        for _ in 0..3 {
            let design = session.design.clone();
            apply(&mut session, Command::Pin(Box::new(design)));
        }
        apply(&mut session, Command::SetReference(Some(2)));
        let referred = session.reference_design().cloned();
        apply(&mut session, Command::Unpin(0));
        assert_eq!(session.reference_design().cloned(), referred);
        apply(&mut session, Command::Unpin(1));
        assert_eq!(session.reference, None);
    }
}
