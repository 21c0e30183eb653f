//! The processing element of the design in its parts, and one hardware unit by itself: `blockscape unit` in the window.
//!
//! The cost of a unit takes microseconds, so it is asked for where its fields change.

use blockscape_model::hardware::cost::ElementPart;
use blockscape_model::hardware::gates::SynthesisFlow;
use blockscape_model::hardware::{Technology, UnitReport, technology};
use egui::{Align, ComboBox, Grid, Layout, RichText, ScrollArea, Ui};

use super::Scene;
use crate::plots::written::number_text;
use crate::window::theme::{colors, theme};
use crate::window::widgets::name_ui;

/// A kind of unit with parameters to start from, for each kind of the synthesis table.
const EXAMPLES: [(&str, &str); 43] = [
    (
        "bfp_bfp_pe",
        "m=4 n=4 lanes=16 block=4 guard=8 input_registers=1",
    ),
    ("bfp_bfp_seq_pe", "m=4 n=4 lanes=16 block=32"),
    ("mx_pe", "format=e2m1 scale=e4m3 lanes=16 block=16"),
    ("mx_seq_pe", "format=e4m3 scale=e8m0 lanes=4 block=32"),
    (
        "float_acc_pe",
        "format=e4m3 lanes=4 acc_mantissa=24 product_register=1",
    ),
    (
        "int_pe",
        "dataflow=weight_stationary a=8 b=8 acc=32 weight_registers=2",
    ),
    (
        "bfp_int_pe",
        "m=6 n=4 lanes=32 acc=19 weight_registers=2 activation_registers=1 partial_sum=port",
    ),
    (
        "bfp_int_pipe",
        "m=8 n=4 lanes=16 cut_products=1 cut_accumulator=1",
    ),
    (
        "bit_serial_pe",
        "lanes=64 m=6 weight_registers=1 stage=own_fp32",
    ),
    ("fp16_to_bfp_serial", "block=16 m=8"),
    ("bfp_requantize", "block=16 w=16 m=8 round=rne"),
    ("hadamard", "points=16 w=8"),
    ("codebook_decoder", "lanes=16 table=registers"),
    ("four_over_six", "block=16"),
    ("bfp_int_dot", "m=6 n=4 lanes=32 acc=24"),
    ("bfp_bfp_dot", "m=8 n=4 lanes=32"),
    ("bit_serial_dot", "lanes=64 m=6"),
    ("bit_plane_dot", "lanes=64 n=4 acc=27"),
    ("reconfig_dot", "mode=m8w4 lanes=32"),
    ("mx_dot", "format=mxfp8_e4m3 lanes=16"),
    ("fp32_accumulate", "w=24"),
    ("fp16_to_bfp", "block=32 m=8 round=rne"),
    ("int_mac", "a=8 b=8 acc=32"),
    ("fp16_mac_fp32", "stages=pipelined"),
    ("bf16_mac_fp32", "stages=uncut"),
    ("fp16_int4_mac_fp32", "stages=uncut"),
    ("fp16_mul", ""),
    ("bf16_mul", ""),
    ("fp32_mul", ""),
    ("fp16_add", "stages=uncut"),
    ("fp32_add", "stages=uncut"),
    ("mul", "m=8 n=8"),
    ("add", "w=32"),
    ("tree", "inputs=32 w=12"),
    ("shift_right", "w=16 range=16"),
    ("max_tree", "inputs=32 w=5"),
    ("lzd", "w=24"),
    ("compare", "w=8"),
    ("sm_to_tc", "w=8"),
    ("tc_to_sm", "w=8"),
    ("mux2", "w=16"),
    ("dff", "w=16"),
    ("dffe", "w=16"),
];

/// Position of the first unit that is shown.
const EXAMPLES_START: usize = 14;

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    kind: &'static str,
    parameters: String,
    technology: String,
    flow: String,
}

/// The fields of the card and the answer to them.
#[derive(Debug, Clone)]
pub struct UnitCardView {
    fields: Asked,
    answered: Option<(Asked, Result<UnitReport, String>)>,
    /// Names of the flows with their descriptions.
    flows: Vec<(String, String)>,
    /// The technology of the last answer.
    technology: Option<Technology>,
}

impl Default for UnitCardView {
    fn default() -> Self {
        let (kind, parameters) = EXAMPLES[EXAMPLES_START];
        let flows = SynthesisFlow::built_in().unwrap_or_default();
        Self {
            fields: Asked {
                kind,
                parameters: parameters.to_owned(),
                technology: "nangate45".to_owned(),
                flow: "fa".to_owned(),
            },
            answered: None,
            flows: flows
                .into_iter()
                .map(|flow| (flow.name, flow.description))
                .collect(),
            technology: None,
        }
    }
}

impl UnitCardView {
    fn answer(&mut self) -> Result<&UnitReport, &str> {
        if self.answered.as_ref().map(|(asked, _)| asked) != Some(&self.fields) {
            let answer = self.report();
            self.answered = Some((self.fields.clone(), answer));
        }
        match &self.answered {
            Some((_, Ok(report))) => Ok(report),
            Some((_, Err(why))) => Err(why),
            None => Err(""),
        }
    }

