//! The forward pass against the matrix products it consists of, and with quantized operands against itself.
//!
//! Read as ratios of one run: `f32_pass` over `products_alone` (0.8 or more of the products' speed is wished) and
//! `quantized_pass` over `f32_pass` (1.3 or less).

use blockscape_model::design::{FormatTable, KeyValuePolicy};
use blockscape_model::format::Format;
use blockscape_model::language_model::{
    Checkpoint, LanguageModel, MatrixView, Pass, QuantizedModel, matrix_product,
};
use blockscape_model::workload::SlotGroup;
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

const HIDDEN: usize = 512;
const FFN: usize = 1408;
const LAYERS: usize = 2;
const HEADS: usize = 8;
const KV_HEADS: usize = 4;
const VOCABULARY: usize = 4096;
const TOKENS: usize = 256;
const HEAD_DIM: usize = HIDDEN / HEADS;

/// A llama of random weights.
fn model() -> LanguageModel {
    let mut bytes = Vec::new();
    for field in [HIDDEN, FFN, LAYERS, HEADS, KV_HEADS, VOCABULARY, TOKENS] {
        bytes.extend(i32::try_from(field).expect("small").to_le_bytes());
    }
    let kv = KV_HEADS * HEAD_DIM;
    let per_layer = 2 * HIDDEN + 2 * HIDDEN * HIDDEN + 2 * kv * HIDDEN + 3 * FFN * HIDDEN;
    let n_values = VOCABULARY * HIDDEN + LAYERS * per_layer + HIDDEN + TOKENS * HEAD_DIM;
    let mut state = 1_u32;
    for _ in 0..n_values {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let value = f32::from(u16::try_from(state >> 16).expect("16 bits")) / 65536.0 - 0.5;
        bytes.extend((value * 0.15).to_le_bytes());
    }
    let checkpoint = Checkpoint::from_llama2c(&bytes).expect("the header fits the bytes");
    LanguageModel::from_checkpoint(&checkpoint).expect("all tensors are there")
}

fn tokens() -> Vec<u32> {
    (0..256).map(|index| index * 389 % 4096).collect()
}

fn run(bencher: Bencher<'_, '_>, rules: &[(&str, &str)]) {
    let mut table = FormatTable::uniform(Format::FP32);
    for (group, format) in rules {
        let group: SlotGroup = group.parse().expect("a group of sites");
        table.set(group, format.parse().expect("a format"));
    }
    let model = QuantizedModel::new(&model(), &table, &KeyValuePolicy::default());
    let mut pass = Pass::new(&model);
    let tokens = tokens();
    bencher.bench_local(|| pass.negative_log_likelihood(black_box(&tokens), 1));
}

#[divan::bench]
fn f32_pass(bencher: Bencher<'_, '_>) {
    run(bencher, &[]);
}

#[divan::bench(args = ["bfp:m=6,b=32", "anda:m=6", "mxfp6-e2m3", "int:w=8,g=128"])]
fn quantized_pass(bencher: Bencher<'_, '_>, format: &str) {
    run(
        bencher,
        &[
            ("weights", format),
            ("activations", format),
            ("kv", "bfp:m=4,b=32"),
        ],
    );
}

#[divan::bench]
fn quantized_pass_with_attention(bencher: Bencher<'_, '_>) {
    run(bencher, &[("all", "bfp:m=6,b=32")]);
}

/// The products of the pass in its shapes and order, nothing else.
#[divan::bench]
fn products_alone(bencher: Bencher<'_, '_>) {
    let largest = VOCABULARY.max(FFN) * HIDDEN.max(TOKENS);
    let left = vec![0.5_f32; largest];
    let right = vec![0.25_f32; largest];
    let mut out = vec![0.0_f32; TOKENS * VOCABULARY];
    let kv = KV_HEADS * HEAD_DIM;
    bencher.bench_local(|| {
        let mut product = |m, n, k| multiply(&mut out, &left, &right, (m, n, k));
        for _ in 0..LAYERS {
            for n in [HIDDEN, kv, kv] {
                product(TOKENS, n, HIDDEN);
            }
            for _ in 0..HEADS {
                for end in (64..=TOKENS).step_by(64) {
                    product(64, end, HEAD_DIM);
                    product(64, HEAD_DIM, end);
                }
            }
            product(TOKENS, HIDDEN, HIDDEN);
            product(TOKENS, FFN, HIDDEN);
            product(TOKENS, FFN, HIDDEN);
            product(TOKENS, HIDDEN, FFN);
        }
        product(TOKENS, VOCABULARY, HIDDEN);
        black_box(&out);
    });
}

/// `out = left x right^T`.
fn multiply(out: &mut [f32], left: &[f32], right: &[f32], (m, n, k): (usize, usize, usize)) {
    let right = MatrixView::rows(right, n, k).transposed();
    matrix_product(out, n, MatrixView::rows(left, m, k), right, false);
}
