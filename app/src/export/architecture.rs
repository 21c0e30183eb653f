//! The design as an architecture for other mappers: `ZigZag`'s accelerator YAML and Timeloop's (version 0.2) YAML.
//!
//! Both see the array, the buffers and the external memory, with energies of this model. Block formats are told to them as the
//! average bits of a value, scales included; what they cannot say (converters, short blocks, bit-serial steps) is left out.

use std::fmt::Write as _;

use blockscape_explorer::judge::technologies::technology_of;
use blockscape_model::design::Design;
use blockscape_model::hardware::cost::{Component, Cost, estimate};
use blockscape_model::hardware::technology::{SramAccess, SramMacro, SramTable, Technology};
use blockscape_model::violation::Violation;
use blockscape_model::workload::{Product, Side, Slot, Workload};

/// Numbers that both descriptions need.
struct Described<'a> {
    design: &'a Design,
    technology: Technology,
    cost: Cost,
    /// Picojoules of one MAC, prefill average.
    mac_pj: f64,
    /// Square millimeters of one processing element.
    mac_mm2: f64,
    /// Bits of a moving and of a stationary value of the gate product.
    bits: [f64; 2],
    /// Peak of external memory in bits a cycle, and picojoules a bit.
    external: (f64, f64),
}

impl<'a> Described<'a> {
    fn new(design: &'a Design, workload: &Workload) -> Result<Self, Vec<Violation>> {
        let one = |violation: Violation| vec![violation];
        let technology = technology_of(&design.technology).map_err(one)?;
        let cost = estimate(design, workload, &technology)?;
        let memory = technology.memory(design.memory.kind).map_err(one)?;
        let bytes_per_cycle =
            memory.gigabytes_per_second.value * f64::from(design.memory.channels) * 1e3
                / cost.summary.timing.clock_mhz;
        let external = (bytes_per_cycle * 8.0, memory.pj_per_bit.value);
        let prefill = &cost.prefill.summary;
        let mac_pj = prefill.energy.get(Component::Array).to_picojoules() / prefill.macs.to_f64();
        let elements = f64::from(design.array.rows)
            * f64::from(design.array.columns)
            * f64::from(design.array.lanes);
        let mac_mm2 = cost.area.get(Component::Array).to_square_millimeters() / elements;
        let bits = [Side::Moving, Side::Stationary].map(|side| {
            design
                .formats
                .at(0, Slot::of(Product::Up, side))
                .bits_per_value()
        });
        Ok(Self {
            design,
            technology,
            cost,
            mac_pj,
            mac_mm2,
            bits,
            external,
        })
    }

