//! Formats as text: the shortest that reads back as the same format.

use std::fmt;

use super::standard::MX_BLOCK;
use super::text::{DEFAULT_EXPONENT_BITS, usual_specials};
use super::{
    BfpFormat, BlockLen, FloatFormat, Format, Minifloat, MxElement, MxFormat, Overflow, Rounding,
    ScaleRule, Specials,
};

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Float(FloatFormat::Fp32) => formatter.write_str("fp32"),
            Self::Float(FloatFormat::Fp16) => formatter.write_str("fp16"),
            Self::Float(FloatFormat::Bf16) => formatter.write_str("bf16"),
            Self::Ggml(format) => formatter.write_str(format.word()),
            Self::Bfp(format) if format.is_anda() => {
                write!(formatter, "anda:m={}", format.mantissa_bits)
            }
            Self::Bfp(format) => {
                let BfpFormat {
                    mantissa_bits,
                    exponent_bits,
                    block_len,
                    rounding,
                    scale,
                } = format;
                write!(
                    formatter,
                    "bfp:m={mantissa_bits},e={exponent_bits},b={block_len}"
                )?;
                Tail(',').write(formatter, None, rounding, scale)
            }
            Self::MxInt(format) => {
                write!(formatter, "mxint:w={},b={}", format.width, format.block_len)?;
                exponent(formatter, format.exponent_bits)?;
                Tail(',').write(formatter, None, format.rounding, ScaleRule::Floor)
            }
            Self::BlockFp(format) => {
                write!(
                    formatter,
                    "blockfp:w={},b={}",
                    format.width, format.block_len
                )?;
                exponent(formatter, format.exponent_bits)?;
                Tail(',').write(formatter, None, format.rounding, ScaleRule::Floor)
            }
            Self::Integer(format) => {
                write!(formatter, "int:w={},g={}", format.bits, format.group_len)?;
                formatter.write_str(if format.asymmetric { ",asym" } else { "" })?;
                Tail(',').write(formatter, None, format.rounding, ScaleRule::Floor)
            }
            Self::Nvfp4(format) => {
                formatter.write_str("nvfp4")?;
                Tail(':').write(formatter, None, format.rounding, ScaleRule::Floor)
            }
            Self::MicroExponent(format) => {
                write!(formatter, "mx{}", format.name_bits())?;
                Tail(':').write(formatter, None, format.rounding, ScaleRule::Floor)
            }
            Self::Minifloat(format) => {
                formatter.write_str("fp:")?;
                write_element(formatter, format.element)?;
                Tail(',').write(formatter, None, format.rounding, ScaleRule::Floor)
            }
            Self::Mx(format) => write_mx(formatter, format),
        }
    }
}

fn write_mx(formatter: &mut fmt::Formatter<'_>, format: MxFormat) -> fmt::Result {
    let named = MxFormat::STANDARD
        .iter()
        .find(|(_, element)| *element == format.element);
    let block = (format.block_len != MX_BLOCK).then_some(format.block_len);
    if let Some((name, _)) = named {
        formatter.write_str(name)?;
        return Tail(':').write(formatter, block, format.rounding, format.scale);
    }
    formatter.write_str("mx:")?;
    match format.element {
        MxElement::Float(element) => write_element(formatter, element)?,
        MxElement::Integer { bits } => write!(formatter, "w={bits}")?,
    }
    Tail(',').write(
        formatter,
        Some(format.block_len),
        format.rounding,
        format.scale,
    )
}

fn write_element(formatter: &mut fmt::Formatter<'_>, element: Minifloat) -> fmt::Result {
    let Minifloat {
        exponent_bits,
        fraction_bits,
        bias,
        specials,
        overflow,
    } = element;
    write!(formatter, "e={exponent_bits},m={fraction_bits}")?;
    if bias != Minifloat::usual_bias(exponent_bits) {
        write!(formatter, ",bias={bias}")?;
    }
    if specials != usual_specials(exponent_bits, fraction_bits) {
        formatter.write_str(match specials {
            Specials::None => ",special=none",
            Specials::NanOnly => ",special=nan",
            Specials::Ieee => ",special=ieee",
        })?;
    }
    formatter.write_str(if overflow == Overflow::Special {
        ",overflow=special"
    } else {
        ""
    })
}

fn exponent(formatter: &mut fmt::Formatter<'_>, exponent_bits: u8) -> fmt::Result {
    if exponent_bits == DEFAULT_EXPONENT_BITS {
        return Ok(());
    }
    write!(formatter, ",e={exponent_bits}")
}

/// The optional end of a text form, with the sign that comes before its first part.
struct Tail(char);

impl Tail {
    fn write(
        self,
        formatter: &mut fmt::Formatter<'_>,
        block_len: Option<BlockLen>,
        rounding: Rounding,
        scale: ScaleRule,
    ) -> fmt::Result {
        let mut separator = self.0;
        if let Some(block_len) = block_len {
            write!(formatter, "{separator}b={block_len}")?;
            separator = ',';
        }
        if rounding != Rounding::NearestEven {
            write!(formatter, "{separator}round={rounding}")?;
            separator = ',';
        }
        if scale != ScaleRule::Floor {
            write!(formatter, "{separator}scale={scale}")?;
        }
        Ok(())
    }
}
