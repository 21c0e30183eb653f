//! Time between registers: the slowest section against the clock, the registers that a clock asks for, the fastest clock.
//!
//! Delays are picoseconds of the cell library's own node until [`Pace`] scales them to the node and the supply.

use crate::design::PipelineStages;
use crate::hardware::gates::{Section, Sections, Step, Unit};

/// Longest stage of a cut path against an even share: registers stand between whole operators, and a cut tree ends with
/// an adder of its own. Median of the cut circuits in the synthesis tables (1.22 to 1.45: `fp32_add` and `fp16_add` in
/// three stages, `bfp_int_pipe` in two and three).
const UNEVEN: f64 = 1.3;

/// Most stages that one section is cut into.
const MOST_STAGES: f64 = 32.0;

/// Time of each cycle that a flip-flop and the ends of a path take.
pub(super) fn overhead(steps: &[f64; Step::COUNT]) -> f64 {
    steps[Step::Register.index()] + steps[Step::Entry.index()]
}

/// A section with its delays.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Timed {
    name: &'static str,
    uncut: f64,
    forward: f64,
    /// Bits of a register at the beginning and at the end of the forward logic.
    bits: [f64; 2],
    feedback: Option<TimedLoop>,
    /// Longest step, which no register cuts.
    step: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct TimedLoop {
    name: &'static str,
    delay: f64,
    /// Registers that stand in the loop as the unit is built.
    built_in: f64,
    /// Bits of one more.
    bits: f64,
}

/// Sections of a unit with their delays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct UnitTiming([Option<Timed>; Sections::MOST]);

impl UnitTiming {
    pub(super) fn of(unit: &Unit, steps: &[f64; Step::COUNT]) -> Self {
        let mut timed = [None; Sections::MOST];
        for (place, section) in timed.iter_mut().zip(unit.sections().iter()) {
            *place = Some(Timed::of(section, steps));
        }
        Self(timed)
    }

    fn sections(&self) -> impl Iterator<Item = &Timed> {
        self.0.iter().flatten()
    }
}

impl Timed {
    fn of(section: &Section, steps: &[f64; Step::COUNT]) -> Self {
        let step = section.forward.longest_step(steps);
        let in_loop = section
            .feedback
            .map_or(0.0, |feedback| feedback.path.longest_step(steps));
        Self {
            name: section.name,
            uncut: section.uncut.delay(steps),
            forward: section.forward.delay(steps),
            bits: section.bits.map(|bits| bits.max(1.0)),
            feedback: section.feedback.map(|feedback| TimedLoop {
                name: feedback.name,
                delay: feedback.path.delay(steps),
                built_in: f64::from(feedback.stages),
                bits: feedback.bits,
            }),
            step: step.max(in_loop),
        }
    }
}

/// Registers with which a section meets a clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cuts {
    /// Registers put into the path.
    pub(super) inserted: f64,
    /// Bits of all of them.
    pub(super) bits: f64,
    /// Sums that alternate in the loop.
    pub(super) sums: f64,
    /// Registers that stand there as built, the last included.
    pub(super) built: f64,
}

impl Cuts {
    /// None put in.
    pub(super) const NONE: Self = Self {
        inserted: 0.0,
        bits: 0.0,
        sums: 1.0,
        built: 0.0,
    };

    /// Share of the logic as built that registers leave between them.
    pub(super) fn depth(&self) -> f64 {
        if self.inserted > 0.0 {
            self.built / (self.built + self.inserted)
        } else {
            1.0
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            inserted: self.inserted + other.inserted,
            bits: self.bits + other.bits,
            sums: self.sums.max(other.sums),
            built: self.built + other.built,
        }
    }
}

/// Demands of a clock on sections.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pace {
    /// Picoseconds on the node and at the supply for one of the library's.
    pub(super) scale: f64,
    /// See [`overhead`].
    pub(super) overhead: f64,
    pub(super) pipelining: PipelineStages,
    /// Sums that may alternate.
    pub(super) sums: f64,
}

/// Bound of a clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bound {
    /// The path, as a message names it.
    pub(super) name: &'static str,
    /// Picoseconds of the path on the node and at the supply.
    pub(super) picoseconds: f64,
    /// Shortest period in picoseconds.
    pub(super) period: f64,
    /// True for a loop.
    pub(super) is_loop: bool,
}

impl Bound {
    pub(super) const fn new(name: &'static str, picoseconds: f64) -> Self {
        Self {
            name,
            picoseconds,
            period: picoseconds,
            is_loop: false,
        }
    }

    /// The slower of two.
    pub(super) fn slower(self, other: Self) -> Self {
        if other.period > self.period {
            other
        } else {
            self
        }
    }
}

impl Timed {
    /// Registers that stand in the path as the unit is built, the last included.
    fn built_in(&self) -> f64 {
        self.feedback.map_or(1.0, |feedback| feedback.built_in)
    }

