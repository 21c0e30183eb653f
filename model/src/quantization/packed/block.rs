//! The fields of one block, written and read.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "codes are whole numbers of at most 24 bits; every field is masked to its width"
)]

use half::f16;

use super::bits::{BitReader, BitWriter};
use crate::format::{
    Arithmetic, ElementScale, F32_BIAS, Format, GridArithmetic, GridOrder, Minifloat, Rounding,
    power_of_two_f64,
};
use crate::quantization::arithmetic::largest_magnitude_bits;
use crate::quantization::elements::{ElementKernel, nvfp4_block_scale};
use crate::quantization::grid::GridKernel;
use crate::quantization::groups::GroupKernel;
use crate::quantization::micro_exponent::shared_exponent;

/// The last code of E8M0 makes the whole block NaN.
const E8M0_NAN: i32 = 0xff;

/// How the elements of a block with a shared exponent are stored.
#[derive(Debug, Clone, Copy)]
struct Grid {
    kernel: GridKernel,
    exponent_bits: u32,
    /// The step is `2^(exponent - shift)`.
    shift: i32,
    /// Magnitude bits.
    bits: u32,
    order: GridOrder,
    /// Whether the last exponent makes the block NaN, as in E8M0.
    has_nan: bool,
}

impl Grid {
    const fn of(grid: GridArithmetic) -> Self {
        Self {
            kernel: GridKernel::new(grid),
            exponent_bits: grid.exponent_bits as u32,
            shift: grid.shift as i32,
            bits: grid.magnitude_bits as u32,
            order: grid.order,
            has_nan: grid.has_nan,
        }
    }

    const fn bias(self) -> i32 {
        (1 << (self.exponent_bits - 1)) - 1
    }

    fn write(self, out: &mut BitWriter, x: &[f32], quantized: &[f32]) {
        let step = self.kernel.step_exponent(largest_magnitude_bits(x));
        let stored = step + self.shift + self.bias();
        out.put(stored as u64, self.exponent_bits);
        // a subnormal value that was rounded may stand one step above the range
        let largest = (1_i64 << self.bits) - 1;
        let code = |value: f32| whole(value, power_of_two_f64(step)).min(largest);
        let magnitude = |value: f32| code(value.abs()).unsigned_abs();
        match self.order {
            GridOrder::SignMagnitude => {
                for value in quantized {
                    write_sign_magnitude(out, magnitude(*value), *value, self.bits);
                }
            }
            GridOrder::TwosComplement => {
                for value in quantized {
                    out.put(code(*value) as u64, self.bits + 1);
                }
            }
            GridOrder::Planes => {
                for value in quantized {
                    out.put(value.is_sign_negative().into(), 1);
                }
                for bit in (0..self.bits).rev() {
                    for value in quantized {
                        out.put(magnitude(*value) >> bit, 1);
                    }
                }
            }
        }
    }

    fn read(self, bits: &mut BitReader<'_>, length: usize, values: &mut Vec<f32>) {
        let stored = bits.take(self.exponent_bits) as i32;
        let step = if self.has_nan && stored == E8M0_NAN {
            f64::NAN
        } else {
            power_of_two_f64(stored - self.bias() - self.shift)
        };
        match self.order {
            GridOrder::SignMagnitude => {
                values.extend((0..length).map(|_| read_sign_magnitude(bits, self.bits, step)));
            }
            GridOrder::TwosComplement => {
                let unused = 31 - self.bits;
                values.extend((0..length).map(|_| {
                    let code = (bits.take(self.bits + 1) << unused) as i32 >> unused;
                    (f64::from(code) * step) as f32
                }));
            }
            GridOrder::Planes => {
                let negative: Vec<bool> = (0..length).map(|_| bits.take(1) == 1).collect();
                let mut magnitudes = vec![0_u32; length];
                for _ in 0..self.bits {
                    for magnitude in &mut magnitudes {
                        *magnitude = *magnitude << 1 | bits.take(1);
                    }
                }
                let pairs = magnitudes.into_iter().zip(negative);
                values.extend(pairs.map(|(magnitude, negative)| {
                    signed((f64::from(magnitude) * step) as f32, negative)
                }));
            }
        }
    }
}

