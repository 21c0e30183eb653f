//! Technologies: an ordered chain of nodes, 28 nm against its synthesis, nodes and memories of the user's own.

use blockscape_model::design::MemoryKind;
use blockscape_model::hardware::technology::{NodeConstants, TECHNOLOGY_NAMES};
use blockscape_model::hardware::{Technology, technology};
use blockscape_model::preset::{from_ron, to_ron};
use blockscape_model::units::Voltage;

/// From large to small.
const CHAIN: [&str; 8] = [
    "nangate45",
    "28 nm",
    "22 nm",
    "16 nm",
    "12 nm",
    "7 nm",
    "5 nm",
    "3 nm",
];

/// Units of every kind of logic.
const UNITS: [(&str, &[(&str, &str)]); 7] = [
    ("add", &[("w", "16")]),
    ("mul", &[("m", "8"), ("n", "8")]),
    ("tree", &[("inputs", "16"), ("w", "12")]),
    ("fp32_add", &[]),
    ("dff", &[("w", "32")]),
    ("bfp_int_dot", &[("m", "8"), ("n", "4"), ("lanes", "32")]),
    ("mx_dot", &[("format", "mxfp4_e2m1"), ("lanes", "32")]),
];

#[test]
fn area_energy_and_delay_fall_from_node_to_node() {
    for (kind, given) in UNITS {
        let reports = CHAIN.map(|name| {
            let node = technology(name).expect("built in");
            node.unit_from_text(kind, given).expect("a unit")
        });
        for pair in reports.windows(2) {
            let [large, small] = [&pair[0], &pair[1]];
            let place = format!("{kind} from {} to {}", large.technology, small.technology);
            assert!(small.area_um2 < large.area_um2, "area of {place}");
            assert!(
                small.energy_settled_fj_per_op < large.energy_settled_fj_per_op,
                "energy of {place}"
            );
            assert!(small.delay_ps < large.delay_ps, "delay of {place}");
        }
    }
}

#[test]
fn macros_of_sram_shrink_too() {
    let reports = CHAIN.map(|name| {
        let node = technology(name).expect("built in");
        node.sram_macro(&[("kib", "64"), ("port_bits", "64")])
            .expect("a macro")
    });
    for pair in reports.windows(2) {
        let [large, small] = [&pair[0], &pair[1]];
        let place = format!("from {} to {}", large.technology, small.technology);
        assert!(small.area_um2 < large.area_um2, "area {place}");
        assert!(small.read_pj < large.read_pj, "energy {place}");
        assert!(small.access_ns < large.access_ns, "access {place}");
    }
}

#[test]
fn the_further_from_an_anchor_the_wider_the_range() {
    let spread = |name: &str| {
        let node = technology(name).expect("built in").node;
        [node.area, node.energy, node.delay].map(|constant| constant.high / constant.low)
    };
    let [kit, seven, five, three] = ["asap7", "7 nm", "5 nm", "3 nm"].map(spread);
    for index in 0..3 {
        assert!(kit[index] < seven[index]);
        assert!(
            seven[index] < five[index] && five[index] < three[index],
            "{index}"
        );
    }
}

#[test]
fn leakage_and_speed_fall_with_the_supply_on_every_node() {
    for name in TECHNOLOGY_NAMES {
        let voltage = technology(name).expect("built in").node.voltage;
        let mut last: Option<[f64; 3]> = None;
        for step in 0..=20 {
            let share = f64::from(step) / 20.0;
            let volts = voltage.least_v + (voltage.most_v - voltage.least_v) * share;
            let at = Some(Voltage::volts(volts));
            let next = [
                voltage.leakage_ratio(at).expect("in range"),
                voltage.energy_ratio(at).expect("in range"),
                1.0 / voltage.delay_ratio(at).expect("in range"),
            ];
            if let Some(last) = last {
                for (more, less) in next.iter().zip(last) {
                    assert!(*more > less, "{name} at {volts} V");
                }
            }
            last = Some(next);
        }
    }
}

