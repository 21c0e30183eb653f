//! Choosing a format: a button with its text form that opens a card with the kind, the fields and the text to type.

use blockscape_model::format::{BfpFormat, BlockLen, Format, Rounding, ScaleRule};
use egui::{Popup, PopupCloseBehavior, RichText, Ui};

use super::format_width::{block_len_mut, width_of, with_width};
use super::{number_entry_ui, slider_ui};
use crate::session::ranges::BLOCK_LENGTHS;
use crate::session::value_range::ValueRange;
use crate::window::theme::theme;

/// Draws the button; returns the format once it was changed.
pub fn format_picker_ui(ui: &mut Ui, label: &str, format: Format, width: f32) -> Option<Format> {
    let size = egui::vec2(width, theme().layout.row_height);
    let text = RichText::new(format.to_string());
    let button = egui::Button::new(text).truncate().min_size(size);
    let response = ui.add_sized(size, button);
    response.widget_info(|| {
        let spoken = format!("{label} format");
        egui::WidgetInfo::labeled(egui::Role::Button, true, spoken)
    });
    let mut edited = format;
    let popup = Popup::menu(&response).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    popup.show(|ui| format_card_ui(ui, label, &mut edited));
    response.on_hover_text(format!(
        "{format}\n{:.3} bits per value. Click to change",
        format.bits_per_value()
    ));
    (edited != format).then_some(edited)
}

/// The card alone: kind, fields, text.
pub fn format_card_ui(ui: &mut Ui, label: &str, format: &mut Format) {
    ui.set_width(300.0);
    ui.horizontal(|ui| {
        ui.strong(label);
        ui.weak(format!("{:.3} bits per value", format.bits_per_value()));
    });
    kind_ui(ui, format);
    fields_ui(ui, label, format);
    text_ui(ui, format);
}

/// Kinds with free fields, each with a usual choice of them.
fn kinds() -> [(&'static str, &'static str); 6] {
    [
        ("Block floating point", "bfp:m=6,e=8,b=32"),
        ("Anda (BFP, truncated)", "anda:m=6"),
        ("MASE MXInt", "mxint:w=6,b=16"),
        ("MASE block_fp", "blockfp:w=6,b=16"),
        ("Integer groups", "int:w=4,g=128"),
        ("Integer groups, asymmetric", "int:w=4,g=128,asym"),
    ]
}

fn kind_name(format: Format) -> String {
    match format {
        Format::Bfp(bfp) if bfp.is_anda() => "Anda (BFP, truncated)".to_owned(),
        Format::Bfp(_) => "Block floating point".to_owned(),
        Format::MxInt(_) => "MASE MXInt".to_owned(),
        Format::BlockFp(_) => "MASE block_fp".to_owned(),
        Format::Integer(integer) if integer.asymmetric => "Integer groups, asymmetric".to_owned(),
        Format::Integer(_) => "Integer groups".to_owned(),
        other => other.to_string(),
    }
}

fn kind_ui(ui: &mut Ui, format: &mut Format) {
    let picker = egui::ComboBox::from_id_salt("kind")
        .width(ui.available_width())
        .selected_text(kind_name(*format));
    let combo = picker.show_ui(ui, |ui| {
        for (name, text) in kinds() {
            if ui
                .selectable_label(kind_name(*format) == name, name)
                .clicked()
            {
                // The widths chosen so far carry over where the new kind has them.
                let width = width_of(*format).map(|(_, width, _)| width);
                let chosen = text.parse().unwrap_or(*format);
                *format = width.map_or(chosen, |width| with_width(chosen, width));
            }
        }
        ui.separator();
        for (name, named) in Format::ALL_NAMED {
            if ui.selectable_label(named == format, *name).clicked() {
                *format = *named;
            }
        }
    });
    crate::window::widgets::name_ui(ui, &combo.response, "Kind of format");
}

fn fields_ui(ui: &mut Ui, label: &str, format: &mut Format) {
    egui::Grid::new("fields").num_columns(2).show(ui, |ui| {
        if let Some((name, mut width, range)) = width_of(*format)
            && field_ui(ui, label, name, &range, &mut width)
        {
            *format = with_width(*format, width);
        }
        if let Format::Bfp(bfp) = format {
            let range = ValueRange::Steps {
                min: 1.0,
                max: 8.0,
                step: 1.0,
            };
            let mut bits = f64::from(bfp.exponent_bits);
            if field_ui(ui, label, "exponent bits", &range, &mut bits) {
                bfp.exponent_bits = clamped_u8(bits, 1, 8);
            }
        }
        if let Some(block_len) = block_len_mut(format) {
            block_len_ui(ui, label, block_len);
        }
        if let Some((rounding, scale)) = rules_mut(format) {
            rounding_ui(ui, rounding);
            if let Some(scale) = scale {
                scale_ui(ui, scale);
            }
        }
    });
}

