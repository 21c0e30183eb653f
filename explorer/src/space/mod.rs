//! A design space: a base design, the parameters that vary and the conditions they meet.
//!
//! The n-th design is computed, not stored.

pub mod axis;
pub mod lattice;
pub mod objective;

use std::sync::Arc;

use blockscape_model::design::Design;
use blockscape_model::parameter::{Domain, FormatField, Parameter, Value};
use blockscape_model::violation::Violation;
use blockscape_model::workload::Workload;

use crate::space::axis::Axis;
use crate::space::lattice::Lattice;
use crate::space::objective::Constraint;

/// All combinations of some parameters' values around a base design.
#[derive(Debug, Clone)]
pub struct DesignSpace {
    base: Arc<Design>,
    workload: Arc<Workload>,
    axes: Vec<Axis>,
    values: Vec<Vec<Value>>,
    constraints: Vec<Constraint>,
    lattice: Lattice,
    /// Whether what an axis sets hangs on what later axes left behind.
    looks_ahead: bool,
}

impl DesignSpace {
    /// A space over these axes, the last one turning fastest.
    ///
    /// # Errors
    /// An axis without values or with a value outside its domain, a parameter that comes twice, a comparison of parameters that are
    /// not numbers, or more than 2^64 - 1 designs.
    pub fn new(
        base: Arc<Design>,
        workload: Arc<Workload>,
        axes: Vec<Axis>,
        constraints: Vec<Constraint>,
    ) -> Result<Self, Violation> {
        for (at, axis) in axes.iter().enumerate() {
            if axes[..at]
                .iter()
                .any(|other| other.parameter == axis.parameter)
            {
                return Err(Violation::new(
                    "axes",
                    axis.parameter,
                    "each parameter once",
                ));
            }
        }
        constraints.iter().try_for_each(check_comparable)?;
        let values = axes
            .iter()
            .map(Axis::values)
            .collect::<Result<Vec<_>, _>>()?;
        let shapes = axes
            .iter()
            .map(Axis::shape)
            .collect::<Result<Vec<_>, _>>()?;
        let lattice = Lattice::new(shapes).ok_or_else(|| {
            let lens: Vec<String> = values
                .iter()
                .map(|values| values.len().to_string())
                .collect();
            Violation::new(
                "axes",
                lens.join(" x ") + " designs",
                "fewer than 2^64 designs",
            )
        })?;
        Ok(Self {
            base,
            workload,
            looks_ahead: looks_ahead(&axes),
            axes,
            values,
            constraints,
            lattice,
        })
    }

    /// Number of designs, those that break constraints included.
    pub fn size(&self) -> u64 {
        self.lattice.size()
    }

    /// What strategies see.
    pub fn lattice(&self) -> &Lattice {
        &self.lattice
    }

    /// The axes, slowest first.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// Values of each axis.
    pub fn values(&self) -> &[Vec<Value>] {
        &self.values
    }

    /// Conditions on parameters and metrics.
    pub fn constraints(&self) -> &[Constraint] {
        &self.constraints
    }

    /// Whether a condition on parameters excludes designs that could be built.
    pub fn compares_parameters(&self) -> bool {
        let compares = |each: &Constraint| matches!(each, Constraint::NotAbove(..));
        self.constraints.iter().any(compares)
    }

    /// The design around which the axes turn.
    pub fn base(&self) -> &Arc<Design> {
        &self.base
    }

    /// The workload of the base design; axes may change it.
    pub fn workload(&self) -> &Arc<Workload> {
        &self.workload
    }

    /// The design with this number and its workload.
    ///
    /// # Errors
    /// Why this combination does not exist: a format without the field that an axis sets, or a broken constraint.
    pub fn design(&self, index: u64) -> Result<(Design, Workload), Violation> {
        let mut cursor = Cursor::new(self);
        let (design, workload) = cursor.turn_to(index)?;
        let mut design = design.clone();
        design.name = format!("{} #{index}", self.base.name);
        Ok((design, workload.clone()))
    }

    /// Values of the design with this number as text, one an axis.
    pub fn value_texts(&self, index: u64) -> Vec<String> {
        let genome = self.lattice.genome(index);
        let axes = self.axes.iter().zip(&self.values).zip(genome);
        axes.map(|((axis, values), gene)| axis.parameter.value_to_text(values[usize::from(gene)]))
            .collect()
    }

    /// Number of the design whose values are nearest to another design's, axis by axis.
    ///
    /// Where an axis has no comparable value it stays at its first.
    pub fn nearest(&self, design: &Design, workload: &Workload) -> u64 {
        let position = |(axis, values): (&Axis, &Vec<Value>)| {
            let Some(wanted) = axis.parameter.get(design, workload) else {
                return 0;
            };
            let distance = |value: &Value| match (value.number(), wanted.number()) {
                (Some(value), Some(wanted)) => (value - wanted).abs(),
                _ if *value == wanted => 0.0,
                _ => f64::INFINITY,
            };
            let positions = 0..axis_len(values);
            positions
                .min_by(|&a, &b| {
                    distance(&values[usize::from(a)]).total_cmp(&distance(&values[usize::from(b)]))
                })
                .unwrap_or(0)
        };
        let genome: Vec<u16> = self.axes.iter().zip(&self.values).map(position).collect();
        self.lattice.index(&genome)
    }
}

