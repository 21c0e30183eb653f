//! Builds a netlist word by word. Widths follow from the operands, so that a netlist cannot be inconsistent.

use super::{Netlist, Node, NodeId, Operator, Port, Term};

/// A summand of [`Builder::sum`].
#[derive(Debug, Clone, Copy)]
pub struct Summand {
    factor: NodeId,
    by: Option<NodeId>,
    shift: u32,
}

impl Summand {
    /// A word.
    pub const fn word(word: NodeId) -> Self {
        Self {
            factor: word,
            by: None,
            shift: 0,
        }
    }

    /// The product of two words.
    pub const fn product(left: NodeId, right: NodeId) -> Self {
        Self {
            factor: left,
            by: Some(right),
            shift: 0,
        }
    }

    /// The same, some places to the left.
    #[must_use]
    pub const fn shifted(self, places: u32) -> Self {
        Self {
            shift: self.shift + places,
            ..self
        }
    }
}

/// A netlist under construction.
#[derive(Debug, Default)]
pub struct Builder {
    netlist: Netlist,
    part: u16,
}

/// Widest word: simulation holds words in 128 bits.
pub const MOST_BITS: u32 = 128;

impl Builder {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            netlist: Netlist {
                parts: vec!["ports"],
                ..Netlist::default()
            },
            part: 0,
        }
    }

    /// The nodes that follow belong to this part.
    pub fn part(&mut self, name: &'static str) {
        let parts = &mut self.netlist.parts;
        let index = parts.iter().position(|part| *part == name);
        let index = index.unwrap_or_else(|| {
            parts.push(name);
            parts.len() - 1
        });
        self.part = u16::try_from(index).unwrap_or(u16::MAX);
    }

    fn push(&mut self, operator: Operator, operands: Vec<NodeId>, width: u32) -> NodeId {
        debug_assert!((1..=MOST_BITS).contains(&width), "{operator:?}: {width}");
        let id = NodeId(u32::try_from(self.netlist.nodes.len()).unwrap_or(u32::MAX));
        self.netlist.nodes.push(Node {
            operator,
            operands,
            width,
            part: self.part,
            name: None,
        });
        id
    }

    /// Bits of a word.
    pub fn width(&self, word: NodeId) -> u32 {
        self.netlist.node(word).width
    }

    /// Names a word for exported text.
    pub fn name(&mut self, word: NodeId, name: &str) -> NodeId {
        self.netlist.nodes[word.index()].name = Some(name.to_owned());
        word
    }

    /// The next word of an input port; a new port if the last one has another name.
    pub fn input(&mut self, port: &str, width: u32) -> NodeId {
        let id = self.push(Operator::Input, Vec::new(), width);
        match self.netlist.inputs.last_mut() {
            Some(last) if last.name == port => last.words.push(id),
            _ => self.netlist.inputs.push(Port {
                name: port.to_owned(),
                width,
                words: vec![id],
            }),
        }
        id
    }

    /// Several words of an input port.
    pub fn inputs(&mut self, port: &str, width: u32, count: u32) -> Vec<NodeId> {
        (0..count).map(|_| self.input(port, width)).collect()
    }

    /// The next word of an output port.
    pub fn output(&mut self, port: &str, word: NodeId) {
        let width = self.width(word);
        match self.netlist.outputs.last_mut() {
            Some(last) if last.name == port => last.words.push(word),
            _ => self.netlist.outputs.push(Port {
                name: port.to_owned(),
                width,
                words: vec![word],
            }),
        }
    }

    /// A fixed word.
    pub fn constant(&mut self, value: u128, width: u32) -> NodeId {
        self.push(Operator::Constant(value & mask(width)), Vec::new(), width)
    }

    /// `width` bits from `low` up.
    pub fn slice(&mut self, word: NodeId, low: u32, width: u32) -> NodeId {
        if low == 0 && width == self.width(word) {
            return word;
        }
        debug_assert!(low + width <= self.width(word));
        self.push(Operator::Slice { low }, vec![word], width)
    }

    /// One bit.
    pub fn bit(&mut self, word: NodeId, index: u32) -> NodeId {
        self.slice(word, index, 1)
    }

    /// The top bit.
    pub fn top(&mut self, word: NodeId) -> NodeId {
        self.bit(word, self.width(word) - 1)
    }

    /// Words side by side, the first one lowest.
    pub fn concat(&mut self, words: &[NodeId]) -> NodeId {
        if let [word] = words {
            return *word;
        }
        let width = words.iter().map(|word| self.width(*word)).sum();
        self.push(Operator::Concat, words.to_vec(), width)
    }

    /// Zeros below a word.
    pub fn append_zeros(&mut self, word: NodeId, zeros: u32) -> NodeId {
        if zeros == 0 {
            return word;
        }
        let low = self.constant(0, zeros);
        self.concat(&[low, word])
    }

    /// The word with zeros above it, or its lowest bits.
    pub fn resize(&mut self, word: NodeId, width: u32) -> NodeId {
        let own = self.width(word);
        if width <= own {
            return self.slice(word, 0, width);
        }
        let high = self.constant(0, width - own);
        self.concat(&[word, high])
    }

    /// The word with its top bit repeated.
    pub fn sign_extend(&mut self, word: NodeId, width: u32) -> NodeId {
        if width <= self.width(word) {
            return self.slice(word, 0, width);
        }
        self.push(Operator::SignExtend, vec![word], width)
    }

    /// A bit repeated.
    pub fn repeat(&mut self, bit: NodeId, width: u32) -> NodeId {
        self.sign_extend(bit, width)
    }

    /// Each bit inverted.
    pub fn not(&mut self, word: NodeId) -> NodeId {
        self.push(Operator::Not, vec![word], self.width(word))
    }

    fn bitwise(&mut self, operator: Operator, left: NodeId, right: NodeId) -> NodeId {
        let width = self.width(left).max(self.width(right));
        let spread = |builder: &mut Self, word| match builder.width(word) {
            1 if width > 1 => builder.repeat(word, width),
            _ => builder.resize(word, width),
        };
        let operands = vec![spread(self, left), spread(self, right)];
        self.push(operator, operands, width)
    }

    /// Bitwise and; a single bit counts for all.
    pub fn and(&mut self, left: NodeId, right: NodeId) -> NodeId {
        self.bitwise(Operator::And, left, right)
    }

    /// Bitwise or; a single bit counts for all.
    pub fn or(&mut self, left: NodeId, right: NodeId) -> NodeId {
        self.bitwise(Operator::Or, left, right)
    }

    /// Exclusive or; a single bit counts for all.
    pub fn xor(&mut self, left: NodeId, right: NodeId) -> NodeId {
        self.bitwise(Operator::Xor, left, right)
    }

    /// One if any bit is set.
    pub fn any(&mut self, word: NodeId) -> NodeId {
        if self.width(word) == 1 {
            return word;
        }
        self.push(Operator::Any, vec![word], 1)
    }

    /// One if no bit is set.
    pub fn none(&mut self, word: NodeId) -> NodeId {
        let any = self.any(word);
        self.not(any)
    }

    /// Left above right.
    pub fn greater(&mut self, left: NodeId, right: NodeId) -> NodeId {
        self.push(Operator::Greater, vec![left, right], 1)
    }

    /// At least a constant.
    pub fn at_least(&mut self, word: NodeId, least: u128) -> NodeId {
        let least = self.constant(least, self.width(word));
        self.push(Operator::AtLeast, vec![word, least], 1)
    }

    /// One word or the other.
    pub fn mux(&mut self, select: NodeId, one: NodeId, zero: NodeId) -> NodeId {
        let width = self.width(one).max(self.width(zero));
        let one = self.resize(one, width);
        let zero = self.resize(zero, width);
        self.push(Operator::Mux, vec![select, one, zero], width)
    }

    /// Shifted left, the width kept.
    pub fn shift_left(&mut self, word: NodeId, by: NodeId) -> NodeId {
        let width = self.width(word);
        self.push(Operator::ShiftLeft, vec![word, by], width)
    }

    /// Shifted right, zeros in.
    pub fn shift_right(&mut self, word: NodeId, by: NodeId) -> NodeId {
        let width = self.width(word);
        self.push(
            Operator::ShiftRight { arithmetic: false },
            vec![word, by],
            width,
        )
    }

    /// Shifted right, the top bit in.
    pub fn shift_right_signed(&mut self, word: NodeId, by: NodeId) -> NodeId {
        let width = self.width(word);
        self.push(
            Operator::ShiftRight { arithmetic: true },
            vec![word, by],
            width,
        )
    }

    /// Number of leading zeros, and whether there are only zeros.
    pub fn leading_zeros(&mut self, word: NodeId) -> (NodeId, NodeId) {
        let bits = count_bits(self.width(word));
        let both = self.push(Operator::LeadingZeros, vec![word], bits + 1);
        (self.slice(both, 0, bits), self.bit(both, bits))
    }

    /// Sum of all summands and a constant, modulo two to the width.
    pub fn sum(&mut self, width: u32, summands: &[Summand], constant: u128) -> NodeId {
        let mut operands = Vec::new();
        let mut place = |word: NodeId| {
            operands.push(word);
            u32::try_from(operands.len() - 1).unwrap_or(u32::MAX)
        };
        let terms = summands
            .iter()
            .map(|each| Term {
                factor: place(each.factor),
                by: each.by.map(&mut place),
                shift: each.shift,
            })
            .collect();
        let constant = constant & mask(width);
        self.push(Operator::Sum { terms, constant }, operands, width)
    }

    /// Sum of two words.
    pub fn add(&mut self, width: u32, left: NodeId, right: NodeId) -> NodeId {
        self.sum(width, &[Summand::word(left), Summand::word(right)], 0)
    }

    /// Difference of two unsigned words, modulo two to the width.
    pub fn subtract(&mut self, width: u32, left: NodeId, right: NodeId) -> NodeId {
        let right = self.resize(right, width);
        let inverted = self.not(right);
        self.sum(width, &[Summand::word(left), Summand::word(inverted)], 1)
    }

    /// A register whose operand follows later.
    pub fn register(&mut self, width: u32) -> NodeId {
        self.push(Operator::Register, Vec::new(), width)
    }

    /// Connects the next word of a register.
    pub fn drive(&mut self, register: NodeId, next: NodeId, enable: Option<NodeId>) {
        debug_assert_eq!(self.width(register), self.width(next));
        let operands = std::iter::once(next).chain(enable).collect();
        self.netlist.nodes[register.index()].operands = operands;
    }

    /// A register of this word.
    pub fn registered(&mut self, word: NodeId, enable: Option<NodeId>) -> NodeId {
        let register = self.register(self.width(word));
        self.drive(register, word, enable);
        register
    }

    /// The netlist.
    pub fn finish(self) -> Netlist {
        self.netlist
    }
}

/// Bits of the leading-zero count of a word: ceil(log2 width), at least 1.
pub(crate) const fn count_bits(width: u32) -> u32 {
    let bits = u32::BITS - (width - 1).leading_zeros();
    if bits == 0 { 1 } else { bits }
}

/// The lowest bits of a word.
pub(crate) const fn mask(width: u32) -> u128 {
    if width >= 128 {
        u128::MAX
    } else {
        (1 << width) - 1
    }
}
