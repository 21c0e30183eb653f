//! A netlist in cells: every bit a net, every operator the gates that synthesis maps it to.

use std::collections::HashMap;

/// A net or its inverse; net 0 is always zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Literal(u32);

impl Literal {
    /// Constant zero.
    pub const ZERO: Self = Self(0);
    /// Constant one.
    pub const ONE: Self = Self(1);

    /// The net itself.
    pub const fn of(net: u32) -> Self {
        Self(net << 1)
    }

    /// Its net.
    pub const fn net(self) -> u32 {
        self.0 >> 1
    }

    /// True for the inverse of its net.
    pub const fn is_inverted(self) -> bool {
        self.0 & 1 == 1
    }

    /// True for zero and one.
    pub const fn is_constant(self) -> bool {
        self.0 < 2
    }

    /// The inverse, if asked for.
    #[must_use]
    pub const fn inverted_if(self, invert: bool) -> Self {
        Self(self.0 ^ invert as u32)
    }
}

impl std::ops::Not for Literal {
    type Output = Self;
    fn not(self) -> Self {
        self.inverted_if(true)
    }
}

/// Where a gate stands: what synthesis makes of it depends on its neighbors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Site {
    /// In a carry-save tree or a final adder.
    Adder,
    /// A partial product.
    Product,
    /// In a shifter.
    Shifter,
    /// In a comparison.
    Comparison,
    /// In a leading-zero count.
    Count,
    /// In a wide or.
    Detector,
    /// A row of selections by one bit.
    Selection,
    /// Anywhere else.
    Gate,
}

/// Function of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    /// Sum and carry of three bits, two nets.
    FullAdder,
    /// Exclusive or.
    Xor,
    /// And.
    And,
    /// First input selects the second (one) or the third (zero).
    Mux,
}

/// A cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Function.
    pub function: Function,
    /// Where it stands.
    pub site: Site,
    /// Part of the netlist it belongs to.
    pub part: u16,
    /// Inputs; unused ones are zero.
    pub inputs: [Literal; 3],
    /// First net it drives.
    pub output: u32,
}

impl Cell {
    /// Inputs that are used.
    pub fn used(&self) -> &[Literal] {
        match self.function {
            Function::FullAdder | Function::Mux => &self.inputs,
            Function::Xor | Function::And => &self.inputs[..2],
        }
    }

    /// Nets it drives.
    pub const fn outputs(&self) -> u32 {
        match self.function {
            Function::FullAdder => 2,
            _ => 1,
        }
    }
}

/// One flip-flop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flipflop {
    /// Next value, taken up at the clock's edge.
    pub next: Literal,
    /// Net it drives.
    pub output: u32,
    /// Part of the netlist it belongs to.
    pub part: u16,
}

/// Cells in an order in which inputs come first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CellList {
    /// Cells.
    pub cells: Vec<Cell>,
    /// Flip-flops.
    pub flipflops: Vec<Flipflop>,
    /// Nets of the input ports, word by word, lowest bit first.
    pub inputs: Vec<u32>,
    /// Bits of the output ports.
    pub outputs: Vec<Literal>,
    /// Number of nets.
    pub nets: u32,
}

/// Appends cells, folding constants and reusing equal gates.
#[derive(Debug, Default)]
pub(super) struct Emitter {
    pub(super) list: CellList,
    pub(super) part: u16,
    known: HashMap<(Function, [Literal; 3]), u32>,
}

impl Emitter {
    pub(super) fn new() -> Self {
        Self {
            list: CellList {
                nets: 1,
                ..CellList::default()
            },
            ..Self::default()
        }
    }

    pub(super) fn net(&mut self) -> u32 {
        let net = self.list.nets;
        self.list.nets += 1;
        net
    }

    fn cell(&mut self, function: Function, site: Site, inputs: [Literal; 3]) -> u32 {
        let is_adder = function == Function::FullAdder;
        if !is_adder && let Some(net) = self.known.get(&(function, inputs)) {
            return *net;
        }
        let output = self.net();
        if is_adder {
            // Library full adders are placed one by one; synthesis does not merge equal ones.
            self.net();
        } else {
            self.known.insert((function, inputs), output);
        }
        self.list.cells.push(Cell {
            function,
            site,
            part: self.part,
            inputs,
            output,
        });
        output
    }

    pub(super) fn and(&mut self, site: Site, a: Literal, b: Literal) -> Literal {
        let (a, b) = (a.min(b), a.max(b));
        if a == Literal::ZERO || a == !b {
            Literal::ZERO
        } else if a == Literal::ONE || a == b {
            b
        } else {
            let net = self.cell(Function::And, site, [a, b, Literal::ZERO]);
            Literal::of(net)
        }
    }

