//! Colors, sizes and markers of the plots: one value the window fills from its theme and a figure from its page.
//!
//! Holds no layout: spacing of panels belongs to the window.

use egui::{Color32, FontFamily, FontId, Pos2, Shape, Stroke, Vec2, epaint::CircleShape, vec2};

/// Categories in the order they are handed out: the Okabe-Ito palette (Okabe and Ito, "Color Universal Design", 2008),
/// yellow last because it is weak on white.
pub const OKABE_ITO: [Color32; 8] = [
    Color32::from_rgb(0x00, 0x72, 0xb2), // blue
    Color32::from_rgb(0xd5, 0x5e, 0x00), // vermillion
    Color32::from_rgb(0x00, 0x9e, 0x73), // bluish green
    Color32::from_rgb(0xcc, 0x79, 0xa7), // reddish purple
    Color32::from_rgb(0xe6, 0x9f, 0x00), // orange
    Color32::from_rgb(0x56, 0xb4, 0xe9), // sky blue
    Color32::from_rgb(0x5a, 0x5a, 0x5a), // gray, in the place of black so that both themes can show it
    Color32::from_rgb(0xf0, 0xe4, 0x42), // yellow
];

/// How plots look.
#[derive(Debug, Clone, PartialEq)]
pub struct PlotTheme {
    /// Axis titles, labels.
    pub text: Color32,
    /// Tick labels, units, secondary text.
    pub weak_text: Color32,
    /// Behind the data.
    pub background: Color32,
    /// Grid lines at full strength.
    pub grid: Color32,
    /// The border of a plot and of cards.
    pub frame: Color32,
    /// The one accent: current design, selection.
    pub accent: Color32,
    /// Categories; markers follow the same index.
    pub categories: [Color32; 8],
    /// The dominated cloud at its densest.
    pub cloud: Color32,
    /// Shading of what a constraint excludes.
    pub excluded: Color32,
    /// Better and worse than the reference.
    pub better: Color32,
    /// See `better`.
    pub worse: Color32,
    /// Sequential ramp for maps, low to high.
    pub ramp: [Color32; 3],
    /// Axis titles and labels, in points.
    pub text_size: f32,
    /// Ticks, legend, units, in points.
    pub small_text_size: f32,
    /// Front lines and marker outlines, in points.
    pub line_width: f32,
    /// Radius of a marker, in points.
    pub marker_radius: f32,
    /// A figure on paper: nothing interactive, no rounded corners, no hover.
    pub on_paper: bool,
}

impl PlotTheme {
    /// On a light window.
    pub fn light() -> Self {
        Self {
            text: Color32::from_gray(0x1c),
            weak_text: Color32::from_gray(0x55),
            background: Color32::WHITE,
            grid: Color32::from_gray(0xc8),
            frame: Color32::from_gray(0x9a),
            accent: OKABE_ITO[1],
            categories: OKABE_ITO,
            cloud: Color32::from_gray(0x6e),
            excluded: Color32::from_rgba_unmultiplied(0x80, 0x40, 0x40, 0x20),
            better: Color32::from_rgb(0x00, 0x6d, 0x4f),
            worse: Color32::from_rgb(0xb0, 0x3a, 0x00),
            ramp: [
                Color32::from_rgb(0xf3, 0xf6, 0xfa),
                Color32::from_rgb(0x7f, 0xb2, 0xd5),
                Color32::from_rgb(0x08, 0x3a, 0x6b),
            ],
            text_size: 13.0,
            small_text_size: 11.0,
            line_width: 1.5,
            marker_radius: 4.0,
            on_paper: false,
        }
    }

    /// On a dark window.
    pub fn dark() -> Self {
        let mut categories = OKABE_ITO;
        categories[0] = Color32::from_rgb(0x3d, 0xa5, 0xe0); // blue, lifted to hold 4.5:1 on the dark background
        categories[6] = Color32::from_gray(0xb4);
        Self {
            text: Color32::from_gray(0xe0),
            weak_text: Color32::from_gray(0xa4),
            background: Color32::from_gray(0x14),
            grid: Color32::from_gray(0x3c),
            frame: Color32::from_gray(0x55),
            accent: Color32::from_rgb(0xf2, 0x7d, 0x1e),
            categories,
            cloud: Color32::from_gray(0x9c),
            excluded: Color32::from_rgba_unmultiplied(0xd0, 0x70, 0x70, 0x22),
            better: Color32::from_rgb(0x35, 0xc4, 0x9a),
            worse: Color32::from_rgb(0xf2, 0x8a, 0x4b),
            ramp: [
                Color32::from_rgb(0x1d, 0x24, 0x2c),
                Color32::from_rgb(0x2f, 0x6f, 0x9f),
                Color32::from_rgb(0xc4, 0xe6, 0xff),
            ],
            ..Self::light()
        }
    }

    /// On paper: light, sized from one font size in points.
    pub fn paper(font_size: f32) -> Self {
        Self {
            text: Color32::BLACK,
            weak_text: Color32::from_gray(0x20),
            grid: Color32::from_gray(0xd4),
            frame: Color32::from_gray(0x60),
            text_size: font_size,
            small_text_size: font_size * 0.875,
            line_width: font_size * 0.125,
            marker_radius: font_size * 0.34,
            on_paper: true,
            ..Self::light()
        }
    }

    /// Font of axis titles.
    pub fn font(&self) -> FontId {
        FontId::new(self.text_size, FontFamily::Proportional)
    }

