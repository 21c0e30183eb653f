//! The frame every x-y plot shares: axes, grid, pan and zoom over `egui_plot`, bounds kept by the caller.
//!
//! Holds no data; the caller paints through the returned transform, under the grid into `underlay` or over it.

use std::cell::RefCell;
use std::rc::Rc;

use egui::layers::ShapeIdx;
use egui::{Painter, Pos2, Rect, Response, RichText, Shape, Stroke, StrokeKind, Ui, Vec2, pos2};
use egui_plot::{AxisHints, GridMark, Plot, PlotBounds, PlotPoint, PlotTransform};
use serde::{Deserialize, Serialize};

use super::axis::{Axis, FINEST_GRID, FULL_GRID, Scale, grid_marks, marks_of};
use super::theme::PlotTheme;

/// A rectangle in scaled coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// Left and bottom.
    pub min: [f64; 2],
    /// Right and top.
    pub max: [f64; 2],
}

impl Bounds {
    /// Nothing yet; grows with `include`.
    pub const EMPTY: Self = Self {
        min: [f64::INFINITY; 2],
        max: [f64::NEG_INFINITY; 2],
    };

    /// Grows to hold a point; coordinates that are not finite are left out.
    pub fn include(&mut self, point: [f64; 2]) {
        for ((min, max), value) in self.min.iter_mut().zip(&mut self.max).zip(point) {
            if value.is_finite() {
                *min = min.min(value);
                *max = max.max(value);
            }
        }
    }

    /// The smallest rectangle that holds both.
    #[must_use]
    pub fn union(mut self, other: &Self) -> Self {
        self.include(other.min);
        self.include(other.max);
        self
    }

    /// Whether both sides have a length.
    pub fn is_usable(&self) -> bool {
        self.min
            .iter()
            .zip(&self.max)
            .all(|(min, max)| min.is_finite() && max.is_finite() && max > min)
    }

    /// Whether a point lies inside, edges included.
    pub fn contains(&self, point: [f64; 2]) -> bool {
        (0..2).all(|d| (self.min[d]..=self.max[d]).contains(&point[d]))
    }

    /// With a margin on every side, as a share of the length; a side without length gets one.
    #[must_use]
    pub fn with_margin(mut self, share: f64) -> Self {
        for (min, max) in self.min.iter_mut().zip(&mut self.max) {
            if !(min.is_finite() && max.is_finite()) {
                (*min, *max) = (0.0, 1.0);
            }
            let length = *max - *min;
            let pad = if length > 0.0 {
                share * length
            } else {
                (min.abs() * 0.05).max(0.05)
            };
            *min -= pad;
            *max += pad;
        }
        self
    }

    /// Rounded outwards to sixteenths of its lengths' power of two, so that a growing cloud moves the axes in few steps.
    #[must_use]
    pub fn rounded_out(mut self) -> Self {
        for (min, max) in self.min.iter_mut().zip(&mut self.max) {
            let step = ((*max - *min).log2().ceil() - 4.0).exp2();
            if step.is_normal() {
                *min = (*min / step).floor() * step;
                *max = (*max / step).ceil() * step;
            }
        }
        self
    }
}

/// A chart to be shown.
#[derive(Debug)]
pub struct Chart<'a> {
    /// Tells charts of one window apart.
    pub id: &'a str,
    /// Horizontal axis.
    pub x: &'a Axis,
    /// Vertical axis.
    pub y: &'a Axis,
    /// Shown when the user has not chosen bounds.
    pub fit: Bounds,
    /// Whether a plain drag pans; off while it selects.
    pub drag_pans: bool,
}

/// A chart that was shown, ready to be painted on.
pub struct ShownChart {
    /// Between scaled coordinates and the screen.
    pub transform: PlotTransform,
    /// Of the plot area.
    pub response: Response,
    /// Clipped to the plot area, over the grid.
    pub painter: Painter,
    /// A place under the grid.
    pub underlay: ShapeIdx,
    scales: [Scale; 2],
}

impl std::fmt::Debug for ShownChart {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ShownChart")
            .field("bounds", &self.bounds())
            .finish_non_exhaustive()
    }
}

