//! The page as PDF 1.7: vector shapes, text in an embedded subset of the typeface, the preset as an attached file.

use std::collections::BTreeSet;
use std::io::Write as _;

use egui::{Color32, ColorImage, Pos2, Rect, pos2};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, LineJoinStyle, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish as _, Name, Pdf, Ref, Str, TextStr};

use super::drawing::{Drawing, Element, TextRun, straight};
use super::font::FontSubset;
use super::page::TYPEFACE;
use super::vector_writer::{Paint, VectorWriter};
use crate::files::embedded_preset::PDF_SUBTYPE;

/// Distance of control points for a quarter circle of radius 1.
const QUARTER: f32 = 0.552_284_8;
/// Name of the typeface among the page's resources.
const FONT: Name<'static> = Name(b"F");
/// Name of the attached preset.
const PRESET_NAME: &str = "preset.ron";
/// Numbering of glyphs by the font itself.
const IDENTITY: SystemInfo<'static> = SystemInfo {
    registry: Str(b"Adobe"),
    ordering: Str(b"Identity"),
    supplement: 0,
};

pub(super) fn encode(drawing: &Drawing, preset: Option<&str>) -> Vec<u8> {
    let font = FontSubset::new(TYPEFACE, characters(drawing));
    let mut commands = Commands {
        out: Content::new(),
        opacities: BTreeSet::new(),
        font: &font,
    };
    let (width, height) = (rounded(drawing.size.x), rounded(drawing.size.y));
    commands
        .out
        .transform([1.0, 0.0, 0.0, -1.0, 0.0, height])
        .set_line_join(LineJoinStyle::RoundJoin);
    drawing.write_to(&mut commands);
    let Commands { out, opacities, .. } = commands;

    let mut numbers = Numbers(0);
    let (catalog, pages, page, content) = (
        numbers.next(),
        numbers.next(),
        numbers.next(),
        numbers.next(),
    );
    let mut pdf = Pdf::new();
    let font_number = embed_font(&mut pdf, &mut numbers, &font);
    let images: Vec<Ref> = drawing
        .images
        .iter()
        .map(|image| embed_image(&mut pdf, &mut numbers, image))
        .collect();
    pdf.stream(content, &packed(&out.finish()))
        .filter(Filter::FlateDecode);

    let mut sheet = pdf.page(page);
    sheet
        .parent(pages)
        .media_box(pdf_writer::Rect::new(0.0, 0.0, width, height))
        .contents(content);
    sheet.group().transparency().color_space().device_rgb();
    let mut resources = sheet.resources();
    resources.fonts().pair(FONT, font_number);
    let mut states = resources.ext_g_states();
    for opacity in opacities {
        let value = thousandth(f32::from(opacity) / 255.0);
        states
            .insert(Name(opacity_name(opacity).as_bytes()))
            .start::<pdf_writer::writers::ExtGraphicsState<'_>>()
            .non_stroking_alpha(value)
            .stroking_alpha(value);
    }
    states.finish();
    let mut pictures = resources.x_objects();
    for (number, image) in images.iter().enumerate() {
        pictures.pair(Name(image_name(number).as_bytes()), *image);
    }
    pictures.finish();
    resources.finish();
    sheet.finish();
    pdf.pages(pages).kids([page]).count(1);

    let attached = preset.map(|preset| attach(&mut pdf, &mut numbers, preset));
    let mut root = pdf.catalog(catalog);
    root.pages(pages);
    if let Some(specification) = attached {
        root.names()
            .embedded_files()
            .names()
            .insert(Str(PRESET_NAME.as_bytes()), specification);
    }
    root.finish();
    pdf.finish()
}

/// Characters of all texts of a drawing.
fn characters(drawing: &Drawing) -> impl Iterator<Item = char> + '_ {
    drawing.items.iter().flat_map(|item| match &item.element {
        Element::Text(run) => run.text.chars(),
        _ => "".chars(),
    })
}

/// Numbers of the objects in the file, from 1.
struct Numbers(i32);

impl Numbers {
    fn next(&mut self) -> Ref {
        self.0 += 1;
        Ref::new(self.0)
    }
}

