//! SRAM macros against CACTI at sizes that its table does not hold.

use blockscape_model::hardware::technology::{SramMacro, SramPorts, SramTable};

const HELD_OUT: &str = include_str!("golden/sram_cacti_heldout.csv");

/// Relative deviations of read energy, write energy and area.
fn deviations() -> Vec<[f64; 3]> {
    HELD_OUT
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let number = |index: usize| cells[index].parse::<f64>().expect("a number");
            let ports = match cells[1] {
                "1rw" => SramPorts::Single,
                _ => SramPorts::ReadAndWrite,
            };
            let node = cells[0].parse().expect("a node");
            let table = SramTable::of(node, ports).expect("a node of the table");
            let access = table.access(SramMacro {
                bytes: number(3),
                port_bits: number(2),
            });
            [
                access.read_pj / number(4) - 1.0,
                access.write_pj / number(5) - 1.0,
                access.area_mm2 / number(6) - 1.0,
            ]
        })
        .collect()
}

#[test]
fn macros_between_the_sizes_of_the_table_follow_cacti() {
    // Sizes from 2 KB to 4 MB drawn at random; CACTI changes its subarrays in steps, which the table follows row by row.
    let deviations = deviations();
    assert_eq!(deviations.len(), 644);
    for index in 0..3 {
        let mut sizes: Vec<f64> = deviations.iter().map(|each| each[index].abs()).collect();
        sizes.sort_by(f64::total_cmp);
        let (median, largest) = (sizes[sizes.len() / 2], sizes[sizes.len() - 1]);
        assert!(largest <= 0.10, "column {index}: largest {largest}");
        assert!(median <= 0.002, "column {index}: median {median}");
    }
}

#[test]
fn published_runs_of_cacti_are_met() {
    // 28 nm, 64 and 256 bits, one port: KiB, read pJ, mm2.
    for (bits, kib, read, area) in [
        (64.0, 4.0, 1.42, 0.0058),
        (64.0, 32.0, 6.17, 0.0487),
        (64.0, 1024.0, 36.2, 1.380),
        (256.0, 32.0, 11.7, 0.0453),
        (256.0, 2048.0, 146.0, 3.031),
    ] {
        let table = SramTable::of(28, SramPorts::Single).expect("a node of the table");
        let access = table.access(SramMacro {
            bytes: kib * 1024.0,
            port_bits: bits,
        });
        assert!(
            (access.read_pj / read - 1.0).abs() < 0.01,
            "{kib} KiB {bits}"
        );
        assert!(
            (access.area_mm2 / area - 1.0).abs() < 0.01,
            "{kib} KiB {bits}"
        );
    }
}
