//! Text form of a unit: the kind and `key=value` parameters of the synthesis table.

use super::{FloatKind, FloatOperand, Pipelining, ReconfigurableMode, Unit, ceil_log2};
use crate::hardware::elements;
use crate::hardware::parameters::Parameters;
use crate::violation::Violation;

/// Minifloats of the MX dot product by their names in the table: exponent and fraction bits.
const MX_FORMATS: [(&str, u32, u32); 5] = [
    ("mxfp4_e2m1", 2, 1),
    ("mxfp6_e2m3", 2, 3),
    ("mxfp6_e3m2", 3, 2),
    ("mxfp8_e4m3", 4, 3),
    ("mxfp8_e5m2", 5, 2),
];

/// Parameters that several units have.
impl Parameters<'_> {
    fn stages(&mut self) -> Result<Pipelining, Violation> {
        self.choice(
            "stages",
            Some(Pipelining::Uncut),
            &[
                ("pipelined", Pipelining::ThreeStages),
                ("uncut", Pipelining::Uncut),
            ],
        )
    }

    fn width(&mut self) -> Result<u32, Violation> {
        self.required("w", 1, 256)
    }

    /// A sign alone takes no gates.
    fn signed_width(&mut self) -> Result<u32, Violation> {
        self.required("w", 2, 256)
    }

    fn lanes(&mut self) -> Result<u32, Violation> {
        self.required("lanes", 1, 4096)
    }
}

impl Unit {
    /// Kinds in the order of the documentation; `F` stands for fp16 or bf16, `A` for fp32 or fp16, `N` for 2 to 16.
    pub const KINDS: &'static [&'static str] = &[
        "mul",
        "add",
        "tree",
        "shift_right",
        "max_tree",
        "lzd",
        "compare",
        "sm_to_tc",
        "tc_to_sm",
        "mux2",
        "dff",
        "dffe",
        "fp16_mul",
        "bf16_mul",
        "fp32_mul",
        "fp16_add",
        "bf16_add",
        "fp32_add",
        "F_mac_A",
        "F_intN_mac_A",
        "int_mac",
        "bfp_int_dot",
        "fp32_accumulate",
        "bfp_bfp_dot",
        "bit_serial_dot",
        "bit_plane_dot",
        "reconfig_dot",
        "mx_dot",
        "fp16_to_bfp",
    ];

    /// Reads a unit from its kind and parameters.
    ///
    /// # Errors
    /// An unknown kind or parameter, a missing one, or a value outside its range, with what is allowed.
    pub fn from_text(kind: &str, given: &[(&str, &str)]) -> Result<Self, Violation> {
        let mut parameters = Parameters {
            kind,
            given: given.to_vec(),
        };
        let unit = read(kind, &mut parameters)?;
        parameters.finish()?;
        Ok(unit)
    }
}

fn read(kind: &str, p: &mut Parameters<'_>) -> Result<Unit, Violation> {
    Ok(match kind {
        "mul" => Unit::Multiplier {
            m: p.required("m", 1, 64)?,
            n: p.required("n", 1, 64)?,
        },
        "add" => Unit::Adder { w: p.width()? },
        "tree" => Unit::Tree {
            inputs: p.required("inputs", 2, 4096)?,
            w: p.width()?,
        },
        "shift_right" => Unit::ShiftRight {
            w: p.width()?,
            range: p.required("range", 2, 1024)?,
        },
        "max_tree" => Unit::MaximumTree {
            inputs: p.required("inputs", 2, 4096)?,
            w: p.width()?,
        },
        "lzd" => Unit::LeadingZeros { w: p.width()? },
        "compare" => Unit::Compare { w: p.width()? },
        "sm_to_tc" => Unit::SignMagnitudeToTwos {
            w: p.signed_width()?,
        },
        "tc_to_sm" => Unit::TwosToSignMagnitude {
            w: p.signed_width()?,
        },
        "mux2" => Unit::Mux { w: p.width()? },
        "dff" => Unit::Register { w: p.width()? },
        "dffe" => Unit::EnabledRegister { w: p.width()? },
        "int_mac" => {
            let (a, b) = (p.required("a", 2, 32)?, p.required("b", 2, 32)?);
            Unit::IntegerMac {
                a,
                b,
                acc: p.required("acc", a + b, 128)?,
            }
        }
        "fp32_accumulate" => Unit::Fp32Accumulate {
            w: p.required("w", 2, 256)?,
            stages: p.stages()?,
        },
        "fp16_to_bfp" => Unit::Fp16ToBfp {
            block: p.required("block", 2, 4096)?,
            m: p.required("m", 1, 16)?,
            rounds: p.choice("round", None, &[("rne", true), ("truncate", false)])?,
        },
        _ if kind.ends_with("_dot") => read_dot(kind, p)?,
        _ => read_float(kind, p)?,
    })
}

