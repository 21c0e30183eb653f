//! Supply voltage: energy by the polynomials of Stillmaker and Baas (Integration 58, 2017, tables of coefficients), delay by
//! the alpha-power law of Sakurai and Newton (JSSC 25, 1990): that paper's cubic delays rise with the supply in places.

use serde::{Deserialize, Serialize};

use crate::hardware::Sourced;
use crate::units::Voltage;
use crate::violation::Violation;

/// Curves of one node and the range in which they hold.
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
    /// Which row of the tables.
    pub source: String,
    /// Threshold in V: delay is V / (V - threshold)^alpha.
    pub threshold_v: Sourced<f64>,
    /// Exponent of the delay.
    pub alpha: Sourced<f64>,
    /// Rise of the leakage current with the supply in 1/V, as an exponent: drain-induced barrier lowering over the
    /// subthreshold slope.
    pub leakage_per_volt: Sourced<f64>,
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
        let delay = |v: f64| v / (v - self.threshold_v.value).powf(self.alpha.value);
        Ok(delay(volts) / delay(self.nominal_v))
    }

    /// Leakage power against that at nominal voltage: the supply times a current that grows with it.
    ///
    /// # Errors
    /// A voltage outside the range.
    pub fn leakage_ratio(&self, voltage: Option<Voltage>) -> Result<f64, Violation> {
        let Some(volts) = self.checked(voltage)? else {
            return Ok(1.0);
        };
        let more = volts - self.nominal_v;
        Ok(volts / self.nominal_v * (self.leakage_per_volt.value * more).exp())
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
