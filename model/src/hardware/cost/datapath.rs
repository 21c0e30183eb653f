//! What the formats ask of a processing element of each kind, and the units it is then composed of.

use super::element::Element;
use crate::design::{Datapath, Design, UnitKind};
use crate::format::{BlockLen, Format, OperandKind, OperandWidths};
use crate::hardware::gates::{FloatKind, FloatOperand, Pipelining, ReconfigurableMode, Unit};
use crate::violation::Violation;

/// What an element must be able to take: the widest of all sites on the array.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Demand {
    kind: UnitKind,
    lanes: u32,
    accumulator_bits: u32,
    reading: Datapath,
    float: FloatKind,
    /// Magnitude bits of moving and stationary operand.
    magnitude: [u32; 2],
    /// Element exponent and fraction bits of minifloats.
    minifloat: [u32; 2],
    /// Whether the stationary operand is a mantissa with a block exponent, not an integer.
    stationary_is_block: bool,
    /// Values that share the scales of both operands.
    block: f64,
}

impl Demand {
    /// What a pair of formats asks of the design's element, or `None` where its kind cannot take them.
    pub(super) fn of(design: &Design, moving: Format, stationary: Format) -> Option<Self> {
        let (left, right) = (moving.operand(), stationary.operand());
        if !takes(design.unit, &left, &right) {
            return None;
        }
        let aligned = design.datapath.aligned_mantissa_bits;
        let mantissa = match left.kind {
            OperandKind::Float { fraction, .. } if aligns(design.unit) => {
                aligned.unwrap_or(fraction + 3)
            }
            kind => kind.magnitude_bits(),
        };
        let minifloat = [left.kind, right.kind].map(|kind| match kind {
            OperandKind::MinifloatBlock { exponent, fraction } => [exponent, fraction],
            _ => [0, 0],
        });
        Some(Self {
            kind: design.unit,
            lanes: design.array.lanes,
            accumulator_bits: u32::from(design.array.accumulator_bits),
            reading: design.datapath,
            float: wider_float(float_kind(&left), float_kind(&right)),
            magnitude: [u32::from(mantissa), stationary_bits(&right)],
            minifloat: [0, 1].map(|i| u32::from(minifloat[0][i].max(minifloat[1][i]))),
            stationary_is_block: matches!(right.kind, OperandKind::SignMagnitude { .. }),
            block: block_values(left.block_len).min(block_values(right.block_len)),
        })
    }

    /// The element that can take both.
    pub(super) fn widest(self, other: Self) -> Self {
        let most = |left: [u32; 2], right: [u32; 2]| [left[0].max(right[0]), left[1].max(right[1])];
        let mut widest = Self {
            float: wider_float(self.float, other.float),
            magnitude: most(self.magnitude, other.magnitude),
            minifloat: most(self.minifloat, other.minifloat),
            stationary_is_block: self.stationary_is_block || other.stationary_is_block,
            block: self.block.min(other.block),
            ..self
        };
        if widest.minifloat[0] > 0 {
            // Where some sites are integers, their magnitudes go through the multipliers of the significands.
            for integers in [self, other].iter().filter(|each| each.minifloat[0] == 0) {
                let magnitude = integers.magnitude[0].max(integers.magnitude[1]);
                widest.minifloat[1] = widest.minifloat[1].max(magnitude - 1);
            }
        }
        widest
    }