    /// Font of ticks and legends.
    pub fn small_font(&self) -> FontId {
        FontId::new(self.small_text_size, FontFamily::Proportional)
    }

    /// Color and marker of the nth category; they repeat with different pairings after the eighth.
    pub fn category(&self, index: usize) -> (Color32, Marker) {
        let n = self.categories.len();
        let marker = Marker::ALL[(index + index / n) % Marker::ALL.len()];
        (self.categories[index % n], marker)
    }

    /// A place on the sequential ramp, `share` in 0..=1.
    pub fn ramp_color(&self, share: f32) -> Color32 {
        let share = share.clamp(0.0, 1.0) * 2.0;
        if share <= 1.0 {
            self.ramp[0].lerp_to_gamma(self.ramp[1], share)
        } else {
            self.ramp[1].lerp_to_gamma(self.ramp[2], share - 1.0)
        }
    }

    /// Text color that can be read on a fill.
    pub fn text_on(&self, fill: Color32) -> Color32 {
        let luminance =
            0.299 * f32::from(fill.r()) + 0.587 * f32::from(fill.g()) + 0.114 * f32::from(fill.b());
        if luminance > 140.0 {
            Color32::from_gray(0x10)
        } else {
            Color32::from_gray(0xf4)
        }
    }
}

/// Shapes that tell categories apart without color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    /// Disc.
    Circle,
    /// Square.
    Square,
    /// Square on its corner.
    Diamond,
    /// Triangle, tip up.
    Up,
    /// Triangle, tip down.
    Down,
    /// Plus with thick arms.
    Plus,
    /// Triangle, tip right.
    Right,
    /// Five-pointed star.
    Star,
}

impl Marker {
    /// In the order categories take them.
    pub const ALL: [Self; 8] = [
        Self::Circle,
        Self::Square,
        Self::Diamond,
        Self::Up,
        Self::Down,
        Self::Plus,
        Self::Right,
        Self::Star,
    ];

    /// The marker as a shape: `fill` inside, `stroke` around; hollow when the fill is transparent.
    pub fn shape(self, center: Pos2, radius: f32, fill: Color32, stroke: Stroke) -> Shape {
        if self == Self::Circle {
            return Shape::Circle(CircleShape {
                center,
                radius,
                fill,
                stroke,
            });
        }
        let points = self
            .outline()
            .map(|offset| center + offset * radius)
            .collect::<Vec<_>>();
        if matches!(self, Self::Plus | Self::Star) {
            return concave(center, points, fill, stroke);
        }
        Shape::convex_polygon(points, fill, stroke)
    }

    /// Corners around the center for radius 1; areas are close to that of the disc.
    fn outline(self) -> impl Iterator<Item = Vec2> {
        const ARM: f32 = 0.38;
        const REACH: f32 = 1.15;
        let corners: Vec<Vec2> = match self {
            Self::Circle => Vec::new(),
            Self::Square => regular(4, 1.25, 45.0),
            Self::Diamond => regular(4, 1.3, 0.0),
            Self::Up => regular(3, 1.4, -90.0),
            Self::Down => regular(3, 1.4, 90.0),
            Self::Right => regular(3, 1.4, 0.0),
            Self::Plus => vec![
                vec2(-ARM, -REACH),
                vec2(ARM, -REACH),
                vec2(ARM, -ARM),
                vec2(REACH, -ARM),
                vec2(REACH, ARM),
                vec2(ARM, ARM),
                vec2(ARM, REACH),
                vec2(-ARM, REACH),
                vec2(-ARM, ARM),
                vec2(-REACH, ARM),
                vec2(-REACH, -ARM),
                vec2(-ARM, -ARM),
            ],
            Self::Star => {
                let outer = regular(5, 1.5, -90.0);
                let inner = regular(5, 0.65, -54.0);
                outer
                    .into_iter()
                    .zip(inner)
                    .flat_map(|(tip, notch)| [tip, notch])
                    .collect()
            }
        };
        corners.into_iter()
    }
}

/// Corners of a regular polygon, the first at an angle in degrees.
fn regular(n_corners: u16, radius: f32, first_degrees: f32) -> Vec<Vec2> {
    (0..n_corners)
        .map(|i| {
            let angle = (first_degrees + 360.0 * f32::from(i) / f32::from(n_corners)).to_radians();
            radius * vec2(angle.cos(), angle.sin())
        })
        .collect()
}

/// A star-shaped outline: triangles from the center for the fill, a closed line for the border.
fn concave(center: Pos2, points: Vec<Pos2>, fill: Color32, stroke: Stroke) -> Shape {
    let mut shapes = Vec::new();
    if fill != Color32::TRANSPARENT {
        for (i, &corner) in points.iter().enumerate() {
            let next = points[(i + 1) % points.len()];
            shapes.push(Shape::convex_polygon(
                vec![center, corner, next],
                fill,
                Stroke::new(0.4, fill),
            ));
        }
    }
    shapes.push(Shape::closed_line(points, stroke));
    Shape::Vec(shapes)
}

/// A straight line between two points.
pub(crate) fn line(from: Pos2, to: Pos2, stroke: impl Into<Stroke>) -> Shape {
    Shape::LineSegment {
        points: [from, to],
        stroke: stroke.into(),
    }
}

/// A dashed line between two points; `dash` and `gap` in points.
pub(crate) fn dashed(
    from: Pos2,
    to: Pos2,
    stroke: impl Into<Stroke>,
    dash: f32,
    gap: f32,
) -> Shape {
    Shape::Vec(Shape::dashed_line(&[from, to], stroke, dash, gap))
}
