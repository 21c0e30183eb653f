//! The page as PDF 1.7: vector shapes, text in an embedded subset of the typeface, the preset as an attached file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;

use egui::{Color32, ColorImage, Pos2, Rect, pos2};
use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::drawing::{Drawing, Element, TextRun, length, straight};
use super::font::Font;
use super::page::TYPEFACE;
use super::vector_writer::{Paint, VectorWriter};
use crate::files::embedded_preset::PDF_KIND;

/// Distance of control points for a quarter circle of radius 1.
const QUARTER: f32 = 0.552_284_8;

pub(super) fn encode(drawing: &Drawing, preset: Option<&str>) -> Vec<u8> {
    let font = Font::new(TYPEFACE);
    let mut content = Content {
        out: format!("1 0 0 -1 0 {} cm 1 j\n", length(drawing.size.y)),
        opacities: BTreeSet::new(),
        font: &font,
    };
    drawing.write_to(&mut content);
    let mut file = File::new();
    let catalog = file.reserve();
    let pages = file.reserve();
    let page = file.reserve();
    let stream = file.stream("", content.out.as_bytes());
    let font_object = embed_font(&mut file, &font, drawing);
    let mut resources = format!("<< /Font << /F {font_object} 0 R >> /ExtGState <<");
    for opacity in &content.opacities {
        let value = f32::from(*opacity) / 255.0;
        let _ = write!(
            resources,
            " /O{opacity} << /ca {value:.3} /CA {value:.3} >>"
        );
    }
    resources.push_str(" >> /XObject <<");
    for (index, image) in drawing.images.iter().enumerate() {
        let object = embed_image(&mut file, image);
        let _ = write!(resources, " /I{index} {object} 0 R");
    }
    resources.push_str(" >> >>");
    let (width, height) = (length(drawing.size.x), length(drawing.size.y));
    file.set(
        page,
        format!(
            "<< /Type /Page /Parent {pages} 0 R /MediaBox [0 0 {width} {height}] /Contents {stream} 0 R \
             /Resources {resources} /Group << /S /Transparency /CS /DeviceRGB >> >>"
        ),
    );
    file.set(
        pages,
        format!("<< /Type /Pages /Kids [{page} 0 R] /Count 1 >>"),
    );
    let names = preset
        .map(|preset| attach(&mut file, preset))
        .unwrap_or_default();
    file.set(
        catalog,
        format!("<< /Type /Catalog /Pages {pages} 0 R{names} >>"),
    );
    file.finish(catalog)
}

/// The preset as an attached file; gives the catalog's entry.
fn attach(file: &mut File, preset: &str) -> String {
    let mut body = format!("<< {PDF_KIND}{} >>\nstream\n", preset.len()).into_bytes();
    body.extend_from_slice(preset.as_bytes());
    body.extend_from_slice(b"\nendstream");
    let stream = file.reserve();
    file.set_bytes(stream, body);
    let specification = file.reserve();
    let name = "preset.ron";
    file.set(
        specification,
        format!("<< /Type /Filespec /F ({name}) /UF ({name}) /EF << /F {stream} 0 R >> >>"),
    );
    format!(" /Names << /EmbeddedFiles << /Names [({name}) {specification} 0 R] >> >>")
}

fn embed_font(file: &mut File, font: &Font<'_>, drawing: &Drawing) -> usize {
    let texts = drawing.items.iter().filter_map(|item| match &item.element {
        Element::Text(run) => Some(run.text.as_str()),
        _ => None,
    });
    let used: BTreeMap<u16, char> = texts
        .flat_map(str::chars)
        .map(|c| (font.glyph(c), c))
        .collect();
    let em = f32::from(font.units_per_em());
    let thousandths = |units: f32| (units * 1000.0 / em).round();
    let outlines = font.subset(&used.keys().copied().collect());
    let program = file.stream(&format!("/Length1 {}", outlines.len()), &outlines);
    let [left, bottom, right, top] = font.bounding_box().map(|edge| thousandths(f32::from(edge)));
    let (ascent, descent) = font.ascent_and_descent();
    let (ascent, descent) = (
        thousandths(f32::from(ascent)),
        thousandths(f32::from(descent)),
    );
    // six letters mark a subset; they name its content so that equal figures are equal
    let tag = subset_tag(used.keys());
    let name = format!("{tag}+LiberationSans");
    let descriptor = file.reserve();
    file.set(
        descriptor,
        format!(
            "<< /Type /FontDescriptor /FontName /{name} /Flags 32 /FontBBox [{left} {bottom} {right} {top}] \
             /ItalicAngle 0 /Ascent {ascent} /Descent {descent} /CapHeight 729 /StemV 80 /FontFile2 {program} 0 R >>"
        ),
    );
    let widths: String = used.keys().fold(String::new(), |mut out, &glyph| {
        let _ = write!(
            out,
            " {glyph} [{}]",
            thousandths(f32::from(font.advance(glyph)))
        );
        out
    });
    let descendant = file.reserve();
    file.set(
        descendant,
        format!(
            "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /CIDToGIDMap /Identity /FontDescriptor {descriptor} 0 R \
             /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /W [{}] >>",
            widths.trim_start()
        ),
    );
    let unicode = file.stream("", to_unicode(&used).as_bytes());
    let font_object = file.reserve();
    file.set(
        font_object,
        format!(
            "<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H \
             /DescendantFonts [{descendant} 0 R] /ToUnicode {unicode} 0 R >>"
        ),
    );
    font_object
}