    /// Composes the element.
    #[expect(clippy::too_many_lines, reason = "one arm a kind of element")]
    pub(super) fn element(&self) -> Element {
        let [m, n] = self.magnitude;
        let lanes = self.lanes;
        let each_lane = f64::from(lanes);
        let stages = self.stages();
        match self.kind {
            UnitKind::FpFp => self.float_macs(FloatOperand::Same),
            UnitKind::FpInt => self.float_macs(FloatOperand::Integer((n + 1).clamp(2, 16))),
            UnitKind::IntInt | UnitKind::Figna | UnitKind::BfpInt => {
                let acc = self.accumulator_bits;
                self.with_float_stage(
                    Element::new(1.0).with(
                        Unit::BfpIntDot {
                            lanes,
                            m,
                            n: n + 1,
                            acc,
                            weights_held: false,
                        },
                        1.0,
                        1.0,
                    ),
                    acc,
                    m + n + 1,
                )
            }
            UnitKind::IFpu => {
                // One weight bit a cycle masks whole mantissas: the roles of Anda's planes swapped.
                let acc = self.accumulator_bits;
                let cycles = f64::from(n + 1);
                self.with_float_stage(
                    Element::new(cycles).with(
                        Unit::BitPlaneDot {
                            lanes,
                            n: m + 1,
                            acc,
                        },
                        1.0,
                        cycles,
                    ),
                    acc,
                    m + n + 1,
                )
            }
            UnitKind::AndaBitSerial => {
                // M planes and one cycle to hand over: Anda (HPCA 2025), section 1.6 of the notes, 16 / (M + 1).
                let acc = self.accumulator_bits;
                let cycles = f64::from(m + 1);
                let planes = Unit::BitPlaneDot {
                    lanes,
                    n: n + 1,
                    acc,
                };
                self.with_float_stage(
                    Element::new(cycles).with(planes, 1.0, cycles),
                    acc,
                    m + n + 1,
                )
            }
            UnitKind::BfpBfp => Element::new(1.0).with(
                Unit::BfpBfpDot {
                    lanes,
                    m,
                    n,
                    stages,
                },
                1.0,
                1.0,
            ),
            UnitKind::Reconfigurable => {
                let mode = match (self.stationary_is_block, n) {
                    (true, ..=4) => ReconfigurableMode::M8M4,
                    (false, ..=3) => ReconfigurableMode::M8W4,
                    _ => ReconfigurableMode::M8M8,
                };
                let cycles = f64::from(mode.passes());
                Element::new(cycles).with(Unit::ReconfigurableDot { lanes, mode }, 1.0, cycles)
            }
            UnitKind::MxDot => {
                let [exponent, fraction] = self.minifloat;
                let unit = if exponent == 0 {
                    Unit::BfpBfpDot {
                        lanes,
                        m,
                        n,
                        stages,
                    }
                } else {
                    Unit::MxDot {
                        lanes,
                        exponent,
                        fraction,
                        stages,
                    }
                };
                Element::new(1.0).with(unit, 1.0, 1.0)
            }
            UnitKind::SuperBlock => {
                // Q2_K and Q3_K: an integer scale for each 16 products, one FP stage for 256 (ggml's block layouts).
                let sum = m + n + 1 + 4;
                let scaled = each_lane / 16.0;
                let element = Element::new(1.0)
                    .with(
                        Unit::BfpIntDot {
                            lanes,
                            m,
                            n: n + 1,
                            acc: sum,
                            weights_held: false,
                        },
                        1.0,
                        1.0,
                    )
                    .with(Unit::Multiplier { m: sum, n: 6 }, scaled, 1.0)
                    .with(Unit::Adder { w: sum + 8 }, scaled, 1.0);
                self.with_float_stage(element, sum + 10, sum + 6)
            }
            UnitKind::DataflowMxInt => {
                // Two's complement dot, exponents compared and sums aligned for each block (MASE, mxint_accumulator).
                let acc = self.accumulator_bits;
                let blocks = (each_lane / self.block).max(1.0);
                Element::new(1.0)
                    .with(
                        Unit::BfpIntDot {
                            lanes,
                            m,
                            n: n + 1,
                            acc,
                            weights_held: false,
                        },
                        1.0,
                        1.0,
                    )
                    .with(Unit::Adder { w: 8 }, blocks, 1.0)
                    .with(Unit::ShiftRight { w: acc, range: acc }, blocks, 1.0)
                    .with(Unit::Adder { w: acc }, blocks, 1.0)
            }
        }
    }

    const fn stages(&self) -> Pipelining {
        if self.reading.pipelined {
            Pipelining::ThreeStages
        } else {
            Pipelining::Uncut
        }
    }

    /// Bits of a partial sum outside the element: FP32 behind a floating-point stage, else the integer accumulator.
    pub(super) fn sum_bits(&self) -> f64 {
        match self.kind {
            UnitKind::DataflowMxInt => f64::from(self.accumulator_bits),
            _ => f64::from(FloatKind::Fp32.bits()),
        }
    }

    /// Refuses an integer accumulator that cannot hold the sum of one group of lanes.
    ///
    /// # Errors
    /// An accumulator that is too narrow, with the least width.
    pub(super) fn check_accumulator(&self) -> Result<(), Violation> {
        let [m, n] = self.magnitude;
        let sums = match self.kind {
            UnitKind::IntInt
            | UnitKind::Figna
            | UnitKind::BfpInt
            | UnitKind::IFpu
            | UnitKind::AndaBitSerial
            | UnitKind::DataflowMxInt => true,
            // Floating-point sums, or a width of their own that follows from the formats.
            UnitKind::FpFp
            | UnitKind::FpInt
            | UnitKind::BfpBfp
            | UnitKind::Reconfigurable
            | UnitKind::MxDot
            | UnitKind::SuperBlock => false,
        };
        let least = m + n + 1 + self.lanes.max(2).next_power_of_two().ilog2();
        if sums && self.accumulator_bits < least {
            return Err(Violation::new(
                "array.accumulator_bits",
                self.accumulator_bits,
                format!(
                    "{least} to 64, for a sum of {} products of {m} by {} bits",
                    self.lanes,
                    n + 1
                ),
            ));
        }
        Ok(())
    }

