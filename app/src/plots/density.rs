//! The dominated cloud: up to millions of points counted into a grid of cells and drawn as one texture.
//!
//! Work is cut into slices of fixed size, one a frame, so that no frame waits for the whole cloud; the finished texture
//! stays on the plot, at the place it was made for, until the next one is complete. A second grid keeps one point for each
//! cell: finding the point under the pointer costs the same for any number of points.

use egui::{Color32, ColorImage, Context, Pos2, Rect, Shape, TextureHandle, TextureOptions, pos2};

use super::chart::{Bounds, ShownChart};
use super::theme::PlotTheme;

/// Points added in one frame; about one millisecond.
const SLICE: usize = 1 << 16;
/// No cell holds a point.
const NONE: u32 = u32::MAX;
/// Most cells along one side; a 4K plot stays below.
const MOST_CELLS: usize = 4096;

/// Counts of points in a grid of cells, with one point's index for each cell.
#[derive(Debug, Clone, Default)]
pub struct DensityGrid {
    bounds: Option<Bounds>,
    size: [usize; 2],
    counts: Vec<u32>,
    first: Vec<u32>,
    n_added: usize,
}

impl DensityGrid {
    /// An empty grid of `size` cells over `bounds`.
    pub fn new(bounds: Bounds, size: [usize; 2]) -> Self {
        let size = size.map(|cells| cells.clamp(1, MOST_CELLS));
        let n_cells = size[0] * size[1];
        Self {
            bounds: Some(bounds),
            size,
            counts: vec![0; n_cells],
            first: vec![NONE; n_cells],
            n_added: 0,
        }
    }

    /// Adds points from `n_added` on, at most `limit` of them; coordinates are scaled, NaN is left out.
    pub fn add(&mut self, xs: &[f64], ys: &[f64], limit: usize) {
        let Some(bounds) = self.bounds else { return };
        let end = xs
            .len()
            .min(ys.len())
            .min(self.n_added.saturating_add(limit))
            .min(NONE as usize);
        let [width, height] = self.size;
        let x_cells = width as f64 / (bounds.max[0] - bounds.min[0]);
        let y_cells = height as f64 / (bounds.max[1] - bounds.min[1]);
        for index in self.n_added..end {
            let column = (xs[index] - bounds.min[0]) * x_cells;
            let row = (bounds.max[1] - ys[index]) * y_cells;
            // comparisons are false for NaN
            if column >= 0.0 && row >= 0.0 && column < width as f64 && row < height as f64 {
                let cell = row as usize * width + column as usize;
                self.counts[cell] = self.counts[cell].saturating_add(1);
                if self.first[cell] == NONE {
                    self.first[cell] = index as u32;
                }
            }
        }
        self.n_added = self.n_added.max(end);
    }

    /// How many points were looked at.
    pub fn n_added(&self) -> usize {
        self.n_added
    }

    /// The point of the nearest occupied cell within `reach` cells of a place given in shares of the bounds from the top left.
    pub fn nearest(&self, x_share: f64, y_share: f64, reach: usize) -> Option<usize> {
        if self.size[0] == 0 || !(0.0..1.0).contains(&x_share) || !(0.0..1.0).contains(&y_share) {
            return None;
        }
        let column = (x_share * self.size[0] as f64) as usize;
        let row = (y_share * self.size[1] as f64) as usize;
        let columns = column.saturating_sub(reach)..(column + reach + 1).min(self.size[0]);
        let rows = row.saturating_sub(reach)..(row + reach + 1).min(self.size[1]);
        let mut best = None;
        for r in rows {
            for c in columns.clone() {
                let distance = r.abs_diff(row).pow(2) + c.abs_diff(column).pow(2);
                let found = self.first[r * self.size[0] + c];
                if found != NONE
                    && distance <= reach * reach
                    && best.is_none_or(|(d, _)| distance < d)
                {
                    best = Some((distance, found as usize));
                }
            }
        }
        best.map(|(_, index)| index)
    }

    /// The grid as a picture: opacity grows with the logarithm of the count.
    pub fn image(&self, color: Color32) -> ColorImage {
        let most = self.counts.iter().copied().max().unwrap_or(0).max(1);
        let ramp = Ramp::new(most, color);
        let pixels = self.counts.iter().map(|&count| ramp.color(count)).collect();
        ColorImage::new(self.size, pixels)
    }
}

