//! The user guide inside the window: pages of plain text, drawn with headings, lists and formulas.
//!
//! The text stands in the `.md` files beside this one; only the markup used there is known.

use egui::{RichText, ScrollArea, Ui};

use crate::window::theme::theme;

/// A page of the guide.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    pub title: &'static str,
    pub text: &'static str,
}

/// The pages in reading order.
pub const PAGES: [Page; 7] = [
    Page {
        title: "First steps",
        text: include_str!("first_steps.md"),
    },
    Page {
        title: "Formats",
        text: include_str!("formats.md"),
    },
    Page {
        title: "Accuracy",
        text: include_str!("accuracy.md"),
    },
    Page {
        title: "Cost",
        text: include_str!("cost.md"),
    },
    Page {
        title: "Exploration",
        text: include_str!("exploration.md"),
    },
    Page {
        title: "Files and figures",
        text: include_str!("files.md"),
    },
    Page {
        title: "Keyboard",
        text: include_str!("keyboard.md"),
    },
];

/// Draws the guide in a window of its own; returns false once it was closed.
pub fn guide_ui(ui: &Ui, page: &mut usize) -> bool {
    let mut open = true;
    let size = ui.ctx().content_rect().size();
    let window = egui::Window::new("User guide")
        .open(&mut open)
        .default_size([(0.6 * size.x).min(820.0), (0.75 * size.y).min(720.0)])
        .default_pos([0.2 * size.x, 0.1 * size.y])
        .collapsible(false);
    window.show(ui.ctx(), |ui| {
        ui.horizontal_wrapped(|ui| {
            for (index, each) in PAGES.iter().enumerate() {
                ui.selectable_value(page, index, each.title);
            }
        });
        ui.separator();
        let page = PAGES[(*page).min(PAGES.len() - 1)];
        ScrollArea::vertical()
            .id_salt(page.title)
            .auto_shrink(false)
            .show(ui, |ui| page_ui(ui, page.text));
    });
    // A list or field that is open above it takes the key first.
    let is_left = !ui.ctx().egui_wants_keyboard_input()
        && !egui::Popup::is_any_open(ui.ctx())
        && ui.input(|input| input.key_pressed(egui::Key::Escape));
    open && !is_left
}

/// Draws one page: `# ` headings, `- ` items, indented formulas, paragraphs.
pub fn page_ui(ui: &mut Ui, text: &str) {
    let grid = theme().layout.grid;
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("# ") {
            ui.add_space(2.0 * grid);
            ui.heading(heading);
        } else if let Some(item) = line.strip_prefix("- ") {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 0.0;
                ui.label("•  ");
                spans_ui(ui, item);
            });
        } else if let Some(formula) = line.strip_prefix("    ") {
            ui.label(RichText::new(formula).monospace());
        } else if line.is_empty() {
            ui.add_space(grid);
        } else {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 0.0;
                spans_ui(ui, line);
            });
        }
    }
}

/// Text with parts between backticks in the fixed-width font.
fn spans_ui(ui: &mut Ui, line: &str) {
    for (index, part) in line.split('`').enumerate() {
        if part.is_empty() {
            continue;
        }
        if index % 2 == 1 {
            ui.label(RichText::new(part).monospace().strong());
        } else {
            ui.label(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_starts_with_a_heading_and_closes_its_backticks() {
        for page in PAGES {
            assert!(page.text.starts_with("# "), "{}", page.title);
            for line in page.text.lines() {
                assert!(line.matches('`').count() % 2 == 0, "{}: {line}", page.title);
            }
        }
    }
}
