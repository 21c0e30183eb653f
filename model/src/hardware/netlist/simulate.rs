//! Bit-exact simulation, a word at a time: the meaning of a netlist, from which exported text is checked.

use super::builder::mask;
use super::{Netlist, Node, NodeId, Operator};

/// A netlist in operation: the words of the present cycle.
#[derive(Debug, Clone)]
pub struct Simulation<'a> {
    netlist: &'a Netlist,
    words: Vec<u128>,
}

impl<'a> Simulation<'a> {
    /// All registers at zero.
    pub fn new(netlist: &'a Netlist) -> Self {
        Self {
            netlist,
            words: vec![0; netlist.nodes.len()],
        }
    }

    /// One cycle: the words of all input ports in order come in, all nodes settle; registers still hold what they held.
    ///
    /// Missing inputs stay as they were.
    pub fn settle(&mut self, inputs: &[u128]) {
        let ports = self.netlist.inputs.iter().flat_map(|port| &port.words);
        for (word, value) in ports.zip(inputs) {
            self.words[word.index()] = value & mask(self.netlist.node(*word).width);
        }
        for (index, node) in self.netlist.nodes.iter().enumerate() {
            if !matches!(node.operator, Operator::Input | Operator::Register) {
                self.words[index] = self.value(node) & mask(node.width);
            }
        }
    }

    /// The clock's edge: registers take up what they are driven with.
    pub fn clock(&mut self) {
        let next: Vec<(usize, u128)> = self
            .netlist
            .registers()
            .filter_map(|(id, node)| {
                let enabled = node
                    .operands
                    .get(1)
                    .is_none_or(|enable| self.word(*enable) == 1);
                let next = node.operands.first()?;
                enabled.then(|| (id.index(), self.word(*next)))
            })
            .collect();
        for (index, word) in next {
            self.words[index] = word;
        }
    }

    /// A word as it stands.
    pub fn word(&self, id: NodeId) -> u128 {
        self.words[id.index()]
    }

    /// Words of all output ports, in order.
    pub fn outputs(&self) -> Vec<u128> {
        let ports = self.netlist.outputs.iter().flat_map(|port| &port.words);
        ports.map(|word| self.word(*word)).collect()
    }

    fn value(&self, node: &Node) -> u128 {
        let of = |index: usize| self.word(node.operands[index]);
        let width = |index: usize| self.netlist.node(node.operands[index]).width;
        let shift = |by: u128| u32::try_from(by).unwrap_or(u32::MAX);
        match &node.operator {
            Operator::Input | Operator::Register => 0,
            Operator::Constant(value) => *value,
            Operator::Slice { low } => of(0) >> low,
            Operator::Concat => node.operands.iter().rev().fold(0, |word, operand| {
                let width = self.netlist.node(*operand).width;
                word.checked_shl(width).unwrap_or(0) | self.word(*operand)
            }),
            Operator::SignExtend => sign_extended(of(0), width(0)),
            Operator::Not => !of(0),
            Operator::And => of(0) & of(1),
            Operator::Or => of(0) | of(1),
            Operator::Xor => of(0) ^ of(1),
            Operator::Any => u128::from(of(0) != 0),
            Operator::Greater => u128::from(of(0) > of(1)),
            Operator::AtLeast => u128::from(of(0) >= of(1)),
            Operator::Mux => of(if of(0) == 1 { 1 } else { 2 }),
            Operator::ShiftLeft => of(0).checked_shl(shift(of(1))).unwrap_or(0),
            Operator::ShiftRight { arithmetic: false } => {
                of(0).checked_shr(shift(of(1))).unwrap_or(0)
            }
            Operator::ShiftRight { arithmetic: true } => {
                let word = sign_extended(of(0), width(0)).cast_signed();
                (word >> shift(of(1)).min(127)).cast_unsigned()
            }
            Operator::LeadingZeros => {
                let (word, width) = (of(0), width(0));
                let bits = node.width - 1;
                let zeros = width - (128 - word.leading_zeros());
                if word == 0 {
                    mask(node.width)
                } else {
                    u128::from(zeros) & mask(bits)
                }
            }
            Operator::Sum { terms, constant } => terms.iter().fold(*constant, |sum, term| {
                let factor = of(term.factor as usize);
                let value = match term.by {
                    Some(by) => factor.wrapping_mul(of(by as usize)),
                    None => factor,
                };
                sum.wrapping_add(value.checked_shl(term.shift).unwrap_or(0))
            }),
        }
    }
}

/// A two's complement word of some bits in 128 bits.
pub(crate) const fn sign_extended(word: u128, width: u32) -> u128 {
    let unused = 128 - width;
    ((word << unused).cast_signed() >> unused).cast_unsigned()
}
