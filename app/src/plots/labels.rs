//! Names beside points, placed so that they cover neither each other nor the points already there.

use egui::{Align2, Color32, Painter, Pos2, Rect, Stroke, Vec2, vec2};

use super::theme::{PlotTheme, line};

/// Distances from a point at which its name is tried.
const RINGS: [f32; 13] = [
    1.0, 1.8, 2.6, 3.2, 3.8, 4.4, 5.0, 6.5, 8.5, 11.0, 14.0, 18.0, 23.0,
];

/// Names farther away than this have a line to their point, in units of the first ring.
const FAR: f32 = 2.7;

/// Where a name's rectangle has its point, and the way from the point to there; the first that is free is taken.
const SIDES: [(Align2, Vec2); 12] = [
    (Align2::LEFT_CENTER, vec2(1.0, 0.0)),
    (Align2::RIGHT_CENTER, vec2(-1.0, 0.0)),
    (Align2::CENTER_BOTTOM, vec2(0.0, -1.0)),
    (Align2::CENTER_TOP, vec2(0.0, 1.0)),
    (Align2::LEFT_BOTTOM, vec2(0.6, -0.6)),
    (Align2::LEFT_TOP, vec2(0.6, 0.6)),
    (Align2::RIGHT_BOTTOM, vec2(-0.6, -0.6)),
    (Align2::RIGHT_TOP, vec2(-0.6, 0.6)),
    (Align2::LEFT_BOTTOM, vec2(0.9, -0.4)),
    (Align2::LEFT_TOP, vec2(0.9, 0.4)),
    (Align2::RIGHT_BOTTOM, vec2(-0.9, -0.4)),
    (Align2::RIGHT_TOP, vec2(-0.9, 0.4)),
];

/// What is written so far, and what names keep clear of.
#[derive(Debug, Default)]
pub struct Labels {
    taken: Vec<Rect>,
    written: Vec<Rect>,
    /// Lines from points to far names.
    leaders: Vec<[Pos2; 2]>,
    /// Names already there, by the point they belong to.
    named: Vec<(Pos2, String)>,
}

impl Labels {
    /// Keeps a rectangle free of names.
    pub fn avoid(&mut self, rect: Rect) {
        self.taken.push(rect);
    }

    /// Something was written there: names keep off it.
    pub fn write_at(&mut self, rect: Rect) {
        self.written.push(rect);
    }

    /// The corner of `frame` where so much text hides the fewest points; of equal ones the lower left first.
    pub fn free_corner(&self, frame: Rect, size: Vec2) -> Rect {
        let corners = [
            Align2::LEFT_BOTTOM,
            Align2::LEFT_TOP,
            Align2::RIGHT_BOTTOM,
            Align2::RIGHT_TOP,
        ];
        let hidden = |rect: &Rect| {
            self.taken
                .iter()
                .filter(|other| other.intersects(*rect))
                .count()
        };
        let places = corners.map(|corner| corner.align_size_within_rect(size, frame));
        let best = places.into_iter().min_by_key(hidden);
        best.unwrap_or(frame)
    }

    /// Places that what is drawn later should not hide: both ends and the middle of each name.
    pub fn places(&self) -> impl Iterator<Item = Pos2> + '_ {
        let ends = |rect: &Rect| [rect.left_center(), rect.center(), rect.right_center()];
        self.written.iter().flat_map(ends)
    }

    /// Writes `text` beside `center`, in the first free place of rings around it, with a line to it from the far ones.
    ///
    /// Where none is free it covers points, never another name.
    pub fn place(
        &mut self,
        painter: &Painter,
        center: Pos2,
        text: &str,
        color: Color32,
        theme: &PlotTheme,
    ) {
        let said = |(at, known): &(Pos2, String)| {
            known == text && at.distance(center) < theme.marker_radius
        };
        if self.named.iter().any(said) {
            return;
        }
        self.named.push((center, text.to_owned()));
        let galley = painter.layout_no_wrap(text.to_owned(), theme.small_font(), color);
        let first_ring = theme.marker_radius * 1.7;
        let area = painter.clip_rect().shrink(theme.line_width);
        let Some(rect) = self.free_place(area, center, galley.size(), first_ring, theme) else {
            return;
        };
        // A line of the plot behind a name must not read as a part of it.
        painter.rect_filled(rect, 0.0, theme.background.gamma_multiply(0.6));
        if is_far(center, &rect, first_ring) {
            let stroke = Stroke::new(theme.line_width * 0.4, theme.weak_text);
            let near = rect.clamp(center);
            painter.add(line(center, near, stroke));
            let side = Vec2::splat(theme.line_width * 2.0);
            let along = leader(center, &rect).map(|at| Rect::from_center_size(at, side));
            self.taken.extend(along);
            self.leaders.push([center, near]);
        }
        painter.galley(rect.min, galley, color);
        self.written.push(rect);
    }

    fn free_place(
        &self,
        area: Rect,
        center: Pos2,
        size: Vec2,
        first_ring: f32,
        theme: &PlotTheme,
    ) -> Option<Rect> {
        // Two names side by side must not read as one.
        let from_name = vec2(theme.small_text_size * 0.45, -0.5);
        let from_mark = vec2(theme.small_text_size * 0.14, -0.5);
        let hits = |taken: &[Rect], rect: &Rect, apart: Vec2| {
            let rect = rect.expand2(apart);
            taken.iter().any(|other| other.intersects(rect))
        };
        let crosses = |rect: &Rect| {
            let end = [center, rect.clamp(center)];
            is_far(center, rect, first_ring)
                && (self.leaders.iter().any(|known| do_cross(*known, end))
                    || leader(center, rect)
                        .any(|at| self.written.iter().any(|name| name.contains(at))))
        };
        let places = || {
            let around = move |ring: f32| {
                let place = move |(anchor, way): (Align2, Vec2)| {
                    anchor.anchor_size(center + way * (ring * first_ring), size)
                };
                SIDES.into_iter().map(place)
            };
            let rects = RINGS.into_iter().flat_map(around);
            rects.filter(|rect| area.contains_rect(*rect) && !hits(&self.written, rect, from_name))
        };
        let is_clear = |rect: &Rect| !hits(&self.taken, rect, from_mark);
        places()
            .find(|rect| is_clear(rect) && !crosses(rect))
            .or_else(|| places().find(is_clear))
            .or_else(|| places().next())
    }
}

fn is_far(center: Pos2, name: &Rect, first_ring: f32) -> bool {
    name.clamp(center).distance(center) > first_ring * FAR
}

/// Places along the line from a point to its name.
fn leader(center: Pos2, name: &Rect) -> impl Iterator<Item = Pos2> {
    let near = name.clamp(center);
    (1..12_u8).map(move |step| center.lerp(near, f32::from(step) / 12.0))
}

/// Whether two lines cross between their ends.
fn do_cross([a, b]: [Pos2; 2], [c, d]: [Pos2; 2]) -> bool {
    let side = |from: Pos2, to: Pos2, at: Pos2| {
        let (way, off) = (to - from, at - from);
        way.x * off.y - way.y * off.x
    };
    side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0
}
