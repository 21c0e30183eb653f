//! What one unit of a block's whole numbers is worth: the step of a grid, the smallest step of small floats, an FP16 scale.

use super::arithmetic::largest_magnitude_bits;
use super::elements::ElementKernel;
use super::grid::GridKernel;
use super::groups::GroupKernel;
use crate::format::{Format, MxElement, power_of_two_f64};

/// The number that every quantized value of the block of finite values is a whole multiple of; `None` for formats whose values
/// are no such multiples.
pub(crate) fn of_block(format: Format, x: &[f32]) -> Option<f64> {
    if !format.is_integer_block() {
        return None;
    }
    let largest = largest_magnitude_bits(x);
    Some(match format {
        Format::Bfp(format) => power_of_two_f64(GridKernel::bfp(format).step_exponent(largest)),
        Format::MxInt(format) => {
            power_of_two_f64(GridKernel::mase_integer(format).step_exponent(largest))
        }
        Format::BlockFp(format) => {
            power_of_two_f64(GridKernel::mase_block(format).step_exponent(largest))
        }
        Format::Mx(format) => match format.element {
            MxElement::Integer { bits } => {
                power_of_two_f64(GridKernel::mx(format, bits).step_exponent(largest))
            }
            MxElement::Float(element) => {
                let exponent = ElementKernel::mx(format, element).block_exponent(largest);
                power_of_two_f64(exponent + element.smallest_step_exponent())
            }
        },
        Format::MicroExponent(format) => {
            let exponent = super::micro_exponent::shared_exponent(largest);
            // the finer of the two steps of a block
            power_of_two_f64(exponent - i32::from(format.mantissa_bits))
        }
        Format::Integer(format) => f64::from(GroupKernel::new(format).scale_and_zero(x, largest).0),
        _ => return None,
    })
}
