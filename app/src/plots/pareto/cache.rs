//! What the plot keeps between frames: the cloud, the front of the axes as far as it has grown, the last whole one, bounds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use egui::{Id, Ui};

use blockscape_model::evaluation::Metric;

use super::axes_front::{self, AxesFront};
use super::front::{Bands, FrontPoint};
use super::{ParetoData, ParetoView};
use crate::plots::axis::Scale;
use crate::plots::chart::Bounds;
use crate::plots::density::{Cloud, CloudKey};
use crate::plots::theme::PlotTheme;

/// What the plot keeps between frames; in egui's memory, so that it goes with the window.
#[derive(Debug, Default)]
pub(super) struct Cache {
    pub(super) cloud: Cloud,
    pub(super) axes_front: AxesFront,
    members_key: Option<MembersKey>,
    /// Members of the front of the axes, from left to right.
    pub(super) members: Vec<FrontPoint>,
    /// All designs of the cloud were looked at.
    is_whole: bool,
    /// The exploration came to its end.
    settled: bool,
    /// The newest front of the axes that was whole.
    standing: Option<Standing>,
    pub(super) held: Option<Held>,
    pub(super) shown: Option<Bounds>,
    pub(super) drag_from: Option<[f64; 2]>,
}

/// Bounds that were fitted to a front.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    /// The axes they are for.
    pub(super) axes: u64,
    pub(super) bounds: Bounds,
}

/// What the members were made of: generation, axes, designs looked at, and what is known of the objectives' front.
type MembersKey = (u64, [Metric; 2], usize, [usize; 4]);

/// A front of the axes that was whole.
#[derive(Debug)]
struct Standing {
    key: MembersKey,
    points: Vec<FrontPoint>,
}

/// What the plot of a window shows at the moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// In scaled coordinates.
    pub bounds: Bounds,
    /// The front of the axes as far as it is known, from left to right.
    pub front: Vec<FrontPoint>,
    /// Whether that front is over all designs of an exploration that came to its end.
    pub stands: bool,
}

/// What the plot shows, once it was drawn.
pub fn shown(ctx: &egui::Context) -> Option<Shown> {
    let cache = ctx.data(|memory| memory.get_temp::<Arc<Mutex<Cache>>>(Id::unique(CACHE)))?;
    let cache = cache
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    Some(Shown {
        bounds: cache.shown?,
        front: cache.members.clone(),
        stands: cache.stands(),
    })
}

/// Name of the cache in egui's memory.
pub(super) const CACHE: &str = "pareto plot cache";

impl Cache {
    /// Whether the front that is shown is over all designs of an exploration that came to its end.
    pub(super) fn stands(&self) -> bool {
        self.settled && self.shows_newest_whole()
    }

    fn shows_newest_whole(&self) -> bool {
        let standing = self.standing.as_ref();
        standing.is_some_and(|standing| Some(standing.key) == self.members_key)
    }

    /// The whole front that the shown one will take the place of, where that is another.
    pub(super) fn faded(&self, axes: [Metric; 2]) -> &[FrontPoint] {
        let standing = self.standing.as_ref();
        let of_axes =
            standing.filter(|standing| standing.key.1 == axes && !self.shows_newest_whole());
        of_axes.map_or(&[], |standing| &standing.points)
    }
}

/// Brings in what changed since the last frame.
pub(super) fn refresh(
    cache: &mut Cache,
    data: &ParetoData<'_>,
    view: &ParetoView,
    theme: &PlotTheme,
    ui: &Ui,
) {
    let designs = axes_front::Cloud {
        generation: data.generation,
        candidates: data.candidates,
        objectives_front: data.front,
        admits: data.admits,
    };
    let metrics = [view.x, view.y];
    let front_is_whole = cache.axes_front.update(designs, metrics, theme.on_paper);
    let axes = [(view.x, view.x_scale), (view.y, view.y_scale)];
    let scaled =
        |i: usize| axes.map(|(metric, scale)| scale.coordinate(data.candidates[i].get(metric)));
    let whole = cache.cloud.update(
        cloud_key(data, view),
        data.candidates.len(),
        theme.on_paper,
        scaled,
    );
    cache.is_whole = whole && front_is_whole;
    if !cache.is_whole {
        ui.ctx().request_repaint();
    }
    let count = |is: fn(&FrontPoint) -> bool| data.front.iter().filter(|point| is(point)).count();
    // Measured accuracies, ranges and probabilities come to the members without a new exploration.
    let known = [
        data.front.len(),
        count(|point| point.measured),
        count(|point| point.bands != Bands::default()),
        count(|point| point.membership.is_some()),
    ];
    let key = (
        data.generation,
        metrics,
        cache.axes_front.n_looked_at(),
        known,
    );
    if cache.members_key != Some(key) {
        cache.members = members(&cache.axes_front, data);
        cache.members_key = Some(key);
    }
    cache.settled = data.settled;
    let is_front = data.settled && cache.is_whole && !cache.members.is_empty();
    if is_front && !cache.shows_newest_whole() {
        let points = cache.members.clone();
        cache.standing = Some(Standing { key, points });
    }
}

/// Members of the front of the axes with all that is known of those that are on the front of the objectives too.
fn members(front: &AxesFront, data: &ParetoData<'_>) -> Vec<FrontPoint> {
    let known: HashMap<usize, &FrontPoint> = data
        .front
        .iter()
        .map(|point| (point.index, point))
        .collect();
    let point = |index: usize| match known.get(&index) {
        Some(known) => Some((*known).clone()),
        None => Some(FrontPoint::new(index, *data.candidates.get(index)?)),
    };
    front.members().filter_map(point).collect()
}

/// What the cloud is made of.
pub(super) fn cloud_key(data: &ParetoData<'_>, view: &ParetoView) -> CloudKey {
    let place = |metric: Metric| metric.index() as u64;
    let scale = |scale: Scale| u64::from(scale == Scale::Log);
    let axes =
        place(view.x) << 32 | place(view.y) << 16 | scale(view.x_scale) << 1 | scale(view.y_scale);
    CloudKey {
        generation: data.generation,
        axes,
    }
}
