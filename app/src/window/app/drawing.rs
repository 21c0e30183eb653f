//! The arrangement of the window: bars, panels, tiles, and the dialogs above them.

use egui::{CentralPanel, Context, Frame, Panel, Ui};

use super::App;
use crate::window::help;
use crate::window::panels::layout::TileFrame;
use crate::window::panels::palette::{self, Outcome};
use crate::window::panels::tiles::tile_ui;
use crate::window::panels::{Scene, design, dialogs, inspector, menu, status};
use crate::window::request::Request;
use crate::window::theme::theme;

impl App {
    pub(super) fn panels_ui(&mut self, ui: &mut Ui) -> Vec<Request> {
        let unsaved = self.document.is_unsaved(&self.session);
        let scene = Scene {
            session: &self.session,
            results: &self.results,
            library: &self.library,
            settings: &self.window.settings,
            can_undo: self.history.can_undo(&self.session),
            can_redo: self.history.can_redo(&self.session),
            unsaved,
        };
        let lengths = &theme().layout;
        let mut requests = Vec::new();
        let mut add = |more: Vec<Request>| requests.extend(more);
        Panel::top("menu").show(ui, |ui| add(menu::menu_ui(ui, &scene)));
        let frame_ms = 1e3 * self.clock.latest().as_secs_f32();
        Panel::bottom("status")
            .exact_size(lengths.status_bar)
            .show(ui, |ui| add(status::status_ui(ui, &scene, frame_ms)));
        let notices = &mut self.window.notices;
        Panel::bottom("notices").show(ui, |ui| notices.bar_ui(ui));
        let design_view = &mut self.window.design;
        // In a small window the plots keep the larger part.
        let most = 0.27 * ui.content_rect().width();
        let range = |least: f32, usual: f32| least..=(1.6 * usual).min(most).max(least);
        if !self.window.settings.hide_design {
            let left = range(lengths.left_panel_min, lengths.left_panel);
            Panel::left("design")
                .default_size(lengths.left_panel)
                .size_range(left)
                .show(ui, |ui| add(design::design_ui(ui, &scene, design_view)));
        }
        if !self.window.settings.hide_figures {
            let right = range(lengths.right_panel_min, lengths.right_panel);
            Panel::right("inspector")
                .default_size(lengths.right_panel)
                .size_range(right)
                .show(ui, |ui| add(inspector::inspector_ui(ui, &scene)));
        }
        let views = &mut self.window.tiles;
        let tree = &mut self.window.tree;
        let fill = ui.visuals().panel_fill;
        let export = CentralPanel::default()
            .frame(Frame::NONE.fill(fill))
            .show(ui, |ui| {
                let mut draw = |ui: &mut Ui, pane| add(tile_ui(ui, pane, &scene, views));
                let mut frame = TileFrame {
                    draw: &mut draw,
                    export: None,
                };
                tree.ui(&mut frame, ui);
                frame.export
            })
            .inner;
        requests.extend(export.map(Request::ExportFigure));
        requests
    }

    pub(super) fn dialogs_ui(&mut self, ui: &mut Ui, ctx: &Context, requests: &mut Vec<Request>) {
        let figure = &mut self.window.figure;
        if let Some(chosen) = self.window.dialog.ui(ui, figure) {
            self.chosen(ctx, chosen);
        }
        if let Some(page) = &mut self.window.guide
            && !help::guide_ui(ui, page)
        {
            self.window.guide = None;
        }
        if let Some(step) = &mut self.window.tour
            && !dialogs::tour_ui(ui, &self.session, step, requests)
        {
            self.window.tour = None;
            self.window.keep_settings();
        }
        if let Some(palette) = &mut self.window.palette {
            let mut entries = palette::actions();
            entries.extend(design::palette_entries());
            match palette.ui(ui, &entries) {
                Some(Some(Outcome::Do(request))) => {
                    self.window.palette = None;
                    requests.push(request);
                }
                Some(Some(Outcome::Find(label))) => {
                    self.window.palette = None;
                    self.window.design.search = label;
                }
                Some(None) => self.window.palette = None,
                None => {}
            }
        }
        if let Some(question) = self.window.question.clone()
            && let Some(answer) = dialogs::question_ui(ui, &question)
        {
            self.answered(ctx, answer);
        }
    }
}
