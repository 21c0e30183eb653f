//! Classes of cells that cost alike.

use super::{Cell, CellList, CellTable, Function, Site};

/// A function at a site, as far as costs tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CellClass {
    /// Full adder, a cell of the library.
    FullAdder,
    /// Exclusive or of an adder with a constant input, or of a prefix adder.
    HalfSum,
    /// And of the same.
    HalfCarry,
    /// Partial product.
    Product,
    /// One bit of one row of a shifter.
    ShiftMux,
    /// The same where zeros come in.
    ShiftMask,
    /// Gate of a comparison.
    Comparison,
    /// Selection in a leading-zero count.
    CountMux,
    /// Gate of a leading-zero count.
    CountGate,
    /// Gate of a wide or.
    Detector,
    /// Selection of a word.
    SelectMux,
    /// The same with a constant side.
    SelectMask,
    /// Exclusive or.
    Xor,
    /// And.
    And,
    /// Flip-flop.
    Flipflop,
    /// Inverter in front of a full adder or flip-flop.
    Inverter,
    /// Drivers of nets with many loads.
    Buffer,
}

impl CellClass {
    /// Number of classes.
    pub const COUNT: usize = 17;

    /// Position in tables.
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl Cell {
    /// Its class.
    pub const fn class(&self) -> CellClass {
        match (self.function, self.site) {
            (Function::FullAdder, _) => CellClass::FullAdder,
            (Function::Xor, Site::Adder) => CellClass::HalfSum,
            (Function::And | Function::Mux, Site::Adder) => CellClass::HalfCarry,
            (Function::Mux, Site::Shifter) => CellClass::ShiftMux,
            (Function::And, Site::Shifter) => CellClass::ShiftMask,
            (Function::Mux, Site::Count) => CellClass::CountMux,
            (Function::And, Site::Count) => CellClass::CountGate,
            (Function::Mux, _) => CellClass::SelectMux,
            (Function::And, Site::Selection) => CellClass::SelectMask,
            (Function::And, Site::Product) => CellClass::Product,
            (Function::And, Site::Comparison) => CellClass::Comparison,
            (Function::And, Site::Detector) => CellClass::Detector,
            (Function::Xor, _) => CellClass::Xor,
            (Function::And, Site::Gate) => CellClass::And,
        }
    }
}

/// Loads that one driver takes before it needs a buffer.
const LOADS_A_BUFFER: f64 = 8.0;

/// Buffers of a net with this many loads.
pub(super) fn buffers(fanout: u32) -> f64 {
    (f64::from(fanout) / LOADS_A_BUFFER - 1.0).max(0.0)
}

impl CellList {
    /// Which nets need an inverter: inverted where a full adder or a flip-flop takes them, and driven by one or by a port.
    pub(super) fn inverters(&self) -> Vec<bool> {
        let mut hard_driver = vec![false; self.nets as usize];
        for net in &self.inputs {
            hard_driver[*net as usize] = true;
        }
        for flipflop in &self.flipflops {
            hard_driver[flipflop.output as usize] = true;
        }
        let full_adders = || {
            self.cells
                .iter()
                .filter(|cell| cell.function == Function::FullAdder)
        };
        for cell in full_adders() {
            hard_driver[cell.output as usize] = true;
            hard_driver[cell.output as usize + 1] = true;
        }
        let mut inverters = vec![false; self.nets as usize];
        let taken = full_adders().flat_map(|cell| cell.used().iter());
        for bit in taken.chain(self.flipflops.iter().map(|flipflop| &flipflop.next)) {
            if bit.is_inverted() && hard_driver[bit.net() as usize] {
                inverters[bit.net() as usize] = true;
            }
        }
        inverters
    }

    /// Calls `add` with the part, the class and the number of all cells.
    fn counted_cells(&self, mut add: impl FnMut(u16, CellClass, f64)) {
        let inverters = self.inverters();
        let fanouts = self.fanouts();
        let driven = |part: u16, net: u32, add: &mut dyn FnMut(u16, CellClass, f64)| {
            let index = net as usize;
            if inverters[index] {
                add(part, CellClass::Inverter, 1.0);
            }
            add(part, CellClass::Buffer, buffers(fanouts[index]));
        };
        for net in &self.inputs {
            driven(0, *net, &mut add);
        }
        for cell in &self.cells {
            add(cell.part, cell.class(), 1.0);
            for net in cell.output..cell.output + cell.outputs() {
                driven(cell.part, net, &mut add);
            }
        }
        for flipflop in &self.flipflops {
            add(flipflop.part, CellClass::Flipflop, 1.0);
            driven(flipflop.part, flipflop.output, &mut add);
        }
    }

    /// Cells of each class, in the order of [`CellClass`].
    pub fn census(&self) -> [f64; CellClass::COUNT] {
        let mut census = [0.0; CellClass::COUNT];
        self.counted_cells(|_, class, count| census[class.index()] += count);
        census
    }

    /// Area of each part in um2.
    pub fn area_by_part(&self, table: &CellTable, parts: usize) -> Vec<f64> {
        let mut areas = vec![0.0; parts];
        self.counted_cells(|part, class, count| {
            if let Some(area) = areas.get_mut(usize::from(part)) {
                *area += count * table.area_um2[class.index()];
            }
        });
        areas
    }
}
