//! Energy of one product: what switches in the array, what passes buffers and external memory.

use super::activity::Accesses;
use super::tiling::Traffic;
use super::{Component, EnergyBreakdown};
use crate::units::Energy;

/// Energies of single events at the design's voltage, layout included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct EventEnergies {
    /// One converted value.
    pub(super) conversion: Energy,
    /// One operation of a vector lane.
    pub(super) vector: Energy,
    /// Control as a share of the logic.
    pub(super) control_share: f64,
    /// Picojoules to read and write a bit: activation, weight, output buffer.
    pub(super) buffer_read: [f64; 3],
    pub(super) buffer_write: [f64; 3],
    /// Which buffer takes outputs.
    pub(super) output_component: Component,
    /// Picojoules for a bit of external memory.
    pub(super) external: f64,
}

/// Events of one product.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Events {
    /// Groups of lanes on the array.
    pub(super) groups: f64,
    /// Values converted to blocks.
    pub(super) conversions: f64,
    /// Operations of vector lanes.
    pub(super) vector: f64,
}

impl Events {
    /// Groups on the array and operations of floating-point lanes; conversions are counted later.
    pub(super) const fn on_array(groups: f64, vector: f64) -> Self {
        Self {
            groups,
            conversions: 0.0,
            vector,
        }
    }
}

/// Energy by component, leakage excluded; `group` is the energy of one group of lanes in one element.
pub(super) fn product_energy(
    event: &EventEnergies,
    group: Energy,
    events: &Events,
    accesses: &Accesses,
    traffic: &Traffic,
) -> EnergyBreakdown {
    let mut energy = EnergyBreakdown::ZERO;
    energy.add(Component::Array, group * events.groups);
    energy.add(Component::Converter, event.conversion * events.conversions);
    energy.add(Component::VectorUnit, event.vector * events.vector);
    let logic = energy.total();
    energy.add(Component::Control, logic * event.control_share);
    let buffers = [
        (
            Component::ActivationBuffer,
            accesses.activation_read,
            accesses.activation_written,
        ),
        (
            Component::WeightBuffer,
            accesses.weight_read,
            accesses.weight_written,
        ),
        (
            event.output_component,
            accesses.output_read(),
            accesses.output_written,
        ),
    ];
    for (index, (component, read, written)) in buffers.into_iter().enumerate() {
        let picojoules = read * event.buffer_read[index] + written * event.buffer_write[index];
        energy.add(component, Energy::picojoules(picojoules));
    }
    let external = Energy::picojoules(traffic.total() * event.external);
    energy.add(Component::ExternalMemory, external);
    energy
}
