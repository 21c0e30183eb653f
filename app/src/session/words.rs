//! A design in words: for reports, captions and recipes.

use blockscape_model::design::Design;
use blockscape_model::format::{Format, Role, Rounding, ScaleRule};
use blockscape_model::workload::{Slot, Workload};

/// How a format rounds and how its shared exponent is chosen, where that is a choice.
pub fn rules(format: Format) -> (Option<Rounding>, Option<ScaleRule>) {
    let rounding = format.field(Role::Rounding).map(Rounding::of);
    (rounding, format.scale_rule())
}

/// "Anda on LLaMA-2-7B: prefill 2048 tokens, decode at 2048 tokens, batch 1, 16 nm at 285 MHz": the words that open a report
/// and a caption.
pub fn opening_words(design: &Design, workload: &Workload) -> String {
    let clock = if design.clock.is_given() {
        format!("{} MHz", design.clock_mhz)
    } else {
        "the fastest clock".to_owned()
    };
    format!(
        "{} on {}: prefill {} tokens, decode at {} tokens, batch {}, {} at {clock}",
        design.name,
        workload.model.name,
        workload.prefill_tokens,
        workload.context_tokens,
        workload.batch,
        design.technology,
    )
}

/// The rules of a design's format table as its preset writes them: sites, format.
pub fn sites_and_formats(design: &Design) -> impl Iterator<Item = (String, Format)> + '_ {
    let rules = design.formats.rules();
    rules
        .into_iter()
        .map(|rule| (rule.pattern.to_string(), rule.format))
}

/// Distinct formats of a design with the sites that have them, single layers included.
pub fn used_formats(design: &Design) -> Vec<(String, Format)> {
    let mut found: Vec<(String, Format)> = Vec::new();
    for rule in design.formats.rules() {
        let format_at = |slot: Slot| match rule.pattern.layers {
            Some((first, _)) => design.formats.at(first, slot),
            None => design.formats.base()[slot.index()],
        };
        let mut sites = rule.pattern.group.slots();
        // What later rules replace everywhere is used nowhere.
        if sites.all(|slot| format_at(slot) != rule.format) {
            continue;
        }
        match found.iter_mut().find(|(_, format)| *format == rule.format) {
            Some((sites, _)) => {
                sites.push_str(", ");
                sites.push_str(&rule.pattern.to_string());
            }
            None => found.push((rule.pattern.to_string(), rule.format)),
        }
    }
    found
}

/// " (nearest-even, floor)": how a format rounds and picks its scale, for captions; empty where neither is a choice.
pub fn rounding_and_scale(format: Format) -> String {
    match rules(format) {
        (None, None) => String::new(),
        (Some(rounding), None) => format!(" ({rounding})"),
        (None, Some(scale)) => format!(" ({scale})"),
        (Some(rounding), Some(scale)) => format!(" ({rounding}, {scale})"),
    }
}
