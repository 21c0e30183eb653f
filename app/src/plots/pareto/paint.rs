//! Everything on the plot but the cloud, in the order it is laid down.

use egui::{Align, Align2, Color32, Pos2, Rect, Stroke, Vec2};

use blockscape_model::evaluation::Metrics;

use super::edge::{self, Placed};
use super::front::{FrontPoint, more_is_better};
use super::{NamedPoint, ParetoData, ParetoView, ShownChart};
use crate::plots::labels::Labels;
use crate::plots::legend::{Key, current, free_corner, legend, point};
use crate::plots::theme::{Marker, PlotTheme, line};

/// Color and marker of a kept front; the first category is the newest front's.
pub fn front_category(index: usize) -> usize {
    index + 1
}

/// Categories of the published designs start here; the ones before belong to fronts.
const LITERATURE_CATEGORY: usize = 3;

/// Names in one row where several points lie on each other.
const NAMES_A_ROW: usize = 3;

/// The names of points, those that lie on each other together.
fn named_groups(
    placed: &[(usize, Placed)],
    points: &[NamedPoint],
    theme: &PlotTheme,
) -> Vec<(Pos2, String)> {
    let mut groups: Vec<(Pos2, Vec<&str>)> = Vec::new();
    for &(i, Placed { at, .. }) in placed {
        let name = points[i].name.as_str();
        let near = |(other, _): &&mut (Pos2, _)| at.distance(*other) < theme.marker_radius;
        match groups.iter_mut().find(near) {
            Some((_, names)) => names.push(name),
            None => groups.push((at, vec![name])),
        }
    }
    let written = |names: Vec<&str>| {
        let rows = names.chunks(NAMES_A_ROW).map(|row| row.join(", "));
        rows.collect::<Vec<_>>().join(",\n")
    };
    let groups = groups.into_iter();
    groups.map(|(at, names)| (at, written(names))).collect()
}

/// All that painting needs.
pub(super) struct Scene<'a> {
    pub(super) shown: &'a ShownChart,
    pub(super) data: &'a ParetoData<'a>,
    pub(super) view: &'a ParetoView,
    pub(super) theme: &'a PlotTheme,
    /// The front of the axes, left to right.
    pub(super) members: &'a [FrontPoint],
    /// The front of the axes before, until the new one stands.
    pub(super) faded: &'a [FrontPoint],
}

