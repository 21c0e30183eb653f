//! The text form of a format: `kind` or `kind:key=value,...`, parsed everywhere.
//!
//! Every key of its kind in any order. Printing stands in `text_display` and leaves out what equals the default.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::fields::Fields;
use super::standard::MX_BLOCK;
use super::{
    BfpFormat, BlockFpFormat, BlockLen, Format, FormatError, GgmlFormat, IntegerFormat,
    MicroExponentFormat, Minifloat, MinifloatFormat, MxElement, MxFormat, MxIntFormat, Nvfp4Format,
    Overflow, Rounding, Specials,
};

/// Words that take or may take `key=value` parts, beyond [`Format::ALL_NAMED`].
const KINDS: [&str; 9] = [
    "bfp", "anda", "harmonia", "mxint", "blockfp", "int", "fp", "mx", "nvfp4",
];

/// Exponent width if none is written.
pub(super) const DEFAULT_EXPONENT_BITS: u8 = 8;
/// Block length of MASE's released configurations (papers of the same authors use [1, 16] throughout).
const MASE_BLOCK: BlockLen = BlockLen::fixed(16);

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let text = text.trim();
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let kind = kind.trim().to_ascii_lowercase();
        let named = Self::ALL_NAMED.iter().find(|(name, _)| *name == kind);
        if named.is_none() && !KINDS.contains(&kind.as_str()) {
            return Err(FormatError::UnknownKind { word: kind });
        }
        let mut fields = Fields::new(&kind, rest)?;
        let format = match named {
            Some((_, format)) => varied(*format, &mut fields)?,
            None => built(&kind, &mut fields)?,
        };
        fields.finish()?;
        Ok(format)
    }
}

/// A named format with the few keys that may change it.
fn varied(format: Format, fields: &mut Fields<'_>) -> Result<Format, FormatError> {
    Ok(match format {
        Format::Mx(format) => Format::Mx(MxFormat {
            block_len: fields.block("b")?.unwrap_or(format.block_len),
            rounding: fields.rounding(format.rounding)?,
            scale: fields.scale()?,
            ..format
        }),
        Format::Nvfp4(format) => Format::Nvfp4(Nvfp4Format {
            rounding: fields.rounding(format.rounding)?,
        }),
        Format::MicroExponent(format) => Format::MicroExponent(MicroExponentFormat {
            rounding: fields.rounding(format.rounding)?,
            ..format
        }),
        Format::Bfp(format) => Format::Bfp(BfpFormat {
            rounding: fields.rounding(format.rounding)?,
            scale: fields.scale()?,
            ..format
        }),
        other => other,
    })
}

fn built(kind: &str, fields: &mut Fields<'_>) -> Result<Format, FormatError> {
    Ok(match kind {
        "bfp" => Format::Bfp(BfpFormat {
            mantissa_bits: fields.required("m", 1..=23)?,
            exponent_bits: fields
                .optional("e", 1..=8)?
                .unwrap_or(DEFAULT_EXPONENT_BITS),
            block_len: fields.required_block("b")?,
            rounding: fields.rounding(Rounding::NearestEven)?,
            scale: fields.scale()?,
        }),
        "anda" => Format::Bfp(BfpFormat::anda(fields.required("m", 1..=16)?)),
        "harmonia" => Format::Bfp(BfpFormat::harmonia(fields.required("m", 1..=16)?)),
        "mxint" => Format::MxInt(MxIntFormat {
            width: fields.required("w", 2..=24)?,
            exponent_bits: fields
                .optional("e", 1..=8)?
                .unwrap_or(DEFAULT_EXPONENT_BITS),
            block_len: fields.block("b")?.unwrap_or(MASE_BLOCK),
            rounding: fields.rounding(Rounding::NearestEven)?,
        }),
        "blockfp" => Format::BlockFp(BlockFpFormat {
            width: fields.required("w", 2..=24)?,
            exponent_bits: fields
                .optional("e", 1..=8)?
                .unwrap_or(DEFAULT_EXPONENT_BITS),
            block_len: fields.block("b")?.unwrap_or(MASE_BLOCK),
            rounding: fields.rounding(Rounding::NearestEven)?,
        }),
        "int" => Format::Integer(IntegerFormat {
            bits: fields.required("w", 2..=16)?,
            group_len: fields.required_block("g")?,
            asymmetric: fields.flag("asym")?,
            rounding: fields.rounding(Rounding::NearestEven)?,
        }),
        "fp" => Format::Minifloat(MinifloatFormat {
            element: element(fields)?,
            rounding: fields.rounding(Rounding::NearestEven)?,
        }),
        // the only word left of KINDS
        _ => Format::Mx(MxFormat {
            element: mx_element(fields)?,
            block_len: fields.block("b")?.unwrap_or(MX_BLOCK),
            rounding: fields.rounding(Rounding::NearestEven)?,
            scale: fields.scale()?,
        }),
    })
}

fn mx_element(fields: &mut Fields<'_>) -> Result<MxElement, FormatError> {
    match fields.optional("w", 2..=16)? {
        Some(bits) => Ok(MxElement::Integer { bits }),
        None => element(fields).map(MxElement::Float),
    }
}

/// Specials of the OCP element with these widths; other widths use every code for a finite number.
pub(super) const fn usual_specials(exponent_bits: u8, fraction_bits: u8) -> Specials {
    match (exponent_bits, fraction_bits) {
        (4, 3) => Specials::NanOnly,
        (5, 2) | (8, _) => Specials::Ieee,
        _ => Specials::None,
    }
}

