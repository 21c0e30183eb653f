//! More bits never cost less: random designs of every kind of element, one width enlarged, everything else equal.
//!
//! Area, energy and time of both phases are compared. True exceptions, each with its physical reason:
//! - A wider accumulator may save energy: it takes more sums before it must go through the FP32 stage. A stage that works
//!   less often needs fewer pipeline registers, so that accumulators are compared at a clock that needs none.
//! - A format that the array cannot take moves to the vector unit, and the array loses what it needed for it; widths
//!   here stay within what each kind takes.

use std::sync::LazyLock;

use blockscape_model::design::{Dataflow, Delivery, Design, FormatTable, Target, UnitKind};
use blockscape_model::format::Format;
use blockscape_model::hardware::{CostModel, CostSummary, technology};
use blockscape_model::preset;
use blockscape_model::workload::Workload;
use blockscape_tests::properties::properties;
use proptest::prelude::*;

static MODELS: LazyLock<[CostModel; 2]> = LazyLock::new(|| {
    ["16 nm", "7 nm"].map(|name| {
        let shape = preset::model("TinyLlama-1.1B").expect("built in");
        let technology = technology(name).expect("built in");
        CostModel::new(&Workload::single_sequence(shape), &technology).expect("a table of SRAM")
    })
});

/// Sites with a width of their own, and whether their operand stays in the array.
const SITES: [(&str, bool); 8] = [
    ("qkv.activation", false),
    ("o.activation", false),
    ("gate_up.activation", false),
    ("query+probability", false),
    ("linear.weight", true),
    ("down.weight", true),
    ("key", true),
    ("value", true),
];

/// The least and the largest width of the moving and of the stationary operand that a kind takes.
const fn widths(kind: UnitKind) -> [(u8, u8); 2] {
    match kind {
        UnitKind::FpFp => [(1, 22), (1, 22)],
        UnitKind::FpInt => [(1, 22), (2, 16)],
        UnitKind::IntInt => [(2, 16), (2, 16)],
        UnitKind::IFpu | UnitKind::Figna | UnitKind::AndaBitSerial | UnitKind::BfpInt => {
            [(1, 23), (2, 16)]
        }
        UnitKind::BfpBfp => [(1, 23), (1, 23)],
        UnitKind::Reconfigurable => [(1, 8), (1, 8)],
        UnitKind::MxDot => [(0, 10), (0, 10)],
        UnitKind::SuperBlock => [(2, 8), (2, 6)],
        UnitKind::DataflowMxInt => [(2, 24), (2, 24)],
    }
}