    /// Buffers that exist: name, KiB, operands.
    fn buffers(&self) -> Vec<(&'static str, u32, &'static [&'static str])> {
        let buffers = &self.design.buffers;
        let mut all: Vec<(&'static str, u32, &'static [&'static str])> = Vec::new();
        if buffers.output_kib == 0 {
            all.push(("activation_buffer", buffers.activation_kib, &["I1", "O"]));
        } else {
            all.push(("activation_buffer", buffers.activation_kib, &["I1"]));
            all.push(("output_buffer", buffers.output_kib, &["O"]));
        }
        all.push(("weight_buffer", buffers.weight_kib, &["I2"]));
        all
    }

    /// Access to all banks of a buffer at once, in this technology.
    fn access(&self, kib: u32) -> Result<SramAccess, Vec<Violation>> {
        let sram = &self.technology.node.sram;
        let table =
            SramTable::of(sram.table_nm, sram.ports).map_err(|violation| vec![violation])?;
        let banks = f64::from(self.design.buffers.banks);
        let bank = SramMacro {
            bytes: f64::from(kib) * 1024.0 / banks,
            port_bits: f64::from(self.design.buffers.port_bits),
        };
        let mut access = table.access(bank);
        access.read_pj *= banks * sram.energy.value;
        access.write_pj *= banks * sram.energy.value;
        access.area_mm2 *= banks * sram.area.value;
        Ok(access)
    }

    /// Bits that all banks of a buffer deliver a cycle.
    fn port_bits(&self) -> u32 {
        u32::from(self.design.buffers.banks) * u32::from(self.design.buffers.port_bits)
    }

    fn comment(&self) -> String {
        format!(
            "# {}: made by Blockscape {}. Energies in pJ, areas in mm2.\n\
             # Bits of a value, scales included: moving operand {:.4}, stationary operand {:.4}.\n",
            self.design.name.replace('\n', " "),
            env!("CARGO_PKG_VERSION"),
            self.bits[0],
            self.bits[1]
        )
    }
}

/// An identifier: letters, digits and underscores.
fn identifier(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect()
}

/// The accelerator file of `ZigZag` 3: D1 spans the columns, D2 the rows, D3 the lanes along the reduction axis.
///
/// # Errors
/// Why the design has no cost.
pub fn zigzag_yaml(design: &Design, workload: &Workload) -> Result<String, Vec<Violation>> {
    let described = Described::new(design, workload)?;
    let mut out = described.comment();
    let _ = write!(out, "name: {}\n\nmemories:\n", identifier(&design.name));
    let accumulator = u32::from(design.array.accumulator_bits);
    out.push_str(&zigzag_memory(
        "accumulator",
        u64::from(accumulator),
        [0.0, 0.0],
        0.0,
        &["O"],
        accumulator,
        "[]",
    ));
    for (name, kib, operands) in described.buffers() {
        let access = described.access(kib)?;
        let (bits, costs) = (u64::from(kib) * 8192, [access.read_pj, access.write_pj]);
        let port_bits = described.port_bits();
        out.push_str(&zigzag_memory(
            name,
            bits,
            costs,
            access.area_mm2,
            operands,
            port_bits,
            "[D1, D2, D3]",
        ));
    }
    let (bits_per_cycle, pj_per_bit) = described.external;
    let port_bits = whole(bits_per_cycle);
    let cost = pj_per_bit * f64::from(port_bits);
    out.push_str(&zigzag_memory(
        "external_memory",
        80_000_000_000,
        [cost, cost],
        0.0,
        &["I1", "I2", "O"],
        port_bits,
        "[D1, D2, D3]",
    ));
    let array = &design.array;
    let _ = write!(
        out,
        "operational_array:\n  unit_energy: {:.6}\n  unit_area: {:.9}\n  dimensions: [D1, D2, D3]\n  sizes: [{}, {}, {}]\n",
        described.mac_pj, described.mac_mm2, array.columns, array.rows, array.lanes
    );
    Ok(out)
}

/// One memory of `ZigZag` with a reading and a writing port.
fn zigzag_memory(
    name: &str,
    bits: u64,
    [read, write]: [f64; 2],
    area: f64,
    operands: &[&str],
    port_bits: u32,
    served: &str,
) -> String {
    let mut out = format!(
        "  {name}:\n    size: {bits}\n    r_cost: {read:.6}\n    w_cost: {write:.6}\n    area: {area:.6}\n    latency: 1\n    \
         operands: [{}]\n    ports:\n",
        operands.join(", ")
    );
    let ways = |input: &'static str, output: &[&'static str]| -> String {
        let mut lines = String::new();
        for operand in operands {
            let directions: &[&str] = if *operand == "O" { output } else { &[input] };
            for direction in directions {
                let _ = writeln!(lines, "          - {operand}, {direction}");
            }
        }
        lines
    };
    for (port, kind, allocation) in [
        ("r_port_1", "read", ways("tl", &["tl", "th"])),
        ("w_port_1", "write", ways("fh", &["fh", "fl"])),
    ] {
        let _ = write!(
            out,
            "      - name: {port}\n        type: {kind}\n        bandwidth_min: {port_bits}\n        bandwidth_max: {port_bits}\n        \
             allocation:\n{allocation}"
        );
    }
    let _ = writeln!(out, "    served_dimensions: {served}\n");
    out
}

/// The architecture file of Timeloop (input format 0.2): external memory, buffers, array of multiply-accumulators.
///
/// # Errors
/// Why the design has no cost.
pub fn timeloop_yaml(design: &Design, workload: &Workload) -> Result<String, Vec<Violation>> {
    let described = Described::new(design, workload)?;
    let (external_bits, _) = described.external;
    let word = whole(described.bits[0].max(described.bits[1]));
    let node = design.technology.replace(' ', "");
    let array = &design.array;
    let mut out = described.comment();
    let _ = write!(
        out,
        "architecture:\n  version: 0.2\n  subtree:\n    - name: system\n      attributes:\n        technology: \"{node}\"\n        \
         global_cycle_seconds: {:e}\n      local:\n        - name: external_memory\n          class: DRAM\n          attributes:\n            \
         type: {:?}\n            width: {}\n            block-size: {}\n            word-bits: {word}\n            \
         shared_bandwidth: {:.4}\n      subtree:\n        - name: chip\n          local:\n",
        1e-6 / described.cost.summary.timing.clock_mhz,
        design.memory.kind,
        whole(external_bits / f64::from(word)).max(1) * word,
        whole(external_bits / f64::from(word)).max(1),
        external_bits / f64::from(word),
    );
    for (name, kib, _) in described.buffers() {
        let access = described.access(kib)?;
        let words = (u64::from(described.port_bits()) / u64::from(word)).max(1);
        let depth = u64::from(kib) * 8192 / (words * u64::from(word));
        let _ = write!(
            out,
            "            - name: {name}\n              class: SRAM\n              # {:.3} pJ a read, {:.3} pJ a write, {:.4} mm2\n              \
             attributes:\n                depth: {depth}\n                width: {}\n                block-size: {words}\n                \
             word-bits: {word}\n                n_banks: {}\n",
            access.read_pj,
            access.write_pj,
            access.area_mm2,
            words * u64::from(word),
            design.buffers.banks,
        );
    }
    let elements = u64::from(array.rows) * u64::from(array.columns) * u64::from(array.lanes);
    let _ = write!(
        out,
        "          subtree:\n            - name: element[0..{}]\n              local:\n                - name: accumulator\n                  \
         class: regfile\n                  attributes:\n                    depth: 1\n                    width: {bits}\n                    \
         block-size: 1\n                    word-bits: {bits}\n                    meshX: {}\n                - name: mac\n                  \
         class: intmac\n                  # {:.4} pJ a MAC with its converter share left out\n                  attributes:\n                    \
         datawidth: {word}\n                    meshX: {}\n",
        elements - 1,
        array.columns,
        described.mac_pj,
        array.columns,
        bits = array.accumulator_bits,
    );
    let _ = writeln!(
        out,
        "# chip area of this model: {:.4} mm2",
        described.cost.area.total().to_square_millimeters()
    );
    Ok(out)
}

/// Rounded up to a whole number of bits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bits of a port, clamped"
)]
fn whole(bits: f64) -> u32 {
    bits.ceil().clamp(1.0, f64::from(1_u32 << 20)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use blockscape_model::preset;

    #[test]
    fn every_built_in_asic_design_can_be_described_for_both_mappers() {
        let workload = Workload::single_sequence(preset::model("LLaMA-2-7B").unwrap());
        let mut n = 0;
        for design in preset::designs() {
            let Ok(zigzag) = zigzag_yaml(&design, &workload) else {
                continue;
            };
            let timeloop = timeloop_yaml(&design, &workload).unwrap();
            assert!(
                zigzag.contains("operational_array:") && timeloop.contains("version: 0.2"),
                "{}",
                design.name
            );
            assert!(
                !zigzag.contains("NaN") && !timeloop.contains("NaN"),
                "{}",
                design.name
            );
            n += 1;
        }
        assert!(n > 0);
    }
}
