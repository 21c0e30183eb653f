//! Microscaling elements: parameters of `mx_pe` and `mx_seq_pe`.

use super::{BlockElement, BlockSequential, Element, Lanes, Minifloat, ScaleFormat};
use crate::hardware::parameters::Parameters;
use crate::violation::Violation;

/// Element formats by name.
pub(super) const FORMATS: [(&str, Option<Minifloat>); 6] = [
    ("e2m1", Some(minifloat(2, 1))),
    ("e3m2", Some(minifloat(3, 2))),
    ("e2m3", Some(minifloat(2, 3))),
    ("e4m3", Some(minifloat(4, 3))),
    ("e5m2", Some(minifloat(5, 2))),
    ("mxint8", None),
];

const fn minifloat(exponent: u32, fraction: u32) -> Minifloat {
    Minifloat { exponent, fraction }
}

fn scale(p: &mut Parameters<'_>) -> Result<ScaleFormat, Violation> {
    p.choice(
        "scale",
        Some(ScaleFormat::E8M0),
        &[("e8m0", ScaleFormat::E8M0), ("e4m3", ScaleFormat::E4M3)],
    )
}

/// Lanes of `format`, or of `format` by `format_b` where the two sides differ.
fn codes(p: &mut Parameters<'_>) -> Result<Lanes, Violation> {
    let left = p.choice("format", None, &FORMATS)?;
    let right = p.choice("format_b", Some(left), &FORMATS)?;
    match (left, right) {
        (Some(left), Some(right)) => Ok(Lanes::Minifloat { left, right }),
        (None, None) => Ok(Lanes::TwosComplement { m: 8, n: 8 }),
        _ => Err(Violation::new(
            format!("{} format_b", p.kind),
            "integers by floats",
            "floats on both sides, or mxint8 on both",
        )),
    }
}

pub(super) fn read(p: &mut Parameters<'_>) -> Result<Box<dyn Element>, Violation> {
    let element = BlockElement {
        codes: codes(p)?,
        scales: [scale(p)?; 2],
        lanes: p.required("lanes", 1, 1024)?,
        block: p.required("block", 1, 1024)?,
        micro: 0,
        guard: p.optional("guard", 0, 32)?.unwrap_or(8),
        input_registers: p.flag("input_registers", false)?,
    };
    element.check(p.kind)?;
    Ok(Box::new(element))
}

pub(super) fn read_sequential(p: &mut Parameters<'_>) -> Result<Box<dyn Element>, Violation> {
    let element = BlockSequential {
        codes: codes(p)?,
        scales: [scale(p)?; 2],
        lanes: p.required("lanes", 1, 1024)?,
        block: p.required("block", 1, 65_536)?,
        micro: 0,
        captures_sum: false,
        input_registers: p.flag("input_registers", false)?,
    };
    element.check(p.kind)?;
    Ok(Box::new(element))
}