/// The format of an operand; `exponent` is the element's or the block's.
fn format(kind: UnitKind, stays: bool, bits: u8, exponent: u8) -> Format {
    let text = match (kind, stays) {
        (UnitKind::FpFp, _) | (UnitKind::FpInt, false) => format!("fp:e={exponent},m={bits}"),
        (UnitKind::SuperBlock, true) => format!("q{bits}_k"),
        (UnitKind::IntInt | UnitKind::SuperBlock, _)
        | (
            UnitKind::FpInt
            | UnitKind::IFpu
            | UnitKind::Figna
            | UnitKind::AndaBitSerial
            | UnitKind::BfpInt,
            true,
        ) => format!("int:w={bits},g=32"),
        (UnitKind::MxDot, _) => format!("mx:e={},m={bits}", exponent.min(5)),
        (UnitKind::DataflowMxInt, _) => format!("mxint:w={bits},b=16,e={exponent}"),
        _ => format!("bfp:m={bits},e={exponent},b=32"),
    };
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Widths of a design.
#[derive(Debug, Clone)]
struct Bits {
    sites: [u8; SITES.len()],
    exponent: u8,
    accumulator: u8,
    /// Bits to which floating-point activations are aligned; 0 where activations are blocks.
    aligned: u8,
}

/// What is enlarged.
#[derive(Debug, Clone, Copy)]
enum Edit {
    Site(usize),
    Exponent,
    Accumulator,
    Aligned,
}

impl Bits {
    fn with(&self, kind: UnitKind, edit: Edit, more: u8) -> Self {
        let mut wider = self.clone();
        match edit {
            Edit::Site(site) => {
                let most = widths(kind)[usize::from(SITES[site].1)].1;
                wider.sites[site] = (wider.sites[site] + more).min(most);
            }
            Edit::Exponent => wider.exponent = (wider.exponent + more).min(8),
            Edit::Accumulator => wider.accumulator = (wider.accumulator + more).min(64),
            Edit::Aligned if self.aligned > 0 => wider.aligned = (wider.aligned + more).min(24),
            Edit::Aligned => {}
        }
        wider
    }

    fn apply(&self, design: &mut Design) {
        let kind = design.unit;
        let aligns = matches!(kind, UnitKind::IFpu | UnitKind::Figna) && self.aligned > 0;
        let site = |stays: bool, bits: u8| {
            if aligns && !stays {
                Format::FP16
            } else {
                format(kind, stays, bits, self.exponent)
            }
        };
        design.formats = FormatTable::uniform(site(false, self.sites[0]));
        design
            .formats
            .set("weights".parse().unwrap(), site(true, self.sites[4]));
        for ((name, stays), bits) in SITES.into_iter().zip(self.sites) {
            design.formats.set(name.parse().unwrap(), site(stays, bits));
        }
        if kind == UnitKind::MxDot && self.aligned > 0 {
            // Minifloats in the linear products, integers in attention.
            for ((name, _), bits) in SITES.into_iter().zip(self.sites) {
                if !name.contains('.') {
                    let integer = format!("mx:w={}", bits + 2).parse().unwrap();
                    design.formats.set(name.parse().unwrap(), integer);
                }
            }
        }
        design.array.accumulator_bits = self.accumulator;
        design.datapath.aligned_mantissa_bits = aligns.then_some(self.aligned);
    }
}

fn bits(kind: UnitKind) -> impl Strategy<Value = Bits> {
    let sites: Vec<_> = SITES
        .iter()
        .map(|(_, stays)| {
            let (least, most) = widths(kind)[usize::from(*stays)];
            least..=most
        })
        .collect();
    (sites, 2_u8..=8, 57_u8..=64, prop_oneof![Just(0), 1_u8..=24]).prop_map(
        |(sites, exponent, accumulator, aligned)| Bits {
            sites: sites.try_into().expect("a width a site"),
            exponent,
            accumulator,
            aligned,
        },
    )
}

fn edits() -> impl Strategy<Value = Edit> {
    prop_oneof![
        6 => (0..SITES.len()).prop_map(Edit::Site),
        2 => Just(Edit::Exponent),
        2 => Just(Edit::Accumulator),
        1 => Just(Edit::Aligned),
    ]
}

/// A random array with random buffers around it.
fn arrays() -> impl Strategy<Value = Design> {
    (
        (1_u32..=64, 1_u32..=64, 0_u32..=8),
        (2_u32..=12, 2_u32..=12, 0_u32..=10),
        prop::sample::select(Dataflow::ALL.to_vec()),
        (any::<bool>(), any::<bool>(), any::<bool>()),
        prop::sample::select(vec![1_u16, 4, 16]),
    )
        .prop_map(|(array, buffers, dataflow, flags, shared)| {
            let mut design = preset::design("Anda").expect("built in");
            design.voltage_v = None;
            (design.array.rows, design.array.columns) = (array.0, array.1);
            design.array.lanes = 1 << array.2;
            design.array.dataflow = dataflow;
            design.buffers.activation_kib = 1 << buffers.0;
            design.buffers.weight_kib = 1 << buffers.1;
            design.buffers.output_kib = (1 << buffers.2) - 1;
            design.datapath.delivery = if flags.0 {
                Delivery::Systolic
            } else {
                Delivery::Broadcast
            };
            (design.datapath.pipelined, design.datapath.subnormals) = (flags.1, flags.2);
            design.datapath.float_stage_elements = shared;
            design
        })
}

fn cases() -> impl Strategy<Value = (Design, Bits, Edit, u8)> {
    prop::sample::select(UnitKind::ALL.to_vec())
        .prop_flat_map(|kind| (Just(kind), arrays(), bits(kind), edits(), 1_u8..=4))
        .prop_map(|(kind, mut design, bits, edit, more)| {
            design.unit = kind;
            (design, bits, edit, more)
        })
}

/// Figures that must not fall, by name.
fn figures(cost: &CostSummary, edit: Edit) -> Vec<(&'static str, f64)> {
    let mut figures = vec![
        ("area", cost.area.total().to_square_millimeters()),
        ("LUTs", cost.luts.unwrap_or(0.0)),
        ("prefill time", cost.prefill.time.to_seconds()),
        ("decode time", cost.decode.time.to_seconds()),
        ("prefill traffic", cost.prefill.external_bits),
        ("decode traffic", cost.decode.external_bits),
    ];
    if !matches!(edit, Edit::Accumulator) {
        figures.push(("prefill energy", cost.prefill.energy.total().to_joules()));
        figures.push(("decode energy", cost.decode.energy.total().to_joules()));
    }
    figures
}

fn never_less(narrow: &CostSummary, wide: &CostSummary, edit: Edit) -> Result<(), TestCaseError> {
    for ((name, less), (_, more)) in figures(narrow, edit).into_iter().zip(figures(wide, edit)) {
        prop_assert!(
            more >= less * (1.0 - 1e-9),
            "{name} falls from {less} to {more}"
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(properties(512))]

    #[test]
    fn more_bits_never_cost_less(
        (mut design, bits, edit, more) in cases(),
        node in 0_usize..2,
    ) {
        let model = &MODELS[node];
        if matches!(edit, Edit::Accumulator) {
            design.clock_mhz = 50.0;
        }
        bits.apply(&mut design);
        let narrow = model.summary(&design).expect("a known cost");
        bits.with(design.unit, edit, more).apply(&mut design);
        let wide = model.summary(&design).expect("a known cost");
        never_less(&narrow, &wide, edit)?;
    }

    #[test]
    fn more_bits_never_cost_less_on_a_device(
        (mut design, bits, edit, more) in cases(),
        pipeline in any::<bool>(),
    ) {
        design.unit = if pipeline { UnitKind::DataflowMxInt } else { UnitKind::SuperBlock };
        let [moving, stationary] = widths(design.unit);
        let mut bits = bits;
        for ((_, stays), width) in SITES.into_iter().zip(&mut bits.sites) {
            let (least, most) = if stays { stationary } else { moving };
            *width = (*width).clamp(least, most);
        }
        // A pipeline has an engine for each of about two hundred products, and all must fit.
        design.array.lanes = design.array.lanes.min(if pipeline { 4 } else { 16 });
        (design.array.rows, design.array.columns) = (1, design.array.columns.min(16));
        design.target = Target::Fpga { device: "U250".to_owned(), luts: None };
        design.clock_mhz = if matches!(edit, Edit::Accumulator) { 50.0 } else { 200.0 };
        bits.apply(&mut design);
        let narrow = MODELS[0].summary(&design).expect("a known cost");
        bits.with(design.unit, edit, more).apply(&mut design);
        let wide = MODELS[0].summary(&design).expect("a known cost");
        never_less(&narrow, &wide, edit)?;
    }
}