/// The preset as an attached file; gives its specification.
fn attach(pdf: &mut Pdf, numbers: &mut Numbers, preset: &str) -> Ref {
    let (stream, specification) = (numbers.next(), numbers.next());
    pdf.embedded_file(stream, preset.as_bytes())
        .subtype(Name(PDF_SUBTYPE.as_bytes()));
    pdf.file_spec(specification)
        .path(Str(PRESET_NAME.as_bytes()))
        .unic_file(TextStr(PRESET_NAME))
        .embedded_file_with_unicode(stream);
    specification
}

fn embed_font(pdf: &mut Pdf, numbers: &mut Numbers, font: &FontSubset) -> Ref {
    let (composite, descendant, descriptor, program, unicode) = (
        numbers.next(),
        numbers.next(),
        numbers.next(),
        numbers.next(),
        numbers.next(),
    );
    let name = format!("{}+LiberationSans", subset_tag(&font.file));
    let name = Name(name.as_bytes());
    pdf.type0_font(composite)
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(descendant)
        .to_unicode(unicode);
    let mut glyphs = pdf.cid_font(descendant);
    glyphs
        .subtype(CidFontType::Type2)
        .base_font(name)
        .system_info(IDENTITY)
        .font_descriptor(descriptor)
        .cid_to_gid_map_predefined(Name(b"Identity"));
    glyphs.widths().consecutive(0, font.widths.iter().copied());
    glyphs.finish();
    let [left, bottom, right, top] = font.bounding_box;
    pdf.font_descriptor(descriptor)
        .name(name)
        .flags(FontFlags::NON_SYMBOLIC)
        .bbox(pdf_writer::Rect::new(left, bottom, right, top))
        .italic_angle(0.0)
        .ascent(font.ascent)
        .descent(font.descent)
        .cap_height(729.0)
        .stem_v(80.0)
        .font_file2(program);
    pdf.stream(program, &packed(&font.file))
        .filter(Filter::FlateDecode)
        .pair(
            Name(b"Length1"),
            i32::try_from(font.file.len()).unwrap_or(i32::MAX),
        );
    let mut map = UnicodeCmap::new(Name(b"Adobe-Identity-UCS"), IDENTITY);
    for (character, glyph) in font.characters() {
        map.pair(glyph, character);
    }
    pdf.stream(unicode, &packed(&map.finish()))
        .filter(Filter::FlateDecode);
    composite
}

/// Six letters that mark a subset and name its content, so that equal figures are equal.
fn subset_tag(file: &[u8]) -> String {
    let hash = crc32fast::hash(file);
    (0..6_u32)
        .map(|i| char::from(b'A' + (hash.rotate_right(5 * i) & 0xff) as u8 % 26))
        .collect()
}

fn embed_image(pdf: &mut Pdf, numbers: &mut Numbers, image: &ColorImage) -> Ref {
    let (picture, mask) = (numbers.next(), numbers.next());
    let [width, height] = image
        .size
        .map(|side| i32::try_from(side).unwrap_or(i32::MAX));
    let pixels = image
        .pixels
        .iter()
        .map(egui::Color32::to_srgba_unmultiplied);
    let colors: Vec<u8> = pixels.clone().flat_map(|[r, g, b, _]| [r, g, b]).collect();
    let alphas: Vec<u8> = pixels.map(|[.., alpha]| alpha).collect();
    let colors = packed(&colors);
    let mut object = pdf.image_xobject(picture, &colors);
    object.filter(Filter::FlateDecode);
    object
        .width(width)
        .height(height)
        .bits_per_component(8)
        .interpolate(true)
        .s_mask(mask);
    object.color_space().device_rgb();
    object.finish();
    let alphas = packed(&alphas);
    let mut object = pdf.image_xobject(mask, &alphas);
    object.filter(Filter::FlateDecode);
    object
        .width(width)
        .height(height)
        .bits_per_component(8)
        .interpolate(true);
    object.color_space().device_gray();
    object.finish();
    picture
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory takes all bytes");
    encoder.finish().expect("memory takes all bytes")
}

/// The page's drawing commands; y is turned so that it grows downwards, as on the screen.
struct Commands<'a> {
    out: Content,
    opacities: BTreeSet<u8>,
    font: &'a FontSubset,
}

