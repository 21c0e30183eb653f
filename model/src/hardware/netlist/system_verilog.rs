//! A netlist as `SystemVerilog` text: one line a word, ports packed, one clock.

use std::fmt::Write as _;

use super::builder::mask;
use super::{Netlist, Node, NodeId, Operator};

/// Name of the clock's port.
const CLOCK: &str = "clk";

impl Netlist {
    /// The module of this name.
    ///
    /// Registers have no reset and start at zero in simulation. Every node becomes a wire; operands keep their widths, so that
    /// no expression depends on the language's rules of extension.
    pub fn system_verilog(&self, module: &str, comment: &str) -> String {
        let mut text = String::new();
        for line in comment.lines() {
            _ = writeln!(text, "// {line}");
        }
        let names = Names::of(self);
        _ = writeln!(text, "module {module} (");
        _ = write!(text, "  input  wire {CLOCK}");
        for port in self.inputs() {
            _ = write!(text, ",\n  input  wire {}{}", range(port.bits()), port.name);
        }
        for port in self.outputs() {
            _ = write!(text, ",\n  output wire {}{}", range(port.bits()), port.name);
        }
        _ = writeln!(text, "\n);");
        self.declare(&mut text, &names);
        let mut part = 0;
        for (id, node) in self.ids().zip(self.nodes()) {
            let Some(expression) = self.expression(&names, id, node) else {
                continue;
            };
            if node.part != part {
                part = node.part;
                _ = writeln!(text, "\n  // {}", self.parts()[usize::from(part)]);
            }
            let name = names.of_node(id);
            _ = writeln!(text, "  wire {}{name} = {expression};", range(node.width));
        }
        self.clocked(&mut text, &names);
        self.unused(&mut text, &names);
        _ = writeln!(text);
        for port in self.outputs() {
            let words: Vec<String> = port
                .words
                .iter()
                .rev()
                .map(|id| names.of_node(*id))
                .collect();
            _ = writeln!(text, "  assign {} = {};", port.name, joined(&words));
        }
        _ = writeln!(text, "endmodule");
        text
    }

    fn declare(&self, text: &mut String, names: &Names) {
        for (id, node) in self.registers() {
            let name = names.of_node(id);
            _ = writeln!(
                text,
                "  reg {}{name} = {}'d0;",
                range(node.width),
                node.width
            );
        }
    }

    fn clocked(&self, text: &mut String, names: &Names) {
        if self.registers().next().is_none() {
            return;
        }
        _ = writeln!(text, "\n  always @(posedge {CLOCK}) begin");
        for (id, node) in self.registers() {
            let Some(next) = node.operands.first() else {
                continue;
            };
            let (name, next) = (names.of_node(id), names.of_node(*next));
            _ = match node.operands.get(1) {
                Some(enable) => {
                    writeln!(
                        text,
                        "    if ({}) {name} <= {next};",
                        names.of_node(*enable)
                    )
                }
                None => writeln!(text, "    {name} <= {next};"),
            };
        }
        _ = writeln!(text, "  end");
    }

    /// Bits of each node that something takes.
    fn taken_bits(&self) -> Vec<u128> {
        let mut taken = vec![0_u128; self.nodes().len()];
        let outputs = self.outputs().iter().flat_map(|port| &port.words);
        for word in outputs {
            taken[word.index()] = u128::MAX;
        }
        for node in self.nodes() {
            for operand in &node.operands {
                taken[operand.index()] |= match &node.operator {
                    Operator::Slice { low } => mask(node.width) << low,
                    Operator::Sum { .. } => mask(node.width),
                    _ => u128::MAX,
                };
            }
        }
        taken
    }

    /// One wire that takes every bit that nothing else takes, so that checkers know them to be meant.
    fn unused(&self, text: &mut String, names: &Names) {
        let mut left = Vec::new();
        if self.registers().next().is_none() {
            left.push(CLOCK.to_owned());
        }
        for ((id, node), taken) in self.ids().zip(self.nodes()).zip(self.taken_bits()) {
            let name = names.of_node(id);
            if taken & mask(node.width) == 0 || node.width == 1 {
                if taken & 1 == 0 {
                    left.push(name);
                }
                continue;
            }
            let mut bit = 0;
            while bit < node.width {
                let low = bit;
                while bit < node.width && taken >> bit & 1 == 0 {
                    bit += 1;
                }
                match bit - low {
                    0 => bit += 1,
                    1 => left.push(format!("{name}[{low}]")),
                    _ => left.push(format!("{name}[{}:{low}]", bit - 1)),
                }
            }
        }
        if !left.is_empty() {
            _ = writeln!(text, "\n  wire unused = &{{1'b0, {}}};", left.join(", "));
        }
    }

