//! Number formats: what the bits of a value and of its block mean, how many there are, and how a format is written.
//!
//! A [`Format`] is a small `Copy` description; tensors are brought to it by [`crate::quantization`]. A kind of format is one
//! file in `kinds` and one line below. Its schema ([`Kind`], [`Field`]) is what parser, printer, sliders and parameters iterate.
//! One scalar: `minifloat`, `integer`. Shared scales: `block`, `scale`. Rule from values to codes, as data: `arithmetic`.

mod arithmetic;
mod block;
mod family;
mod fields;
pub mod general;
mod ggml;
mod integer;
mod kinds;
mod minifloat;
mod operand;
mod rounding;
mod scale;
mod schema;
mod size;
mod text;
mod text_error;

pub use block::BlockLen;
pub use general::GeneralFormat;
pub use ggml::GgmlFormat;
pub use integer::{IntegerCoding, IntegerElement};
pub use kinds::{
    BbfpFormat, BfpFormat, BlockFpFormat, FloatFormat, IntegerFormat, MicroExponentFormat,
    MinifloatFormat, MxElement, MxFormat, MxIntFormat, Nvfp4Format,
};
pub use minifloat::{Minifloat, MinifloatError, Overflow, Specials};
pub use operand::{OperandKind, OperandWidths, SecondLevel};
pub use rounding::Rounding;
pub use scale::ScaleRule;
pub use schema::{Field, FieldDefault, FieldDomain, FieldValue, Kind, Role, Spelling};
pub use text_error::FormatError;

pub(crate) use arithmetic::{
    Arithmetic, ElementArithmetic, ElementScale, GridArithmetic, GridOrder,
};
pub(crate) use minifloat::{floor_log2, power_of_two, power_of_two_f64, round_f64};
pub(crate) use scale::{F32_BIAS, F32_FRACTION_BITS};

use family::{Family, families};
use schema::FieldValues;
use size::BlockBits;

families! {
    /// A standard floating point type, one value at a time.
    Float(FloatFormat),
    /// Any small floating point type, one value at a time, without a scale.
    Minifloat(MinifloatFormat),
    /// Block floating point: sign and magnitude with one shared exponent.
    Bfp(BfpFormat),
    /// OCP microscaling and its relatives: small elements with a shared power of two.
    Mx(MxFormat),
    /// NVIDIA's FP4: E2M1 elements, an E4M3 scale for each 16, one FP32 scale a tensor.
    Nvfp4(Nvfp4Format),
    /// Shared micro-exponents MX4, MX6, MX9 (ISCA 2023).
    MicroExponent(MicroExponentFormat),
    /// MASE's `MXInt`: two's complement fractions with a rounded-up shared exponent.
    MxInt(MxIntFormat),
    /// MASE's `block_fp`: sign and magnitude with a rounded-up shared exponent.
    BlockFp(BlockFpFormat),
    /// Integers with an FP16 scale for each group.
    Integer(IntegerFormat),
    /// A block format of ggml (llama.cpp).
    Ggml(GgmlFormat),
    /// Bidirectional block floating point: two steps a block, a flag an element.
    Bbfp(BbfpFormat),
    /// A block format that is data.
    General(GeneralFormat),
}

impl Format {
    /// Nothing is lost: IEEE 754 binary32.
    pub const FP32: Self = Self::Float(FloatFormat::Fp32);
    /// IEEE 754 binary16.
    pub const FP16: Self = Self::Float(FloatFormat::Fp16);
    /// The upper half of binary32.
    pub const BF16: Self = Self::Float(FloatFormat::Bf16);

