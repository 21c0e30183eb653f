//! The part of the plane that is shown: fitted to the front once it stands, held while the next one grows.

use blockscape_model::evaluation::Metrics;

use super::cache::{Cache, Held, cloud_key};
use super::{ParetoData, ParetoView};
use crate::plots::chart::Bounds;

/// Bounds for this frame. While a front grows those of the one before stay, during a drag they only grow, and where there is no
/// front they stay too.
pub(super) fn held(
    cache: &mut Cache,
    data: &ParetoData<'_>,
    view: &ParetoView,
    dragging: bool,
) -> Bounds {
    let axes = cloud_key(data, view).axes;
    let before = cache.held.filter(|held| held.axes == axes);
    if let Some(held) = before.filter(|_| !cache.stands()) {
        return held.bounds;
    }
    if let Some(held) = before.filter(|_| cache.members.is_empty()) {
        return held.bounds;
    }
    let fitted = fit(cache, data, view).unwrap_or(Bounds::EMPTY);
    let bounds = match before {
        Some(held) if dragging => held.bounds.union(&fitted),
        _ => fitted,
    };
    if cache.stands() {
        cache.held = Some(Held { axes, bounds });
    }
    bounds
}

/// Bounds that show the fronts whole, what is named near them, and as much of the cloud as leaves them readable.
///
/// `None` where nothing has a place on the axes.
fn fit(cache: &Cache, data: &ParetoData<'_>, view: &ParetoView) -> Option<Bounds> {
    let mut focus = Bounds::EMPTY;
    let coordinates = |metrics: &Metrics| {
        [
            view.x_scale.coordinate(metrics.get(view.x)),
            view.y_scale.coordinate(metrics.get(view.y)),
        ]
    };
    let include = |focus: &mut Bounds, coordinates: [f64; 2]| {
        if coordinates.iter().all(|c| c.is_finite()) {
            focus.include(coordinates);
        }
    };
    cache
        .members
        .iter()
        .for_each(|point| include(&mut focus, coordinates(&point.metrics)));
    data.pinned_fronts
        .iter()
        .flat_map(|front| &front.points)
        .for_each(|point| include(&mut focus, coordinates(&point.metrics)));
    // What lies far off stands on the edge of the plot and does not squeeze the rest.
    let near = focus.is_usable().then_some(focus);
    let named = data.pinned.iter().chain(if view.literature {
        data.literature
    } else {
        &[]
    });
    for metrics in data
        .current
        .into_iter()
        .chain(named.map(|point| &point.metrics))
        .chain(data.measured.iter().map(|measured| &measured.point.metrics))
        .chain(data.front.iter().map(|point| &point.metrics))
    {
        let coordinates = coordinates(metrics);
        if near.is_none_or(|near| is_near(&near, coordinates)) {
            include(&mut focus, coordinates);
        }
    }
    let cloud = cache.cloud.extent();
    let mut bounds = focus;
    if !view.front_only && cloud.is_usable() {
        for d in 0..2 {
            let room = if focus.is_usable() {
                CLOUD_ROOM * (focus.max[d] - focus.min[d])
            } else {
                f64::INFINITY
            };
            bounds.min[d] = cloud.min[d].max(focus.min[d] - room).min(focus.min[d]);
            bounds.max[d] = cloud.max[d].min(focus.max[d] + room).max(focus.max[d]);
        }
    }
    let has_place = bounds.min.iter().all(|low| low.is_finite());
    has_place.then(|| bounds.with_margin(0.06).rounded_out())
}

/// Whether a design is near enough to the rest to be shown without squeezing it.
fn is_near(focus: &Bounds, coordinates: [f64; 2]) -> bool {
    (0..2).all(|d| {
        let room = LITERATURE_ROOM * (focus.max[d] - focus.min[d]);
        (focus.min[d] - room..=focus.max[d] + room).contains(&coordinates[d])
    })
}

/// How far named designs may lie beyond the front to be in sight at first, in lengths of the front.
const LITERATURE_ROOM: f64 = 2.0;

/// How much of the cloud beyond the front is shown, in lengths of the front.
const CLOUD_ROOM: f64 = 1.0;
