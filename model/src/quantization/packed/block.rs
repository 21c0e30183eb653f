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
    BfpFormat, F32_BIAS, FloatFormat, Format, IntegerFormat, Minifloat, MxElement, Rounding,
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
    order: Order,
    /// Whether the last exponent makes the block NaN, as in E8M0.
    has_nan: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    SignMagnitude,
    TwosComplement,
    /// Anda.
    Planes,
}

impl Grid {
    fn bfp(format: BfpFormat) -> Self {
        Self {
            kernel: GridKernel::bfp(format),
            exponent_bits: format.exponent_bits.into(),
            shift: i32::from(format.mantissa_bits) - 1,
            bits: format.mantissa_bits.into(),
            order: if format.is_anda() {
                Order::Planes
            } else {
                Order::SignMagnitude
            },
            has_nan: false,
        }
    }

    /// The layout of a format whose values are whole multiples of one power of two.
    fn of(format: Format) -> Option<Self> {
        match format {
            Format::Bfp(format) => Some(Self::bfp(format)),
            Format::MxInt(format) => Some(Self {
                kernel: GridKernel::mase_integer(format),
                exponent_bits: format.exponent_bits.into(),
                shift: i32::from(format.width) - 1,
                bits: u32::from(format.width) - 1,
                order: Order::TwosComplement,
                has_nan: false,
            }),
            Format::BlockFp(format) => Some(Self {
                kernel: GridKernel::mase_block(format),
                exponent_bits: format.exponent_bits.into(),
                shift: i32::from(format.width) - 1,
                bits: u32::from(format.width) - 1,
                order: Order::SignMagnitude,
                has_nan: false,
            }),
            Format::Mx(format) => match format.element {
                MxElement::Integer { bits } => Some(Self {
                    kernel: GridKernel::mx(format, bits),
                    exponent_bits: 8,
                    shift: i32::from(bits) - 2,
                    bits: u32::from(bits) - 1,
                    order: Order::TwosComplement,
                    has_nan: true,
                }),
                MxElement::Float(_) => None,
            },
            _ => None,
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
            Order::SignMagnitude => {
                for value in quantized {
                    write_sign_magnitude(out, magnitude(*value), *value, self.bits);
                }
            }
            Order::TwosComplement => {
                for value in quantized {
                    out.put(code(*value) as u64, self.bits + 1);
                }
            }
            Order::Planes => {
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
            Order::SignMagnitude => {
                values.extend((0..length).map(|_| read_sign_magnitude(bits, self.bits, step)));
            }
            Order::TwosComplement => {
                let unused = 31 - self.bits;
                values.extend((0..length).map(|_| {
                    let code = (bits.take(self.bits + 1) << unused) as i32 >> unused;
                    (f64::from(code) * step) as f32
                }));
            }
            Order::Planes => {
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
    if let Some(grid) = Grid::of(format) {
        return grid.write(out, x, kept);
    }
    match format {
        Format::Mx(format) => {
            let MxElement::Float(element) = format.element else {
                return;
            };
            let kernel = ElementKernel::mx(format, element);
            let exponent = kernel.block_exponent(largest_magnitude_bits(x));
            out.put((exponent + F32_BIAS) as u64, 8);
            let scale = power_of_two_f64(exponent);
            // infinities and NaN that the element itself has stay
            for value in quantized {
                write_float(out, element, (f64::from(*value) / scale) as f32);
            }
        }
        Format::Nvfp4(_) => {
            let scale = nvfp4_block_scale(largest_magnitude_bits(x), tensor_scale);
            write_float(out, Minifloat::E4M3, scale);
            for value in kept {
                let scaled = if scale > 0.0 {
                    value / (scale * tensor_scale)
                } else {
                    *value
                };
                write_float(out, Minifloat::E2M1, scaled);
            }
        }
        Format::MicroExponent(format) => {
            let exponent = shared_exponent(largest_magnitude_bits(x));
            out.put((exponent + F32_BIAS) as u64, 8);
            let is_finer = |pair: &[f32]| {
                let own = f64::from(f32::from_bits(largest_magnitude_bits(pair)));
                own < power_of_two_f64(exponent)
            };
            for pair in x.chunks(2) {
                out.put(is_finer(pair).into(), 1);
            }
            let bits = u32::from(format.mantissa_bits);
            for (pair, kept) in x.chunks(2).zip(kept.chunks(2)) {
                let step = micro_step(exponent, is_finer(pair), bits);
                for value in kept {
                    let magnitude = whole(value.abs(), step).unsigned_abs();
                    write_sign_magnitude(out, magnitude, *value, bits);
                }
            }
        }
        Format::Integer(format) => write_integers(out, format, x, kept),
        Format::Minifloat(format) => {
            for value in quantized {
                write_float(out, format.element, *value);
            }
        }
        Format::Float(format) => {
            for value in quantized {
                match format {
                    FloatFormat::Fp32 => out.put(value.to_bits().into(), 32),
                    FloatFormat::Fp16 => out.put(f16::from_f32(*value).to_bits().into(), 16),
                    FloatFormat::Bf16 => out.put((value.to_bits() >> 16).into(), 16),
                }
            }
        }
        Format::Bfp(_) | Format::MxInt(_) | Format::BlockFp(_) | Format::Ggml(_) => {}
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

fn write_integers(out: &mut BitWriter, format: IntegerFormat, x: &[f32], kept: &[f32]) {
    let kernel = GroupKernel::new(format);
    let (scale, zero_point) = kernel.scale_and_zero(x, largest_magnitude_bits(x));
    let bits = u32::from(format.bits);
    out.put(f16::from_f32(scale).to_bits().into(), 16);
    if format.asymmetric {
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
    format: IntegerFormat,
    length: usize,
    values: &mut Vec<f32>,
) {
    let width = u32::from(format.bits);
    let scale = f16::from_bits(bits.take(16) as u16).to_f32();
    let zero_point = if format.asymmetric {
        bits.take(width) as i32
    } else {
        0
    };
    values.extend((0..length).map(|_| {
        let code = bits.take(width);
        let unused = 32 - width;
        let number = if format.asymmetric {
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
    if let Some(grid) = Grid::of(format) {
        return grid.read(bits, length, values);
    }
    match format {
        Format::Mx(format) => {
            let MxElement::Float(element) = format.element else {
                return;
            };
            let stored = bits.take(8) as i32;
            let scale = if stored == E8M0_NAN {
                f64::NAN
            } else {
                power_of_two_f64(stored - F32_BIAS)
            };
            values.extend((0..length).map(|_| {
                let code = bits.take(element.bits());
                (f64::from(element.decode(code)) * scale) as f32
            }));
        }
        Format::Nvfp4(_) => {
            let scale = Minifloat::E4M3.decode(bits.take(8)) * tensor_scale;
            let code = |bits: &mut BitReader<'_>| Minifloat::E2M1.decode(bits.take(4)) * scale;
            values.extend((0..length).map(|_| code(bits)));
        }
        Format::MicroExponent(format) => {
            let exponent = bits.take(8) as i32 - F32_BIAS;
            let width = u32::from(format.mantissa_bits);
            let finer: Vec<bool> = (0..length.div_ceil(2)).map(|_| bits.take(1) == 1).collect();
            values.extend((0..length).map(|index| {
                let step = micro_step(exponent, finer[index / 2], width);
                read_sign_magnitude(bits, width, step)
            }));
        }
        Format::Integer(format) => read_integers(bits, format, length, values),
        Format::Minifloat(format) => {
            let element = format.element;
            values.extend((0..length).map(|_| element.decode(bits.take(element.bits()))));
        }
        Format::Float(format) => values.extend((0..length).map(|_| match format {
            FloatFormat::Fp32 => f32::from_bits(bits.take(32)),
            FloatFormat::Fp16 => f16::from_bits(bits.take(16) as u16).to_f32(),
            FloatFormat::Bf16 => f32::from_bits(bits.take(16) << 16),
        })),
        Format::Bfp(_) | Format::MxInt(_) | Format::BlockFp(_) | Format::Ggml(_) => {}
    }
}