fn read_dot(kind: &str, p: &mut Parameters<'_>) -> Result<Unit, Violation> {
    let mantissa = |p: &mut Parameters<'_>, key| p.required(key, 1, 24);
    Ok(match kind {
        "bfp_int_dot" => {
            let (lanes, m, n) = (p.lanes()?, mantissa(p, "m")?, p.required("n", 1, 16)?);
            let full = m + n + ceil_log2(lanes);
            Unit::BfpIntDot {
                lanes,
                m,
                n,
                acc: p.optional("acc", full, 128)?.unwrap_or(full + 4),
                weights_held: p.choice(
                    "weights",
                    Some(false),
                    &[("held", true), ("new", false)],
                )?,
            }
        }
        "bfp_bfp_dot" => Unit::BfpBfpDot {
            lanes: p.lanes()?,
            m: mantissa(p, "m")?,
            n: mantissa(p, "n")?,
            stages: p.stages()?,
        },
        "bit_serial_dot" => Unit::BitSerialDot {
            lanes: p.lanes()?,
            m: p.required("m", 1, 24)?,
            acc: p.optional("acc", 8, 128)?.unwrap_or(27),
        },
        "bit_plane_dot" => Unit::BitPlaneDot {
            lanes: p.lanes()?,
            n: p.required("n", 1, 16)?,
            acc: p.optional("acc", 8, 128)?.unwrap_or(27),
        },
        "reconfig_dot" => Unit::ReconfigurableDot {
            lanes: p.lanes()?,
            mode: p.choice(
                "mode",
                None,
                &[
                    ("m8w4", ReconfigurableMode::M8W4),
                    ("m8m4", ReconfigurableMode::M8M4),
                    ("m8m8", ReconfigurableMode::M8M8),
                ],
            )?,
        },
        "mx_dot" => {
            let formats = MX_FORMATS.map(|(name, exponent, fraction)| (name, (exponent, fraction)));
            let (exponent, fraction) = p.choice("format", None, &formats)?;
            Unit::MxDot {
                lanes: p.lanes()?,
                exponent,
                fraction,
                stages: p.stages()?,
            }
        }
        _ => return Err(unknown(kind)),
    })
}

fn read_float(kind: &str, p: &mut Parameters<'_>) -> Result<Unit, Violation> {
    let float = |name: &str| {
        [FloatKind::Fp16, FloatKind::Bf16, FloatKind::Fp32]
            .into_iter()
            .find(|float| float.name() == name)
            .ok_or_else(|| unknown(kind))
    };
    if let Some((left, accumulator)) = kind.split_once("_mac_") {
        let accumulator = float(accumulator)?;
        let (left, operand) = match left.split_once("_int") {
            None => (left, FloatOperand::Same),
            Some((left, bits)) => {
                let bits = bits
                    .parse()
                    .ok()
                    .filter(|bits| (2..=16).contains(bits))
                    .ok_or_else(|| unknown(kind))?;
                if let Some(n) = p.optional("n", 2, 16)?
                    && n != bits
                {
                    return Err(Violation::new(
                        format!("{kind} n"),
                        n,
                        format!("{bits}, as the kind says"),
                    ));
                }
                (left, FloatOperand::Integer(bits))
            }
        };
        let kind_of_value = float(left)?;
        if accumulator == FloatKind::Bf16 || kind_of_value == FloatKind::Fp32 {
            return Err(unknown(kind));
        }
        let stages = p.stages()?;
        return Ok(Unit::FloatMac {
            kind: kind_of_value,
            operand,
            accumulator,
            stages,
        });
    }
    if let Some(name) = kind.strip_suffix("_mul") {
        return Ok(Unit::FloatMultiplier { kind: float(name)? });
    }
    if let Some(name) = kind.strip_suffix("_add") {
        return Ok(Unit::FloatAdder {
            kind: float(name)?,
            stages: p.stages()?,
        });
    }
    Err(unknown(kind))
}

fn unknown(kind: &str) -> Violation {
    let kinds: Vec<&str> = Unit::KINDS
        .iter()
        .copied()
        .chain(elements::kinds())
        .collect();
    Violation::new("unit", format!("\"{kind}\""), kinds.join(" "))
}

#[cfg(test)]
mod tests {
    use crate::hardware::technology;

    #[test]
    fn the_narrowest_unit_of_a_kind_has_cells_that_its_parts_share() {
        let technology = technology("nangate45").expect("built in");
        for (kind, given) in [
            ("mul", &[("m", "1"), ("n", "1")][..]),
            ("add", &[("w", "1")]),
            ("shift_right", &[("w", "1"), ("range", "2")]),
            ("lzd", &[("w", "1")]),
            ("compare", &[("w", "1")]),
            ("sm_to_tc", &[("w", "2")]),
            ("tc_to_sm", &[("w", "2")]),
            (
                "fp16_to_bfp",
                &[("block", "2"), ("m", "1"), ("round", "rne")],
            ),
        ] {
            let report = technology.unit_from_text(kind, given).expect("a unit");
            let shares: f64 = report.parts.iter().map(|part| part.area_share).sum();
            assert!((shares - 1.0).abs() < 1e-9, "{kind}: {shares}");
        }
        let told = technology.unit_from_text("sm_to_tc", &[("w", "1")]);
        let told = told.expect_err("a sign has no gates").to_string();
        assert!(told.contains("2 to 256"), "{told}");
    }
}
