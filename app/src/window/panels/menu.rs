//! The top bar: menus, what is looked at in one line, the buttons for measuring.

use blockscape_model::workload::Workload;
use egui::{Button, Layout, MenuBar, Ui};

use super::Scene;
use crate::files::pane::Pane;
use crate::files::purpose::Purpose;
use crate::window::request::Request;

/// Draws the bar.
pub fn menu_ui(ui: &mut Ui, scene: &Scene<'_>) -> Vec<Request> {
    let mut requests = Vec::new();
    MenuBar::new().ui(ui, |ui| {
        ui.menu_button("File", |ui| file_ui(ui, scene, &mut requests));
        ui.menu_button("Edit", |ui| edit_ui(ui, scene, &mut requests));
        ui.menu_button("View", |ui| view_ui(ui, scene, &mut requests));
        ui.menu_button("Help", |ui| help_ui(ui, &mut requests));
        ui.separator();
        ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.button("?").on_hover_text("User guide (F1)").clicked() {
                requests.push(Request::ShowGuide);
            }
            let session = scene.session;
            let has_weights = session.has_weights();
            let none = "Open a model first: File, Open model; or File, Use the story model";
            for (title, enabled, help, request) in [
                (
                    "Verify front",
                    has_weights,
                    "Measure the perplexity of the designs of the front",
                    Request::VerifyFront,
                ),
                (
                    "Calibrate",
                    session.checkpoint.is_some(),
                    "Fit the estimator of perplexity to runs of the opened model on a text",
                    Request::Calibrate,
                ),
                (
                    "Measure",
                    has_weights,
                    "Measure the perplexity of this design",
                    Request::Measure,
                ),
            ] {
                let disabled = if has_weights {
                    "The story model is calibrated already"
                } else {
                    none
                };
                let button = ui.add_enabled(enabled, Button::new(title));
                let button = button.on_hover_text(help).on_disabled_hover_text(disabled);
                if button.clicked() {
                    requests.push(request);
                }
            }
            ui.with_layout(Layout::left_to_right(egui::Align::Center), |ui| {
                let text = summary(&scene.session.workload, &scene.session.design.technology);
                ui.add(egui::Label::new(egui::RichText::new(&text).weak()).truncate())
                    .on_hover_text(&text);
            });
        });
    });
    requests
}

/// Model, lengths and technology in one line.
pub fn summary(workload: &Workload, technology: &str) -> String {
    let Workload {
        model,
        batch,
        prefill_tokens,
        context_tokens,
    } = workload;
    format!(
        "{} · prefill {prefill_tokens} · decode {batch} @ {context_tokens} · {technology}",
        model.name
    )
}

fn item(ui: &mut Ui, requests: &mut Vec<Request>, title: &str, shortcut: &str, request: Request) {
    enabled_item(ui, requests, true, title, shortcut, request);
}

fn enabled_item(
    ui: &mut Ui,
    requests: &mut Vec<Request>,
    enabled: bool,
    title: &str,
    shortcut: &str,
    request: Request,
) {
    if ui
        .add_enabled(enabled, Button::new(title).shortcut_text(shortcut))
        .clicked()
    {
        requests.push(request);
        ui.close();
    }
}

fn file_ui(ui: &mut Ui, scene: &Scene<'_>, requests: &mut Vec<Request>) {
    ui.set_min_width(240.0);
    item(ui, requests, "New session", "Ctrl+N", Request::New);
    item(ui, requests, "Open…", "Ctrl+O", Request::Ask(Purpose::Open));
    item(
        ui,
        requests,
        "Open model…",
        "Ctrl+M",
        Request::Ask(Purpose::OpenModel),
    );
    item(
        ui,
        requests,
        "Use the story model",
        "",
        Request::UseStoryModel,
    );
    recent_ui(ui, scene, requests);
    ui.separator();
    item(ui, requests, "Save session", "Ctrl+S", Request::Save);
    item(
        ui,
        requests,
        "Save session as…",
        "Ctrl+Shift+S",
        Request::Ask(Purpose::Save),
    );
    item(
        ui,
        requests,
        "Save design…",
        "",
        Request::Ask(Purpose::SaveDesign),
    );
    item(
        ui,
        requests,
        "Save space…",
        "",
        Request::Ask(Purpose::SaveSpace),
    );
    ui.separator();
    item(
        ui,
        requests,
        "Export figure…",
        "Ctrl+E",
        Request::Ask(Purpose::ExportFigure),
    );
    let found = !scene.results.shown.metrics.is_empty();
    enabled_item(
        ui,
        requests,
        found,
        "Export points as CSV…",
        "",
        Request::Ask(Purpose::ExportCsv),
    );
    enabled_item(
        ui,
        requests,
        found,
        "Export front as RON…",
        "",
        Request::Ask(Purpose::ExportFront),
    );
    item(
        ui,
        requests,
        "Export recipe for emulators…",
        "",
        Request::Ask(Purpose::ExportRecipe),
    );
    item(
        ui,
        requests,
        "Export architecture YAML…",
        "",
        Request::Ask(Purpose::ExportArchitecture),
    );
    ui.separator();
    item(ui, requests, "Quit", "Ctrl+Q", Request::Quit);
}