/// Colors for counts, tabulated where counts are small.
struct Ramp {
    table: Vec<Color32>,
    color: Color32,
    per_log: f32,
}

impl Ramp {
    /// Opacity of a cell with a single point.
    const LEAST: f32 = 0.45;

    fn new(most: u32, color: Color32) -> Self {
        let per_log = (1.0 - Self::LEAST) / (most as f32).ln().max(1.0);
        let mut ramp = Self {
            table: Vec::new(),
            color,
            per_log,
        };
        ramp.table = (0..256).map(|count| ramp.shade(count)).collect();
        ramp
    }

    fn shade(&self, count: u32) -> Color32 {
        if count == 0 {
            return Color32::TRANSPARENT;
        }
        let opacity = (Self::LEAST + self.per_log * (count as f32).ln()).min(1.0);
        let [r, g, b, _] = self.color.to_array();
        Color32::from_rgba_unmultiplied(r, g, b, (opacity * 255.0) as u8)
    }

    fn color(&self, count: u32) -> Color32 {
        self.table
            .get(count as usize)
            .copied()
            .unwrap_or_else(|| self.shade(count))
    }
}

/// What a cloud was made of; a new one is begun when it differs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CloudKey {
    /// Changes when points are replaced rather than appended.
    pub generation: u64,
    /// Meaning of the two axes: any number that changes with them.
    pub axes: u64,
}

/// The cloud as it is kept between frames.
#[derive(Clone, Default)]
pub struct Cloud {
    key: Option<CloudKey>,
    xs: Vec<f64>,
    ys: Vec<f64>,
    extent: Option<Bounds>,
    grid: DensityGrid,
    shown: Option<(TextureHandle, Bounds)>,
    shown_points: usize,
    shown_color: Color32,
}

impl std::fmt::Debug for Cloud {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Cloud")
            .field("key", &self.key)
            .field("points", &self.xs.len())
            .finish_non_exhaustive()
    }
}

impl Cloud {
    /// Brings in points that are new since the last frame: `point(i)` gives scaled coordinates for `i < n_points`.
    ///
    /// Returns whether all points are in; otherwise the caller asks for another frame.
    pub fn update(
        &mut self,
        key: CloudKey,
        n_points: usize,
        whole: bool,
        point: impl Fn(usize) -> [f64; 2],
    ) -> bool {
        if self.key != Some(key) || n_points < self.xs.len() {
            self.key = Some(key);
            self.xs.clear();
            self.ys.clear();
            self.extent = None;
            self.grid = DensityGrid::default();
            self.shown_points = 0;
        }
        let end = if whole {
            n_points
        } else {
            n_points.min(self.xs.len() + SLICE)
        };
        let mut extent = self.extent.unwrap_or(Bounds::EMPTY);
        for index in self.xs.len()..end {
            let coordinates = point(index);
            if coordinates.iter().all(|c| c.is_finite()) {
                extent.include(coordinates);
            }
            self.xs.push(coordinates[0]);
            self.ys.push(coordinates[1]);
        }
        self.extent = Some(extent);
        self.xs.len() == n_points
    }

    /// Bounds of all points brought in, in scaled coordinates.
    pub fn extent(&self) -> Bounds {
        self.extent.unwrap_or(Bounds::EMPTY)
    }

    /// Continues counting for what the chart shows and puts the newest complete picture under the grid.
    ///
    /// Returns whether the picture is complete. `whole` does all the work at once, for figures.
    pub fn paint(
        &mut self,
        ctx: &Context,
        chart: &ShownChart,
        theme: &PlotTheme,
        whole: bool,
    ) -> bool {
        let bounds = chart.bounds();
        let frame = chart.frame();
        let cell = cell_points(self.xs.len());
        let size = [
            (frame.width() / cell) as usize,
            (frame.height() / cell) as usize,
        ]
        .map(|n| n.clamp(1, MOST_CELLS));
        if self.grid.bounds != Some(bounds) || self.grid.size != size {
            self.grid = DensityGrid::new(bounds, size);
        }
        let limit = if whole { usize::MAX } else { SLICE };
        self.grid.add(&self.xs, &self.ys, limit);
        let complete = self.grid.n_added == self.xs.len();
        let stale = self.shown_points != self.grid.n_added
            || self.shown_color != theme.cloud
            || self
                .shown
                .as_ref()
                .is_none_or(|(texture, shown)| *shown != bounds || texture.size() != size);
        if complete && stale {
            self.upload(ctx, bounds, theme.cloud);
        }
        if let Some((texture, made_for)) = &self.shown {
            let rect = chart.rect(made_for.min, made_for.max);
            chart
                .painter
                .set(chart.underlay, image_shape(texture, rect));
        }
        complete
    }

