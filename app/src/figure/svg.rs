//! The page as SVG: shapes as shapes, text as text, the preset in the metadata.

use std::fmt::Write as _;

use egui::{Color32, ColorImage, Pos2, Rect};

use super::drawing::{Drawing, TextRun, length, straight};
use super::page::TYPEFACE_NAME;
use super::png;
use super::vector_writer::{Paint, VectorWriter};
use crate::files::embedded_preset::{self, xml_escaped};

pub(super) fn encode(drawing: &Drawing, preset: Option<&str>) -> String {
    let (width, height) = (length(drawing.size.x), length(drawing.size.y));
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" \
         xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"{width}pt\" height=\"{height}pt\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"'{TYPEFACE_NAME}', Arimo, Arial, Helvetica, sans-serif\">\n"
    );
    if let Some(preset) = preset {
        out.push_str(&embedded_preset::svg_metadata(preset));
    }
    let mut writer = Writer {
        out: String::new(),
        clips: Vec::new(),
    };
    drawing.write_to(&mut writer);
    out.push_str(&definitions(&writer.clips));
    out.push_str(&writer.out);
    out.push_str("</svg>\n");
    out
}

/// Elements, and the clipping rectangles they refer to by number.
struct Writer {
    out: String,
    clips: Vec<Rect>,
}

/// One clip path for each clipping rectangle.
fn definitions(clips: &[Rect]) -> String {
    if clips.is_empty() {
        return String::new();
    }
    let mut out = String::from("<defs>\n");
    for (index, clip) in clips.iter().enumerate() {
        let _ = writeln!(
            out,
            "<clipPath id=\"clip{index}\"><rect {}/></clipPath>",
            rect_attributes(*clip)
        );
    }
    out + "</defs>\n"
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

impl VectorWriter for Writer {
    fn begin_clip(&mut self, clip: Rect) {
        let known = self.clips.iter().position(|known| *known == clip);
        let index = known.unwrap_or(self.clips.len());
        if known.is_none() {
            self.clips.push(clip);
        }
        let _ = writeln!(self.out, "<g clip-path=\"url(#clip{index})\">");
    }

    fn end_clip(&mut self) {
        self.out.push_str("</g>\n");
    }

    fn circle(&mut self, center: Pos2, radius: f32, paint: Paint) {
        let (x, y, radius) = (length(center.x), length(center.y), length(radius));
        let paint = attributes(paint);
        let _ = writeln!(
            self.out,
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"{paint}/>"
        );
    }

    fn path(&mut self, points: &[Pos2], closed: bool, paint: Paint) {
        let tag = if closed { "polygon" } else { "polyline" };
        let points: Vec<String> = points
            .iter()
            .map(|p| format!("{},{}", length(p.x), length(p.y)))
            .collect();
        let (points, paint) = (points.join(" "), attributes(paint));
        let _ = writeln!(self.out, "<{tag} points=\"{points}\"{paint}/>");
    }

    fn rectangle(&mut self, rect: Rect, corner: f32, paint: Paint) {
        let round = if corner > 0.0 {
            format!(" rx=\"{}\"", length(corner))
        } else {
            String::new()
        };
        let (place, paint) = (rect_attributes(rect), attributes(paint));
        let _ = writeln!(self.out, "<rect {place}{round}{paint}/>");
    }

    fn text(&mut self, run: &TextRun) {
        let [x, y, size, width] = [run.position.x, run.position.y, run.size, run.width].map(length);
        let turn = if run.angle == 0.0 {
            String::new()
        } else {
            let degrees = length(run.angle.to_degrees());
            format!(" transform=\"rotate({degrees} {x} {y})\"")
        };
        let (fill, opacity) = color("fill", run.color);
        let words = xml_escaped(&run.text);
        let _ = writeln!(
            self.out,
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" textLength=\"{width}\"{turn} xml:space=\"preserve\"{fill}{opacity}>{words}</text>"
        );
    }

    fn picture(&mut self, rect: Rect, _number: usize, image: &ColorImage) {
        let (place, data) = (rect_attributes(rect), base64(&png::encode_image(image)));
        let _ = writeln!(
            self.out,
            "<image {place} preserveAspectRatio=\"none\" xlink:href=\"data:image/png;base64,{data}\"/>"
        );
    }
}

fn attributes(paint: Paint) -> String {
    let Paint { fill, stroke } = paint;
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
