//! An element in operation: 64 streams of operands as bit planes.

use super::{Described, Stream};
use crate::hardware::netlist::{BitPlanes, Netlist};
use crate::quality::SeededValues;

/// Streams at once: the bits of a machine word.
const STREAMS: u64 = 64;

impl Described {
    /// Bits of all input ports over the cycles of a run, 64 streams at once.
    pub fn operation(&self, netlist: &Netlist, seed: u64) -> BitPlanes {
        let cycles = self.element.cycles();
        let widths: Vec<u32> = netlist
            .inputs()
            .iter()
            .flat_map(|port| port.words.iter().map(|_| port.width))
            .collect();
        let mut planes = BitPlanes::new();
        for stream in 0..STREAMS {
            let mut random = SeededValues::new(seed.wrapping_mul(STREAMS) + stream);
            let mut words = self.element.stream(&mut random, cycles);
            if self.constant_operands {
                words = constant(netlist, words);
            }
            planes.resize_with(words.len(), || {
                vec![0; widths.iter().map(|width| *width as usize).sum()]
            });
            for (plane, words) in planes.iter_mut().zip(&words) {
                let mut bit = 0;
                for (word, width) in words.iter().zip(&widths) {
                    for place in 0..*width {
                        plane[bit] |= u64::from(word >> place & 1 == 1) << stream;
                        bit += 1;
                    }
                }
            }
        }
        planes
    }
}

/// The words of the first cycle in every cycle: sums start anew, nothing is loaded.
fn constant(netlist: &Netlist, stream: Stream) -> Stream {
    /// As many cycles as the stimuli of the synthesis table have.
    const CYCLES: usize = 25;
    let Some(mut words) = stream.into_iter().next() else {
        return Stream::new();
    };
    let mut index = 0;
    for port in netlist.inputs() {
        for _ in &port.words {
            match port.name.as_str() {
                "clear" | "first" | "last" => words[index] = 1,
                "load" | "swap" | "drain" => words[index] = 0,
                _ => {}
            }
            index += 1;
        }
    }
    vec![words; CYCLES]
}