    fn float_macs(&self, operand: FloatOperand) -> Element {
        let lanes = f64::from(self.lanes);
        let mac = Unit::FloatMac {
            kind: self.float,
            operand,
            accumulator: FloatKind::Fp32,
            stages: self.stages(),
        };
        let mut element = Element::new(1.0).with(mac, lanes, 1.0);
        if self.reading.subnormals {
            let w = self.float.significand_bits();
            let inputs = if operand == FloatOperand::Same {
                2.0
            } else {
                1.0
            };
            element = element
                .with(Unit::LeadingZeros { w }, inputs * lanes, 1.0)
                .with(Unit::ShiftRight { w, range: w }, inputs * lanes, 1.0);
        }
        if operand != FloatOperand::Same {
            let scale = Unit::FloatMultiplier { kind: self.float };
            element = element.with(scale, 1.0, (lanes / self.block).min(lanes));
        }
        element
    }

    /// Adds the FP32 stage behind an integer accumulator: as often as blocks end or the accumulator fills up.
    fn with_float_stage(&self, element: Element, acc: u32, product_bits: u32) -> Element {
        let lanes = f64::from(self.lanes);
        let headroom = acc
            .saturating_sub(product_bits + self.lanes.max(1).ilog2())
            .min(20);
        let full = 1.0 / f64::from(1_u32 << headroom);
        let uses = (lanes / self.block).max(full);
        let stages = self.stages();
        let shared = 1.0 / f64::from(self.reading.float_stage_elements.max(1));
        element
            .with_stage(Unit::Fp32Accumulate { w: acc, stages }, shared, uses)
            .with_stage(
                Unit::FloatMultiplier {
                    kind: FloatKind::Fp16,
                },
                shared,
                uses,
            )
    }
}

/// Whether floating-point activations are aligned to a common exponent before the datapath.
pub(super) const fn aligns(kind: UnitKind) -> bool {
    matches!(kind, UnitKind::Figna | UnitKind::IFpu)
}

const fn is_integer(kind: OperandKind) -> bool {
    matches!(
        kind,
        OperandKind::TwosComplement { .. } | OperandKind::Unsigned { .. }
    )
}

const fn is_float(kind: OperandKind) -> bool {
    matches!(kind, OperandKind::Float { .. })
}

const fn is_minifloat(kind: OperandKind) -> bool {
    matches!(kind, OperandKind::MinifloatBlock { .. })
}

/// Whether a kind of element can multiply the two operands.
fn takes(kind: UnitKind, moving: &OperandWidths, stationary: &OperandWidths) -> bool {
    let (left, right) = (moving.kind, stationary.kind);
    let mantissa = |kind| matches!(kind, OperandKind::SignMagnitude { .. });
    let narrow = |bits: u8| right.magnitude_bits() <= bits;
    match kind {
        UnitKind::FpFp => true,
        UnitKind::FpInt => is_integer(right) && narrow(15),
        UnitKind::IFpu | UnitKind::Figna => {
            (is_float(left) || mantissa(left)) && is_integer(right) && narrow(15)
        }
        UnitKind::BfpInt | UnitKind::AndaBitSerial => {
            mantissa(left) && is_integer(right) && narrow(15)
        }
        UnitKind::BfpBfp => {
            (mantissa(left) || is_integer(left)) && (mantissa(right) || is_integer(right))
        }
        UnitKind::Reconfigurable => {
            mantissa(left)
                && left.magnitude_bits() <= 8
                && (mantissa(right) || is_integer(right))
                && narrow(8)
        }
        UnitKind::MxDot => {
            (is_minifloat(left) && is_minifloat(right)) || (is_integer(left) && is_integer(right))
        }
        UnitKind::IntInt | UnitKind::SuperBlock | UnitKind::DataflowMxInt => {
            is_integer(left) && is_integer(right)
        }
    }
}

/// Magnitude bits of the stationary operand; unsigned codes have no sign to spare.
fn stationary_bits(operand: &OperandWidths) -> u32 {
    u32::from(operand.kind.magnitude_bits())
}

/// The multiplier whose significand holds the operand's. Exponents need no choice: products go to FP32 in all of them.
const fn float_kind(operand: &OperandWidths) -> FloatKind {
    match operand.kind {
        OperandKind::Float { fraction: 11.., .. } => FloatKind::Fp32,
        OperandKind::Float { fraction: ..8, .. } => FloatKind::Bf16,
        _ => FloatKind::Fp16,
    }
}

/// The float that holds both; FP16 and bfloat16 together need the wider significand.
fn wider_float(left: FloatKind, right: FloatKind) -> FloatKind {
    if left == FloatKind::Fp32 || right == FloatKind::Fp32 {
        FloatKind::Fp32
    } else if left == right {
        left
    } else {
        FloatKind::Fp16
    }
}

/// Values of a block as a number; a row counts as very long.
fn block_values(block: BlockLen) -> f64 {
    match block {
        BlockLen::Fixed(values) => f64::from(values.get()),
        BlockLen::One | BlockLen::Row => f64::from(u16::MAX),
    }
}
