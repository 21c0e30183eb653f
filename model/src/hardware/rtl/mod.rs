//! A netlist as files for other tools: module, testbench, vectors, manifest, run script.
//!
//! Vectors are made by [`Simulation`], which `tests/element_arithmetic.rs` holds to the arithmetic of `integer_product`.

mod testbench;

use serde_json::{Value, json};

use super::elements::Element;
use super::netlist::{Netlist, NodeId, Operator, Port, Simulation};
use crate::quality::SeededValues;
use crate::violation::Violation;

/// A file of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedFile {
    /// Name without a folder.
    pub name: String,
    /// Content.
    pub text: String,
}

/// Files of one element, the manifest among them.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// Manifest: top, ports, latency, files, testbench, vectors.
    pub manifest: Value,
    /// All files.
    pub files: Vec<ExportedFile>,
}

/// A name that every tool takes for a module.
///
/// # Errors
/// A name that is no identifier, or a word of the language.
pub fn module_name(text: &str) -> Result<String, Violation> {
    const WORDS: [&str; 12] = [
        "module",
        "endmodule",
        "wire",
        "reg",
        "input",
        "output",
        "assign",
        "always",
        "begin",
        "end",
        "logic",
        "initial",
    ];
    let mut letters = text.chars();
    let opens = letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    let goes_on = letters.all(|each| each.is_ascii_alphanumeric() || each == '_');
    if opens && goes_on && text.len() <= 64 && !WORDS.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(Violation::new(
        "name",
        format!("\"{text}\""),
        "a letter or _, then letters, digits and _, up to 64 in all, no word of SystemVerilog",
    ))
}

/// Turns any text into a module name: what is no letter or digit becomes _.
pub fn module_name_from(text: &str) -> String {
    let mut name: String = text
        .chars()
        .map(|each| {
            if each.is_ascii_alphanumeric() {
                each.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .take(48)
        .collect();
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        name.insert_str(0, "element_");
    }
    name
}

/// Vectors of an export, counted by cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VectorCount {
    /// Cycles.
    pub cycles: usize,
    /// Seed of the operands.
    pub seed: u64,
}

/// All files of an element under a module name; `comment` opens the module.
pub fn export(element: &dyn Element, name: &str, comment: &str, vectors: VectorCount) -> Export {
    let netlist = element.netlist();
    let module = ExportedFile {
        name: format!("{name}.sv"),
        text: netlist.system_verilog(name, comment),
    };
    let (text, count) = vector_text(element, &netlist, vectors);
    let vector_file = ExportedFile {
        name: "vectors.hex".to_owned(),
        text,
    };
    let bench = ExportedFile {
        name: format!("{name}_tb.sv"),
        text: testbench::text(&netlist, name, count),
    };
    let script = ExportedFile {
        name: "run.sh".to_owned(),
        text: testbench::script(name),
    };
    let ports: Vec<Value> = netlist
        .inputs()
        .iter()
        .map(|port| described(element, port, "input"))
        .chain(
            netlist
                .outputs()
                .iter()
                .map(|port| described(element, port, "output")),
        )
        .collect();
    let manifest = json!({
        "top": name,
        "clock": "clk",
        "ports": ports,
        "latency": latency(&netlist),
        "register_bits": netlist.cells(super::netlist::AdderStyle::Ripple).flipflops.len(),
        "files": [module.name],
        "testbench": bench.name,
        "vectors": {
            "file": vector_file.name,
            "count": count,
            "layout": "one hexadecimal word a cycle: output ports above input ports, each list in the order of `ports` with the last port on top; outputs are those before the clock's edge, registers start at zero",
        },
        "run": script.name,
    });
    let written = serde_json::to_string_pretty(&manifest).unwrap_or_default();
    let manifest_file = ExportedFile {
        name: "manifest.json".to_owned(),
        text: written + "\n",
    };
    Export {
        manifest,
        files: vec![module, bench, vector_file, script, manifest_file],
    }
}

fn described(element: &dyn Element, port: &Port, direction: &str) -> Value {
    json!({
        "name": port.name,
        "direction": direction,
        "width": port.bits(),
        "words": port.words.len(),
        "word_bits": port.width,
        "order": "first word lowest, lowest bit first",
        "meaning": meaning(&port.name),
        "encoding": element.encoding(&port.name),
    })
}

/// Sentence on a port by its name.
fn meaning(port: &str) -> &'static str {
    match port {
        "a" => "moving operands, one word a lane",
        "b" => "stationary operands, one word a lane",
        "scale_a" => "scales of the blocks of moving operands",
        "scale_b" => "scales of the blocks of stationary operands",
        "micro_a" | "micro_b" => "micro-exponents: one halves the values of its group",
        "sign" => "signs of the moving operands",
        "plane" => "one bit of each moving operand's magnitude, most significant plane first",
        "exponent" => "exponent of the unit of a group's sum",
        "clear" => "the sum that arrives starts a new accumulation",
        "first" => "first step of a block or group",
        "last" => "last step of a block or group",
        "load" => "stationary operands are taken from the port",
        "swap" => "loaded operands come to work",
        "acc" => "accumulator",
        "b_out" => "stationary operands passed on",
        "sum" => "sum of a group",
        "sum_exponent" => "exponent of the unit of the sum",
        _ => "see the comment of the module",
    }
}