fn recent_ui(ui: &mut Ui, scene: &Scene<'_>, requests: &mut Vec<Request>) {
    ui.menu_button("Recent files", |ui| {
        for path in &scene.settings.recent {
            let name = path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned();
            if ui
                .button(name)
                .on_hover_text(path.to_string_lossy())
                .clicked()
            {
                requests.push(Request::Open(path.clone()));
                ui.close();
            }
        }
        if scene.settings.recent.is_empty() {
            ui.weak("Opened and saved files appear here");
        }
    });
}

fn edit_ui(ui: &mut Ui, scene: &Scene<'_>, requests: &mut Vec<Request>) {
    ui.set_min_width(200.0);
    enabled_item(
        ui,
        requests,
        scene.can_undo,
        "Undo",
        "Ctrl+Z",
        Request::Undo,
    );
    enabled_item(
        ui,
        requests,
        scene.can_redo,
        "Redo",
        "Ctrl+Shift+Z",
        Request::Redo,
    );
    ui.separator();
    item(
        ui,
        requests,
        "Command palette",
        "Ctrl+P",
        Request::ShowPalette,
    );
}

fn view_ui(ui: &mut Ui, scene: &Scene<'_>, requests: &mut Vec<Request>) {
    ui.set_min_width(200.0);
    ui.menu_button("Tiles", |ui| {
        for pane in Pane::ALL {
            if ui.button(pane.title()).on_hover_text(pane.help()).clicked() {
                requests.push(Request::Reveal(pane));
                ui.close();
            }
        }
    });
    for (title, shortcut, hidden, request) in [
        (
            "Design panel",
            "F9",
            scene.settings.hide_design,
            Request::ToggleDesign,
        ),
        (
            "Figures panel",
            "F10",
            scene.settings.hide_figures,
            Request::ToggleFigures,
        ),
    ] {
        let button = Button::new(title).shortcut_text(shortcut).selected(!hidden);
        if ui.add(button).clicked() {
            requests.push(request);
            ui.close();
        }
    }
    item(ui, requests, "Reset layout", "", Request::ResetLayout);
    ui.separator();
    for (title, theme) in [
        ("Dark", egui::ThemePreference::Dark),
        ("Light", egui::ThemePreference::Light),
        ("Follow the system", egui::ThemePreference::System),
    ] {
        if ui.radio(scene.settings.theme == theme, title).clicked() {
            requests.push(Request::SetTheme(theme));
            ui.close();
        }
    }
    ui.separator();
    ui.horizontal(|ui| {
        ui.label("Zoom");
        for percent in [75_u8, 100, 125, 150, 200] {
            let zoom = f32::from(percent) / 100.0;
            let selected = (scene.settings.zoom - zoom).abs() < 0.01;
            if ui
                .selectable_label(selected, format!("{percent} %"))
                .clicked()
            {
                requests.push(Request::Zoom(zoom));
            }
        }
    });
}

fn help_ui(ui: &mut Ui, requests: &mut Vec<Request>) {
    ui.set_min_width(200.0);
    item(ui, requests, "User guide", "F1", Request::ShowGuide);
    item(ui, requests, "Tour", "", Request::ShowTour);
    ui.separator();
    ui.weak(concat!("Blockscape ", env!("CARGO_PKG_VERSION")));
}
