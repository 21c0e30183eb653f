//! The element that a design's formats, lanes and registers ask for, as a netlist.

use super::block::{BlockElement, log2};
use super::{BitSerial, BlockSequential, Element, Lanes, Minifloat, ScaleFormat, Stream};
use crate::design::{Dataflow, Delivery, Design, UnitKind};
use crate::format::{BlockLen, Format, OperandKind, OperandWidths};
use crate::hardware::netlist::Netlist;
use crate::quality::SeededValues;
use crate::violation::Violation;
use crate::workload::{Product, Side, Slot};

/// An element of a design.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DesignElement {
    /// Blocks within the lanes.
    Block(BlockElement),
    /// A block in several steps.
    Sequential(BlockSequential),
    /// Planes of mantissa bits.
    Serial(BitSerial),
}

impl DesignElement {
    fn inner(&self) -> &dyn Element {
        match self {
            Self::Block(element) => element,
            Self::Sequential(element) => element,
            Self::Serial(element) => element,
        }
    }
}

impl Element for DesignElement {
    fn netlist(&self) -> Netlist {
        self.inner().netlist()
    }

    fn stream(&self, random: &mut SeededValues, cycles: usize) -> Stream {
        self.inner().stream(random, cycles)
    }

    fn cycles(&self) -> usize {
        self.inner().cycles()
    }

    fn macs_per_cycle(&self) -> f64 {
        self.inner().macs_per_cycle()
    }

    fn encoding(&self, port: &str) -> String {
        self.inner().encoding(port)
    }
}

/// Codes and scale of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SideWidths {
    kind: SideKind,
    scale: ScaleFormat,
    micro: u32,
    block: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SideKind {
    Magnitude(u32),
    Integer(u32),
    Float(Minifloat),
}

/// Values of a block that stands for a whole row: its scale is applied once, here after this many values.
const ROW_BLOCK: u32 = 4096;

impl SideWidths {
    /// Nothing for floats with exponents of their own, zero points and groups of a second level.
    fn of(operand: &OperandWidths) -> Option<Self> {
        let kind = match operand.kind {
            OperandKind::SignMagnitude { bits } => SideKind::Magnitude(u32::from(bits)),
            OperandKind::TwosComplement { bits } => SideKind::Integer(u32::from(bits).max(2)),
            OperandKind::MinifloatBlock { exponent, fraction } => SideKind::Float(Minifloat {
                exponent: u32::from(exponent),
                fraction: u32::from(fraction),
            }),
            OperandKind::Float { .. } | OperandKind::Unsigned { .. } => return None,
        };
        let micro = match operand.second_level {
            None => 0,
            Some(level) if level.is_shift => u32::from(level.block_len),
            Some(_) => return None,
        };
        if operand.shared_fraction_bits > 10 || operand.zero_point_bits > 0 {
            return None;
        }
        Some(Self {
            kind,
            scale: ScaleFormat {
                exponent: u32::from(operand.shared_exponent_bits).min(8),
                fraction: u32::from(operand.shared_fraction_bits),
            },
            micro,
            block: match operand.block_len {
                BlockLen::Fixed(values) => u32::from(values.get()),
                BlockLen::One | BlockLen::Row => ROW_BLOCK,
            },
        })
    }

    /// Codes that hold both; nothing where one is an integer or mantissa and the other a float.
    fn widest(self, other: Self) -> Option<Self> {
        let kind = match (self.kind, other.kind) {
            (SideKind::Magnitude(left), SideKind::Magnitude(right)) => {
                SideKind::Magnitude(left.max(right))
            }
            (SideKind::Integer(left), SideKind::Integer(right)) => {
                SideKind::Integer(left.max(right))
            }
            (SideKind::Magnitude(magnitude), SideKind::Integer(integer))
            | (SideKind::Integer(integer), SideKind::Magnitude(magnitude)) => {
                SideKind::Magnitude(magnitude.max(integer - 1))
            }
            (SideKind::Float(left), SideKind::Float(right)) => SideKind::Float(Minifloat {
                exponent: left.exponent.max(right.exponent),
                fraction: left.fraction.max(right.fraction),
            }),
            _ => return None,
        };
        Some(Self {
            kind,
            scale: ScaleFormat {
                exponent: self.scale.exponent.max(other.scale.exponent),
                fraction: self.scale.fraction.max(other.scale.fraction),
            },
            micro: self.micro.max(other.micro),
            block: self.block.min(other.block),
        })
    }
}

/// Codes of both sides; a mantissa takes the place of an integer where only one side has blocks of mantissas.
fn codes(sides: [SideWidths; 2]) -> Option<Lanes> {
    Some(match (sides[0].kind, sides[1].kind) {
        (SideKind::Magnitude(m), SideKind::Magnitude(n)) => Lanes::SignMagnitude { m, n },
        (SideKind::Magnitude(m), SideKind::Integer(n)) => Lanes::MagnitudeByInteger { m, n },
        (SideKind::Integer(m), SideKind::Magnitude(n)) => Lanes::SignMagnitude { m: m - 1, n },
        (SideKind::Integer(m), SideKind::Integer(n)) => Lanes::TwosComplement { m, n },
        (SideKind::Float(left), SideKind::Float(right)) => Lanes::Minifloat { left, right },
        _ => return None,
    })
}