impl Chart<'_> {
    /// Draws axes and grid in the available space and applies pan and zoom to `bounds`.
    ///
    /// `bounds` is `None` while the chart follows its data; a double click returns to that.
    pub fn show(self, ui: &mut Ui, bounds: &mut Option<Bounds>, theme: &PlotTheme) -> ShownChart {
        if bounds.is_some_and(|chosen| !chosen.is_usable()) {
            *bounds = None;
        }
        let shown = bounds.unwrap_or(self.fit);
        let shown = if shown.is_usable() {
            shown
        } else {
            shown.with_margin(0.05)
        };
        paint_background(ui, theme);
        let underlay = ui.painter().add(Shape::Noop);
        let scales = [self.x.scale, self.y.scale];
        let axes = [
            self.x.prefixed(scales[0].value(shown.max[0])),
            self.y.prefixed(scales[1].value(shown.max[1])),
        ];
        // On the screen the plot ends at the tile's edge, which would cut the last number in two.
        let margin = if theme.on_paper {
            0.0
        } else {
            theme.small_text_size * 1.2
        };
        let width = (ui.available_width() - margin).max(1.0);
        let plot = self.plot(&axes, theme).width(width);
        let response = plot.show(ui, |plot_ui| {
            plot_ui.set_plot_bounds(PlotBounds::from_min_max(shown.min, shown.max));
            let scroll = plot_ui.ctx().input(|input| input.smooth_scroll_delta.y);
            if plot_ui.response().hovered() && scroll != 0.0 && !theme.on_paper {
                plot_ui.zoom_bounds_around_hovered(Vec2::splat((scroll / 300.0).exp()));
            }
        });
        let transform = response.transform;
        let after = Bounds {
            min: [0, 1].map(|d| transform.bounds().min()[d]),
            max: [0, 1].map(|d| transform.bounds().max()[d]),
        };
        if after != shown && after.is_usable() {
            *bounds = Some(after);
        }
        if response.response.double_clicked() {
            *bounds = None;
        }
        let frame = *transform.frame();
        let painter = ui.painter().with_clip_rect(frame.intersect(ui.clip_rect()));
        paint_grid(&painter, &transform, &axes, theme);
        ui.painter().rect_stroke(
            frame,
            0.0,
            Stroke::new(border_width(theme), theme.frame),
            StrokeKind::Middle,
        );
        ShownChart {
            transform,
            response: response.response,
            painter,
            underlay,
            scales,
        }
    }

    fn plot<'a>(&self, [x, y]: &[Axis; 2], theme: &PlotTheme) -> Plot<'a> {
        let x_axis =
            axis_hints(AxisHints::new_x(), x, theme).min_thickness(theme.small_text_size * 1.2);
        let y_thickness = if theme.on_paper {
            1.0
        } else {
            theme.small_text_size * 3.4
        };
        let y_axis = axis_hints(AxisHints::new_y(), y, theme).min_thickness(y_thickness);
        let (x_marks, x_labels) = spacer(x.clone(), label_room(theme)[0], 0.0);
        // In the lower left corner the first numbers of both axes would meet; on paper half the height of a digit is enough.
        let corner = theme.small_text_size * if theme.on_paper { 0.36 } else { 0.6 };
        let (y_marks, y_labels) = spacer(y.clone(), label_room(theme)[1], corner);
        Plot::new(self.id.to_owned())
            .show_background(false)
            .show_grid(false)
            .show_x(false)
            .show_y(false)
            .allow_scroll(false)
            .allow_drag(self.drag_pans && !theme.on_paper)
            .allow_double_click_reset(false)
            .grid_spacing(FINEST_GRID..=FULL_GRID)
            .x_grid_spacer(x_marks)
            .y_grid_spacer(y_marks)
            .custom_x_axes(vec![x_axis.formatter(x_labels)])
            .custom_y_axes(vec![y_axis.formatter(y_labels)])
    }
}

/// Width of the line around the plot area, in points.
fn border_width(theme: &PlotTheme) -> f32 {
    if theme.on_paper {
        theme.line_width * 0.5
    } else {
        1.0
    }
}

/// Least distance of two labels across and up, in points.
fn label_room(theme: &PlotTheme) -> [f32; 2] {
    [theme.small_text_size * 3.8, theme.small_text_size * 3.0]
}

/// Lines at the marks of both axes; finer and fainter where there is no label.
fn paint_grid(painter: &Painter, transform: &PlotTransform, axes: &[Axis; 2], theme: &PlotTheme) {
    let frame = *transform.frame();
    let width = if theme.on_paper {
        theme.line_width * 0.45
    } else {
        1.0
    };
    let strong = Stroke::new(width, theme.grid);
    let faint = Stroke::new(width * 0.75, theme.grid.gamma_multiply(0.45));
    let bounds = transform.bounds();
    let sides = [frame.width(), frame.height()];
    for labelled in [false, true] {
        for d in 0..2 {
            let room = f64::from(sides[d] / label_room(theme)[d]);
            for tick in marks_of(&axes[d], (bounds.min()[d], bounds.max()[d]), room) {
                if tick.label.is_empty() == labelled {
                    continue;
                }
                let stroke = if labelled { strong } else { faint };
                if d == 0 {
                    painter.vline(
                        transform.position_from_point_x(tick.coordinate),
                        frame.y_range(),
                        stroke,
                    );
                } else {
                    painter.hline(
                        frame.x_range(),
                        transform.position_from_point_y(tick.coordinate),
                        stroke,
                    );
                }
            }
        }
    }
}