    /// The shortest period that registers allow; `gap` cycles pass between two uses.
    fn bound(&self, pace: &Pace, gap: f64) -> Bound {
        let whole = Bound {
            name: self.name,
            picoseconds: self.uncut * pace.scale,
            period: self.uncut / gap * pace.scale,
            is_loop: false,
        };
        if pace.pipelining == PipelineStages::None {
            return whole;
        }
        let cut = |delay: f64, stages: f64| (UNEVEN * delay / stages).max(self.step);
        let forward = cut(self.forward, MOST_STAGES).min(self.forward);
        let mut best = Bound {
            period: (pace.overhead + forward) * pace.scale,
            ..whole
        };
        if let Some(feedback) = self.feedback {
            let stages = feedback.built_in.max(pace.sums) * gap;
            let as_built = if feedback.built_in > 1.0 {
                self.uncut
            } else {
                (feedback.delay + pace.overhead) / gap
            };
            let period = as_built.min(pace.overhead + cut(feedback.delay, stages));
            best = best.slower(Bound {
                name: feedback.name,
                picoseconds: (feedback.delay + pace.overhead) * pace.scale,
                period: period * pace.scale,
                is_loop: true,
            });
        }
        if best.period < whole.period {
            best
        } else {
            whole
        }
    }

    /// Registers for a period in picoseconds of the library.
    fn cuts(&self, pace: &Pace, period: f64, gap: f64) -> Cuts {
        let room = period * gap * (1.0 + TOLERANCE);
        if self.uncut <= room || pace.pipelining == PipelineStages::None {
            return Cuts {
                built: self.built_in(),
                ..Cuts::NONE
            };
        }
        let free = period - pace.overhead;
        let stages = |delay: f64| {
            if delay + pace.overhead <= room {
                1.0
            } else {
                (UNEVEN * delay / free - TOLERANCE).ceil().max(2.0)
            }
        };
        let forward = stages(self.forward);
        let inside = self.forward_bits(forward);
        let Some(feedback) = self.feedback else {
            return Cuts {
                inserted: forward - 1.0,
                bits: inside,
                sums: 1.0,
                built: 1.0,
            };
        };
        let built = feedback.built_in;
        let as_built = built > 1.0 && self.uncut <= period * (1.0 + TOLERANCE);
        let in_loop = if as_built {
            built
        } else {
            stages(feedback.delay).max(built)
        };
        // Without logic before the loop, no register stands between the two.
        let between = if self.forward > 0.0 { 1.0 } else { 0.0 };
        Cuts {
            inserted: forward - 1.0 + between + in_loop - built,
            bits: inside + between * self.bits[1] + (in_loop - built) * feedback.bits,
            sums: (in_loop / gap).ceil().max(1.0),
            built,
        }
    }

    /// Bits of the registers that cut the forward logic into equal stages: a geometric series, as trees shrink.
    fn forward_bits(&self, stages: f64) -> f64 {
        if stages < 2.0 {
            return 0.0;
        }
        let [first, last] = self.bits;
        let ratio = (last / first).powf(1.0 / stages);
        if (ratio - 1.0).abs() < 1e-9 {
            return first * (stages - 1.0);
        }
        first * (ratio - last / first) / (1.0 - ratio)
    }
}

/// Slack for a clock that was computed from the period it is held against.
const TOLERANCE: f64 = 1e-9;

/// A unit with the cycles between two of its uses.
pub(super) type Paced = (UnitTiming, f64);

/// Stages of units one behind the other as built, without registers put in.
pub(super) fn stages(units: &[Paced]) -> f64 {
    sections(units).map(|(section, _)| section.built_in()).sum()
}

/// Registers of one unit for a period in picoseconds.
pub(super) fn cuts((unit, gap): &Paced, pace: &Pace, period: f64) -> Cuts {
    unit.sections()
        .map(|section| section.cuts(pace, period / pace.scale, *gap))
        .fold(Cuts::NONE, Cuts::and)
}

/// Bound of the clock of units one behind the other; a fixed number of stages is spread over their sections as
/// evenly as they allow.
pub(super) fn bound(units: &[Paced], pace: &Pace) -> Option<Bound> {
    let slowest = sections(units)
        .map(|(section, gap)| section.bound(pace, gap))
        .reduce(Bound::slower)?;
    let PipelineStages::Number(asked) = pace.pipelining else {
        return Some(slowest);
    };
    let (least, asked) = (stages(units), f64::from(asked));
    let fit = |period: f64| {
        let inserted: f64 = units
            .iter()
            .map(|unit| cuts(unit, pace, period).inserted)
            .sum();
        least + inserted <= asked.max(least)
    };
    let (mut fast, mut slow) = (slowest.period, slowest.period);
    while !fit(slow) && slow < slowest.period * 1e3 {
        slow *= 2.0;
    }
    while slow - fast > 1e-4 * slow {
        let middle = f64::midpoint(fast, slow);
        if fit(middle) {
            slow = middle;
        } else {
            fast = middle;
        }
    }
    Some(Bound {
        period: slow,
        ..slowest
    })
}

fn sections(units: &[Paced]) -> impl Iterator<Item = (&Timed, f64)> {
    let each = units.iter();
    each.flat_map(|(unit, gap)| unit.sections().map(move |section| (section, *gap)))
}