const TSMC_28: &str = include_str!("golden/synthesis_28nm.csv");

#[test]
fn areas_at_28_nm_follow_its_synthesis() {
    let node = technology("28 nm").expect("built in");
    let mut sizes = Vec::new();
    for line in TSMC_28.lines().skip(1) {
        let (call, area) = line.split_once(',').expect("two columns");
        let mut words = call.split(' ');
        let kind = words.next().expect("a kind");
        let given: Vec<_> = words.filter_map(|each| each.split_once('=')).collect();
        let ours = node.unit_from_text(kind, &given).expect("a unit").area_um2;
        let deviation = ours / area.parse::<f64>().expect("a number") - 1.0;
        assert!(deviation.abs() < 0.5, "{call}: {deviation:+.3}");
        sizes.push(deviation.abs());
    }
    sizes.sort_by(f64::total_cmp);
    let median = sizes[sizes.len() / 2];
    assert!(median <= 0.1, "median {median} of {}", sizes.len());
}

/// A node file of the user's: a built-in one under another name.
fn own_node() -> NodeConstants {
    let mut node = technology("16 nm").expect("built in").node;
    "mine".clone_into(&mut node.name);
    node
}

#[test]
fn a_node_and_its_memories_come_from_a_file() {
    let mut node = own_node();
    node.area.value *= 0.5;
    node.area.low = 0.05;
    let mut memory = technology("16 nm").expect("built in").memories[&MemoryKind::Hbm3].clone();
    memory.gigabytes_per_second.value = 700.0;
    node.memories.insert(MemoryKind::Custom, memory);
    let text = to_ron(&node).expect("RON");
    let own = Technology::from_ron(&text).expect("a technology");
    assert_eq!(own.node, node);
    let custom = own.memory(MemoryKind::Custom).expect("described");
    assert!((custom.gigabytes_per_second.value - 700.0).abs() < 1e-9);
    let built_in = technology("16 nm").expect("built in");
    assert!(
        built_in.memory(MemoryKind::Custom).is_err(),
        "no figures, no cost"
    );
    let area = |node: &Technology| {
        let report = node.unit_from_text("mul", &[("m", "8"), ("n", "8")]);
        report.expect("a unit").area_um2
    };
    assert!((area(&own) / area(&built_in) - 0.5).abs() < 1e-9);
}

#[test]
fn a_node_file_with_a_fault_is_told_where() {
    let text = to_ron(&own_node()).expect("RON");
    let told = Technology::from_ron(&text.replacen("area:", "aera:", 1)).expect_err("unknown");
    assert!(told.to_string().starts_with("line "), "{told}");
    let mut node = own_node();
    node.energy.value = node.energy.high * 2.0;
    let told = Technology::from_ron(&to_ron(&node).expect("RON")).expect_err("out of its range");
    assert!(told.to_string().contains("node energy"), "{told}");
    let mut node = own_node();
    node.voltage.nominal_v = 0.2;
    assert!(Technology::from_ron(&to_ron(&node).expect("RON")).is_err());
}

#[test]
fn tables_are_read_by_name_in_any_order() {
    use blockscape_model::hardware::gates::CellLibrary;
    let cells = technology("nangate45").expect("built in").cells;
    let text = to_ron(&cells).expect("RON");
    let read: CellLibrary = from_ron(&text).expect("a library");
    assert_eq!(read, cells);
    // The first two entries change places.
    let lines: Vec<&str> = text.lines().collect();
    let first = lines
        .iter()
        .position(|line| line.contains("gate_equivalents"))
        .expect("a table")
        + 1;
    let mut swapped = lines.clone();
    swapped.swap(first, first + 1);
    assert_eq!(from_ron::<CellLibrary>(&swapped.join("\n")), Ok(cells));
    let mut short = lines;
    short.remove(first);
    let told = from_ron::<CellLibrary>(&short.join("\n")).expect_err("an entry is missing");
    assert!(told.to_string().contains("missing"), "{told}");
}