fn paint_background(ui: &Ui, theme: &PlotTheme) {
    if !theme.on_paper {
        ui.painter()
            .rect_filled(ui.available_rect_before_wrap(), 0.0, theme.background);
    }
}

fn axis_hints<'a>(hints: AxisHints<'a>, axis: &Axis, theme: &PlotTheme) -> AxisHints<'a> {
    hints
        .label(
            RichText::new(axis.title())
                .font(theme.font())
                .color(theme.text),
        )
        .tick_label_font(theme.small_font())
        .tick_label_color(theme.weak_text)
        .label_spacing(FULL_GRID..=FULL_GRID + 1.0)
}

/// The marks of an axis and the text of each: `egui_plot` asks for the marks first, then for each mark's text.
///
/// Marks nearer to the low end than `bare`, in points, have no text.
#[expect(
    clippy::type_complexity,
    reason = "two closures over one list of labels"
)]
fn spacer<'a>(
    axis: Axis,
    label_room: f32,
    bare: f32,
) -> (
    impl Fn(egui_plot::GridInput) -> Vec<GridMark> + 'a,
    impl Fn(GridMark, &std::ops::RangeInclusive<f64>) -> String + 'a,
) {
    let labels = Rc::new(RefCell::new(Vec::<(GridMark, String)>::new()));
    let written = Rc::clone(&labels);
    let marks = move |input: egui_plot::GridInput| {
        let mut marks = grid_marks(&axis, &input, label_room);
        let per_point = input.base_step_size / f64::from(FINEST_GRID);
        for (mark, label) in &mut marks {
            if mark.value - input.bounds.0 < per_point * f64::from(bare) {
                label.clear();
            }
        }
        let bare = marks.iter().map(|(mark, _)| *mark).collect();
        *written.borrow_mut() = marks;
        bare
    };
    let text = move |mark: GridMark, _range: &std::ops::RangeInclusive<f64>| {
        let labels = labels.borrow();
        labels
            .iter()
            .find(|(known, _)| *known == mark)
            .map(|(_, label)| label.clone())
            .unwrap_or_default()
    };
    (marks, text)
}

impl ShownChart {
    /// The plot area.
    pub fn frame(&self) -> Rect {
        *self.transform.frame()
    }

    /// Scaled coordinates of a pair of values; `None` where the scale has no place for it.
    pub fn coordinates(&self, values: [f64; 2]) -> Option<[f64; 2]> {
        let coordinates = [
            self.scales[0].coordinate(values[0]),
            self.scales[1].coordinate(values[1]),
        ];
        coordinates
            .iter()
            .all(|c| c.is_finite())
            .then_some(coordinates)
    }

    /// Where a pair of values lies on the screen, clipped far outside the plot so that lines keep their direction.
    pub fn position(&self, values: [f64; 2]) -> Option<Pos2> {
        self.coordinates(values)
            .map(|coordinates| self.position_of(coordinates))
    }

    /// Where scaled coordinates lie on the screen.
    pub fn position_of(&self, coordinates: [f64; 2]) -> Pos2 {
        let position = self
            .transform
            .position_from_point(&PlotPoint::new(coordinates[0], coordinates[1]));
        let far = self.frame().expand(20_000.0);
        pos2(
            position.x.clamp(far.min.x, far.max.x),
            position.y.clamp(far.min.y, far.max.y),
        )
    }

    /// Scaled coordinates of a place on the screen.
    pub fn coordinates_at(&self, position: Pos2) -> [f64; 2] {
        let point = self.transform.value_from_position(position);
        [point.x, point.y]
    }

    /// Bounds shown, in scaled coordinates.
    pub fn bounds(&self) -> Bounds {
        let bounds = self.transform.bounds();
        Bounds {
            min: [bounds.min()[0], bounds.min()[1]],
            max: [bounds.max()[0], bounds.max()[1]],
        }
    }

    /// The screen rectangle between two corners in scaled coordinates.
    pub fn rect(&self, a: [f64; 2], b: [f64; 2]) -> Rect {
        Rect::from_two_pos(self.position_of(a), self.position_of(b))
    }
}
