//! The page as SVG: shapes as shapes, text as text, the preset in the metadata.

use std::fmt::Write as _;

use egui::{Color32, ColorImage, Rect, Stroke};

use super::drawing::{Drawing, Element, TextRun, length, straight};
use super::page::TYPEFACE_NAME;
use super::{embedded, png};

pub(super) fn encode(drawing: &Drawing, preset: Option<&str>) -> String {
    let (width, height) = (length(drawing.size.x), length(drawing.size.y));
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" \
         xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"{width}pt\" height=\"{height}pt\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"'{TYPEFACE_NAME}', Arimo, Arial, Helvetica, sans-serif\">\n"
    );
    if let Some(preset) = preset {
        out.push_str(&embedded::svg_metadata(preset));
    }
    let clips = clips(drawing, &mut out);
    let mut open = None;
    for item in &drawing.items {
        let index = clips.iter().position(|clip| *clip == item.clip);
        if open != Some(index) {
            if open.is_some() {
                out.push_str("</g>\n");
            }
            match index {
                Some(index) => _ = writeln!(out, "<g clip-path=\"url(#clip{index})\">"),
                None => out.push_str("<g>\n"),
            }
            open = Some(index);
        }
        element(&mut out, &item.element, &drawing.images);
    }
    if open.is_some() {
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    out
}

/// Writes one clip path for each clipping rectangle that is smaller than the page.
fn clips(drawing: &Drawing, out: &mut String) -> Vec<Rect> {
    let page = Rect::from_min_size(egui::Pos2::ZERO, drawing.size);
    let mut clips: Vec<Rect> = Vec::new();
    for item in &drawing.items {
        if !item.clip.contains_rect(page) && !clips.contains(&item.clip) {
            clips.push(item.clip);
        }
    }
    if !clips.is_empty() {
        out.push_str("<defs>\n");
        for (index, clip) in clips.iter().enumerate() {
            let _ = writeln!(
                out,
                "<clipPath id=\"clip{index}\"><rect {}/></clipPath>",
                rect_attributes(*clip)
            );
        }
        out.push_str("</defs>\n");
    }
    clips
}

fn rect_attributes(rect: Rect) -> String {
    let (x, y, width, height) = (
        length(rect.min.x),
        length(rect.min.y),
        length(rect.width()),
        length(rect.height()),
    );
    format!("x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"")
}

fn element(out: &mut String, element: &Element, images: &[ColorImage]) {
    let _ = match element {
        Element::Circle {
            center,
            radius,
            fill,
            stroke,
        } => {
            let (x, y, radius) = (length(center.x), length(center.y), length(*radius));
            writeln!(
                out,
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"{}/>",
                paint(*fill, *stroke)
            )
        }
        Element::Path {
            points,
            closed,
            fill,
            stroke,
        } => {
            let tag = if *closed { "polygon" } else { "polyline" };
            let points: Vec<String> = points
                .iter()
                .map(|p| format!("{},{}", length(p.x), length(p.y)))
                .collect();
            writeln!(
                out,
                "<{tag} points=\"{}\"{}/>",
                points.join(" "),
                paint(*fill, *stroke)
            )
        }
        Element::Rect {
            rect,
            corner,
            fill,
            stroke,
        } => {
            let round = if *corner > 0.0 {
                format!(" rx=\"{}\"", length(*corner))
            } else {
                String::new()
            };
            writeln!(
                out,
                "<rect {}{round}{}/>",
                rect_attributes(*rect),
                paint(*fill, *stroke)
            )
        }
        Element::Text(run) => text(out, run),
        Element::Image { rect, image } => {
            let data = images
                .get(*image)
                .map(|image| base64(&png::encode_image(image)))
                .unwrap_or_default();
            let place = rect_attributes(*rect);
            writeln!(
                out,
                "<image {place} preserveAspectRatio=\"none\" xlink:href=\"data:image/png;base64,{data}\"/>"
            )
        }
    };
}

fn text(out: &mut String, run: &TextRun) -> std::fmt::Result {
    let (x, y, size, width) = (
        length(run.position.x),
        length(run.position.y),
        length(run.size),
        length(run.width),
    );
    let turn = if run.angle == 0.0 {
        String::new()
    } else {
        format!(
            " transform=\"rotate({} {x} {y})\"",
            length(run.angle.to_degrees())
        )
    };
    let (fill, opacity) = color("fill", run.color);
    let words = escaped(&run.text);
    writeln!(
        out,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" textLength=\"{width}\"{turn} xml:space=\"preserve\"{fill}{opacity}>{words}</text>"
    )
}

fn paint(fill: Color32, stroke: Stroke) -> String {
    let (fill, fill_opacity) = color("fill", fill);
    let mut out = format!("{fill}{fill_opacity}");
    if !stroke.is_empty() {
        let (line, opacity) = color("stroke", stroke.color);
        let _ = write!(
            out,
            "{line}{opacity} stroke-width=\"{}\"",
            length(stroke.width)
        );
    }
    out
}

/// Attributes of a color: its value and, where it is not opaque, its opacity.
fn color(attribute: &str, color: Color32) -> (String, String) {
    if color.a() == 0 {
        return (format!(" {attribute}=\"none\""), String::new());
    }
    let ([r, g, b], alpha) = straight(color);
    let opacity = if color.is_opaque() {
        String::new()
    } else {
        format!(" {attribute}-opacity=\"{alpha:.3}\"")
    };
    (format!(" {attribute}=\"#{r:02x}{g:02x}{b:02x}\""), opacity)
}

/// Text that is safe inside an element.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().enumerate().fold(0_u32, |bits, (i, &byte)| {
            bits | u32::from(byte) << (16 - 8 * i)
        });
        for i in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= group.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_agrees_with_the_vectors_of_rfc_4648() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
