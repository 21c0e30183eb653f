//! The painting of fronts: lines, markers, ranges, and the members that others beat on the axes.

use std::collections::HashSet;

use egui::{Color32, Pos2, Shape, Stroke, Vec2};

use blockscape_model::evaluation::Metric;

use super::front::{FrontPoint, more_is_better, staircase, visible_front};
use super::paint::Scene;
use crate::plots::legend::{Key, point};
use crate::plots::theme::{Marker, line};

/// Markers of one front nearer to each other than this share of their radius are thinned out: estimates, measurements.
const THINNING: [f32; 2] = [2.1, 0.7];

impl Scene<'_> {
    /// The points that no other beats on the axes, from left to right; those of a front of the axes are so already.
    fn ordered<'p>(&self, points: &'p [FrontPoint], is_of_axes: bool) -> Vec<&'p FrontPoint> {
        if is_of_axes {
            return points.iter().collect();
        }
        let order = visible_front(points, self.view.x, self.view.y);
        order.into_iter().filter_map(|i| points.get(i)).collect()
    }

    pub(super) fn paint_front_line(&self, points: &[FrontPoint], is_of_axes: bool, color: Color32) {
        let values: Vec<[f64; 2]> = self
            .ordered(points, is_of_axes)
            .into_iter()
            .map(|p| self.values(&p.metrics))
            .collect();
        let corners = staircase(&values, more_is_better(self.view.x));
        let path: Vec<Pos2> = corners
            .into_iter()
            .filter_map(|corner| self.shown.position(corner))
            .collect();
        if path.len() > 1 {
            self.shown
                .painter
                .add(Shape::line(path, Stroke::new(self.theme.line_width, color)));
        }
    }

    pub(super) fn paint_front_markers(
        &self,
        points: &[FrontPoint],
        is_of_axes: bool,
        color: Color32,
        marker: Marker,
    ) {
        let frame = self.shown.frame().expand(self.theme.marker_radius);
        let mut last: Option<Pos2> = None;
        for front_point in self.ordered(points, is_of_axes) {
            let Some(center) = self
                .position(&front_point.metrics)
                .filter(|center| frame.contains(*center))
            else {
                continue;
            };
            let room = self.theme.marker_radius * THINNING[usize::from(front_point.measured)];
            if last.is_some_and(|at| at.distance(center) < room) {
                continue;
            }
            // What other constants would take off the front is paler.
            let sure = front_point.membership.filter(|_| self.view.uncertainty);
            let shade = color.gamma_multiply(sure.map_or(1.0, |sure| 0.4 + 0.6 * sure as f32));
            let mark = point(marker, center, shade, front_point.measured, self.theme);
            self.shown.painter.add(mark);
            last = Some(center);
        }
    }

    /// Members of the front of the objectives that others beat on the axes, as small marks of their own.
    pub(super) fn paint_objectives_front(&self, entries: &mut Vec<(Key, String)>) {
        if self.data.shows_objectives(self.view) || self.data.front.is_empty() {
            return;
        }
        let on_axes: HashSet<usize> = self.members.iter().map(|point| point.index).collect();
        let color = self.theme.weak_text;
        let frame = self.shown.frame();
        let mut last: Option<Pos2> = None;
        let others = self.data.front.iter();
        for other in others.filter(|point| !on_axes.contains(&point.index)) {
            let center = self.position(&other.metrics);
            let Some(center) = center.filter(|center| frame.contains(*center)) else {
                continue;
            };
            let room = self.theme.marker_radius;
            if last.is_some_and(|at| at.distance(center) < room) {
                continue;
            }
            let mark = point(Marker::Diamond, center, color, other.measured, self.theme);
            self.shown.painter.add(mark);
            last = Some(center);
        }
        // A column of paper has no room for all names; the caption tells the objectives.
        let name = if self.theme.on_paper {
            "Front of the objectives".to_owned()
        } else {
            let objectives = self.data.objectives.iter();
            let labels: Vec<&str> = objectives
                .map(|metric| metric.description().label)
                .collect();
            format!("Front of the objectives: {}", labels.join(", "))
        };
        entries.push((Key::Marker(Marker::Diamond, color, false), name));
    }

    pub(super) fn front_entries(&self, color: Color32, entries: &mut Vec<(Key, String)>) {
        let front = if self.theme.on_paper || self.data.shows_objectives(self.view) {
            "Front"
        } else {
            "Front of these axes"
        };
        let n_measured = self.members.iter().filter(|p| p.measured).count();
        for (basis, solid, n) in [
            ("measured", true, n_measured),
            ("estimated", false, self.members.len() - n_measured),
        ] {
            if n > 0 {
                let key = Key::Line(Marker::Circle, color, solid);
                entries.push((key, format!("{front}, {basis}")));
            }
        }
        if !self.data.candidates.is_empty() && !self.view.front_only {
            entries.push((
                Key::Swatch(self.theme.cloud.gamma_multiply(0.6)),
                "Dominated designs".to_owned(),
            ));
        }
    }

    /// Low to high accuracy of front points, as thin bars with caps.
    ///
    /// Cost has none: its constants move all designs together, so the card of a point tells its range.
    pub(super) fn paint_bands(&self, color: Color32) {
        if !self.view.uncertainty {
            return;
        }
        let stroke = Stroke::new(self.theme.line_width * 0.6, color.gamma_multiply(0.45));
        let cap = self.theme.marker_radius * 0.6;
        let mut last: Option<Pos2> = None;
        for front_point in self.members {
            let values = self.values(&front_point.metrics);
            let Some(center) = self.shown.position(values) else {
                continue;
            };
            if last.is_some_and(|at| at.distance(center) < self.theme.marker_radius * 2.1) {
                continue;
            }
            last = Some(center);
            let axes = [
                (self.view.x, Vec2::new(0.0, cap)),
                (self.view.y, Vec2::new(cap, 0.0)),
            ];
            for (d, (metric, across)) in axes.into_iter().enumerate() {
                let is_accuracy = matches!(metric, Metric::Perplexity | Metric::DeltaPerplexity);
                let band = front_point.bands.get(metric).filter(|_| is_accuracy);
                let Some((low, high)) = band else { continue };
                let end = |value: f64| {
                    let mut at = values;
                    at[d] = value;
                    self.shown.position(at)
                };
                if let (Some(from), Some(to)) = (end(low), end(high)) {
                    let painter = &self.shown.painter;
                    painter.add(line(from, to, stroke));
                    painter.add(line(from - across, from + across, stroke));
                    painter.add(line(to - across, to + across, stroke));
                }
            }
        }
    }
}
