//! Carry-save trees and the adders behind them.

use super::cell_list::{Emitter, Literal, Site};

/// The way the adder at the end of a sum is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AdderStyle {
    /// A chain of full adders: the smallest and slowest.
    #[default]
    Ripple,
    /// Parallel prefix after Brent and Kung.
    Prefix,
}

/// Adds the bits of all columns, modulo two to their number.
///
/// As in Yosys' `maccmap`: words are taken off the columns, three words become two until two are left, and an adder ends the sum.
pub(super) fn sum_columns(
    emitter: &mut Emitter,
    columns: &[Vec<Literal>],
    style: AdderStyle,
) -> Vec<Literal> {
    let width = columns.len();
    let height = columns.iter().map(Vec::len).max().unwrap_or(0);
    let mut rows: Vec<Vec<Literal>> = (0..height)
        .map(|row| {
            columns
                .iter()
                .map(|column| column.get(row).copied().unwrap_or(Literal::ZERO))
                .collect()
        })
        .collect();
    let carry = AdderStyle::carry_in(&mut rows);
    while rows.len() > 2 {
        let mut next = Vec::with_capacity(rows.len() * 2 / 3 + 1);
        for group in rows.chunks(3) {
            let [a, b, c] = group else {
                next.extend(group.iter().cloned());
                continue;
            };
            let mut sums = Vec::with_capacity(width);
            let mut carries = vec![Literal::ZERO];
            for bit in 0..width {
                let [sum, carry] = emitter.full_adder(a[bit], b[bit], c[bit]);
                sums.push(sum);
                carries.push(carry);
            }
            carries.truncate(width);
            next.push(sums);
            next.push(carries);
        }
        rows = next;
    }
    match rows.as_slice() {
        [] => vec![Literal::ZERO; width],
        [row] => row.clone(),
        rows => match style {
            AdderStyle::Ripple => ripple(emitter, &rows[0], &rows[1], carry),
            AdderStyle::Prefix => prefix(emitter, &rows[0], &rows[1], carry),
        },
    }
}

impl AdderStyle {
    /// Takes a constant one off the lowest column of three rows: the carry of the adder, as in a subtraction.
    fn carry_in(rows: &mut Vec<Vec<Literal>>) -> Literal {
        let [_, _, last] = rows.as_slice() else {
            return Literal::ZERO;
        };
        let (lowest, rest) = last.split_at(1);
        if lowest[0] == Literal::ONE && rest.iter().all(|bit| *bit == Literal::ZERO) {
            rows.pop();
            return Literal::ONE;
        }
        Literal::ZERO
    }
}

fn ripple(emitter: &mut Emitter, a: &[Literal], b: &[Literal], carry: Literal) -> Vec<Literal> {
    let mut carry = carry;
    a.iter()
        .zip(b)
        .map(|(a, b)| {
            let [sum, next] = if carry == Literal::ONE && !a.is_constant() && !b.is_constant() {
                emitter.library_adder([Literal::ONE, *a, *b])
            } else {
                emitter.full_adder(*a, *b, carry)
            };
            carry = next;
            sum
        })
        .collect()
}

/// Generate and propagate of each bit, combined by Brent and Kung's tree, then one exclusive or a bit.
fn prefix(emitter: &mut Emitter, a: &[Literal], b: &[Literal], carry: Literal) -> Vec<Literal> {
    let width = a.len();
    let propagate: Vec<Literal> = (0..width)
        .map(|bit| emitter.xor(Site::Adder, a[bit], b[bit]))
        .collect();
    let mut spans: Vec<(Literal, Literal)> = (0..width)
        .map(|bit| (emitter.and(Site::Adder, a[bit], b[bit]), propagate[bit]))
        .collect();
    if let Some(lowest) = spans.first_mut() {
        let passed = emitter.and(Site::Adder, lowest.1, carry);
        lowest.0 = emitter.or(Site::Adder, lowest.0, passed);
    }
    let mut join = |spans: &mut Vec<(Literal, Literal)>, high: usize, low: usize| {
        let (generate, propagate) = spans[high];
        let (low_generate, low_propagate) = spans[low];
        let passed = emitter.and(Site::Adder, propagate, low_generate);
        spans[high] = (
            emitter.or(Site::Adder, generate, passed),
            emitter.and(Site::Adder, propagate, low_propagate),
        );
    };
    let mut step = 1;
    while step < width {
        for high in (2 * step - 1..width).step_by(2 * step) {
            join(&mut spans, high, high - step);
        }
        step *= 2;
    }
    while step > 1 {
        step /= 2;
        for high in (3 * step - 1..width).step_by(2 * step) {
            join(&mut spans, high, high - step);
        }
    }
    (0..width)
        .map(|bit| match bit.checked_sub(1) {
            None => emitter.xor(Site::Adder, propagate[0], carry),
            Some(below) => emitter.xor(Site::Adder, propagate[bit], spans[below].0),
        })
        .collect()
}
