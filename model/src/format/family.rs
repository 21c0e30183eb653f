//! Contract of a kind of format, and the list of kinds.

use super::arithmetic::Arithmetic;
use super::schema::{FieldValue, FieldValues, Kind, MAX_FIELDS, Spelling};
use super::size::BlockBits;
use super::{BlockLen, FormatError, OperandWidths};

/// A kind of format: schema, storage, datapath widths and arithmetic of its members.
pub(crate) trait Family: Copy {
    /// Word and fields.
    const KIND: Kind;
    /// Further words for some members.
    const SPELLINGS: &'static [Spelling] = &[];

    /// Values of all fields, in the order of [`Self::KIND`].
    fn values(self) -> FieldValues;

    /// The member with these values, all inside their domains.
    ///
    /// # Errors
    /// Values that do not go together.
    fn build(values: &FieldValues) -> Result<Self, FormatError>;

    /// [`Self::build`] for kinds whose members hold more than their fields.
    fn rebuilt(self, values: &FieldValues) -> Result<Self, FormatError> {
        Self::build(values)
    }

    /// Default of a derived field from the values known so far; absent where there is none.
    fn derived(_index: usize, _values: &FieldValues) -> FieldValue {
        FieldValue::Absent
    }

    /// Values that share a scale.
    fn block_len(self) -> BlockLen;

    /// Widths that a datapath is built for.
    fn operand(self) -> OperandWidths;

    /// Bits of the parts of a block.
    fn block_bits(self) -> BlockBits;

    /// Rule from values to codes.
    fn arithmetic(self) -> Arithmetic;

    /// The same member, refused if a field is out of range.
    fn checked(self) -> Result<Self, FormatError> {
        Self::KIND.check(&self.values())?;
        Ok(self)
    }
}

/// Fills up the values of a kind.
pub(super) fn field_values<const N: usize>(values: [FieldValue; N]) -> FieldValues {
    let mut all = [FieldValue::Absent; MAX_FIELDS];
    all[..N].copy_from_slice(&values);
    all
}

/// Declares [`Format`] and what is asked of every kind: a kind is its file and its line here.
macro_rules! families {
    ($($(#[$doc:meta])* $name:ident($family:ty),)*) => {
        /// Representation of one tensor's values.
        ///
        /// Text form by `Display` and `FromStr`, for instance `bfp:m=4,e=8,b=32`; the serde form is the same string.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Format {
            $($(#[$doc])* $name($family),)*
        }

        /// Every kind with its further words.
        pub(super) const FAMILIES: &[(&Kind, &[Spelling])] = &[
            $((&<$family as Family>::KIND, <$family as Family>::SPELLINGS),)*
        ];

        impl Format {
            /// The kind: its fields, their ranges, defaults and help.
            pub fn kind(self) -> &'static Kind {
                match self {
                    $(Self::$name(_) => const { &<$family as Family>::KIND },)*
                }
            }

            /// Further words of the kind.
            pub(super) fn own_spellings(self) -> &'static [Spelling] {
                match self {
                    $(Self::$name(_) => <$family as Family>::SPELLINGS,)*
                }
            }

            /// Values of the kind's fields.
            pub(super) fn values(self) -> FieldValues {
                match self {
                    $(Self::$name(format) => format.values(),)*
                }
            }

            /// A member of the same kind with these values, which are checked.
            pub(super) fn rebuilt(self, values: &FieldValues) -> Result<Self, FormatError> {
                self.kind().check(values)?;
                match self {
                    $(Self::$name(format) => format.rebuilt(values).map(Self::$name),)*
                }
            }

            /// Values that share a scale.
            pub fn block_len(self) -> BlockLen {
                match self {
                    $(Self::$name(format) => format.block_len(),)*
                }
            }

            /// What a datapath sees of the format.
            pub fn operand(self) -> OperandWidths {
                match self {
                    $(Self::$name(format) => format.operand(),)*
                }
            }

            pub(super) fn block_bits(self) -> BlockBits {
                match self {
                    $(Self::$name(format) => format.block_bits(),)*
                }
            }

            /// Rule from values to codes.
            pub(crate) fn arithmetic(self) -> Arithmetic {
                match self {
                    $(Self::$name(format) => format.arithmetic(),)*
                }
            }
        }

        /// The member of a kind, by its word, with these values.
        pub(super) fn build(word: &str, values: &FieldValues) -> Option<Result<Format, FormatError>> {
            $(if <$family as Family>::KIND.word == word {
                let built = <$family as Family>::KIND.check(values);
                return Some(built.and_then(|()| <$family as Family>::build(values)).map(Format::$name));
            })*
            None
        }

        /// Default of a derived field of a kind.
        pub(super) fn derived(word: &str, index: usize, values: &FieldValues) -> FieldValue {
            $(if <$family as Family>::KIND.word == word {
                return <$family as Family>::derived(index, values);
            })*
            FieldValue::Absent
        }
    };
}

pub(super) use families;