/// Registers between the moving operands and the first output, feedback aside.
fn latency(netlist: &Netlist) -> u32 {
    let sources = ["a", "plane", "x", "code"];
    let mut depth: Vec<Option<u32>> = vec![None; netlist.nodes().len()];
    for port in netlist.inputs() {
        if sources.contains(&port.name.as_str()) {
            for word in &port.words {
                depth[word.index()] = Some(0);
            }
        }
    }
    // Each round carries distances through at least one more register.
    for _ in 0..16 {
        for (index, node) in netlist.nodes().iter().enumerate() {
            if node.operator == Operator::Input {
                continue;
            }
            let nearest = |ids: &[NodeId]| ids.iter().filter_map(|id| depth[id.index()]).min();
            let found = match node.operator {
                Operator::Register => node
                    .operands
                    .first()
                    .and_then(|next| depth[next.index()])
                    .map(|depth| depth + 1),
                _ => nearest(&node.operands),
            };
            if let Some(found) = found
                && depth[index].is_none_or(|known| found < known)
            {
                depth[index] = Some(found);
            }
        }
    }
    netlist
        .outputs()
        .first()
        .and_then(|port| port.words.first())
        .and_then(|word| depth[word.index()])
        .unwrap_or(0)
}

/// Vectors as text, and their number: operands as in operation, a third of the runs with extremes in their place.
fn vector_text(element: &dyn Element, netlist: &Netlist, wanted: VectorCount) -> (String, usize) {
    let mut text = String::new();
    let mut count = 0;
    let mut random = SeededValues::new(wanted.seed);
    let mut simulation = Simulation::new(netlist);
    let mut run = 0;
    while count < wanted.cycles {
        let mut stream = element.stream(&mut random, element.cycles());
        if run % 3 == 1 {
            extremes(netlist, &mut stream, &mut random);
        }
        run += 1;
        for words in stream {
            if count == wanted.cycles {
                break;
            }
            simulation.settle(&words);
            let mut bits = BitWriter::default();
            put_ports(&mut bits, netlist.inputs(), |index, _| words[index]);
            put_ports(&mut bits, netlist.outputs(), |_, word| {
                simulation.word(word)
            });
            text.push_str(&bits.hexadecimal());
            text.push('\n');
            simulation.clock();
            count += 1;
        }
    }
    (text, count)
}

fn put_ports(bits: &mut BitWriter, ports: &[Port], value: impl Fn(usize, NodeId) -> u128) {
    let mut index = 0;
    for port in ports {
        for word in &port.words {
            bits.put(value(index, *word), port.width);
            index += 1;
        }
    }
}

/// Operands replaced by zeros, ones in all bits and random bits; flags and scales stay, now and then a scale is extreme too.
fn extremes(netlist: &Netlist, stream: &mut [Vec<u128>], random: &mut SeededValues) {
    for words in stream {
        let mut index = 0;
        for port in netlist.inputs() {
            let ones = (1_u128 << port.width) - 1;
            let operand = matches!(port.name.as_str(), "a" | "b" | "sign" | "plane" | "x");
            let scale = port.name.starts_with("scale");
            for _ in &port.words {
                let draw = random.position(if operand { 4 } else { 40 });
                if operand || scale {
                    words[index] = match draw {
                        0 => 0,
                        1 => ones,
                        2 => u128::from(random.bits()) & ones,
                        _ => words[index],
                    };
                }
                index += 1;
            }
        }
    }
}

/// Bits from the lowest up, written as hexadecimal digits from the highest down.
#[derive(Debug, Default)]
struct BitWriter {
    digits: Vec<u8>,
    bits: u32,
}

impl BitWriter {
    fn put(&mut self, word: u128, width: u32) {
        for bit in 0..width {
            if self.bits.is_multiple_of(4) {
                self.digits.push(0);
            }
            if let Some(digit) = self.digits.last_mut()
                && word >> bit & 1 == 1
            {
                *digit |= 1 << (self.bits % 4);
            }
            self.bits += 1;
        }
    }

    fn hexadecimal(&self) -> String {
        self.digits
            .iter()
            .rev()
            .map(|digit| char::from_digit(u32::from(*digit), 16).unwrap_or('0'))
            .collect()
    }
}