/// Number of steps; the nearest where a subnormal value was rounded.
fn whole(value: f32, step: f64) -> i64 {
    (f64::from(value) / step).round() as i64
}

const fn signed(magnitude: f32, negative: bool) -> f32 {
    if negative { -magnitude } else { magnitude }
}

fn write_sign_magnitude(out: &mut BitWriter, magnitude: u64, value: f32, bits: u32) {
    out.put(magnitude, bits);
    out.put(value.is_sign_negative().into(), 1);
}

fn read_sign_magnitude(bits: &mut BitReader<'_>, width: u32, step: f64) -> f32 {
    let magnitude = (f64::from(bits.take(width)) * step) as f32;
    signed(magnitude, bits.take(1) == 1)
}

/// Values that block formats can express: what the kernels make of those they cannot.
fn finite(values: &[f32]) -> Vec<f32> {
    let finite = |value: &f32| {
        if value.is_nan() {
            0.0
        } else {
            value.clamp(f32::MIN, f32::MAX)
        }
    };
    values.iter().map(finite).collect()
}

/// Appends one block: `x` as it was, for the scale, and as it became.
pub(super) fn write_block(
    out: &mut BitWriter,
    format: Format,
    x: &[f32],
    quantized: &[f32],
    tensor_scale: f32,
) {
    let (x, kept) = (&finite(x), &finite(quantized));
    let largest = largest_magnitude_bits(x);
    match format.arithmetic() {
        Arithmetic::Grid(grid) => Grid::of(grid).write(out, x, kept),
        Arithmetic::Elements(elements) => {
            let element = elements.element;
            match elements.scale {
                ElementScale::One => {
                    for value in quantized {
                        write_float(out, element, *value);
                    }
                }
                ElementScale::PowerOfTwo(_) => {
                    let exponent = ElementKernel::of(elements, 0.0).block_exponent(largest);
                    out.put((exponent + F32_BIAS) as u64, 8);
                    let scale = power_of_two_f64(exponent);
                    // infinities and NaN that the element itself has stay
                    for value in quantized {
                        write_float(out, element, (f64::from(*value) / scale) as f32);
                    }
                }
                ElementScale::TwoLevel => {
                    // a tensor without a scale is all zeros
                    let tensor = if tensor_scale > 0.0 {
                        tensor_scale
                    } else {
                        1.0
                    };
                    let scale = nvfp4_block_scale(largest, tensor);
                    write_float(out, Minifloat::E4M3, scale);
                    let scale = f64::from(scale) * f64::from(tensor);
                    for value in kept {
                        write_float(out, element, (f64::from(*value) / scale) as f32);
                    }
                }
            }
        }
        Arithmetic::MicroExponent { mantissa_bits, .. } => {
            let exponent = shared_exponent(largest);
            out.put((exponent + F32_BIAS) as u64, 8);
            let is_finer = |pair: &[f32]| {
                let own = f64::from(f32::from_bits(largest_magnitude_bits(pair)));
                own < power_of_two_f64(exponent)
            };
            for pair in x.chunks(2) {
                out.put(is_finer(pair).into(), 1);
            }
            let bits = u32::from(mantissa_bits);
            for (pair, kept) in x.chunks(2).zip(kept.chunks(2)) {
                let step = micro_step(exponent, is_finer(pair), bits);
                for value in kept {
                    let magnitude = whole(value.abs(), step).unsigned_abs();
                    write_sign_magnitude(out, magnitude, *value, bits);
                }
            }
        }
        Arithmetic::Groups {
            bits,
            is_asymmetric,
            rounding,
        } => write_integers(
            out,
            GroupKernel::new(bits, is_asymmetric, rounding),
            (bits.into(), is_asymmetric),
            x,
            kept,
        ),
        Arithmetic::Exact => {
            for value in quantized {
                out.put(value.to_bits().into(), 32);
            }
        }
        Arithmetic::Bf16 => {
            for value in quantized {
                out.put((value.to_bits() >> 16).into(), 16);
            }
        }
        // written by files of their own
        Arithmetic::Ggml(_) | Arithmetic::General(_) => {}
    }
}