fn field_ui(ui: &mut Ui, label: &str, name: &str, range: &ValueRange, value: &mut f64) -> bool {
    let spoken = format!("{label} {name}");
    ui.label(capitalized(name));
    let changed = ui.horizontal(|ui| {
        let slider = slider_ui(ui, &spoken, range, value, 120.0);
        let number = number_entry_ui(ui, &spoken, range, value, theme().layout.number_width);
        *value = range.stepped(*value, 0);
        slider.changed() || number.changed()
    });
    ui.end_row();
    changed.inner
}

fn block_len_ui(ui: &mut Ui, label: &str, block_len: &mut BlockLen) {
    let mut value = match block_len {
        BlockLen::One => 1.0,
        BlockLen::Fixed(values) => f64::from(values.get()),
        BlockLen::Row => 0.0,
    };
    let range = ValueRange::List(BLOCK_LENGTHS.to_vec());
    if field_ui(ui, label, "block length", &range, &mut value) {
        *block_len = block_len_of(value);
    }
}

/// A block length from a number of the list above.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 1 to 8192"
)]
fn block_len_of(value: f64) -> BlockLen {
    BlockLen::new(value.round().clamp(1.0, f64::from(BlockLen::LONGEST)) as u16)
        .unwrap_or(BlockLen::One)
}

fn rules_mut(format: &mut Format) -> Option<(&mut Rounding, Option<&mut ScaleRule>)> {
    match format {
        Format::Bfp(BfpFormat {
            rounding, scale, ..
        }) => Some((rounding, Some(scale))),
        Format::Mx(mx) => Some((&mut mx.rounding, Some(&mut mx.scale))),
        Format::Nvfp4(nvfp4) => Some((&mut nvfp4.rounding, None)),
        Format::MicroExponent(micro) => Some((&mut micro.rounding, None)),
        Format::MxInt(mx_int) => Some((&mut mx_int.rounding, None)),
        Format::BlockFp(block) => Some((&mut block.rounding, None)),
        Format::Integer(integer) => Some((&mut integer.rounding, None)),
        Format::Minifloat(minifloat) => Some((&mut minifloat.rounding, None)),
        Format::Float(_) | Format::Ggml(_) => None,
    }
}

fn rounding_ui(ui: &mut Ui, rounding: &mut Rounding) {
    ui.label("Rounding");
    let combo = egui::ComboBox::from_id_salt("rounding")
        .selected_text(rounding.word())
        .show_ui(ui, |ui| {
            for each in Rounding::ALL {
                ui.selectable_value(rounding, each, each.word());
            }
        });
    crate::window::widgets::name_ui(ui, &combo.response, "Rounding");
    ui.end_row();
}

fn scale_ui(ui: &mut Ui, scale: &mut ScaleRule) {
    ui.label("Scale rule")
        .on_hover_text("How the largest value of a block sets the shared exponent");
    let combo = egui::ComboBox::from_id_salt("scale")
        .selected_text(scale.word())
        .show_ui(ui, |ui| {
            for each in ScaleRule::ALL {
                ui.selectable_value(scale, each, each.word());
            }
        });
    crate::window::widgets::name_ui(ui, &combo.response, "Scale rule");
    ui.end_row();
}

/// The text form, taken as soon as it parses; what is wrong with it otherwise.
fn text_ui(ui: &mut Ui, format: &mut Format) {
    let id = ui.scope_id().with("text form");
    let stored = ui.data(|data| data.get_temp::<(Format, String)>(id));
    let mut text = match stored {
        Some((of, text)) if of == *format => text,
        _ => format.to_string(),
    };
    let label = ui.weak("Text form");
    let field = egui::TextEdit::singleline(&mut text)
        .desired_width(f32::INFINITY)
        .font(egui::TextStyle::Monospace);
    ui.add(field).labelled_by(label.id);
    match text.parse::<Format>() {
        Ok(parsed) => *format = parsed,
        Err(error) => {
            ui.label(
                RichText::new(error.to_string())
                    .small()
                    .color(ui.visuals().error_fg_color),
            );
        }
    }
    ui.data_mut(|data| data.insert_temp(id, (*format, text)));
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
fn clamped_u8(value: f64, min: u8, max: u8) -> u8 {
    value.round().clamp(f64::from(min), f64::from(max)) as u8
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
