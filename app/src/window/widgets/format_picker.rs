//! Choosing a format: a button with its text form that opens a card with the kind, the fields and the text to type.

use blockscape_model::format::{BlockLen, Field, FieldDomain, FieldValue, Format};
use egui::{Popup, PopupCloseBehavior, RichText, Ui};

use super::format_width::{width_of, with_width};
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

/// Kinds and words with free fields, each with a usual member: name on screen, format.
fn open_kinds() -> Vec<(&'static str, Format)> {
    let kinds = Format::kinds().filter_map(|kind| {
        let format = kind.example.parse::<Format>().ok()?;
        // kinds without a member of their own name stand in the list of named formats
        (format.title() == kind.title).then_some((kind.title, format))
    });
    let own = Format::spellings()
        .filter(|spelling| spelling.is_printed && !spelling.is_complete())
        .map(|spelling| (spelling.title, spelling.base));
    kinds.chain(own).collect()
}

fn kind_ui(ui: &mut Ui, format: &mut Format) {
    let shown = format.title();
    let picker = egui::ComboBox::from_id_salt("kind")
        .width(ui.available_width())
        .selected_text(shown);
    let combo = picker.show_ui(ui, |ui| {
        for (title, usual) in open_kinds() {
            if ui.selectable_label(shown == title, title).clicked() {
                // The widths chosen so far carry over where the new kind has them.
                let width = width_of(*format).map(|(_, width, _)| width);
                *format = width.map_or(usual, |width| with_width(usual, width));
            }
        }
        ui.separator();
        for (name, named) in Format::named() {
            if ui.selectable_label(named == *format, name).clicked() {
                *format = named;
            }
        }
    });
    crate::window::widgets::name_ui(ui, &combo.response, "Kind of format");
}

/// A control for each field that the format has.
fn fields_ui(ui: &mut Ui, label: &str, format: &mut Format) {
    egui::Grid::new("fields").num_columns(2).show(ui, |ui| {
        let fields: Vec<(&'static Field, FieldValue)> = format.fields().collect();
        for (field, value) in fields {
            if let Some(value) = value_ui(ui, label, field, value)
                && let Ok(changed) = format.with_field(field.key, value)
            {
                *format = changed;
            }
        }
    });
}

/// The control of one field; gives the new value once it was changed.
fn value_ui(ui: &mut Ui, label: &str, field: &Field, value: FieldValue) -> Option<FieldValue> {
    match (field.domain, value) {
        (FieldDomain::Whole { least, most }, FieldValue::Whole(number)) => {
            let range = ValueRange::Steps {
                min: f64::from(least),
                max: f64::from(most),
                step: 1.0,
            };
            let mut chosen = f64::from(number);
            field_ui(ui, label, field, &range, &mut chosen)
                .then(|| FieldValue::Whole(whole(chosen)))
        }
        (FieldDomain::BlockLength, FieldValue::Block(length)) => {
            let mut chosen = match length {
                BlockLen::One => 1.0,
                BlockLen::Fixed(values) => f64::from(values.get()),
                BlockLen::Row => 0.0,
            };
            let range = ValueRange::List(BLOCK_LENGTHS.to_vec());
            field_ui(ui, label, field, &range, &mut chosen)
                .then(|| FieldValue::Block(block_len_of(chosen)))
        }
        (FieldDomain::Words(words), FieldValue::Word(index)) => {
            let mut chosen = index;
            let name = capitalized(field.label);
            ui.label(&name).on_hover_text(field.help);
            let combo = egui::ComboBox::from_id_salt(field.key)
                .selected_text(words.get(index).copied().unwrap_or_default())
                .show_ui(ui, |ui| {
                    for (index, word) in words.iter().enumerate() {
                        ui.selectable_value(&mut chosen, index, *word);
                    }
                });
            crate::window::widgets::name_ui(ui, &combo.response, &name);
            ui.end_row();
            (chosen != index).then_some(FieldValue::Word(chosen))
        }
        (FieldDomain::Flag, FieldValue::Flag(is_set)) => {
            let mut chosen = is_set;
            let name = capitalized(field.label);
            ui.label(&name).on_hover_text(field.help);
            let check = ui.checkbox(&mut chosen, "");
            crate::window::widgets::name_ui(ui, &check, &name);
            ui.end_row();
            (chosen != is_set).then_some(FieldValue::Flag(chosen))
        }
        _ => None,
    }
}

fn field_ui(ui: &mut Ui, label: &str, field: &Field, range: &ValueRange, value: &mut f64) -> bool {
    let spoken = format!("{label} {}", field.label);
    ui.label(capitalized(field.label)).on_hover_text(field.help);
    let changed = ui.horizontal(|ui| {
        let slider = slider_ui(ui, &spoken, range, value, 120.0);
        let number = number_entry_ui(ui, &spoken, range, value, theme().layout.number_width);
        *value = range.stepped(*value, 0);
        slider.changed() || number.changed()
    });
    ui.end_row();
    changed.inner
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
    reason = "sliders stay within the field's whole numbers"
)]
const fn whole(value: f64) -> i32 {
    value.round() as i32
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
