//! Block floating point by block floating point: parameters of `bfp_bfp_pe` and `bfp_bfp_seq_pe`.

use super::{BlockElement, BlockSequential, Element, Lanes, ScaleFormat};
use crate::hardware::parameters::Parameters;
use crate::violation::Violation;

fn codes(p: &mut Parameters<'_>) -> Result<Lanes, Violation> {
    Ok(Lanes::SignMagnitude {
        m: p.required("m", 1, 16)?,
        n: p.required("n", 1, 16)?,
    })
}

/// Shared exponents of both sides, 8 bits unless said.
fn exponents(p: &mut Parameters<'_>) -> Result<[ScaleFormat; 2], Violation> {
    let exponent = p.optional("exponent_bits", 2, 8)?.unwrap_or(8);
    Ok([ScaleFormat {
        exponent,
        fraction: 0,
    }; 2])
}

pub(super) fn read(p: &mut Parameters<'_>) -> Result<Box<dyn Element>, Violation> {
    let element = BlockElement {
        codes: codes(p)?,
        scales: exponents(p)?,
        lanes: p.required("lanes", 1, 1024)?,
        block: p.required("block", 1, 1024)?,
        micro: p.optional("micro", 0, 64)?.unwrap_or(0),
        guard: p.optional("guard", 0, 32)?.unwrap_or(8),
        input_registers: p.flag("input_registers", false)?,
    };
    element.check(p.kind)?;
    Ok(Box::new(element))
}

pub(super) fn read_sequential(p: &mut Parameters<'_>) -> Result<Box<dyn Element>, Violation> {
    let element = BlockSequential {
        codes: codes(p)?,
        scales: exponents(p)?,
        lanes: p.required("lanes", 1, 1024)?,
        block: p.required("block", 1, 65_536)?,
        micro: p.optional("micro", 0, 64)?.unwrap_or(0),
        captures_sum: true,
        input_registers: p.flag("input_registers", false)?,
    };
    element.check(p.kind)?;
    Ok(Box::new(element))
}
