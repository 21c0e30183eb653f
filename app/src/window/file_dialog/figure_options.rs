//! The page of a figure before it is exported: which plot, how wide, in what type.

use std::path::Path;

use egui::{ComboBox, DragValue, Ui};

use crate::figure::{COLUMN_WIDTHS, Companion, FigureFormat, FigureOptions, FigurePlot};
use crate::window::widgets::name_ui;

/// Draws the choices; a chosen file format changes the ending of `path`.
pub(super) fn figure_options_ui(ui: &mut Ui, options: &mut FigureOptions, path: &mut String) {
    egui::Grid::new("figure options")
        .num_columns(2)
        .spacing([12.0, 6.0])
        .show(ui, |ui| {
            ui.label("Plot");
            plot_ui(ui, options, path);
            ui.end_row();
            ui.label("Width");
            width_ui(ui, options);
            ui.end_row();
            ui.label("Type");
            type_ui(ui, options);
            ui.end_row();
            let label = ui.label("Title");
            let title = egui::TextEdit::singleline(&mut options.title)
                .desired_width(f32::INFINITY)
                .hint_text("None");
            ui.add(title).labelled_by(label.id);
            ui.end_row();
            ui.label("Below it");
            ui.checkbox(&mut options.caption, "Caption").on_hover_text(
                "Workload, formats with rounding and scale rule, technology and accuracy basis",
            );
            ui.end_row();
            ui.label("File");
            format_ui(ui, path);
            ui.end_row();
            ui.label("Inside it");
            ui.checkbox(&mut options.carries_session, "Session")
                .on_hover_text(
                    "Opening the figure restores it. Files are named without their folders; the text is readable by anybody",
                );
            ui.end_row();
            ui.label("Beside it");
            beside_ui(ui, options);
            ui.end_row();
        });
}

fn plot_ui(ui: &mut Ui, options: &mut FigureOptions, path: &mut String) {
    let before = options.file_name();
    let combo = ComboBox::from_id_salt("figure plot")
        .selected_text(options.plot.title())
        .show_ui(ui, |ui| {
            for plot in FigurePlot::ALL {
                ui.selectable_value(&mut options.plot, plot, plot.title());
            }
        });
    name_ui(ui, &combo.response, "Plot of the figure");
    let after = options.file_name();
    if before != after {
        rename(path, &before, &after);
    }
}

/// A name that was offered follows the plot; one that was typed stays.
fn rename(path: &mut String, before: &str, after: &str) {
    let stem = |name: &str| Path::new(name).with_extension("");
    let typed = Path::new(path.as_str());
    if typed.file_stem() == stem(before).file_name() {
        let mut named = typed.with_file_name(stem(after));
        if let Some(extension) = typed.extension() {
            named.set_extension(extension);
        }
        *path = named.to_string_lossy().into_owned();
    }
}

fn width_ui(ui: &mut Ui, options: &mut FigureOptions) {
    ui.horizontal(|ui| {
        let [one, both] = COLUMN_WIDTHS;
        ui.selectable_value(&mut options.width, one, "One column")
            .on_hover_text("3.3 in, of a two-column paper");
        ui.selectable_value(&mut options.width, both, "Two columns")
            .on_hover_text("7 in, across a two-column paper");
        let field = DragValue::new(&mut options.width)
            .range(1.0..=40.0)
            .speed(0.05)
            .max_decimals(2)
            .suffix(" in");
        let field = ui.add(field);
        name_ui(ui, &field, "Width in inches");
    });
}

fn type_ui(ui: &mut Ui, options: &mut FigureOptions) {
    ui.horizontal(|ui| {
        let field = DragValue::new(&mut options.font_size)
            .range(3.0..=48.0)
            .speed(0.1)
            .max_decimals(1)
            .suffix(" pt");
        let field = ui.add(field).on_hover_text("Font size of axis titles");
        name_ui(ui, &field, "Font size in points");
        let field = DragValue::new(&mut options.dpi)
            .range(36.0..=1200.0)
            .speed(5.0)
            .max_decimals(0)
            .suffix(" dpi");
        let field = ui.add(field).on_hover_text("Resolution of a PNG");
        name_ui(ui, &field, "Resolution in dots per inch");
        ui.selectable_value(&mut options.dark, false, "Light")
            .on_hover_text("For paper");
        ui.selectable_value(&mut options.dark, true, "Dark")
            .on_hover_text("For slides");
    });
}

fn format_ui(ui: &mut Ui, path: &mut String) {
    let chosen = FigureFormat::of_path(Path::new(path.trim()));
    ui.horizontal(|ui| {
        for format in FigureFormat::ALL {
            let selected = chosen == Some(format);
            let response = ui.selectable_label(selected, format.title());
            if response.clicked() && !path.trim().is_empty() {
                *path = Path::new(path.trim())
                    .with_extension(format.extension())
                    .to_string_lossy()
                    .into_owned();
            }
        }
    });
}

fn beside_ui(ui: &mut Ui, options: &mut FigureOptions) {
    ui.horizontal(|ui| {
        for (companion, name, meaning) in [
            (
                Companion::Csv,
                "Numbers (.csv)",
                "The plotted numbers under the figure's name",
            ),
            (
                Companion::Tex,
                "TikZ (.tex)",
                "The drawing for LaTeX under the figure's name",
            ),
        ] {
            let mut wanted = options.beside.contains(&companion);
            let response = ui.checkbox(&mut wanted, name).on_hover_text(meaning);
            if response.changed() {
                options.beside.retain(|other| *other != companion);
                options.beside.extend(wanted.then_some(companion));
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::rename;

    #[test]
    fn an_offered_name_follows_the_plot_and_a_typed_one_stays() {
        let mut path = "a/pareto.pdf".to_owned();
        rename(&mut path, "pareto.svg", "bit_layout.svg");
        assert_eq!(path, "a/bit_layout.pdf");
        let mut path = "a/mine.pdf".to_owned();
        rename(&mut path, "pareto.svg", "bit_layout.svg");
        assert_eq!(path, "a/mine.pdf");
    }
}