    pub(super) fn or(&mut self, site: Site, a: Literal, b: Literal) -> Literal {
        !self.and(site, !a, !b)
    }

    pub(super) fn xor(&mut self, site: Site, a: Literal, b: Literal) -> Literal {
        let invert = a.is_inverted() != b.is_inverted();
        let (a, b) = (
            a.inverted_if(a.is_inverted()),
            b.inverted_if(b.is_inverted()),
        );
        let (a, b) = (a.min(b), a.max(b));
        if a == b {
            return Literal::ZERO.inverted_if(invert);
        }
        if a.is_constant() {
            return b.inverted_if(invert);
        }
        let net = self.cell(Function::Xor, site, [a, b, Literal::ZERO]);
        Literal::of(net).inverted_if(invert)
    }

    pub(super) fn mux(
        &mut self,
        site: Site,
        select: Literal,
        one: Literal,
        zero: Literal,
    ) -> Literal {
        if select.is_inverted() {
            return self.mux(site, !select, zero, one);
        }
        if one == zero || select == Literal::ZERO {
            return zero;
        }
        if one == !zero {
            return self.xor(site, select, zero);
        }
        if one.is_constant() || one == select {
            return if one == Literal::ONE || one == select {
                self.or(site, select, zero)
            } else {
                self.and(site, !select, zero)
            };
        }
        if zero.is_constant() || zero == select {
            return if zero == Literal::ONE {
                self.or(site, !select, one)
            } else {
                self.and(site, select, one)
            };
        }
        let net = self.cell(Function::Mux, site, [select, one, zero]);
        Literal::of(net)
    }

    /// Sum and carry; a constant input leaves two gates, as a constant-aware library mapping does.
    pub(super) fn full_adder(&mut self, a: Literal, b: Literal, c: Literal) -> [Literal; 2] {
        let mut inputs = [a, b, c];
        inputs.sort_unstable();
        let [a, b, c] = inputs;
        if a == Literal::ZERO {
            return [self.xor(Site::Adder, b, c), self.and(Site::Adder, b, c)];
        }
        if a == Literal::ONE {
            return [!self.xor(Site::Adder, b, c), self.or(Site::Adder, b, c)];
        }
        self.library_adder(inputs)
    }

    /// A full adder of the library, whatever its inputs are.
    pub(super) fn library_adder(&mut self, inputs: [Literal; 3]) -> [Literal; 2] {
        let net = self.cell(Function::FullAdder, Site::Adder, inputs);
        [Literal::of(net), Literal::of(net + 1)]
    }
}

impl CellList {
    /// Leaves only what outputs depend on, flip-flops included.
    pub(super) fn without_dead(mut self) -> Self {
        let nets = self.nets as usize;
        let mut driver = vec![u32::MAX; nets];
        for (index, cell) in self.cells.iter().enumerate() {
            for net in cell.output..cell.output + cell.outputs() {
                driver[net as usize] = u32::try_from(index).unwrap_or(u32::MAX);
            }
        }
        let mut holder = vec![u32::MAX; nets];
        for (index, flipflop) in self.flipflops.iter().enumerate() {
            holder[flipflop.output as usize] = u32::try_from(index).unwrap_or(u32::MAX);
        }
        let mut live = vec![false; nets];
        let mut open: Vec<u32> = self.outputs.iter().map(|bit| bit.net()).collect();
        while let Some(net) = open.pop() {
            if std::mem::replace(&mut live[net as usize], true) {
                continue;
            }
            if let Some(cell) = self.cells.get(driver[net as usize] as usize) {
                open.extend(cell.used().iter().map(|bit| bit.net()));
            }
            if let Some(flipflop) = self.flipflops.get(holder[net as usize] as usize) {
                open.push(flipflop.next.net());
            }
        }
        self.cells.retain(|cell| {
            (cell.output..cell.output + cell.outputs()).any(|net| live[net as usize])
        });
        self.flipflops
            .retain(|flipflop| live[flipflop.output as usize]);
        self
    }

    /// Number of inputs of cells, flip-flops and ports that each net drives.
    pub fn fanouts(&self) -> Vec<u32> {
        let mut fanouts = vec![0; self.nets as usize];
        let cells = self.cells.iter().flat_map(|cell| cell.used().iter());
        let held = self.flipflops.iter().map(|flipflop| &flipflop.next);
        for bit in cells.chain(held).chain(&self.outputs) {
            fanouts[bit.net() as usize] += 1;
        }
        fanouts
    }
}