/// Walks through a space and keeps what neighboring designs share.
#[derive(Debug)]
pub struct Cursor<'space> {
    space: &'space DesignSpace,
    design: Design,
    workload: Workload,
    genome: Vec<u16>,
    target: Vec<u16>,
    /// How many axes of `genome` are set in `design`.
    n_set: usize,
}

impl<'space> Cursor<'space> {
    /// A cursor at no design yet.
    pub fn new(space: &'space DesignSpace) -> Self {
        let n_axes = space.axes.len();
        Self {
            design: (*space.base).clone(),
            workload: (*space.workload).clone(),
            genome: vec![0; n_axes],
            target: vec![0; n_axes],
            n_set: 0,
            space,
        }
    }

    /// Goes to the design with this number; only axes from the first that differs on are set again.
    ///
    /// # Errors
    /// As [`DesignSpace::design`].
    pub fn turn_to(&mut self, index: u64) -> Result<(&Design, &Workload), Violation> {
        self.space.lattice.write_genome(index, &mut self.target);
        let equal = self.genome.iter().zip(&self.target);
        let equal = equal.take_while(|(here, there)| here == there).count();
        let differs = equal < self.genome.len();
        if self.n_set < self.space.axes.len() || (differs && self.space.looks_ahead) {
            // The last design could not be built, so that nothing is known to be whole, or an axis must meet the base's formats.
            self.design.clone_from(&self.space.base);
            self.workload.clone_from(&self.space.workload);
            self.n_set = 0;
        }
        let start = equal.min(self.n_set);
        self.n_set = 0;
        self.genome.copy_from_slice(&self.target);
        for at in start..self.genome.len() {
            let value = self.space.values[at][usize::from(self.genome[at])];
            let parameter = self.space.axes[at].parameter;
            parameter.set(&mut self.design, &mut self.workload, value)?;
        }
        self.n_set = self.genome.len();
        for constraint in &self.space.constraints {
            if !constraint.admits(&self.design, &self.workload) {
                return Err(Violation::new(
                    "constraint",
                    format!("{constraint:?}"),
                    "kept",
                ));
            }
        }
        Ok((&self.design, &self.workload))
    }
}

/// Whether a field of some formats is set before whole formats at the same sites: only the base's have the field for sure.
fn looks_ahead(axes: &[Axis]) -> bool {
    let formats = |axis: &Axis| match axis.parameter {
        Parameter::Format(field, pattern) => Some((field, pattern)),
        _ => None,
    };
    let patterns: Vec<_> = axes.iter().filter_map(formats).collect();
    patterns.iter().enumerate().any(|(at, (field, pattern))| {
        let later = &patterns[at + 1..];
        *field != FormatField::Whole
            && later
                .iter()
                .any(|(field, other)| *field == FormatField::Whole && pattern.overlaps(*other))
    })
}

/// Only numbers can be compared; formats and names cannot.
fn check_comparable(constraint: &Constraint) -> Result<(), Violation> {
    let Constraint::NotAbove(less, more) = constraint else {
        return Ok(());
    };
    let is_number = |parameter: &&Parameter| {
        matches!(
            parameter.domain(),
            Domain::Integer { .. } | Domain::Real { .. }
        )
    };
    match [less, more].into_iter().find(|each| !is_number(each)) {
        Some(parameter) => Err(Violation::new(
            "constraint NotAbove",
            parameter,
            "two parameters that are numbers",
        )),
        None => Ok(()),
    }
}

/// Number of values of one axis, checked when the space was made.
fn axis_len(values: &[Value]) -> u16 {
    u16::try_from(values.len()).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use blockscape_model::preset;

    use super::*;
    use crate::space::axis::Spread;

    fn list(parameter: &str, values: [&str; 2]) -> Axis {
        Axis {
            parameter: parameter.parse().expect("a parameter"),
            values: Spread::List(values.map(str::to_owned).to_vec()),
        }
    }

    #[test]
    fn a_design_is_the_same_whichever_was_visited_before() {
        let width = ["4", "5"];
        for axes in [
            [
                list("mantissa_bits o.activation", width),
                list("format activations", ["bfp:m=4,e=8,b=32", "fp16"]),
            ],
            [
                list("mantissa_bits layers 3..=3 activations", width),
                list("format layers 2..=5 activations", ["anda:m=4", "fp16"]),
            ],
            [
                list("format activations", ["bfp:m=4,e=8,b=32", "mxint:w=6"]),
                list("mantissa_bits o.activation", width),
            ],
        ] {
            let base = Arc::new(preset::design("Anda").expect("built in"));
            let model = preset::model("LLaMA-2-7B").expect("built in");
            let workload = Arc::new(Workload::single_sequence(model));
            let space = DesignSpace::new(base, workload, axes.to_vec(), Vec::new());
            let space = space.expect("a sound space");
            let mut cursor = Cursor::new(&space);
            for index in (0..space.size()).chain((0..space.size()).rev()) {
                let walked = cursor.turn_to(index).map(|(design, _)| &design.formats);
                let alone = space.design(index).map(|(design, _)| design.formats);
                assert_eq!(
                    walked,
                    alone.as_ref().map_err(Clone::clone),
                    "{:?}",
                    space.value_texts(index)
                );
            }
        }
    }
}