impl Commands<'_> {
    fn paint(&mut self, Paint { fill, stroke }: Paint, path: impl Fn(&mut Content)) {
        if fill.a() > 0 {
            let [r, g, b] = self.color(fill);
            self.out.set_fill_rgb(r, g, b);
            path(&mut self.out);
            self.out.fill_nonzero();
        }
        if !stroke.is_empty() {
            let [r, g, b] = self.color(stroke.color);
            self.out
                .set_stroke_rgb(r, g, b)
                .set_line_width(rounded(stroke.width));
            path(&mut self.out);
            self.out.stroke();
        }
    }

    /// Channels of a color from 0 to 1; its opacity becomes the current one.
    fn color(&mut self, color: Color32) -> [f32; 3] {
        let (channels, _) = straight(color);
        self.opacity(color.a());
        channels.map(|channel| thousandth(f32::from(channel) / 255.0))
    }

    fn opacity(&mut self, alpha: u8) {
        self.opacities.insert(alpha);
        self.out
            .set_parameters(Name(opacity_name(alpha).as_bytes()));
    }
}

impl VectorWriter for Commands<'_> {
    fn begin_clip(&mut self, clip: Rect) {
        self.out.save_state();
        rectangle(&mut self.out, clip);
        self.out.clip_nonzero().end_path();
    }

    fn end_clip(&mut self) {
        self.out.restore_state();
    }

    fn circle(&mut self, center: Pos2, radius: f32, paint: Paint) {
        self.paint(paint, |out| circle(out, center, radius));
    }

    fn path(&mut self, points: &[Pos2], closed: bool, paint: Paint) {
        self.paint(paint, |out| {
            for (i, point) in points.iter().enumerate() {
                let (x, y) = place(*point);
                if i == 0 {
                    out.move_to(x, y);
                } else {
                    out.line_to(x, y);
                }
            }
            if closed {
                out.close_path();
            }
        });
    }

    fn rectangle(&mut self, rect: Rect, _corner: f32, paint: Paint) {
        self.paint(paint, |out| rectangle(out, rect));
    }

    fn text(&mut self, run: &TextRun) {
        let [r, g, b] = self.color(run.color);
        let (sin, cos) = run.angle.sin_cos();
        let turn = |value: f32| (value * 1e5).round() / 1e5 + 0.0;
        let (x, y) = place(run.position);
        let glyphs: Vec<u8> = run
            .text
            .chars()
            .flat_map(|character| self.font.glyph(character).to_be_bytes())
            .collect();
        self.out
            .set_fill_rgb(r, g, b)
            .begin_text()
            .set_font(FONT, rounded(run.size))
            .set_text_matrix([turn(cos), turn(sin), turn(sin), turn(-cos), x, y])
            .show(Str(&glyphs))
            .end_text();
    }

    fn picture(&mut self, rect: Rect, number: usize, _image: &ColorImage) {
        self.opacity(255);
        let (x, y) = place(pos2(rect.min.x, rect.max.y));
        let (width, height) = (rounded(rect.width()), rounded(rect.height()));
        self.out
            .save_state()
            .transform([width, 0.0, 0.0, -height, x, y])
            .x_object(Name(image_name(number).as_bytes()))
            .restore_state();
    }
}

fn opacity_name(alpha: u8) -> String {
    format!("O{alpha}")
}

fn image_name(number: usize) -> String {
    format!("I{number}")
}

/// A length to a hundredth of a point.
fn rounded(value: f32) -> f32 {
    (value * 100.0).round() / 100.0 + 0.0
}

/// A share to a thousandth.
fn thousandth(value: f32) -> f32 {
    (value * 1000.0).round() / 1000.0
}

fn place(point: Pos2) -> (f32, f32) {
    (rounded(point.x), rounded(point.y))
}

fn rectangle(out: &mut Content, rect: Rect) {
    let (x, y) = place(rect.min);
    out.rect(x, y, rounded(rect.width()), rounded(rect.height()));
}

fn circle(out: &mut Content, center: Pos2, radius: f32) {
    let at = |x: f32, y: f32| place(pos2(center.x + x * radius, center.y + y * radius));
    let k = QUARTER;
    let (x, y) = at(1.0, 0.0);
    out.move_to(x, y);
    for (dx, dy) in [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0_f32)] {
        // the next quarter turns (dx, dy) to (-dy, dx)
        let (first, second) = (at(dx - k * dy, dy + k * dx), at(-dy + k * dx, dx + k * dy));
        let end = at(-dy, dx);
        out.cubic_to(first.0, first.1, second.0, second.1, end.0, end.1);
    }
    out.close_path();
}