/// Step of a pair in a block with this exponent.
fn micro_step(exponent: i32, is_finer: bool, bits: u32) -> f64 {
    power_of_two_f64(exponent - i32::from(is_finer) - bits as i32 + 1)
}

fn write_float(out: &mut BitWriter, element: Minifloat, value: f32) {
    let code = element.encode(value, Rounding::NearestEven, 0.5);
    out.put(code.into(), element.bits());
}

fn write_integers(
    out: &mut BitWriter,
    kernel: GroupKernel,
    (bits, is_asymmetric): (u32, bool),
    x: &[f32],
    kept: &[f32],
) {
    let (scale, zero_point) = kernel.scale_and_zero(x, largest_magnitude_bits(x));
    out.put(f16::from_f32(scale).to_bits().into(), 16);
    if is_asymmetric {
        out.put(zero_point as u64, bits);
    }
    for value in kept {
        let code = if scale > 0.0 {
            whole(*value, scale.into()) + zero_point as i64
        } else {
            0
        };
        out.put(code as u64, bits);
    }
}

fn read_integers(
    bits: &mut BitReader<'_>,
    (width, is_asymmetric): (u32, bool),
    length: usize,
    values: &mut Vec<f32>,
) {
    let scale = f16::from_bits(bits.take(16) as u16).to_f32();
    let zero_point = if is_asymmetric {
        bits.take(width) as i32
    } else {
        0
    };
    values.extend((0..length).map(|_| {
        let code = bits.take(width);
        let unused = 32 - width;
        let number = if is_asymmetric {
            code as i32 - zero_point
        } else {
            (code << unused) as i32 >> unused
        };
        (f64::from(number) as f32) * scale
    }));
}

/// Takes one block off and appends its values.
pub(super) fn read_block(
    bits: &mut BitReader<'_>,
    format: Format,
    length: usize,
    tensor_scale: f32,
    values: &mut Vec<f32>,
) {
    match format.arithmetic() {
        Arithmetic::Grid(grid) => Grid::of(grid).read(bits, length, values),
        Arithmetic::Elements(elements) => {
            let element = elements.element;
            let width = element.bits();
            match elements.scale {
                ElementScale::One => {
                    values.extend((0..length).map(|_| element.decode(bits.take(width))));
                }
                ElementScale::PowerOfTwo(_) => {
                    let stored = bits.take(8) as i32;
                    let scale = if stored == E8M0_NAN {
                        f64::NAN
                    } else {
                        power_of_two_f64(stored - F32_BIAS)
                    };
                    values.extend((0..length).map(|_| {
                        let code = bits.take(width);
                        (f64::from(element.decode(code)) * scale) as f32
                    }));
                }
                ElementScale::TwoLevel => {
                    let scale = Minifloat::E4M3.decode(bits.take(8));
                    let code = |_| element.decode(bits.take(width)) * scale * tensor_scale;
                    values.extend((0..length).map(code));
                }
            }
        }
        Arithmetic::MicroExponent { mantissa_bits, .. } => {
            let exponent = bits.take(8) as i32 - F32_BIAS;
            let width = u32::from(mantissa_bits);
            let finer: Vec<bool> = (0..length.div_ceil(2)).map(|_| bits.take(1) == 1).collect();
            values.extend((0..length).map(|index| {
                let step = micro_step(exponent, finer[index / 2], width);
                read_sign_magnitude(bits, width, step)
            }));
        }
        Arithmetic::Groups {
            bits: width,
            is_asymmetric,
            ..
        } => read_integers(bits, (width.into(), is_asymmetric), length, values),
        Arithmetic::Exact => {
            values.extend((0..length).map(|_| f32::from_bits(bits.take(32))));
        }
        Arithmetic::Bf16 => {
            values.extend((0..length).map(|_| f32::from_bits(bits.take(16) << 16)));
        }
        // read by files of their own
        Arithmetic::Ggml(_) | Arithmetic::General(_) => {}
    }
}