    /// The right side of a node's wire; nothing for registers.
    fn expression(&self, names: &Names, id: NodeId, node: &Node) -> Option<String> {
        let of = |index: usize| names.of_node(node.operands[index]);
        let width = |index: usize| self.node(node.operands[index]).width;
        let wide = |index: usize| extended(&of(index), width(index), node.width);
        Some(match &node.operator {
            Operator::Register => return None,
            Operator::Input => slice_of_port(self, id)?,
            Operator::Constant(value) => format!("{}'h{value:x}", node.width),
            Operator::Slice { low } => match (width(0), node.width) {
                (1, _) => of(0),
                (_, 1) => format!("{}[{low}]", of(0)),
                (_, bits) => format!("{}[{}:{low}]", of(0), low + bits - 1),
            },
            Operator::Concat => {
                let words: Vec<String> = (0..node.operands.len()).rev().map(of).collect();
                joined(&words)
            }
            Operator::SignExtend => {
                let more = node.width - width(0);
                let top = top_bit(&of(0), width(0));
                format!("{{{{{more}{{{top}}}}}, {}}}", of(0))
            }
            Operator::Not => format!("~{}", of(0)),
            Operator::And => format!("{} & {}", of(0), of(1)),
            Operator::Or => format!("{} | {}", of(0), of(1)),
            Operator::Xor => format!("{} ^ {}", of(0), of(1)),
            Operator::Any => format!("|{}", of(0)),
            Operator::Greater => format!("{} > {}", of(0), of(1)),
            Operator::AtLeast => format!("{} >= {}", of(0), of(1)),
            Operator::Mux => format!("{} ? {} : {}", of(0), of(1), of(2)),
            Operator::ShiftLeft => format!("{} << {}", of(0), of(1)),
            Operator::ShiftRight { arithmetic: false } => format!("{} >> {}", of(0), of(1)),
            Operator::ShiftRight { arithmetic: true } => {
                format!("$signed({}) >>> {}", of(0), of(1))
            }
            Operator::LeadingZeros => leading_zeros(&of(0), width(0), node.width - 1),
            Operator::Sum { terms, constant } => {
                let mut text = String::new();
                for term in terms {
                    let factor = wide(term.factor as usize);
                    let value = match term.by {
                        Some(by) => format!("{factor} * {}", wide(by as usize)),
                        None => factor,
                    };
                    let plus = if text.is_empty() { "" } else { " + " };
                    _ = match (term.shift, term.by) {
                        (0, _) => write!(text, "{plus}{value}"),
                        (shift, _) => write!(text, "{plus}(({value}) << {shift})"),
                    };
                }
                if *constant != 0 || text.is_empty() {
                    let plus = if text.is_empty() { "" } else { " + " };
                    _ = write!(text, "{plus}{}'h{constant:x}", node.width);
                }
                text
            }
        })
    }
}

/// Leading zeros as a choice of the highest set bit, the flag of a word of zeros on top.
fn leading_zeros(word: &str, width: u32, bits: u32) -> String {
    let mut text = String::new();
    for zeros in 0..width {
        let bit = width - 1 - zeros;
        let bit = if width == 1 {
            word.to_owned()
        } else {
            format!("{word}[{bit}]")
        };
        _ = write!(text, "{bit} ? {}'d{zeros} : ", bits + 1);
    }
    let ones = mask(bits + 1);
    _ = write!(text, "{}'h{ones:x}", bits + 1);
    text
}

/// A word with zeros above it, or cut.
fn extended(word: &str, from: u32, to: u32) -> String {
    match (from, to) {
        _ if from == to => word.to_owned(),
        _ if from < to => format!("{{{}'d0, {word}}}", to - from),
        (_, 1) => format!("{word}[0]"),
        _ => format!("{word}[{}:0]", to - 1),
    }
}

fn top_bit(word: &str, width: u32) -> String {
    if width == 1 {
        word.to_owned()
    } else {
        format!("{word}[{}]", width - 1)
    }
}

fn range(width: u32) -> String {
    if width == 1 {
        String::new()
    } else {
        format!("[{}:0] ", width - 1)
    }
}

fn joined(words: &[String]) -> String {
    match words {
        [word] => word.clone(),
        _ => format!("{{{}}}", words.join(", ")),
    }
}

/// Names of all nodes, each once.
struct Names(Vec<String>);

impl Names {
    fn of(netlist: &Netlist) -> Self {
        let mut taken: std::collections::HashSet<String> = netlist
            .inputs()
            .iter()
            .chain(netlist.outputs())
            .map(|port| port.name.clone())
            .collect();
        taken.extend([CLOCK.to_owned(), "unused".to_owned()]);
        let mut names = vec![String::new(); netlist.nodes().len()];
        for port in netlist.inputs() {
            for (index, word) in port.words.iter().enumerate() {
                let name = if port.words.len() == 1 {
                    format!("{}_word", port.name)
                } else {
                    format!("{}_{index}", port.name)
                };
                taken.insert(name.clone());
                names[word.index()] = name;
            }
        }
        for (index, node) in netlist.nodes().iter().enumerate() {
            if !names[index].is_empty() {
                continue;
            }
            let stem = node.name.clone().unwrap_or_else(|| {
                let word = node.operator.name().replace([' ', '-'], "_");
                format!("{word}_{index}")
            });
            let mut name = stem.clone();
            let mut count = 1;
            while !taken.insert(name.clone()) {
                count += 1;
                name = format!("{stem}_{count}");
            }
            names[index] = name;
        }
        Self(names)
    }

    fn of_node(&self, id: NodeId) -> String {
        self.0[id.index()].clone()
    }
}

/// The bits of a port that an input node takes.
fn slice_of_port(netlist: &Netlist, id: NodeId) -> Option<String> {
    netlist.inputs().iter().find_map(|port| {
        let index = port.words.iter().position(|word| *word == id)?;
        if port.bits() == 1 || port.words.len() == 1 {
            return Some(port.name.clone());
        }
        let low = u32::try_from(index).ok()? * port.width;
        Some(match port.width {
            1 => format!("{}[{low}]", port.name),
            width => format!("{}[{}:{low}]", port.name, low + width - 1),
        })
    })
}
