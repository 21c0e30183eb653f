//! Why a design cannot be built, in the words of its sites and formats, and changes that make it so.

use blockscape_explorer::{Evaluate as _, Judge};
use blockscape_model::design::{Design, UnitKind};
use blockscape_model::format::Format;
use blockscape_model::parameter::{Domain, Parameter};
use blockscape_model::violation::Violation;
use blockscape_model::workload::{Slot, SlotGroup, Workload};

/// Why a design is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// As the cost model says it.
    pub violations: Vec<Violation>,
    /// In words, one a violation.
    pub causes: Vec<String>,
    /// Changes after which it can be built.
    pub remedies: Vec<Remedy>,
    /// Which kinds of element it could be built with, in their order.
    pub fitting: Vec<bool>,
}

/// A change that makes a design one that can be built.
#[derive(Debug, Clone, PartialEq)]
pub struct Remedy {
    /// In words, as on a button.
    pub title: String,
    /// The design after it.
    pub design: Design,
}

/// Groups of sites whose formats are put back to the preset's.
const GROUPS: [(&str, &str); 3] = [
    ("weights", "linear.weight"),
    ("activations", "activations"),
    ("keys and values", "kv"),
];

/// Most changes on offer; more buttons would hide the others.
const MOST_REMEDIES: usize = 6;

impl Refusal {
    /// Of a design with what is wrong with it; `preset` is the design it started from.
    pub fn new(
        judge: &Judge,
        (design, workload): (&Design, &Workload),
        preset: Option<&Design>,
        violations: Vec<Violation>,
    ) -> Self {
        let fitting = fitting(judge, design, workload);
        let mut session = judge.session();
        let mut remedies = Vec::new();
        for (kind, fits) in UnitKind::ALL.into_iter().zip(&fitting) {
            if *fits {
                let title = format!("Use {}", unit_name(kind));
                let mut design = design.clone();
                design.unit = kind;
                remedies.push(Remedy { title, design });
            }
        }
        for (name, pattern) in GROUPS {
            let trial = preset.and_then(|preset| with_formats_of(design, preset, pattern));
            let trial = trial.filter(|trial| trial.formats != design.formats);
            if let Some(design) = trial.filter(|trial| session.metrics(trial, workload).is_ok()) {
                let title = format!("Take the preset's {name}");
                remedies.insert(0, Remedy { title, design });
            }
        }
        remedies.truncate(MOST_REMEDIES);
        let causes = violations.iter().map(|violation| cause(design, violation));
        Self {
            causes: causes.collect(),
            violations,
            remedies,
            fitting,
        }
    }
}

/// Which kinds of element a design can be built with, in their order.
pub fn fitting(judge: &Judge, design: &Design, workload: &Workload) -> Vec<bool> {
    let mut session = judge.session();
    let mut trial = design.clone();
    let mut fits = |kind| {
        trial.unit = kind;
        session.metrics(&trial, workload).is_ok()
    };
    UnitKind::ALL.into_iter().map(&mut fits).collect()
}

/// A design with another one's formats at some sites, layer by layer rules left out.
fn with_formats_of(design: &Design, preset: &Design, pattern: &str) -> Option<Design> {
    let group: SlotGroup = pattern.parse().ok()?;
    let mut trial = design.clone();
    for slot in group.slots() {
        let format = preset.formats.at(0, slot);
        trial.formats.set(SlotGroup::single(slot), format);
    }
    Some(trial)
}

fn unit_name(kind: UnitKind) -> &'static str {
    let place = UnitKind::ALL.iter().position(|known| *known == kind);
    match Parameter::Unit.domain() {
        Domain::Choice(names) => place.and_then(|place| names.get(place)).copied(),
        _ => None,
    }
    .unwrap_or("this element")
}

/// A violation in words; one of the element names the formats that it was given.
fn cause(design: &Design, violation: &Violation) -> String {
    if violation.field != "unit" {
        return violation.to_string();
    }
    let formats = |group: &str| {
        let group: Option<SlotGroup> = group.parse().ok();
        let slots = group.into_iter().flat_map(SlotGroup::slots);
        let formats = slots.map(|slot: Slot| design.formats.at(0, slot));
        distinct(formats)
    };
    let (weights, activations) = (formats("linear.weight"), formats("activations"));
    format!(
        "{} multiplies {}; activations are {activations}, weights are {weights}",
        unit_name(design.unit),
        takes(design.unit)
    )
}

fn distinct(formats: impl Iterator<Item = Format>) -> String {
    let mut texts: Vec<String> = Vec::new();
    for format in formats {
        let text = format.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.join(" and ")
}

/// What a kind of element multiplies by what: activations first, weights second.
const fn takes(kind: UnitKind) -> &'static str {
    match kind {
        UnitKind::FpFp => "floating-point numbers",
        UnitKind::FpInt => "floating-point numbers by integers",
        UnitKind::IntInt => "integers by integers",
        UnitKind::IFpu | UnitKind::Figna => "floating-point numbers or block mantissas by integers",
        UnitKind::AndaBitSerial => "block mantissas, bit by bit, by integers",
        UnitKind::BfpInt => "block mantissas by integers",
        UnitKind::BfpBfp => "block mantissas or integers by block mantissas or integers",
        UnitKind::Reconfigurable => {
            "block mantissas of up to 8 bits by mantissas or integers of up to 8"
        }
        UnitKind::MxDot => "microscaling blocks by microscaling blocks",
        UnitKind::SuperBlock => "Q8_K blocks by Q2_K or Q3_K super-blocks",
        UnitKind::DataflowMxInt => "MXInt blocks by MXInt blocks",
    }
}
