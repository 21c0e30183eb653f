//! What one unit of a block's whole numbers is worth: the step of a grid, the smallest step of small floats, an FP16 scale.

use super::arithmetic::largest_magnitude_bits;
use super::elements::ElementKernel;
use super::grid::GridKernel;
use super::groups::GroupKernel;
use crate::format::{Arithmetic, Format, power_of_two_f64};

/// The number that every quantized value of the block of finite values is a whole multiple of; `None` for formats whose values
/// are no such multiples.
pub(crate) fn of_block(format: Format, x: &[f32]) -> Option<f64> {
    if !format.is_integer_block() {
        return None;
    }
    let largest = largest_magnitude_bits(x);
    match format.arithmetic() {
        Arithmetic::Grid(grid) => Some(power_of_two_f64(
            GridKernel::new(grid).step_exponent(largest),
        )),
        Arithmetic::Elements(elements) => {
            let exponent = ElementKernel::of(elements, 0.0).block_exponent(largest);
            let step = elements.element.smallest_step_exponent();
            Some(power_of_two_f64(exponent + step))
        }
        Arithmetic::MicroExponent { mantissa_bits, .. } => {
            let exponent = super::micro_exponent::shared_exponent(largest);
            // the finer of the two steps of a block
            Some(power_of_two_f64(exponent - i32::from(mantissa_bits)))
        }
        Arithmetic::Groups {
            bits,
            is_asymmetric,
            rounding,
        } => {
            let kernel = GroupKernel::new(bits, is_asymmetric, rounding);
            Some(f64::from(kernel.scale_and_zero(x, largest).0))
        }
        _ => None,
    }
}