    fn report(&mut self) -> Result<UnitReport, String> {
        let Asked {
            kind,
            parameters,
            technology: node,
            flow,
        } = &self.fields;
        let mut given = Vec::new();
        for word in parameters.split_whitespace() {
            let pair = word.split_once('=');
            given.push(pair.ok_or_else(|| format!("\"{word}\" is not of the form key=value"))?);
        }
        given.push(("flow", flow));
        let known = self.technology.take();
        let known = known.filter(|known| known.node.name == *node);
        let found = match known {
            Some(known) => known,
            None => technology(node).map_err(|violation| violation.to_string())?,
        };
        let report = found.unit_from_text(kind, &given);
        self.technology = Some(found);
        report.map_err(|violation| violation.to_string())
    }
}

/// Draws the tile.
pub fn unit_card_ui(ui: &mut Ui, scene: &Scene<'_>, view: &mut UnitCardView) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.strong("Processing element of the current design");
        let element = scene.results.details.as_ref();
        match element.map(|details| details.evaluation.cost.element.as_slice()) {
            None => _ = ui.weak("The design is being evaluated"),
            Some([]) => {
                _ = ui.weak("On a programmable device an element is counted in LUTs, not in parts");
            }
            Some(parts) => element_ui(ui, parts),
        }
        ui.add_space(3.0 * theme().layout.grid);
        ui.strong("One unit by itself");
        fields_ui(ui, scene, view);
        match view.answer() {
            Ok(report) => report_ui(ui, report),
            Err(why) => _ = ui.colored_label(colors(ui.ctx()).error.0, why),
        }
    });
}

/// A part with its figures in a column each, area first.
struct PartRow<'a> {
    name: &'a str,
    area: f64,
    energy: f64,
}

fn element_ui(ui: &mut Ui, parts: &[ElementPart]) {
    let rows = parts.iter().map(|part| PartRow {
        name: &part.name,
        area: part.area.to_square_micrometers(),
        energy: part.energy.to_femtojoules(),
    });
    parts_ui(ui, "element parts", "Energy of a group, fJ", rows);
}

fn report_ui(ui: &mut Ui, report: &UnitReport) {
    let figures = [
        (
            "Area",
            report.area_um2,
            "µm²",
            "Sum of the cell areas, before placement",
        ),
        (
            "Gate equivalents",
            report.gate_equivalents,
            "GE",
            "Area in smallest two-input NANDs",
        ),
        ("Flip-flops", report.ff_bits, "bit", "Register bits"),
        (
            "Settled energy",
            report.energy_settled_fj_per_op,
            "fJ",
            "A cycle, changes between settled values only",
        ),
        (
            "Energy with glitches",
            report.energy_fj_per_op,
            "fJ",
            "A cycle, all changes of a simulation with delays",
        ),
        ("Delay", report.delay_ps, "ps", "Longest path"),
    ];
    Grid::new("unit figures").num_columns(6).show(ui, |ui| {
        for (index, (label, value, unit, help)) in figures.into_iter().enumerate() {
            ui.label(label).on_hover_text(help);
            figure_ui(ui, value, FIGURES[0]);
            ui.weak(unit);
            if index % 2 == 1 {
                ui.end_row();
            }
        }
    });
    let rows = report.parts.iter().map(|part| PartRow {
        name: &part.name,
        area: part.area_um2,
        energy: part.energy_settled_fj_per_op,
    });
    parts_ui(ui, "unit parts", "Settled energy, fJ", rows);
    let sources: Vec<String> = report
        .sources
        .iter()
        .map(|source| {
            let SourceText { range } = SourceText::of(source.value, source.low, source.high);
            format!("{}: {range}{}", source.name, source.source)
        })
        .collect();
    ui.weak(format!("{} sources", sources.len()))
        .on_hover_text(sources.join("\n"));
}

/// A constant's value and range in words; empty for what is no constant.
struct SourceText {
    range: String,
}

impl SourceText {
    fn of(value: f64, low: f64, high: f64) -> Self {
        let range = if low < high {
            format!(
                "{} ({} to {}), ",
                number_text(value),
                number_text(low),
                number_text(high)
            )
        } else {
            String::new()
        };
        Self { range }
    }
}

/// Width of the bar that stands for the whole.
const WHOLE: f32 = 60.0;
/// Widths of the columns of figures: area, energy.
const FIGURES: [f32; 2] = [80.0, 125.0];

