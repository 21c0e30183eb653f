//! Activity of every net: 64 streams at once, one bit of a machine word each, settled values only.

use super::{CellList, Function, Literal};

/// Change and one probabilities of all nets.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Activity {
    /// Changes a cycle of each net, 0 to 1.
    pub toggles: Vec<f32>,
    /// Share of cycles in which each net is one.
    pub ones: Vec<f32>,
}

/// One word of 64 streams for each bit of the input ports, a list a cycle.
pub type BitPlanes = Vec<Vec<u64>>;

fn value(nets: &[u64], bit: Literal) -> u64 {
    let word = nets[bit.net() as usize];
    if bit.is_inverted() { !word } else { word }
}

impl CellList {
    /// Runs the cells over all cycles; the first one only sets the start.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share of some thousand cycles"
    )]
    pub fn activity(&self, cycles: &BitPlanes) -> Activity {
        let count = self.nets as usize;
        let mut nets = vec![0_u64; count];
        let mut before = vec![0_u64; count];
        let mut toggles = vec![0_u32; count];
        let mut ones = vec![0_u32; count];
        let mut held = vec![0_u64; self.flipflops.len()];
        for (cycle, inputs) in cycles.iter().enumerate() {
            for (net, word) in self.inputs.iter().zip(inputs) {
                nets[*net as usize] = *word;
            }
            for (flipflop, word) in self.flipflops.iter().zip(&held) {
                nets[flipflop.output as usize] = *word;
            }
            self.settle(&mut nets);
            if cycle > 0 {
                for index in 0..count {
                    toggles[index] += (nets[index] ^ before[index]).count_ones();
                    ones[index] += nets[index].count_ones();
                }
            }
            before.copy_from_slice(&nets);
            for (flipflop, word) in self.flipflops.iter().zip(&mut held) {
                *word = value(&nets, flipflop.next);
            }
        }
        let samples = (cycles.len().saturating_sub(1) * 64).max(1) as f32;
        let share = |counts: Vec<u32>| {
            counts
                .into_iter()
                .map(|count| count as f32 / samples)
                .collect()
        };
        Activity {
            toggles: share(toggles),
            ones: share(ones),
        }
    }

    fn settle(&self, nets: &mut [u64]) {
        for cell in &self.cells {
            let [a, b, c] = cell.inputs.map(|bit| value(nets, bit));
            let output = cell.output as usize;
            nets[output] = match cell.function {
                Function::FullAdder => {
                    nets[output + 1] = (a & b) | (c & (a | b));
                    a ^ b ^ c
                }
                Function::Xor => a ^ b,
                Function::And => a & b,
                Function::Mux => (a & b) | (!a & c),
            };
        }
    }

    /// Bits of the output ports in each cycle, 64 streams at once.
    pub fn outputs_over(&self, cycles: &BitPlanes) -> BitPlanes {
        let mut nets = vec![0_u64; self.nets as usize];
        let mut held = vec![0_u64; self.flipflops.len()];
        cycles
            .iter()
            .map(|inputs| {
                for (net, word) in self.inputs.iter().zip(inputs) {
                    nets[*net as usize] = *word;
                }
                for (flipflop, word) in self.flipflops.iter().zip(&held) {
                    nets[flipflop.output as usize] = *word;
                }
                self.settle(&mut nets);
                for (flipflop, word) in self.flipflops.iter().zip(&mut held) {
                    *word = value(&nets, flipflop.next);
                }
                self.outputs.iter().map(|bit| value(&nets, *bit)).collect()
            })
            .collect()
    }
}
