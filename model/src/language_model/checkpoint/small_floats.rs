//! Codes of floats of eight and four bits, as released checkpoints store them.
//!
//! Layouts from the OCP 8-bit floating point specification 1.0 (E4M3, E5M2) and the OCP Microscaling specification 1.0
//! (E8M0, E2M1).

use half::f16;

/// Values of the codes of E2M1: a sign, two exponent bits of bias 1, one mantissa bit.
pub(super) const E2M1: [f32; 16] = [
    0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0,
];

/// E4M3 without infinities: a sign, four exponent bits of bias 7, three mantissa bits; all ones is not a number.
pub(super) fn e4m3(code: u8) -> f32 {
    let exponent = i32::from(code >> 3 & 15);
    let mantissa = f32::from(code & 7) / 8.0;
    let magnitude = match (exponent, code & 7) {
        (15, 7) => f32::NAN,
        (0, _) => mantissa * power_of_two(-6),
        _ => (1.0 + mantissa) * power_of_two(exponent - 7),
    };
    if code & 0x80 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

/// E5M2: the upper half of binary16.
pub(super) fn e5m2(code: u8) -> f32 {
    f16::from_bits(u16::from(code) << 8).to_f32()
}

/// E8M0: a power of two of bias 127; all ones is not a number.
pub(super) fn e8m0(code: u8) -> f32 {
    match code {
        255 => f32::NAN,
        code => power_of_two(i32::from(code) - 127),
    }
}

/// 2 to an exponent from -127 to 127.
fn power_of_two(exponent: i32) -> f32 {
    let biased = u32::try_from(exponent + 127).unwrap_or(0);
    // the smallest one is subnormal
    f32::from_bits(if biased == 0 { 1 << 22 } else { biased << 23 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_values_of_the_specifications() {
        let values = [
            (0x00, 0.0),
            (0x01, 2.0_f32.powi(-9)),
            (0x08, 2.0_f32.powi(-6)),
            (0x38, 1.0),
            (0x7e, 448.0),
            (0xb8, -1.0),
        ];
        for (code, value) in values {
            assert_eq!(e4m3(code).to_bits(), value.to_bits(), "{code:#x}");
        }
        assert!(e4m3(0x7f).is_nan() && e4m3(0xff).is_nan() && e8m0(255).is_nan());
        assert_eq!(e5m2(0x7b).to_bits(), 57344.0_f32.to_bits());
        assert_eq!(e8m0(127).to_bits(), 1.0_f32.to_bits());
        assert_eq!(e8m0(0).to_bits(), 2.0_f32.powi(-127).to_bits());
        assert_eq!(e8m0(254).to_bits(), 2.0_f32.powi(127).to_bits());
    }
}
