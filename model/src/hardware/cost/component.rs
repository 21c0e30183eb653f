//! Where area and energy go.

use crate::units::{Area, Energy};

/// A part of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Component {
    /// Processing elements.
    Array,
    /// Converters from floating point to blocks.
    Converter,
    /// Vector unit.
    VectorUnit,
    /// Control logic.
    Control,
    /// Activation buffer.
    ActivationBuffer,
    /// Weight buffer.
    WeightBuffer,
    /// Output buffer.
    OutputBuffer,
    /// External memory; its energy counts, its area does not.
    ExternalMemory,
    /// Leakage of everything on the chip.
    Leakage,
}

impl Component {
    /// How many there are.
    pub const COUNT: usize = 9;

    /// All, in the order of breakdowns.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Array,
        Self::Converter,
        Self::VectorUnit,
        Self::Control,
        Self::ActivationBuffer,
        Self::WeightBuffer,
        Self::OutputBuffer,
        Self::ExternalMemory,
        Self::Leakage,
    ];

    /// Name on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Array => "Processing array",
            Self::Converter => "Converters",
            Self::VectorUnit => "Vector unit",
            Self::Control => "Control",
            Self::ActivationBuffer => "Activation buffer",
            Self::WeightBuffer => "Weight buffer",
            Self::OutputBuffer => "Output buffer",
            Self::ExternalMemory => "External memory",
            Self::Leakage => "Leakage",
        }
    }

    /// Name in JSON and CSV.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Array => "array",
            Self::Converter => "converter",
            Self::VectorUnit => "vector_unit",
            Self::Control => "control",
            Self::ActivationBuffer => "activation_buffer",
            Self::WeightBuffer => "weight_buffer",
            Self::OutputBuffer => "output_buffer",
            Self::ExternalMemory => "external_memory",
            Self::Leakage => "leakage",
        }
    }

    /// Position in [`Component::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// Declares a quantity split by component.
macro_rules! breakdown {
    ($(#[$doc:meta])* $name:ident, $quantity:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $name([$quantity; Component::COUNT]);

        impl $name {
            /// Nothing anywhere.
            pub const ZERO: Self = Self([$quantity::ZERO; Component::COUNT]);

            /// Share of a component.
            pub const fn get(&self, component: Component) -> $quantity {
                self.0[component.index()]
            }

            /// Adds to a component.
            pub fn add(&mut self, component: Component, more: $quantity) {
                self.0[component.index()] += more;
            }

            /// Sum of all components.
            pub fn total(&self) -> $quantity {
                self.0.into_iter().sum()
            }

            /// Components with their shares, in order.
            pub fn parts(&self) -> impl Iterator<Item = (Component, $quantity)> + use<> {
                Component::ALL.into_iter().zip(self.0)
            }

            /// Adds another breakdown, component by component.
            pub fn add_all(&mut self, other: &Self, times: f64) {
                for (mine, more) in self.0.iter_mut().zip(other.0) {
                    *mine += more * times;
                }
            }
        }
    };
}

breakdown!(
    /// Area by component.
    AreaBreakdown,
    Area
);
breakdown!(
    /// Energy by component.
    EnergyBreakdown,
    Energy
);
