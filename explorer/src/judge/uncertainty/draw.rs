//! One draw of all constants from their ranges, the same for every design.

use blockscape_model::hardware::{Sourced, Technology};
use blockscape_model::quality::Interval;

use crate::random::Random;

/// Half the width of a 90 % interval in standard deviations of a normal distribution.
const NINETY_PERCENT: f64 = 1.644_853_626_951_472_2;

/// One draw of all constants.
#[derive(Debug, Clone)]
pub(crate) struct Draw {
    seed: u64,
    sample: u64,
    /// Where in their intervals all perplexities lie, in standard deviations: the error of a calibration moves every
    /// design the same way, by its own width.
    accuracy: f64,
}

impl Draw {
    pub(crate) fn new(seed: u64, sample: u64) -> Self {
        let mut random = Random::stream(seed, sample);
        Self {
            seed,
            sample,
            accuracy: random.normal(),
        }
    }

    /// Replaces every constant of a technology by one drawn from its range; one that is shared by several technologies
    /// takes the same place in its range in each.
    pub(crate) fn apply(&self, technology: &mut Technology) {
        let mut random = Random::stream(!self.seed, self.sample);
        let mut redraw = |constant: &mut Sourced<f64>| {
            let share = random.unit();
            constant.value = triangular(constant.low, constant.value, constant.high, share);
        };
        let cells = &mut technology.cells;
        redraw(&mut cells.gate_area_um2);
        redraw(&mut cells.area_fit);
        redraw(&mut cells.energy_fit);
        let node = &mut technology.node;
        redraw(&mut node.area);
        redraw(&mut node.energy);
        redraw(&mut node.delay);
        redraw(&mut node.layout_area);
        redraw(&mut node.layout_energy);
        redraw(&mut node.leakage_w_per_mm2);
        redraw(&mut node.control_share);
        redraw(&mut node.sram.area);
        redraw(&mut node.sram.energy);
        redraw(&mut node.sram.leakage);
        redraw(&mut node.sram.delay);
        redraw(&mut node.voltage.leakage_per_volt);
        for memory in technology.memories.values_mut() {
            redraw(&mut memory.pj_per_bit);
            redraw(&mut memory.gigabytes_per_second);
        }
        redraw(&mut technology.programmable.usable_luts);
        for device in &mut technology.programmable.devices {
            redraw(&mut device.gigabytes_per_second);
            redraw(&mut device.power_w);
            redraw(&mut device.host_macs_per_second);
            redraw(&mut device.product_seconds);
            redraw(&mut device.tile_seconds);
        }
    }

    /// The perplexity at this draw's place in its interval, log-normal.
    pub(crate) fn within(&self, interval: Interval) -> Interval {
        let deviation = (interval.high / interval.low).ln() / (2.0 * NINETY_PERCENT);
        let value = interval.value * (self.accuracy * deviation).exp();
        let is_known = deviation.is_finite();
        Interval {
            value: if is_known { value } else { interval.value },
            ..interval
        }
    }
}

/// The value below which this share of a triangular distribution lies (mode within its range).
fn triangular(low: f64, mode: f64, high: f64, share: f64) -> f64 {
    let range = high - low;
    if range.is_nan() || range <= 0.0 {
        return mode;
    }
    let rise = (mode - low) / range;
    if share < rise {
        low + (share * range * (mode - low)).sqrt()
    } else {
        high - ((1.0 - share) * range * (high - mode)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use blockscape_model::hardware::technology;

    #[test]
    fn constants_of_devices_are_drawn_within_their_ranges_alike_in_every_technology() {
        let nominal = technology("16 nm").unwrap();
        let mut moved = 0;
        for sample in 0..20 {
            let draw = Draw::new(7, sample);
            let (mut drawn, mut other) = (nominal.clone(), technology("28 nm").unwrap());
            draw.apply(&mut drawn);
            draw.apply(&mut other);
            assert_eq!(drawn.programmable, other.programmable);
            for device in &drawn.programmable.devices {
                assert!(device.power_w.is_consistent(), "{device:?}");
                assert!(device.product_seconds.is_consistent(), "{device:?}");
            }
            moved += usize::from(drawn.programmable != nominal.programmable);
        }
        assert_eq!(moved, 20);
    }
}