    /// Every kind, in the order of menus.
    pub fn kinds() -> impl Iterator<Item = &'static Kind> {
        FAMILIES.iter().map(|(kind, _)| *kind)
    }

    /// Words of their own for members of kinds, in the order of menus.
    pub fn spellings() -> impl Iterator<Item = Spelling> {
        let of_kinds = FAMILIES.iter().flat_map(|(_, own)| own.iter().copied());
        of_kinds.chain(GeneralFormat::spellings())
    }

    /// Formats that a single word names, in the order of menus.
    pub fn named() -> impl Iterator<Item = (&'static str, Self)> {
        let complete = |(kind, own): &(&'static Kind, &'static [Spelling])| {
            let alone = text::complete_kind(kind).map(|format| (kind.word, format));
            let own = own.iter().filter(|spelling| spelling.is_complete());
            let own = own.map(|spelling| (spelling.word, spelling.base));
            own.chain(alone).collect::<Vec<_>>()
        };
        let as_data = GeneralFormat::spellings().into_iter();
        FAMILIES
            .iter()
            .flat_map(complete)
            .chain(as_data.map(|spelling| (spelling.word, spelling.base)))
    }

    /// The fields that the format has, with their values, in the order of its text form.
    pub fn fields(self) -> impl Iterator<Item = (&'static Field, FieldValue)> {
        let fields = self.kind().fields.iter().zip(self.values());
        fields.filter(|(_, value)| *value != FieldValue::Absent)
    }

    /// Value of the field with a role; `None` where the format has none.
    pub fn field(self, role: Role) -> Option<FieldValue> {
        let place = self.kind().position(role)?;
        let value = self.values()[place];
        (value != FieldValue::Absent).then_some(value)
    }

    /// The format with another value of the field with this key; fields that followed from it follow again.
    ///
    /// # Errors
    /// A key that the kind does not have, a value out of range, values that do not go together.
    pub fn with_field(self, key: &str, value: FieldValue) -> Result<Self, FormatError> {
        let kind = self.kind();
        let Some(place) = kind.fields.iter().position(|field| field.key == key) else {
            let keys: Vec<&str> = kind.fields.iter().map(|field| field.key).collect();
            return Err(FormatError::UnknownKey {
                kind: kind.word.to_owned(),
                key: key.to_owned(),
                allowed: keys.join(" "),
            });
        };
        self.with_value(place, value)
    }

    /// The format with another value of the field with a role.
    ///
    /// # Errors
    /// A kind without the field, a value out of range, values that do not go together.
    pub fn with_role(self, role: Role, value: FieldValue) -> Result<Self, FormatError> {
        match self.kind().position(role) {
            Some(place) if self.field(role).is_some() => self.with_value(place, value),
            _ => Err(FormatError::UnknownKey {
                kind: self.to_string(),
                key: format!("{role:?}"),
                allowed: "its own fields".to_owned(),
            }),
        }
    }

    fn with_value(self, place: usize, value: FieldValue) -> Result<Self, FormatError> {
        let kind = self.kind();
        let before = self.values();
        let mut values = before;
        values[place] = value;
        for (index, field) in kind.fields.iter().enumerate() {
            let is_derived = field.default == FieldDefault::Derived && index != place;
            if is_derived && before[index] == derived(kind.word, index, &before) {
                values[index] = derived(kind.word, index, &values);
            }
        }
        self.rebuilt(&values)
    }

    /// How values between codes are brought to one; nearest-even for types that know no other.
    pub fn rounding(self) -> Rounding {
        self.field(Role::Rounding)
            .map_or(Rounding::NearestEven, Rounding::of)
    }

    /// Rule from the largest magnitude of a block to its scale; `None` where it is not a choice.
    pub fn scale_rule(self) -> Option<ScaleRule> {
        self.field(Role::ScaleRule).map(ScaleRule::of)
    }

    /// Bits of one element as the format's sliders count them; `None` where they are fixed.
    pub fn element_bits(self) -> Option<u8> {
        match self.field(Role::ElementBits)? {
            FieldValue::Whole(bits) => u8::try_from(bits).ok(),
            _ => None,
        }
    }

    /// A scale of the whole tensor, which asks for its largest magnitude before the first block.
    pub fn has_tensor_scale(self) -> bool {
        match self.arithmetic() {
            Arithmetic::Elements(elements) => elements.scale == ElementScale::TwoLevel,
            Arithmetic::General(format) => format.definition().asks_for_tensor(),
            _ => false,
        }
    }

    /// Rows that share a scale: pieces of a tensor are whole multiples of them. 1 for all formats but those with tiles.
    pub fn rows_together(self) -> usize {
        match self.arithmetic() {
            Arithmetic::General(format) => format.prepared().rows_together(),
            _ => 1,
        }
    }

    /// A name that fits a cell of a table: kind and width.
    pub fn short_name(self) -> String {
        let kind = self.kind();
        match self.element_bits() {
            Some(bits) if !kind.short.is_empty() => format!("{}{bits}", kind.short),
            _ => {
                let text = self.to_string();
                text.split([':', '-']).next().unwrap_or_default().to_owned()
            }
        }
    }

    /// Name on screen: of the word it is printed with, else of its kind.
    pub fn title(self) -> &'static str {
        text::printed_spelling(self).map_or(self.kind().title, |spelling| spelling.title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_small_enough_to_pass_by_value() {
        assert!(size_of::<Format>() <= 16, "{}", size_of::<Format>());
    }

    #[test]
    fn a_kind_is_sound() {
        for kind in Format::kinds() {
            let format: Format = kind.example.parse().unwrap();
            assert_eq!(format.kind().word, kind.word);
            for (field, value) in format.fields() {
                assert!(field.domain.contains(value), "{format}: {}", field.key);
                assert_eq!(
                    format.with_field(field.key, value),
                    Ok(format),
                    "{}",
                    field.key
                );
            }
            for field in kind.fields {
                assert!(field.help.ends_with('.'), "{}: {}", kind.word, field.key);
            }
        }
    }

    #[test]
    fn fields_that_follow_from_others_follow_again() {
        let format: Format = "mx:e=3,m=3".parse().unwrap();
        let wider = format.with_field("e", FieldValue::Whole(4)).unwrap();
        assert_eq!(wider.to_string(), "mxfp8-e4m3");
        let biased: Format = "fp:e=3,m=3,bias=5".parse().unwrap();
        let wider = biased.with_field("e", FieldValue::Whole(4)).unwrap();
        assert_eq!(wider.to_string(), "fp:e=4,m=3,bias=5");
    }
}
