//! Pictures of the window and of figures, drawn by the figures' own rasterizer: no graphics card or driver is needed.
//!
//! Set `BLOCKSCAPE_UPDATE_PICTURES` to store new pictures of the figures after a wanted change, and look at them.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "pixels; sizes that are whole numbers"
)]

use std::collections::HashMap;
use std::path::Path;

use blockscape::figure::{FigureFormat, Rasterizer};
use blockscape::window::app::{App, Options};
use egui::epaint::{ClippedShape, Shape, TextShape};
use egui::{Color32, ThemePreference, vec2};
use egui_kittest::{Harness, TestRenderer};
use image::RgbaImage;

use crate::driver::{Folder, Window, settle, small_session};

#[path = "../../examples/figure_gallery.rs"]
#[expect(dead_code, reason = "an example with a main of its own")]
mod gallery;

/// The figures' rasterizer behind a test window.
#[derive(Default)]
struct Renderer(Rasterizer);

impl TestRenderer for Renderer {
    fn handle_delta(&mut self, delta: &mut egui::TexturesDelta) {
        self.0.take(delta);
    }

    fn render(
        &mut self,
        ctx: &egui::Context,
        output: &egui::FullOutput,
    ) -> Result<RgbaImage, String> {
        let scale = output.pixels_per_point;
        let size = ctx.viewport_rect().size() * scale;
        let size = [size.x.round() as usize, size.y.round() as usize];
        let picture = self.0.picture(ctx, output.shapes.clone(), size, scale);
        let [width, height] = picture.size.map(|side| side as u32);
        let bytes = picture.pixels.iter().flat_map(Color32::to_array).collect();
        RgbaImage::from_raw(width, height, bytes).ok_or_else(|| "size".to_owned())
    }
}

fn window(folder: &Folder, size: [f32; 2], zoom: f32, theme: ThemePreference) -> Window {
    let file = folder.0.join("start.ron");
    std::fs::write(&file, small_session().to_ron()).unwrap();
    let options = Options {
        file: Some(file),
        folders: folder.folders(),
        n_threads: 1,
    };
    let mut window = Harness::builder()
        .with_size(vec2(size[0], size[1]) / zoom)
        .with_pixels_per_point(zoom)
        .renderer(Renderer::default())
        .build_eframe(|context| App::new(&context.egui_ctx, options));
    window.ctx.set_theme(theme);
    settle(&mut window);
    window
}

