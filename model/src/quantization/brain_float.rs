//! BF16: the upper half of an `f32`, rounded to nearest, ties to even.

use multiversion::multiversion;

/// Rounds each value; infinities stay, values beyond the range become infinite, NaN stays NaN.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma",
))]
pub(super) fn quantize(x: &[f32], y: &mut [f32]) {
    for (x, y) in x.iter().zip(y) {
        let bits = x.to_bits();
        let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) & 0xffff_0000;
        *y = if x.is_nan() {
            f32::NAN
        } else {
            f32::from_bits(rounded)
        };
    }
}