fn subset_tag<'a>(glyphs: impl Iterator<Item = &'a u16>) -> String {
    let hash = glyphs.fold(0xcbf2_9ce4_8422_2325_u64, |hash, &glyph| {
        (hash ^ u64::from(glyph)).wrapping_mul(0x0100_0000_01b3)
    });
    (0..6_u32)
        .map(|i| char::from(b'A' + (hash >> (8 * i) & 0xff) as u8 % 26))
        .collect()
}

/// The map from glyphs back to characters, so that text can be searched and copied.
fn to_unicode(used: &BTreeMap<u16, char>) -> String {
    let mut out = String::from(
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n\
         /CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n\
         /CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n\
         1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n",
    );
    let pairs: Vec<(&u16, &char)> = used.iter().collect();
    for group in pairs.chunks(100) {
        let _ = writeln!(out, "{} beginbfchar", group.len());
        for (glyph, character) in group {
            let units = hexadecimal(character.encode_utf16(&mut [0; 2]).iter().copied());
            let _ = writeln!(out, "<{glyph:04X}> <{units}>");
        }
        out.push_str("endbfchar\n");
    }
    out.push_str("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
    out
}

fn embed_image(file: &mut File, image: &ColorImage) -> usize {
    let [width, height] = image.size;
    let straight = image
        .pixels
        .iter()
        .map(egui::Color32::to_srgba_unmultiplied);
    let colors: Vec<u8> = straight
        .clone()
        .flat_map(|[r, g, b, _]| [r, g, b])
        .collect();
    let alphas: Vec<u8> = straight.map(|[.., alpha]| alpha).collect();
    let kind = format!(
        "/Type /XObject /Subtype /Image /Width {width} /Height {height} /BitsPerComponent 8 /Interpolate true"
    );
    let mask = file.stream(&format!("{kind} /ColorSpace /DeviceGray"), &alphas);
    file.stream(
        &format!("{kind} /ColorSpace /DeviceRGB /SMask {mask} 0 R"),
        &colors,
    )
}

/// The page's drawing commands; y is turned so that it grows downwards, as on the screen.
struct Content<'a> {
    out: String,
    opacities: BTreeSet<u8>,
    font: &'a Font<'a>,
}

impl Content<'_> {
    fn paint(&mut self, path: &str, Paint { fill, stroke }: Paint) {
        if fill.a() > 0 {
            self.color(fill, "rg");
            let _ = writeln!(self.out, "{path} f");
        }
        if !stroke.is_empty() {
            self.color(stroke.color, "RG");
            let _ = writeln!(self.out, "{} w {path} S", length(stroke.width));
        }
    }

    fn color(&mut self, color: Color32, operator: &str) {
        let ([r, g, b], _) = straight(color);
        self.opacity(color.a());
        let [r, g, b] = [r, g, b].map(|channel| format!("{:.3}", f32::from(channel) / 255.0));
        let _ = write!(self.out, "{r} {g} {b} {operator} ");
    }

    fn opacity(&mut self, alpha: u8) {
        self.opacities.insert(alpha);
        let _ = write!(self.out, "/O{alpha} gs ");
    }
}