impl Scene<'_> {
    pub(super) fn paint(&self) {
        let (color, _) = self.theme.category(0);
        let mut entries = Vec::new();
        let mut labels = Labels::default();
        self.paint_limits(&mut entries);
        self.paint_front_line(self.faded, true, color.gamma_multiply(0.3));
        for (i, pinned) in self.data.pinned_fronts.iter().enumerate() {
            let (color, marker) = self.theme.category(front_category(i));
            self.paint_front_line(&pinned.points, false, color);
            self.paint_front_markers(&pinned.points, false, color, marker);
            entries.push((
                Key::Line(marker, color, pinned.points.iter().any(|p| p.measured)),
                pinned.name.clone(),
            ));
        }
        self.paint_objectives_front(&mut entries);
        self.paint_front_line(self.members, true, color);
        self.paint_bands(color);
        self.paint_front_markers(self.members, true, color, Marker::Circle);
        self.paint_measured(color, &mut entries);
        self.front_entries(color, &mut entries);
        self.keep_clear(&mut labels);
        let literature = self.literature();
        let published = self.paint_marks(literature, LITERATURE_CATEGORY, &mut labels);
        let first_pinned = LITERATURE_CATEGORY + self.data.literature.len();
        let pinned = self.paint_marks(self.data.pinned, first_pinned, &mut labels);
        let named = self.data.pinned.iter().chain(literature);
        edge::note_unplaced(self.shown, named, self.view, self.theme, &mut labels);
        self.paint_names(&published, literature, &mut labels);
        self.paint_names(&pinned, self.data.pinned, &mut labels);
        self.paint_current(&mut entries);
        let (painter, frame) = (&self.shown.painter, self.shown.frame());
        let corner = self.legend_corner(&entries, &labels);
        legend(painter, frame, corner, &entries, self.theme);
    }

    /// The place where the legend hides the least; among equals the one farthest from what is good on both axes.
    fn legend_corner(&self, entries: &[(Key, String)], labels: &Labels) -> Align2 {
        let (right, top) = (!more_is_better(self.view.x), !more_is_better(self.view.y));
        let side = |right: bool| if right { Align::Max } else { Align::Min };
        let height = |top: bool| if top { Align::Min } else { Align::Max };
        let places = [
            Align2([side(right), height(top)]),
            Align2([side(right), height(!top)]),
            Align2([side(!right), height(top)]),
            Align2([side(!right), height(!top)]),
            Align2([Align::Center, height(top)]),
            Align2([side(right), Align::Center]),
            Align2([side(!right), Align::Center]),
            Align2([Align::Center, height(!top)]),
        ];
        let frame = self.shown.frame();
        let named = self.data.pinned.iter().chain(self.literature());
        let measured = self.data.measured.iter().map(|each| &each.point);
        let members = self.members.iter();
        let points = named
            .chain(measured)
            .map(|point| &point.metrics)
            .chain(members.map(|point| &point.metrics))
            .chain(self.data.current);
        let marks = points
            .filter_map(|metrics| self.position(metrics))
            .map(|at| edge::placed(frame, at, self.theme).at);
        let marks: Vec<Pos2> = marks.chain(labels.places()).collect();
        free_corner(
            &self.shown.painter,
            frame,
            &places,
            entries,
            &marks,
            self.theme,
        )
    }

    /// Published designs that are shown.
    fn literature(&self) -> &[NamedPoint] {
        if self.view.literature {
            self.data.literature
        } else {
            &[]
        }
    }

    pub(super) fn values(&self, metrics: &Metrics) -> [f64; 2] {
        [metrics.get(self.view.x), metrics.get(self.view.y)]
    }

    pub(super) fn position(&self, metrics: &Metrics) -> Option<Pos2> {
        self.shown.position(self.values(metrics))
    }

    /// Shades what the limits on the two axes exclude.
    fn paint_limits(&self, entries: &mut Vec<(Key, String)>) {
        let frame = self.shown.frame();
        for &(metric, limit) in self.data.limits {
            let mut rect = frame;
            let mut edge = None;
            if metric == self.view.x {
                let x = self
                    .shown
                    .position_of([self.view.x_scale.coordinate(limit), 0.0])
                    .x
                    .clamp(frame.left(), frame.right());
                if more_is_better(metric) {
                    rect.max.x = x;
                } else {
                    rect.min.x = x;
                }
                edge = Some([Pos2::new(x, frame.top()), Pos2::new(x, frame.bottom())]);
            } else if metric == self.view.y {
                let y = self
                    .shown
                    .position_of([0.0, self.view.y_scale.coordinate(limit)])
                    .y
                    .clamp(frame.top(), frame.bottom());
                if more_is_better(metric) {
                    rect.min.y = y;
                } else {
                    rect.max.y = y;
                }
                edge = Some([Pos2::new(frame.left(), y), Pos2::new(frame.right(), y)]);
            }
            if let Some([from, to]) = edge {
                self.shown
                    .painter
                    .rect_filled(rect, 0.0, self.theme.excluded);
                let stroke =
                    Stroke::new(self.theme.line_width * 0.6, self.theme.excluded.to_opaque());
                self.shown.painter.add(line(from, to, stroke));
                let bound = if more_is_better(metric) {
                    "below"
                } else {
                    "above"
                };
                let name = format!("{} {bound} its limit", metric.description().label);
                entries.push((Key::Limit(self.theme.excluded), name));
            }
        }
    }

    /// Keeps names off the markers of the front and of the current design, which is painted last.
    fn keep_clear(&self, labels: &mut Labels) {
        if let Some(at) = self.data.current.and_then(|metrics| self.position(metrics)) {
            let room = self.theme.marker_radius * 4.0;
            let center = edge::placed_within(self.shown.frame(), at, room).at;
            labels.avoid(Rect::from_center_size(center, Vec2::splat(room)));
        }
        let side = Vec2::splat(self.theme.marker_radius * 2.0);
        for front_point in self.members {
            if let Some(center) = self.position(&front_point.metrics) {
                labels.avoid(Rect::from_center_size(center, side));
            }
        }
    }

    /// Markers of named points; those beyond the frame stand on its edge with an arrow.
    fn paint_marks(
        &self,
        points: &[NamedPoint],
        first_category: usize,
        labels: &mut Labels,
    ) -> Vec<(usize, Placed)> {
        let frame = self.shown.frame();
        let positions = points.iter().map(|named| self.position(&named.metrics));
        let placed = edge::placed_apart(frame, positions, self.theme);
        let placed = placed.into_iter().enumerate();
        let placed: Vec<(usize, Placed)> = placed
            .filter_map(|(i, placed)| Some((i, placed?)))
            .collect();
        let painter = &self.shown.painter;
        for &(i, Placed { at, beyond }) in &placed {
            let (color, marker) = self.theme.category(first_category + i);
            let mark = point(marker, at, color, points[i].measured, self.theme);
            painter.add(mark);
            if let Some(way) = beyond {
                edge::arrow(painter, at, way, color, self.theme);
            }
            let side = Vec2::splat(self.theme.marker_radius * 2.4);
            labels.avoid(Rect::from_center_size(at, side));
        }
        placed
    }

    fn paint_names(&self, placed: &[(usize, Placed)], points: &[NamedPoint], labels: &mut Labels) {
        let painter = &self.shown.painter;
        for (at, names) in named_groups(placed, points, self.theme) {
            labels.place(painter, at, &names, self.theme.text, self.theme);
        }
    }

    /// Measured designs as solid points in the front's color, one marker a text: accuracies on different texts do not compare.
    fn paint_measured(&self, color: Color32, entries: &mut Vec<(Key, String)>) {
        let mut texts: Vec<&str> = Vec::new();
        for measured in self.data.measured.iter().rev() {
            if !texts.contains(&measured.text.as_str()) {
                texts.push(&measured.text);
            }
        }
        let frame = self.shown.frame();
        for (i, text) in texts.into_iter().enumerate() {
            // The newest text has the front's marker.
            let (_, marker) = self.theme.category(i);
            let on_text = self.data.measured.iter().filter(|each| each.text == text);
            let centers = on_text.filter_map(|each| self.position(&each.point.metrics));
            for center in centers {
                let Placed { at, beyond } = edge::placed(frame, center, self.theme);
                let painter = &self.shown.painter;
                painter.add(point(marker, at, color, true, self.theme));
                if let Some(way) = beyond {
                    edge::arrow(painter, at, way, color, self.theme);
                }
            }
            let key = Key::Marker(marker, color, true);
            entries.push((key, format!("Measured on {text}")));
        }
    }

    fn paint_current(&self, entries: &mut Vec<(Key, String)>) {
        let accent = self.theme.accent;
        let path: Vec<Pos2> = self
            .data
            .trail
            .iter()
            .chain(self.data.current)
            .filter_map(|m| self.position(m))
            .collect();
        for (i, pair) in path.windows(2).enumerate() {
            let age = (i + 1) as f32 / path.len() as f32;
            let stroke = Stroke::new(
                self.theme.line_width * (0.5 + age),
                accent.gamma_multiply(0.15 + 0.5 * age),
            );
            self.shown.painter.add(line(pair[0], pair[1], stroke));
        }
        if let Some(at) = self.data.current.and_then(|metrics| self.position(metrics)) {
            let frame = self.shown.frame();
            let Placed { at: center, beyond } =
                edge::placed_within(frame, at, self.theme.marker_radius * 4.2);
            self.shown.painter.add(current(center, accent, self.theme));
            if let Some(way) = beyond {
                edge::arrow(
                    &self.shown.painter,
                    center + way * 4.0,
                    way,
                    accent,
                    self.theme,
                );
            }
            let basis = if self.data.current_measured {
                "Current design, measured"
            } else {
                "Current design"
            };
            entries.push((Key::Current(accent), basis.to_owned()));
        }
    }
}
