//! The page as a `tikzpicture`: shapes as paths and text set by LaTeX in the document's own font.
//!
//! Wants `\usepackage{tikz}`. Pictures become one small rectangle a cell, thinned to what a column can show.

use std::fmt::Write as _;

use egui::{Align2, Color32, ColorImage, Pos2, Rect};

use super::drawing::{Drawing, TextRun, length, straight};
use super::vector_writer::{Paint, VectorWriter};
use crate::files::embedded_preset;

/// Cells along the longer side of a picture.
const MOST_CELLS: usize = 150;

/// What a drawing begins with.
pub(super) const FIRST_LINE: &str = "% Needs \\usepackage{tikz}; include with \\input.\n";

pub(super) fn encode(drawing: &Drawing, preset: Option<&str>) -> String {
    let mut out = FIRST_LINE.to_owned();
    if let Some(preset) = preset {
        out.push_str(&embedded_preset::tex_comments(preset));
    }
    out.push_str("\\begin{tikzpicture}[x=1bp,y=-1bp,line join=round]\n");
    let page = Rect::from_min_size(Pos2::ZERO, drawing.size);
    let _ = writeln!(out, "\\useasboundingbox {};", rectangle(page));
    let mut writer = Writer { out };
    drawing.write_to(&mut writer);
    let mut out = writer.out;
    out.push_str("\\end{tikzpicture}%\n");
    out
}

/// Commands inside the picture.
struct Writer {
    out: String,
}

impl Writer {
    fn paint(&mut self, path: &str, Paint { fill, stroke }: Paint) {
        let mut options = Vec::new();
        if fill.a() > 0 {
            options.push(color("fill", fill));
        }
        if !stroke.is_empty() {
            let width = length(stroke.width);
            options.push(format!(
                "{},line width={width}bp",
                color("draw", stroke.color)
            ));
        }
        if !options.is_empty() {
            let _ = writeln!(self.out, "\\path[{}] {path};", options.join(","));
        }
    }
}

impl VectorWriter for Writer {
    fn begin_clip(&mut self, clip: Rect) {
        let _ = writeln!(self.out, "\\begin{{scope}}\\clip {};", rectangle(clip));
    }

    fn end_clip(&mut self) {
        self.out.push_str("\\end{scope}\n");
    }

    fn circle(&mut self, center: Pos2, radius: f32, paint: Paint) {
        let path = format!("({}) circle[radius={}bp]", place(center), length(radius));
        self.paint(&path, paint);
    }

    fn path(&mut self, points: &[Pos2], closed: bool, paint: Paint) {
        let places: Vec<String> = points
            .iter()
            .map(|point| format!("({})", place(*point)))
            .collect();
        let end = if closed { "--cycle" } else { "" };
        self.paint(&(places.join("--") + end), paint);
    }

    fn rectangle(&mut self, rect: Rect, _corner: f32, paint: Paint) {
        self.paint(&rectangle(rect), paint);
    }

    fn text(&mut self, run: &TextRun) {
        text(&mut self.out, run);
    }

    fn picture(&mut self, rect: Rect, _number: usize, image: &ColorImage) {
        picture(&mut self.out, rect, image);
    }
}

fn color(what: &str, color: Color32) -> String {
    let ([r, g, b], alpha) = straight(color);
    let opacity = if color.is_opaque() {
        String::new()
    } else {
        format!(",{what} opacity={alpha:.3}")
    };
    format!("{what}={{rgb,255:red,{r};green,{g};blue,{b}}}{opacity}")
}

/// Text scaled to the width it was laid out with, so that any font of the document fits.
fn text(out: &mut String, run: &TextRun) {
    let rotate = if run.angle == 0.0 {
        String::new()
    } else {
        format!(",rotate={}", length(-run.angle.to_degrees()))
    };
    let ([r, g, b], _) = straight(run.color);
    let (size, leading) = (length(run.size), length(run.size * 1.2));
    let (width, words) = (length(run.width), escaped(&run.text));
    let _ = writeln!(
        out,
        "\\node[anchor=base west,inner sep=0pt{rotate},text={{rgb,255:red,{r};green,{g};blue,{b}}},\
         font=\\fontsize{{{size}}}{{{leading}}}\\sffamily] at ({}) {{\\resizebox{{{width}bp}}{{\\height}}{{{words}}}}};",
        place(run.position)
    );
}

/// LaTeX for text: what TeX reads as commands is escaped, what its default fonts lack is written in math.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                out.push('\\');
                out.push(character);
            }
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '<' | '>' => _ = write!(out, "${character}$"),
            '\u{b2}' => out.push_str("$^2$"),
            '\u{b3}' => out.push_str("$^3$"),
            '\u{b5}' | '\u{3bc}' => out.push_str("$\\mu$"),
            '\u{d7}' => out.push_str("$\\times$"),
            '\u{b7}' => out.push_str("$\\cdot$"),
            '\u{b1}' => out.push_str("$\\pm$"),
            '\u{394}' | '\u{2206}' => out.push_str("$\\Delta$"),
            '\u{2264}' => out.push_str("$\\le$"),
            '\u{2265}' => out.push_str("$\\ge$"),
            '\u{2192}' => out.push_str("$\\to$"),
            '\u{2212}' => out.push_str("$-$"),
            '\u{2013}' => out.push_str("--"),
            '\u{2014}' => out.push_str("---"),
            '\u{2026}' => out.push_str("\\dots{}"),
            other if other.is_ascii() => out.push(other),
            _ => out.push('?'),
        }
    }
    out
}

fn picture(out: &mut String, rect: Rect, image: &ColorImage) {
    let [width, height] = image.size;
    let stride = width.max(height).div_ceil(MOST_CELLS).max(1);
    let (columns, rows) = (width.div_ceil(stride), height.div_ceil(stride));
    let size =
        egui::vec2(rect.width() / width as f32, rect.height() / height as f32) * stride as f32;
    for row in 0..rows {
        for column in 0..columns {
            let cell = (row * stride..((row + 1) * stride).min(height))
                .flat_map(|y| {
                    (column * stride..((column + 1) * stride).min(width)).map(move |x| (x, y))
                })
                .map(|(x, y)| image.pixels[y * width + x])
                .max_by_key(egui::Color32::a)
                .unwrap_or(Color32::TRANSPARENT);
            if cell.a() > 0 {
                let corner = rect.min + egui::vec2(column as f32 * size.x, row as f32 * size.y);
                let area = Align2::LEFT_TOP.anchor_size(corner, size);
                let _ = writeln!(out, "\\path[{}] {};", color("fill", cell), rectangle(area));
            }
        }
    }
}

fn place(point: Pos2) -> String {
    format!("{},{}", length(point.x), length(point.y))
}

fn rectangle(rect: Rect) -> String {
    format!("({}) rectangle ({})", place(rect.min), place(rect.max))
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn text_that_tex_would_read_as_commands_is_escaped() {
        assert_eq!(
            escaped("50% of a_b & {c} mm\u{b2}"),
            "50\\% of a\\_b \\& \\{c\\} mm$^2$"
        );
    }
}
