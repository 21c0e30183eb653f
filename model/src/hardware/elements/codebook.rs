//! Decoder of 4-bit codes to 5-bit integers by a table, fixed or written.

use super::stimulus::uniform;
use super::{Element, Stream};
use crate::hardware::netlist::{Builder, Netlist, NodeId};
use crate::hardware::parameters::Parameters;
use crate::quality::SeededValues;
use crate::violation::Violation;

const ENTRIES: u32 = 16;
const VALUE_BITS: u32 = 5;
/// Twice the values of E2M1.
const E2M1: [i32; 16] = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

/// Lanes that share a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Codebook {
    /// Codes a cycle.
    pub lanes: u32,
    /// True if the table is written; else it is twice E2M1.
    pub written: bool,
}

pub(super) fn read(p: &mut Parameters<'_>) -> Result<Box<dyn Element>, Violation> {
    Ok(Box::new(Codebook {
        lanes: p.required("lanes", 1, 1024)?,
        written: p.choice("table", None, &[("registers", true), ("fixed_e2m1", false)])?,
    }))
}

impl Element for Codebook {
    fn netlist(&self) -> Netlist {
        let mut b = Builder::new();
        let codes = b.inputs("code", 4, self.lanes);
        let table: Vec<NodeId> = if self.written {
            let address = b.input("address", 4);
            let data = b.input("data", VALUE_BITS);
            let write = b.input("write", 1);
            b.part("table");
            let bits: Vec<[NodeId; 2]> = (0..4)
                .map(|index| {
                    let bit = b.bit(address, index);
                    [b.not(bit), bit]
                })
                .collect();
            (0..ENTRIES)
                .map(|entry| {
                    let mut enable = write;
                    for (index, bit) in bits.iter().enumerate() {
                        enable = b.and(enable, bit[(entry >> index & 1) as usize]);
                    }
                    b.registered(data, Some(enable))
                })
                .collect()
        } else {
            let value = |value: i32| u128::from(value.cast_unsigned() & 31);
            E2M1.iter()
                .map(|each| b.constant(value(*each), VALUE_BITS))
                .collect()
        };
        b.part("decoders");
        for code in codes {
            let mut level = table.clone();
            for index in 0..4 {
                let bit = b.bit(code, index);
                level = level
                    .chunks(2)
                    .map(|pair| b.mux(bit, pair[1], pair[0]))
                    .collect();
            }
            b.output("value", level[0]);
        }
        b.finish()
    }

    fn stream(&self, random: &mut SeededValues, cycles: usize) -> Stream {
        let codes = |random: &mut SeededValues| -> Vec<u128> {
            (0..self.lanes).map(|_| uniform(random, 4)).collect()
        };
        let mut stream = Stream::new();
        if self.written {
            for entry in 0..ENTRIES {
                let mut words = vec![0; self.lanes as usize];
                words.extend([u128::from(entry), uniform(random, VALUE_BITS), 1]);
                stream.push(words);
            }
        }
        for _ in stream.len()..cycles {
            let mut words = codes(random);
            if self.written {
                words.extend([0, 0, 0]);
            }
            stream.push(words);
        }
        stream
    }

    fn cycles(&self) -> usize {
        80
    }

    fn macs_per_cycle(&self) -> f64 {
        0.0
    }
}
