//! Physical quantities, one type a dimension, and exact counts.
//!
//! A quantity is stored in one raw unit and built and read in any; only products that make sense exist.
//! Counts stay integers through tiling and counting and meet floats here alone.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Sub};

use serde::{Deserialize, Serialize};

/// Declares a floating quantity with the arithmetic every quantity has.
macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $raw:ident, $to_raw:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(f64);

        impl $name {
            /// Nothing of it.
            pub const ZERO: Self = Self(0.0);

            /// From the raw unit.
            pub const fn $raw(value: f64) -> Self {
                Self(value)
            }

            /// In the raw unit.
            pub const fn $to_raw(self) -> f64 {
                self.0
            }

            /// Whether it is a number that a physical quantity can have: finite and not negative.
            pub fn is_physical(self) -> bool {
                self.0.is_finite() && self.0 >= 0.0
            }

            /// The larger of two.
            #[must_use]
            pub fn max(self, other: Self) -> Self {
                Self(self.0.max(other.0))
            }

            /// The smaller of two.
            #[must_use]
            pub fn min(self, other: Self) -> Self {
                Self(self.0.min(other.0))
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }

        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }

        impl Mul<f64> for $name {
            type Output = Self;
            fn mul(self, factor: f64) -> Self {
                Self(self.0 * factor)
            }
        }

        impl Mul<$name> for f64 {
            type Output = $name;
            fn mul(self, quantity: $name) -> $name {
                $name(self * quantity.0)
            }
        }

        impl Div<f64> for $name {
            type Output = Self;
            fn div(self, divisor: f64) -> Self {
                Self(self.0 / divisor)
            }
        }

        impl Div for $name {
            type Output = f64;
            fn div(self, other: Self) -> f64 {
                self.0 / other.0
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
                parts.fold(Self::ZERO, Add::add)
            }
        }
    };
}

quantity!(
    /// Energy, stored in picojoules.
    Energy, picojoules, to_picojoules
);
quantity!(
    /// Area, stored in square millimeters.
    Area, square_millimeters, to_square_millimeters
);
quantity!(
    /// Power, stored in watts.
    Power, watts, to_watts
);
quantity!(
    /// Frequency, stored in hertz.
    Frequency, hertz, to_hertz
);
quantity!(
    /// Time, stored in seconds.
    Time, seconds, to_seconds
);
quantity!(
    /// Electric potential, stored in volts.
    Voltage, volts, to_volts
);
quantity!(
    /// Data rate, stored in bytes per second.
    Bandwidth, bytes_per_second, to_bytes_per_second
);

impl Energy {
    /// From femtojoules.
    pub const fn femtojoules(value: f64) -> Self {
        Self(value * 1e-3)
    }

    /// In femtojoules.
    pub const fn to_femtojoules(self) -> f64 {
        self.0 * 1e3
    }

    /// From joules.
    pub const fn joules(value: f64) -> Self {
        Self(value * 1e12)
    }

    /// In joules.
    pub const fn to_joules(self) -> f64 {
        self.0 * 1e-12
    }

    /// In millijoules.
    pub const fn to_millijoules(self) -> f64 {
        self.0 * 1e-9
    }
}

impl Area {
    /// From square micrometers.
    pub const fn square_micrometers(value: f64) -> Self {
        Self(value * 1e-6)
    }

    /// In square micrometers.
    pub const fn to_square_micrometers(self) -> f64 {
        self.0 * 1e6
    }
}

impl Power {
    /// From milliwatts.
    pub const fn milliwatts(value: f64) -> Self {
        Self(value * 1e-3)
    }

    /// In milliwatts.
    pub const fn to_milliwatts(self) -> f64 {
        self.0 * 1e3
    }
}

impl Frequency {
    /// From megahertz.
    pub const fn megahertz(value: f64) -> Self {
        Self(value * 1e6)
    }

    /// In megahertz.
    pub const fn to_megahertz(self) -> f64 {
        self.0 * 1e-6
    }
}

impl Time {
    /// From picoseconds.
    pub const fn picoseconds(value: f64) -> Self {
        Self(value * 1e-12)
    }

    /// In picoseconds.
    pub const fn to_picoseconds(self) -> f64 {
        self.0 * 1e12
    }

    /// In milliseconds.
    pub const fn to_milliseconds(self) -> f64 {
        self.0 * 1e3
    }
}

impl Bandwidth {
    /// From 10^9 bytes per second.
    pub const fn gigabytes_per_second(value: f64) -> Self {
        Self(value * 1e9)
    }

    /// In 10^9 bytes per second.
    pub const fn to_gigabytes_per_second(self) -> f64 {
        self.0 * 1e-9
    }
}

impl Mul<Time> for Power {
    type Output = Energy;
    fn mul(self, time: Time) -> Energy {
        Energy::joules(self.0 * time.0)
    }
}

impl Div<Time> for Energy {
    type Output = Power;
    fn div(self, time: Time) -> Power {
        Power::watts(self.to_joules() / time.0)
    }
}

/// Declares an exact count.
macro_rules! count {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// None.
            pub const ZERO: Self = Self(0);

            /// As a float, where a count meets a cost; exact below 2^53.
            #[expect(clippy::cast_precision_loss, reason = "counts of one inference stay below 2^53")]
            pub const fn to_f64(self) -> f64 {
                self.0 as f64
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }

        impl Mul<u64> for $name {
            type Output = Self;
            fn mul(self, factor: u64) -> Self {
                Self(self.0 * factor)
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
                parts.fold(Self::ZERO, Add::add)
            }
        }
    };
}

count!(
    /// A number of bits moved or stored.
    Bits
);
count!(
    /// A number of clock cycles.
    Cycles
);
count!(
    /// A number of multiply-accumulate operations; one is two operations in TOPS.
    Macs
);

impl Bits {
    /// Whole bytes, rounded up.
    pub const fn to_bytes(self) -> u64 {
        self.0.div_ceil(8)
    }
}

impl Cycles {
    /// How long they take at a clock.
    pub fn at(self, clock: Frequency) -> Time {
        Time::seconds(self.to_f64() / clock.to_hertz())
    }
}