/// Relative luminance (WCAG 2.2).
fn luminance([r, g, b]: [u8; 3]) -> f64 {
    let linear = |channel: u8| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.04045 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Of normal text (WCAG 2.2, level AA).
const LEAST_CONTRAST: f64 = 4.5;

/// Texts with their clipping rectangles.
fn texts(shapes: &[ClippedShape]) -> Vec<(egui::Rect, &TextShape)> {
    fn collect<'a>(
        shape: &'a Shape,
        clip: egui::Rect,
        into: &mut Vec<(egui::Rect, &'a TextShape)>,
    ) {
        match shape {
            Shape::Text(text) => into.push((clip, text)),
            Shape::Vec(parts) => parts.iter().for_each(|part| collect(part, clip, into)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for clipped in shapes {
        collect(&clipped.shape, clipped.clip_rect, &mut found);
    }
    found
}

/// The color that fills most of a rectangle.
fn ground(picture: &RgbaImage, rect: egui::Rect) -> Option<[u8; 3]> {
    let mut counts: HashMap<[u8; 3], u32> = HashMap::new();
    for y in rect.top().max(0.0) as u32..(rect.bottom() as u32).min(picture.height()) {
        for x in rect.left().max(0.0) as u32..(rect.right() as u32).min(picture.width()) {
            let [r, g, b, _] = picture.get_pixel(x, y).0;
            *counts.entry([r, g, b]).or_default() += 1;
        }
    }
    counts
        .into_iter()
        .max_by_key(|(color, count)| (*count, *color))
        .map(|(color, _)| color)
}

/// Texts of too little contrast, those that are switched off left out.
fn faint_texts(window: &Window, picture: &RgbaImage) -> Vec<String> {
    let scale = window.ctx.pixels_per_point();
    let mut faint = Vec::new();
    for (clip, text) in texts(&window.output().shapes) {
        let rect = text.visual_bounding_rect();
        let seen = rect.intersect(clip);
        let words = text.galley.text();
        if !words.contains(char::is_alphanumeric)
            || !seen.is_positive()
            || seen.area() < rect.area() * 0.8
        {
            continue;
        }
        let row = text.galley.rows.first().map(|row| &row.row.visuals.mesh);
        let own = row
            .and_then(|mesh| mesh.vertices.first())
            .map(|vertex| vertex.color);
        let color = text
            .override_text_color
            .or(own)
            .unwrap_or(text.fallback_color);
        let color = if color == Color32::PLACEHOLDER {
            text.fallback_color
        } else {
            color
        };
        // What is switched off is drawn through.
        if text.opacity_factor < 1.0 || !color.is_opaque() {
            continue;
        }
        let [r, g, b, _] = color.to_array();
        let scaled = egui::Rect::from_min_max(
            (seen.min.to_vec2() * scale).to_pos2(),
            (seen.max.to_vec2() * scale).to_pos2(),
        );
        if let Some(ground) = ground(picture, scaled) {
            let value = contrast([r, g, b], ground);
            if value < LEAST_CONTRAST {
                faint.push(format!("{words:?} {value:.2}:1"));
            }
        }
    }
    faint
}

#[test]
fn text_can_be_read_in_both_themes_from_a_small_window_to_4k() {
    let folder = Folder::new("contrast");
    for (size, zoom, theme) in [
        ([1280.0, 720.0], 1.0, ThemePreference::Dark),
        ([1280.0, 720.0], 1.0, ThemePreference::Light),
        ([960.0, 540.0], 1.0, ThemePreference::Light),
        ([1920.0, 1080.0], 1.0, ThemePreference::Dark), // the layout of 4K at 200 %, at fewer pixels
    ] {
        let mut window = window(&folder, size, zoom, theme);
        let picture = window.render().unwrap();
        assert_eq!([picture.width() as f32, picture.height() as f32], size);
        let name = format!("window_{}x{}_{theme:?}.png", size[0], size[1]);
        let look = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        picture.save(&look).unwrap();
        let faint = faint_texts(&window, &picture);
        assert!(faint.is_empty(), "{}: {}", look.display(), faint.join(", "));
    }
}

#[test]
fn figures_look_as_they_did() {
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/window/pictures");
    let drawn = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    std::fs::create_dir_all(&drawn).unwrap();
    gallery::draw(&drawn, &[FigureFormat::Png], 100.0).unwrap();
    for name in [
        "breakdown",
        "roofline",
        "layer_map",
        "coordinates",
        "bit_layout",
        "sensitivity",
        "tensor",
    ] {
        let (old, new) = (
            stored.join(format!("{name}.png")),
            drawn.join(format!("{name}.png")),
        );
        if std::env::var_os("BLOCKSCAPE_UPDATE_PICTURES").is_some() {
            std::fs::create_dir_all(&stored).unwrap();
            std::fs::copy(&new, &old).unwrap();
        }
        let [old, fresh] = [&old, &new].map(|path| image::open(path).unwrap().to_rgb8());
        assert_eq!(old.dimensions(), fresh.dimensions(), "{name}");
        let differs = |(a, b): &(&image::Rgb<u8>, &image::Rgb<u8>)| {
            a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > 32)
        };
        let n_different = old.pixels().zip(fresh.pixels()).filter(differs).count();
        // Curves and letters may fall on other pixels by a rounding; a moved label does not pass.
        let allowed = (old.width() * old.height()) as usize / 1000;
        assert!(
            n_different <= allowed,
            "{name}: {n_different} pixels differ, see {}",
            new.display()
        );
    }
}