    fn upload(&mut self, ctx: &Context, bounds: Bounds, color: Color32) {
        let image = self.grid.image(color);
        let options = TextureOptions::LINEAR;
        match &mut self.shown {
            Some((texture, made_for)) => {
                texture.set(image, options);
                *made_for = bounds;
            }
            None => self.shown = Some((ctx.load_texture("cloud", image, options), bounds)),
        }
        self.shown_points = self.grid.n_added;
        self.shown_color = color;
    }

    /// The point nearest to a place on the screen, within `reach` points of the screen.
    pub fn nearest(&self, chart: &ShownChart, position: Pos2, reach: f32) -> Option<usize> {
        let frame = chart.frame();
        if self.grid.bounds != Some(chart.bounds()) || !frame.contains(position) {
            return None;
        }
        let share = (position - frame.min) / frame.size();
        let cells = (reach / cell_points(self.xs.len())).ceil() as usize;
        self.grid
            .nearest(f64::from(share.x), f64::from(share.y), cells)
    }
}

/// Side of a cell in points of the screen: coarse enough that single points of a thin cloud are seen.
fn cell_points(n_points: usize) -> f32 {
    match n_points {
        0..20_000 => 2.5,
        20_000..200_000 => 2.0,
        _ => 1.5,
    }
}

fn image_shape(texture: &TextureHandle, rect: Rect) -> Shape {
    let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    Shape::image(texture.id(), rect, uv, Color32::WHITE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit_grid(cells: usize) -> DensityGrid {
        DensityGrid::new(
            Bounds {
                min: [0.0, 0.0],
                max: [1.0, 1.0],
            },
            [cells, cells],
        )
    }

    #[test]
    fn every_point_inside_is_counted_once_and_no_other() {
        let xs: Vec<f64> = (0..1000).map(|i| f64::from(i) / 800.0).collect();
        let ys: Vec<f64> = xs.iter().map(|x| 1.0 - x).collect();
        let mut grid = unit_grid(10);
        grid.add(&xs, &ys, 300);
        grid.add(&xs, &ys, usize::MAX);
        let inside = xs
            .iter()
            .zip(&ys)
            .filter(|&(&x, &y)| x < 1.0 && y > 0.0)
            .count();
        assert_eq!(grid.counts.iter().sum::<u32>() as usize, inside);
        assert_eq!(grid.n_added(), 1000);
    }

    #[test]
    fn slices_give_the_same_grid_as_one_pass() {
        let xs: Vec<f64> = (0..5000).map(|i| (f64::from(i) * 0.618).fract()).collect();
        let ys: Vec<f64> = (0..5000).map(|i| (f64::from(i) * 0.414).fract()).collect();
        let mut one = unit_grid(64);
        one.add(&xs, &ys, usize::MAX);
        let mut many = unit_grid(64);
        while many.n_added() < xs.len() {
            many.add(&xs, &ys, 333);
        }
        assert_eq!((one.counts, one.first), (many.counts, many.first));
    }

    #[test]
    fn the_nearest_point_is_found_within_reach_only() {
        let mut grid = unit_grid(100);
        grid.add(&[0.5, 0.9], &[0.5, 0.1], usize::MAX);
        assert_eq!(grid.nearest(0.53, 0.5, 5), Some(0));
        assert_eq!(grid.nearest(0.9, 0.88, 5), Some(1));
        assert_eq!(grid.nearest(0.7, 0.7, 5), None);
        assert_eq!(grid.nearest(1.5, 0.5, 5), None);
    }

    #[test]
    fn points_without_a_place_are_left_out() {
        let mut grid = unit_grid(4);
        grid.add(
            &[f64::NAN, 0.5, f64::INFINITY, -3.0],
            &[0.5, f64::NAN, 0.5, 0.5],
            usize::MAX,
        );
        assert_eq!(grid.counts.iter().sum::<u32>(), 0);
    }
}