fn element(fields: &mut Fields<'_>) -> Result<Minifloat, FormatError> {
    let exponent_bits = fields.required("e", 1..=8)?;
    let fraction_bits = fields.required("m", 0..=22)?;
    let bias = fields
        .optional_bias()?
        .unwrap_or(Minifloat::usual_bias(exponent_bits));
    let specials = fields
        .word(
            "special",
            &[
                ("none", Specials::None),
                ("nan", Specials::NanOnly),
                ("ieee", Specials::Ieee),
            ],
        )?
        .unwrap_or(usual_specials(exponent_bits, fraction_bits));
    let overflow = fields
        .word(
            "overflow",
            &[
                ("saturate", Overflow::Saturate),
                ("special", Overflow::Special),
            ],
        )?
        .unwrap_or(Overflow::Saturate);
    let element = Minifloat {
        exponent_bits,
        fraction_bits,
        bias,
        specials,
        overflow,
    };
    element.checked().map_err(|error| {
        fields.refused(
            "e",
            &exponent_bits.to_string(),
            &format!("usable here: {error}"),
        )
    })
}

impl Serialize for Format {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl GgmlFormat {
    /// The type with this word, for instance `q4_k`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, printed: &str) {
        let format: Format = text
            .parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(format.to_string(), printed);
        assert_eq!(printed.parse::<Format>().as_ref(), Ok(&format));
        let ron = ron::to_string(&format).unwrap();
        assert_eq!(ron::from_str::<Format>(&ron).as_ref(), Ok(&format));
    }

    #[test]
    fn text_forms_are_printed_shortest_and_read_back() {
        check("bfp:m=4,e=8,b=32", "bfp:m=4,e=8,b=32");
        check("BFP: b=32, m=4", "bfp:m=4,e=8,b=32");
        check(
            "bfp:m=23,e=1,b=row,round=stochastic,scale=rceil",
            "bfp:m=23,e=1,b=row,round=stochastic,scale=rceil",
        );
        check("anda:m=6", "anda:m=6");
        check("bfp:m=6,e=5,b=64,round=truncate", "anda:m=6");
        check("harmonia:m=8", "bfp:m=8,e=5,b=32");
        check("msfp12", "bfp:m=3,e=8,b=16");
        check("mxint:w=4,b=16", "mxint:w=4,b=16");
        check("mxint:w=4,b=16,e=6", "mxint:w=4,b=16,e=6");
        check("blockfp:w=5", "blockfp:w=5,b=16");
        check("int:w=4,g=128", "int:w=4,g=128");
        check("int:asym,w=4,g=row", "int:w=4,g=row,asym");
        check("mxfp4:scale=even", "mxfp4:scale=even");
        check(
            "mxfp8-e4m3:b=16,round=nearest-away",
            "mxfp8-e4m3:b=16,round=nearest-away",
        );
        check("mx:e=4,m=3", "mxfp8-e4m3");
        check("mx:e=3,m=3,b=64", "mx:e=3,m=3,b=64");
        check("mx:w=4", "mx:w=4,b=32");
        check("mx:w=8,b=32", "mxint8");
        check("fp:e=4,m=3", "fp:e=4,m=3");
        check(
            "fp:e=4,m=3,bias=11,special=none,overflow=special",
            "fp:e=4,m=3,bias=11,special=none,overflow=special",
        );
        check("nvfp4:round=truncate", "nvfp4:round=truncate");
        check("mx9", "mx9");
        for format in GgmlFormat::ALL {
            check(format.word(), format.word());
        }
    }

    #[test]
    fn every_named_format_reads_back_as_itself() {
        for (name, format) in Format::ALL_NAMED {
            assert_eq!(name.parse::<Format>().as_ref(), Ok(format));
            assert_eq!(format.to_string().parse::<Format>().as_ref(), Ok(format));
        }
    }

    fn refuse(text: &str, words: &[&str]) {
        let error = text.parse::<Format>().unwrap_err().to_string();
        for word in words {
            assert!(error.contains(word), "{text}: {error}");
        }
        assert!(!error.contains('\n'), "one line: {error}");
    }

    #[test]
    fn errors_name_what_is_allowed() {
        refuse("bfq:m=4", &["bfq", "mxfp4", "anda:m=", "q2_k"]);
        refuse("", &["unknown format", "bfp:"]);
        refuse(
            "bfp:m=4,x=3,b=32",
            &["\"x\"", "m", "e", "b", "round", "scale"],
        );
        refuse("bfp:m=24,b=32", &["m=24", "1 to 23"]);
        refuse("bfp:m=0,b=32", &["m=0", "1 to 23"]);
        refuse("bfp:m=4", &["needs b=", "row"]);
        refuse("bfp:b=32", &["needs m=", "1 to 23"]);
        refuse("bfp:m=4,m=5,b=32", &["m twice"]);
        refuse("bfp:m=4,b=9000", &["b=9000", "8192"]);
        refuse(
            "bfp:m=4,b=32,round=up",
            &["round=up", "nearest-even", "truncate"],
        );
        refuse("bfp:m=4,b=32,scale=up", &["scale=up", "floor", "rceil"]);
        refuse("fp32:m=4", &["\"m\""]);
        refuse("fp:e=8,m=3,special=none", &["e=8", "f32"]);
        refuse("int:w=4,g=128,sym", &["\"sym\"", "asym"]);
        refuse("anda:m=17", &["1 to 16"]);
        refuse("bfp:m=4=5,b=2", &["m=4=5"]);
        refuse("bfp:m=é,b=2", &["m=é"]);
    }
}
