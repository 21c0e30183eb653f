//! The page as a `tikzpicture`: shapes as paths and text set by LaTeX in the document's own font.
//!
//! Wants `\usepackage{tikz}`. Pictures become one small rectangle a cell, thinned to what a column can show.

use std::fmt::Write as _;

use egui::{Align2, Color32, ColorImage, Pos2, Rect, Stroke};

use super::drawing::{Drawing, Element, TextRun, length, straight};
use super::embedded;

/// Cells along the longer side of a picture.
const MOST_CELLS: usize = 150;

pub(super) fn encode(drawing: &Drawing, preset: Option<&str>) -> String {
    let mut out = String::from("% Needs \\usepackage{tikz}; include with \\input.\n");
    if let Some(preset) = preset {
        out.push_str(&embedded::tex_comments(preset));
    }
    out.push_str("\\begin{tikzpicture}[x=1bp,y=-1bp,line join=round]\n");
    let page = Rect::from_min_size(Pos2::ZERO, drawing.size);
    let _ = writeln!(out, "\\useasboundingbox {};", rectangle(page));
    let mut clip: Option<Rect> = None;
    for item in &drawing.items {
        if clip != Some(item.clip) {
            if clip.is_some() {
                out.push_str("\\end{scope}\n");
            }
            let _ = writeln!(out, "\\begin{{scope}}\\clip {};", rectangle(item.clip));
            clip = Some(item.clip);
        }
        element(&mut out, &item.element, &drawing.images);
    }
    if clip.is_some() {
        out.push_str("\\end{scope}\n");
    }
    out.push_str("\\end{tikzpicture}%\n");
    out
}

fn element(out: &mut String, element: &Element, images: &[ColorImage]) {
    match element {
        Element::Circle {
            center,
            radius,
            fill,
            stroke,
        } => {
            let path = format!("({}) circle[radius={}bp]", place(*center), length(*radius));
            paint(out, &path, *fill, *stroke);
        }
        Element::Path {
            points,
            closed,
            fill,
            stroke,
        } => {
            let places: Vec<String> = points
                .iter()
                .map(|point| format!("({})", place(*point)))
                .collect();
            let mut path = places.join("--");
            if *closed {
                path.push_str("--cycle");
            }
            paint(out, &path, *fill, *stroke);
        }
        Element::Rect {
            rect, fill, stroke, ..
        } => paint(out, &rectangle(*rect), *fill, *stroke),
        Element::Text(run) => text(out, run),
        Element::Image { rect, image } => {
            if let Some(image) = images.get(*image) {
                picture(out, *rect, image);
            }
        }
    }
}

fn paint(out: &mut String, path: &str, fill: Color32, stroke: Stroke) {
    let mut options = Vec::new();
    if fill.a() > 0 {
        options.push(color("fill", fill));
    }
    if !stroke.is_empty() {
        options.push(format!(
            "{},line width={}bp",
            color("draw", stroke.color),
            length(stroke.width)
        ));
    }
    if !options.is_empty() {
        let _ = writeln!(out, "\\path[{}] {path};", options.join(","));
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
