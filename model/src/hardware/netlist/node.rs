//! Nodes of a netlist: an operator, its operands, and the width of its word.

/// Position of a node in its netlist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    /// As an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One summand: an operand, or the product of two, times a power of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Term {
    /// Position among the node's operands.
    pub factor: u32,
    /// Position of the second factor.
    pub by: Option<u32>,
    /// Places to the left.
    pub shift: u32,
}

/// Operator: the function of a node. Words are unsigned unless an operator says so.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operator {
    /// A word from a port.
    Input,
    /// A fixed word.
    Constant(u128),
    /// Bits of the operand from this one up.
    Slice {
        /// Lowest bit taken.
        low: u32,
    },
    /// The operands side by side, the first one lowest.
    Concat,
    /// The operand with its top bit repeated.
    SignExtend,
    /// Each bit inverted.
    Not,
    /// Bitwise and of two words of one width.
    And,
    /// Bitwise or.
    Or,
    /// Bitwise exclusive or.
    Xor,
    /// True if any bit is set.
    Any,
    /// First operand above the second, both unsigned.
    Greater,
    /// First operand at least the second, both unsigned.
    AtLeast,
    /// Selector, word for one, word for zero.
    Mux,
    /// First operand shifted left by the second.
    ShiftLeft,
    /// First operand shifted right by the second.
    ShiftRight {
        /// True if the top bit comes in.
        arithmetic: bool,
    },
    /// Leading zeros of the operand and, as the top bit, whether all bits are zero. The count of a word of zeros is meaningless.
    LeadingZeros,
    /// Sum of all terms and a constant, modulo two to the width: one carry-save tree and one adder.
    Sum {
        /// Summands.
        terms: Vec<Term>,
        /// Constant.
        constant: u128,
    },
    /// Holds the first operand for the next cycle; with a second operand, only where that is one. Starts at zero.
    Register,
}

impl Operator {
    /// Noun for the operator, in diagrams and reports.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Constant(_) => "constant",
            Self::Slice { .. } | Self::Concat | Self::SignExtend => "wires",
            Self::Not => "inverters",
            Self::And | Self::Or | Self::Xor => "gates",
            Self::Any => "zero detector",
            Self::Greater | Self::AtLeast => "comparator",
            Self::Mux => "multiplexer",
            Self::ShiftLeft | Self::ShiftRight { .. } => "shifter",
            Self::LeadingZeros => "leading-zero count",
            Self::Sum { .. } => "sum",
            Self::Register => "register",
        }
    }
}

/// A word of the netlist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Operator.
    pub operator: Operator,
    /// From what.
    pub operands: Vec<NodeId>,
    /// Bits, 1 to 128.
    pub width: u32,
    /// Position of the part it belongs to in [`Netlist::parts`](super::Netlist::parts).
    pub part: u16,
    /// Name in exported text.
    pub name: Option<String>,
}