impl VectorWriter for Content<'_> {
    fn begin_clip(&mut self, clip: Rect) {
        let _ = writeln!(self.out, "q {} W n", rectangle(clip));
    }

    fn end_clip(&mut self) {
        self.out.push_str("Q\n");
    }

    fn circle(&mut self, center: Pos2, radius: f32, paint: Paint) {
        self.paint(&circle(center, radius), paint);
    }

    fn path(&mut self, points: &[Pos2], closed: bool, paint: Paint) {
        let mut path = String::new();
        for (i, point) in points.iter().enumerate() {
            let operator = if i == 0 { "m" } else { "l" };
            let _ = write!(path, "{} {operator} ", place(*point));
        }
        if closed {
            path.push_str("h ");
        }
        self.paint(&path, paint);
    }

    fn rectangle(&mut self, rect: Rect, _corner: f32, paint: Paint) {
        self.paint(&rectangle(rect), paint);
    }

    fn text(&mut self, run: &TextRun) {
        self.color(run.color, "rg");
        let (sin, cos) = run.angle.sin_cos();
        let [cos, sin, minus_cos] = [cos, sin, -cos].map(|value| format!("{value:.5}"));
        let glyphs = hexadecimal(run.text.chars().map(|c| self.font.glyph(c)));
        let (size, at) = (length(run.size), place(run.position));
        let _ = writeln!(
            self.out,
            "BT /F {size} Tf {cos} {sin} {sin} {minus_cos} {at} Tm <{glyphs}> Tj ET"
        );
    }

    fn picture(&mut self, rect: Rect, number: usize, _image: &ColorImage) {
        self.opacity(255);
        let (width, height) = (length(rect.width()), length(rect.height()));
        let corner = place(pos2(rect.min.x, rect.max.y));
        let _ = writeln!(
            self.out,
            "q {width} 0 0 -{height} {corner} cm /I{number} Do Q"
        );
    }
}

fn hexadecimal(words: impl Iterator<Item = u16>) -> String {
    words.fold(String::new(), |mut out, word| {
        let _ = write!(out, "{word:04X}");
        out
    })
}

fn place(point: Pos2) -> String {
    format!("{} {}", length(point.x), length(point.y))
}

fn rectangle(rect: Rect) -> String {
    format!(
        "{} {} {} re",
        place(rect.min),
        length(rect.width()),
        length(rect.height())
    )
}

fn circle(center: Pos2, radius: f32) -> String {
    let at = |x: f32, y: f32| place(pos2(center.x + x * radius, center.y + y * radius));
    let k = QUARTER;
    let mut path = format!("{} m ", at(1.0, 0.0));
    for (dx, dy) in [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0_f32)] {
        // the next quarter turns (dx, dy) to (-dy, dx)
        let (first, second) = (at(dx - k * dy, dy + k * dx), at(-dy + k * dx, dx + k * dy));
        let _ = write!(path, "{first} {second} {} c ", at(-dy, dx));
    }
    path + "h"
}

/// Numbered objects, written in order with their table of places.
struct File {
    objects: Vec<Vec<u8>>,
}

impl File {
    fn new() -> Self {
        Self {
            objects: Vec::new(),
        }
    }

    fn reserve(&mut self) -> usize {
        self.objects.push(Vec::new());
        self.objects.len()
    }

    fn set(&mut self, number: usize, body: String) {
        self.set_bytes(number, body.into_bytes());
    }

    fn set_bytes(&mut self, number: usize, body: Vec<u8>) {
        self.objects[number - 1] = body;
    }

    /// A compressed stream with further dictionary entries.
    fn stream(&mut self, entries: &str, bytes: &[u8]) -> usize {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("memory takes all bytes");
        let packed = encoder.finish().expect("memory takes all bytes");
        let mut body = format!(
            "<< {entries} /Filter /FlateDecode /Length {} >>\nstream\n",
            packed.len()
        )
        .into_bytes();
        body.extend_from_slice(&packed);
        body.extend_from_slice(b"\nendstream");
        let number = self.reserve();
        self.set_bytes(number, body);
        number
    }

    fn finish(self, catalog: usize) -> Vec<u8> {
        let mut out = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
        let mut places = Vec::new();
        for (index, body) in self.objects.iter().enumerate() {
            places.push(out.len());
            out.extend_from_slice(format!("{} 0 obj\n", index + 1).as_bytes());
            out.extend_from_slice(body);
            out.extend_from_slice(b"\nendobj\n");
        }
        let table = out.len();
        let mut end = format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1);
        for place in &places {
            let _ = writeln!(end, "{place:010} 00000 n ");
        }
        let _ = write!(
            end,
            "trailer\n<< /Size {} /Root {catalog} 0 R >>\nstartxref\n{table}\n%%EOF\n",
            places.len() + 1
        );
        out.extend_from_slice(end.as_bytes());
        out
    }
}
