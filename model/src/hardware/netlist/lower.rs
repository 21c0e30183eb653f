//! From words to cells, as Yosys maps them: carry-save trees of full adders row by row, ripple adders, logarithmic
//! comparisons and counts, one row of multiplexers for each bit of a shift.

use std::collections::HashMap;

use super::adder_tree::{AdderStyle, sum_columns};
use super::builder::count_bits;
use super::cell_list::{CellList, Emitter, Flipflop, Literal, Site};
use super::{Netlist, Node, Operator};

/// Bits of one word, lowest first.
type Word = Vec<Literal>;

impl Netlist {
    /// The netlist in cells. Flip-flops that always hold equal or constant bits are merged, unused gates left out.
    pub fn cells(&self, adders: AdderStyle) -> CellList {
        let mut same: HashMap<(usize, usize), Same> = HashMap::new();
        // Each round can only find more equal flip-flops; a handful of rounds reaches the end.
        for _ in 0..4 {
            let lowering = Lowering::run(self, adders, &same);
            let found = lowering.equal_flipflops(self, &same);
            if found == same {
                return lowering.finish(self, &same);
            }
            same = found;
        }
        Lowering::run(self, adders, &same).finish(self, &same)
    }
}

/// The constant or bit that a register bit always equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Same {
    Constant(bool),
    Bit(usize, usize),
}

struct Lowering {
    emitter: Emitter,
    words: Vec<Word>,
}

impl Lowering {
    fn run(netlist: &Netlist, adders: AdderStyle, same: &HashMap<(usize, usize), Same>) -> Self {
        let mut lowering = Self {
            emitter: Emitter::new(),
            words: vec![Word::new(); netlist.nodes().len()],
        };
        for (id, node) in netlist.registers() {
            for bit in 0..node.width as usize {
                let literal = match same.get(&(id.index(), bit)) {
                    None => Literal::of(lowering.emitter.net()),
                    Some(Same::Constant(one)) => Literal::ZERO.inverted_if(*one),
                    Some(Same::Bit(register, other)) => lowering.words[*register][*other],
                };
                lowering.words[id.index()].push(literal);
            }
        }
        for (index, node) in netlist.nodes().iter().enumerate() {
            lowering.emitter.part = node.part;
            match node.operator {
                Operator::Register => {}
                Operator::Input => {
                    for _ in 0..node.width {
                        let net = lowering.emitter.net();
                        lowering.emitter.list.inputs.push(net);
                        lowering.words[index].push(Literal::of(net));
                    }
                }
                _ => lowering.words[index] = lowering.lower(node, adders),
            }
        }
        lowering
    }

    /// Next bits of all registers, without their enables.
    fn next_bits<'a>(
        &'a self,
        netlist: &'a Netlist,
    ) -> impl Iterator<Item = ((usize, usize), Literal, Option<Literal>)> + 'a {
        netlist.registers().flat_map(|(id, node)| {
            let enable = node
                .operands
                .get(1)
                .map(|enable| self.words[enable.index()][0]);
            let next = node.operands.first().map(|next| &self.words[next.index()]);
            let bits = next.map(Vec::as_slice).unwrap_or_default();
            bits.iter()
                .enumerate()
                .map(move |(bit, literal)| ((id.index(), bit), *literal, enable))
        })
    }

    fn equal_flipflops(
        &self,
        netlist: &Netlist,
        known: &HashMap<(usize, usize), Same>,
    ) -> HashMap<(usize, usize), Same> {
        let mut first: HashMap<(Literal, Option<Literal>), (usize, usize)> = HashMap::new();
        let mut same = known.clone();
        for (place, next, enable) in self.next_bits(netlist) {
            if known.contains_key(&place) {
                continue;
            }
            if next.is_constant() {
                same.insert(place, Same::Constant(next == Literal::ONE));
                continue;
            }
            match first.get(&(next, enable)) {
                Some((register, bit)) => {
                    same.insert(place, Same::Bit(*register, *bit));
                }
                None => {
                    first.insert((next, enable), place);
                }
            }
        }
        same
    }

    fn finish(mut self, netlist: &Netlist, same: &HashMap<(usize, usize), Same>) -> CellList {
        let bits: Vec<_> = self.next_bits(netlist).collect();
        for (place, next, enable) in bits {
            if same.contains_key(&place) {
                continue;
            }
            let (register, bit) = place;
            let own = self.words[register][bit];
            self.emitter.part = netlist.nodes()[register].part;
            let next = match enable {
                Some(enable) => self.emitter.mux(Site::Selection, enable, next, own),
                None => next,
            };
            self.emitter.list.flipflops.push(Flipflop {
                next,
                output: own.net(),
                part: self.emitter.part,
            });
        }
        let ports = netlist.outputs().iter().flat_map(|port| &port.words);
        self.emitter.list.outputs = ports
            .flat_map(|word| self.words[word.index()].iter().copied())
            .collect();
        self.emitter.list.without_dead()
    }

    fn lower(&mut self, node: &Node, adders: AdderStyle) -> Word {
        let width = node.width as usize;
        let of = |index: usize| self.words[node.operands[index].index()].clone();
        let emitter = &mut self.emitter;
        match &node.operator {
            Operator::Input | Operator::Register => Word::new(),
            Operator::Constant(value) => (0..node.width)
                .map(|bit| Literal::ZERO.inverted_if(value >> bit & 1 == 1))
                .collect(),
            Operator::Slice { low } => of(0)[*low as usize..*low as usize + width].to_vec(),
            Operator::Concat => (0..node.operands.len()).flat_map(of).collect(),
            Operator::SignExtend => {
                let mut word = of(0);
                let top = word.last().copied().unwrap_or(Literal::ZERO);
                word.resize(width, top);
                word
            }
            Operator::Not => of(0).iter().map(|bit| !*bit).collect(),
            Operator::And => zip(&of(0), &of(1), |a, b| emitter.and(Site::Gate, a, b)),
            Operator::Or => zip(&of(0), &of(1), |a, b| emitter.or(Site::Gate, a, b)),
            Operator::Xor => zip(&of(0), &of(1), |a, b| emitter.xor(Site::Gate, a, b)),
            Operator::Any => vec![any(emitter, &of(0))],
            Operator::Greater => vec![compare(emitter, &of(0), &of(1)).0],
            Operator::AtLeast => vec![compare(emitter, &of(0), &of(1)).1],
            Operator::Mux => {
                let select = of(0)[0];
                zip(&of(1), &of(2), |one, zero| {
                    emitter.mux(Site::Selection, select, one, zero)
                })
            }
            Operator::ShiftLeft => shift(emitter, &of(0), &of(1), Literal::ZERO, true),
            Operator::ShiftRight { arithmetic } => {
                let word = of(0);
                let fill = if *arithmetic {
                    word[word.len() - 1]
                } else {
                    Literal::ZERO
                };
                shift(emitter, &word, &of(1), fill, false)
            }
            Operator::LeadingZeros => leading_zeros(emitter, &of(0)),
            Operator::Sum { terms, constant } => {
                let mut columns = vec![Word::new(); width];
                for term in terms {
                    let factor = of(term.factor as usize);
                    match term.by {
                        None => place(&mut columns, &factor, term.shift as usize),
                        Some(by) => {
                            for (row, other) in of(by as usize).iter().enumerate() {
                                let bits: Word = factor
                                    .iter()
                                    .map(|bit| emitter.and(Site::Product, *bit, *other))
                                    .collect();
                                place(&mut columns, &bits, row + term.shift as usize);
                            }
                        }
                    }
                }
                for (bit, column) in columns.iter_mut().enumerate() {
                    if constant >> bit & 1 == 1 {
                        column.push(Literal::ONE);
                    }
                }
                sum_columns(emitter, &columns, adders)
            }
        }
    }
}