/// Bits that blocks keep below the unit of the largest exponent.
const GUARD_BITS: u32 = 8;

impl DesignElement {
    /// The element for two formats with some lanes; nothing if no netlist takes them.
    ///
    /// Lanes that are no multiple of the block, or a block that is no multiple of the lanes, are filled up with zeros: the
    /// element has the lanes of whole blocks, or the steps of a whole block.
    pub fn of_formats(design: &Design, pairs: &[[Format; 2]]) -> Option<Self> {
        let mut widest: Option<[SideWidths; 2]> = None;
        for pair in pairs {
            let [left, right] = pair.map(|format| SideWidths::of(&format.operand()));
            let sides = [left?, right?];
            widest = Some(match widest {
                None => sides,
                Some(known) => [known[0].widest(sides[0])?, known[1].widest(sides[1])?],
            });
        }
        let sides = widest?;
        let lanes = design.array.lanes;
        let registers = design.datapath.delivery == Delivery::Systolic;
        if design.unit == UnitKind::AndaBitSerial {
            let (SideKind::Magnitude(m), SideKind::Integer(..=4)) = (sides[0].kind, sides[1].kind)
            else {
                return None;
            };
            return Some(Self::Serial(BitSerial {
                lanes: lanes.max(2),
                m,
                weight_registers: u32::from(
                    design.array.dataflow != Dataflow::OutputStationary || registers,
                ),
                own_stage: true,
            }));
        }
        let codes = codes(sides)?;
        let scales = sides.map(|side| side.scale);
        let micro = sides[0].micro.max(sides[1].micro);
        let block = sides[0].block.min(sides[1].block).max(micro);
        Some(if block <= lanes {
            Self::Block(BlockElement {
                codes,
                scales,
                lanes: lanes.div_ceil(block) * block,
                block,
                micro,
                guard: GUARD_BITS,
                input_registers: registers,
            })
        } else {
            Self::Sequential(BlockSequential {
                codes,
                scales,
                lanes,
                block: block.div_ceil(lanes) * lanes,
                micro: if lanes.is_multiple_of(micro.max(1)) {
                    micro
                } else {
                    0
                },
                captures_sum: true,
                input_registers: registers,
            })
        })
    }

    /// The element of a design: the widest of all pairs of formats that its kind of unit takes.
    ///
    /// # Errors
    /// A kind of unit without a netlist, or formats that its netlist does not take, with the reason.
    pub fn of_design(design: &Design) -> Result<Self, Violation> {
        let refused = |why: String| Violation::new("unit", format!("{:?}", design.unit), why);
        match design.unit {
            UnitKind::BfpBfp
            | UnitKind::BfpInt
            | UnitKind::Figna
            | UnitKind::IntInt
            | UnitKind::MxDot
            | UnitKind::DataflowMxInt
            | UnitKind::AndaBitSerial => {}
            UnitKind::FpFp
            | UnitKind::FpInt
            | UnitKind::IFpu
            | UnitKind::Reconfigurable
            | UnitKind::SuperBlock => {
                return Err(refused(
                    "a kind with a netlist: BfpBfp, BfpInt, IntInt, MxDot, DataflowMxInt, AndaBitSerial"
                        .to_owned(),
                ));
            }
        }
        let mut pairs: Vec<[Format; 2]> = Vec::new();
        for row in design.formats.rows() {
            for product in Product::ALL {
                let pair = [Side::Moving, Side::Stationary]
                    .map(|side| row[Slot::of(product, side).index()]);
                let taken = pair.map(|format| SideWidths::of(&format.operand()).is_some());
                if taken == [true, true] && !pairs.contains(&pair) {
                    pairs.push(pair);
                }
            }
        }
        if pairs.is_empty() {
            return Err(refused(
                "formats of blocks with codes and scales on both sides of at least one product"
                    .to_owned(),
            ));
        }
        let element = Self::of_formats(design, &pairs).ok_or_else(|| {
            let texts: Vec<String> = pairs
                .iter()
                .map(|[left, right]| format!("{left} x {right}"))
                .collect();
            refused(format!(
                "one kind of codes a side; found {}",
                texts.join(", ")
            ))
        })?;
        match &element {
            Self::Block(block) => block.check("array.lanes")?,
            Self::Sequential(block) => block.check("array.lanes")?,
            Self::Serial(serial) => {
                let bits = log2(serial.lanes) + 5 + serial.m;
                if bits > 27 {
                    return Err(Violation::out_of_range(
                        "array.lanes",
                        serial.lanes,
                        2,
                        1 << (22 - serial.m.min(21)),
                    ));
                }
            }
        }
        Ok(element)
    }
}