/// Parts with their figures and their shares as bars; those of one name stand together.
fn parts_ui<'a>(
    ui: &mut Ui,
    id: &str,
    energy_title: &str,
    parts: impl Iterator<Item = PartRow<'a>>,
) {
    let mut rows: Vec<PartRow<'a>> = Vec::new();
    for part in parts {
        match rows.iter_mut().find(|row| row.name == part.name) {
            Some(row) => {
                row.area += part.area;
                row.energy += part.energy;
            }
            None => rows.push(part),
        }
    }
    let whole = |pick: fn(&PartRow<'_>) -> f64| rows.iter().map(pick).sum::<f64>();
    let totals = [whole(|row| row.area), whole(|row| row.energy)];
    Grid::new(id).num_columns(5).striped(true).show(ui, |ui| {
        for (title, width) in [
            ("Part", 0.0),
            ("Area, µm²", FIGURES[0]),
            ("Share", 0.0),
            (energy_title, FIGURES[1]),
            ("Share", 0.0),
        ] {
            let title = RichText::new(title).weak();
            if width > 0.0 {
                right_aligned_ui(ui, title, width);
            } else {
                ui.label(title);
            }
        }
        ui.end_row();
        for row in &rows {
            ui.label(row.name);
            let values = [row.area, row.energy];
            for ((value, total), width) in values.into_iter().zip(totals).zip(FIGURES) {
                figure_ui(ui, value, width);
                share_ui(ui, if total > 0.0 { value / total } else { 0.0 });
            }
            ui.end_row();
        }
        ui.label("Total");
        for (total, width) in totals.into_iter().zip(FIGURES) {
            figure_ui(ui, total, width);
            ui.label("");
        }
        ui.end_row();
    });
}

/// A figure that ends where the others of its column end.
fn figure_ui(ui: &mut Ui, value: f64, width: f32) {
    right_aligned_ui(ui, RichText::new(number_text(value)).monospace(), width);
}

fn right_aligned_ui(ui: &mut Ui, text: RichText, width: f32) {
    let size = egui::vec2(width, theme().layout.row_height);
    let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
    let layout = Layout::right_to_left(Align::Center);
    let inside = egui::UiBuilder::new().max_rect(rect).layout(layout);
    ui.new_child(inside).label(text);
}

fn share_ui(ui: &mut Ui, share: f64) {
    let height = theme().layout.row_height;
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(egui::vec2(WHOLE, height), egui::Sense::hover());
        let bar = egui::Rect::from_min_size(
            rect.min + egui::vec2(0.0, height / 4.0),
            egui::vec2(WHOLE * share as f32, height / 2.0),
        );
        ui.painter()
            .rect_filled(bar, 0.0, colors(ui.ctx()).accent.0);
        ui.monospace(format!("{:4.1} %", 100.0 * share));
    });
}

fn fields_ui(ui: &mut Ui, scene: &Scene<'_>, view: &mut UnitCardView) {
    let UnitCardView { fields, flows, .. } = view;
    ui.horizontal_wrapped(|ui| {
        let mut kind = fields.kind;
        combo_ui(ui, "Kind of unit", kind, |ui| {
            for (each, _) in EXAMPLES {
                ui.selectable_value(&mut kind, each, each);
            }
        });
        if kind != fields.kind {
            fields.kind = kind;
            let example = EXAMPLES.iter().find(|(each, _)| *each == kind);
            fields.parameters = example.map_or_else(String::new, |each| each.1.to_owned());
        }
        let field = egui::TextEdit::singleline(&mut fields.parameters).desired_width(220.0);
        let response = ui
            .add(field)
            .on_hover_text("Widths and counts as key=value, with blanks between them");
        name_ui(ui, &response, "Parameters of the unit");
        combo_ui(
            ui,
            "Technology of the unit",
            &fields.technology.clone(),
            |ui| {
                for known in &scene.library.technologies {
                    let name = known.clone();
                    ui.selectable_value(&mut fields.technology, name.clone(), name);
                }
            },
        );
        combo_ui(ui, "Synthesis flow", &fields.flow.clone(), |ui| {
            for (name, description) in flows.iter() {
                ui.selectable_value(&mut fields.flow, name.clone(), name)
                    .on_hover_text(description);
            }
        });
    });
}

fn combo_ui(ui: &mut Ui, name: &str, selected: &str, choices: impl FnOnce(&mut Ui)) {
    let combo = ComboBox::from_id_salt(name)
        .selected_text(selected)
        .show_ui(ui, choices);
    name_ui(ui, &combo.response, name);
    combo.response.on_hover_text(name);
}

#[cfg(test)]
mod tests {
    use blockscape_model::hardware::gates::Unit;

    use super::*;

    #[test]
    fn every_example_has_a_report_in_every_flow() {
        let mut view = UnitCardView::default();
        let flows = view.flows.clone();
        assert!(flows.len() > 3);
        for (kind, parameters) in EXAMPLES {
            view.fields.kind = kind;
            parameters.clone_into(&mut view.fields.parameters);
            for (flow, _) in &flows {
                view.fields.flow.clone_from(flow);
                assert!(view.answer().is_ok(), "{kind} {flow}: {:?}", view.answer());
            }
        }
        for kind in Unit::KINDS {
            let stands = EXAMPLES.iter().any(|(each, _)| each == kind);
            let pattern = kind.contains('F') || *kind == "bf16_add";
            assert!(stands || pattern, "{kind} has no example");
        }
    }

    #[test]
    fn a_wrong_parameter_says_what_is_allowed() {
        let mut view = UnitCardView::default();
        view.fields.parameters = "m=6".to_owned();
        assert!(view.answer().is_err_and(|why| why.contains('n')));
        view.fields.parameters = "m".to_owned();
        assert!(view.answer().is_err_and(|why| why.contains("key=value")));
    }
}