fn place(columns: &mut [Word], bits: &[Literal], shift: usize) {
    for (column, bit) in columns.iter_mut().skip(shift).zip(bits) {
        if *bit != Literal::ZERO {
            column.push(*bit);
        }
    }
}

fn zip(a: &Word, b: &Word, mut gate: impl FnMut(Literal, Literal) -> Literal) -> Word {
    a.iter().zip(b).map(|(a, b)| gate(*a, *b)).collect()
}

/// Balanced or of all bits.
fn any(emitter: &mut Emitter, bits: &[Literal]) -> Literal {
    match bits {
        [] => Literal::ZERO,
        [bit] => *bit,
        _ => {
            let (low, high) = bits.split_at(bits.len() / 2);
            let (low, high) = (any(emitter, low), any(emitter, high));
            emitter.or(Site::Detector, low, high)
        }
    }
}

/// a > b and a >= b by a balanced tree.
fn compare(emitter: &mut Emitter, a: &[Literal], b: &[Literal]) -> (Literal, Literal) {
    let leaves = a.len().max(b.len()).next_power_of_two();
    let bit = |word: &[Literal], index: usize| word.get(index).copied().unwrap_or(Literal::ZERO);
    let mut level: Vec<(Literal, Literal)> = (0..leaves)
        .map(|index| {
            let (a, b) = (bit(a, index), bit(b, index));
            let above = emitter.and(Site::Comparison, a, !b);
            (above, emitter.or(Site::Comparison, a, !b))
        })
        .collect();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| {
                let ((low_above, low_least), (above, least)) = (pair[0], pair[1]);
                let below = emitter.and(Site::Comparison, least, low_above);
                let equal = emitter.and(Site::Comparison, least, low_least);
                (
                    emitter.or(Site::Comparison, above, below),
                    emitter.or(Site::Comparison, above, equal),
                )
            })
            .collect();
    }
    level[0]
}

/// One row of multiplexers for each bit of the distance, the lowest first.
fn shift(emitter: &mut Emitter, word: &Word, by: &Word, fill: Literal, left: bool) -> Word {
    let mut word = word.clone();
    let len = word.len();
    for (stage, select) in by.iter().enumerate() {
        let step = u32::try_from(stage)
            .ok()
            .and_then(|stage| 1_usize.checked_shl(stage))
            .unwrap_or(usize::MAX);
        word = (0..len)
            .map(|index| {
                let from = if left {
                    index.checked_sub(step)
                } else {
                    index.checked_add(step).filter(|from| *from < len)
                };
                let moved = from.map_or(fill, |from| word[from]);
                emitter.mux(Site::Shifter, *select, moved, word[index])
            })
            .collect();
    }
    word
}

/// Count of leading zeros by halves, and whether there are only zeros.
fn leading_zeros(emitter: &mut Emitter, word: &Word) -> Word {
    let bits = count_bits(u32::try_from(word.len()).unwrap_or(1)) as usize;
    let mut padded = vec![Literal::ZERO; (1 << bits) - word.len()];
    padded.extend(word);
    let mut level: Vec<(Literal, Word)> = padded.iter().map(|bit| (!*bit, Word::new())).collect();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| {
                let ((low_zero, low), (zero, high)) = (&pair[0], &pair[1]);
                let mut count: Word = low
                    .iter()
                    .zip(high)
                    .map(|(low, high)| emitter.mux(Site::Count, *zero, *low, *high))
                    .collect();
                count.push(*zero);
                (emitter.and(Site::Count, *low_zero, *zero), count)
            })
            .collect();
    }
    let (zero, mut count) = level.swap_remove(0);
    count.push(zero);
    count
}
