//! Supply voltage: energy and delay by the polynomials of Stillmaker and Baas (Integration 58, 2017, tables of coefficients).

use serde::{Deserialize, Serialize};

use crate::units::Voltage;
use crate::violation::Violation;

/// Polynomials of one node and the range in which they hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoltageScaling {
    /// Nominal supply in volts: where the node's other constants hold.
    pub nominal_v: f64,
    /// Lowest supply allowed.
    pub least_v: f64,
    /// Highest supply allowed.
    pub most_v: f64,
    /// e2, e1, e0 of the energy factor e2 V^2 + e1 V + e0.
    pub energy: [f64; 3],
    /// d3, d2, d1, d0 of the delay factor.
    pub delay: [f64; 4],
    /// Which row of the tables.
    pub source: String,
}

impl VoltageScaling {
    /// Energy against that at nominal voltage.
    ///
    /// # Errors
    /// A voltage outside the range.
    pub fn energy_ratio(&self, voltage: Option<Voltage>) -> Result<f64, Violation> {
        let Some(volts) = self.checked(voltage)? else {
            return Ok(1.0);
        };
        let [square, linear, constant] = self.energy;
        let energy = |v: f64| (square * v + linear) * v + constant;
        Ok(energy(volts) / energy(self.nominal_v))
    }

    /// Delay against that at nominal voltage.
    ///
    /// # Errors
    /// A voltage outside the range.
    pub fn delay_ratio(&self, voltage: Option<Voltage>) -> Result<f64, Violation> {
        let Some(volts) = self.checked(voltage)? else {
            return Ok(1.0);
        };
        let [cube, square, linear, constant] = self.delay;
        let delay = |v: f64| ((cube * v + square) * v + linear) * v + constant;
        Ok(delay(volts) / delay(self.nominal_v))
    }

    fn checked(&self, voltage: Option<Voltage>) -> Result<Option<f64>, Violation> {
        match voltage.map(Voltage::to_volts) {
            None => Ok(None),
            Some(volts) if (self.least_v..=self.most_v).contains(&volts) => Ok(Some(volts)),
            Some(volts) => Err(Violation::out_of_range(
                "voltage_v",
                volts,
                self.least_v,
                self.most_v,
            )),
        }
    }
}
