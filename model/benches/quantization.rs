//! Quantizing against copying the same bytes, and many formats in one pass against one pass each.
//!
//! Read ratios within one run: every group has its own `memory_copy`. Buffers of 128 MiB lie far outside the caches; all pages
//! are written before the first sample.

use blockscape_model::format::Format;
use blockscape_model::quantization::{ErrorSums, measure, measure_many, quantize_dequantize};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

/// One format of each family.
const FAMILIES: &[&str] = &[
    "bfp:m=4,e=8,b=32",
    "bfp:m=7,e=8,b=32",
    "anda:m=6",
    "bfp:m=4,e=8,b=8",
    "bfp:m=4,e=8,b=16",
    "bfp:m=4,e=8,b=64",
    "bfp:m=4,e=8,b=128",
    "bfp:m=4,e=8,b=row",
    "bfp:m=4,e=8,b=32,round=nearest-away",
    "bfp:m=4,e=8,b=32,round=stochastic",
    "mxint8",
    "mxint:w=4,b=16",
    "blockfp:w=5,b=16",
    "mxfp8-e4m3",
    "mxfp4",
    "nvfp4",
    "mx6",
    "fp:e=4,m=3",
    "fp16",
    "bf16",
    "int:w=4,g=128",
    "int:w=4,g=128,asym",
    "q4_0",
    "q4_1",
    "q8_0",
    "mxfp4-ggml",
    "q2_k",
    "q3_k",
    "q4_k",
    "q6_k",
    "q8_k",
];

/// Twelve formats that a designer compares.
const TWELVE: [&str; 12] = [
    "bfp:m=3,e=8,b=32",
    "bfp:m=4,e=8,b=32",
    "bfp:m=5,e=8,b=32",
    "bfp:m=7,e=8,b=32",
    "bfp:m=4,e=8,b=16",
    "bfp:m=4,e=8,b=128",
    "anda:m=6",
    "anda:m=8",
    "mxint8",
    "mxfp8-e4m3",
    "mxfp6-e2m3",
    "mxfp4",
];

const ROW: usize = 4096;
/// Far beyond any cache.
const MEMORY: usize = 1 << 25;
/// 128 KiB and as much for the result.
const CACHE: usize = 1 << 15;

fn format(text: &str) -> Format {
    text.parse().expect("the formats of this file are valid")
}

/// Values that look like weights: a bell from the sum of four uniform numbers.
fn tensor(n: usize) -> Vec<f32> {
    let mut state = 1_u32;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        f32::from_bits(state >> 9 | 0x3f80_0000) - 1.5
    };
    (0..n)
        .map(|_| uniform() + uniform() + uniform() + uniform())
        .collect()
}

fn copy(bencher: Bencher<'_, '_>, n: usize) {
    let x = tensor(n);
    let mut out = vec![1.0; n];
    bencher
        .counter(BytesCount::of_many::<f32>(2 * n))
        .bench_local(|| black_box(&mut out).copy_from_slice(black_box(&x)));
}

fn quantize(bencher: Bencher<'_, '_>, n: usize, text: &str) {
    let (format, x) = (format(text), tensor(n));
    let mut out = vec![1.0; n];
    bencher
        .counter(BytesCount::of_many::<f32>(2 * n))
        .bench_local(|| quantize_dequantize(format, black_box(&x), ROW, black_box(&mut out)));
}

#[divan::bench_group(sample_count = 7, sample_size = 1)]
mod from_memory {
    use super::{Bencher, FAMILIES, MEMORY, copy, quantize};

    #[divan::bench]
    fn memory_copy(bencher: Bencher<'_, '_>) {
        copy(bencher, MEMORY);
    }

    #[divan::bench(args = FAMILIES)]
    fn one_format(bencher: Bencher<'_, '_>, text: &str) {
        quantize(bencher, MEMORY, text);
    }
}

#[divan::bench_group(sample_count = 15)]
mod in_cache {
    use super::{Bencher, CACHE, FAMILIES, copy, quantize};

    #[divan::bench]
    fn memory_copy(bencher: Bencher<'_, '_>) {
        copy(bencher, CACHE);
    }

    #[divan::bench(args = FAMILIES)]
    fn one_format(bencher: Bencher<'_, '_>, text: &str) {
        quantize(bencher, CACHE, text);
    }
}

/// Error of twelve formats on one tensor of 128 MiB.
#[divan::bench_group(sample_count = 5, sample_size = 1)]
mod twelve_formats {
    use super::{
        Bencher, ErrorSums, Format, MEMORY, ROW, TWELVE, black_box, format, measure, measure_many,
        quantize_dequantize, tensor,
    };

    /// Quantize the tensor to memory, then read both for the sums; twelve times.
    #[divan::bench]
    fn twelve_passes(bencher: Bencher<'_, '_>) {
        let x = tensor(MEMORY);
        let mut out = vec![1.0; MEMORY];
        bencher.bench_local(|| {
            TWELVE.map(|text| {
                quantize_dequantize(format(text), black_box(&x), ROW, &mut out);
                ErrorSums::of(black_box(&x), black_box(&out))
            })
        });
    }

    /// [`measure`] twelve times: the tensor is loaded for each, the quantized form never leaves the cache.
    #[divan::bench]
    fn twelve_measures(bencher: Bencher<'_, '_>) {
        let x = tensor(MEMORY);
        bencher.bench_local(|| TWELVE.map(|text| measure(format(text), black_box(&x), ROW)));
    }

    #[divan::bench]
    fn fused(bencher: Bencher<'_, '_>) {
        let x = tensor(MEMORY);
        let formats: Vec<Format> = TWELVE.iter().map(|text| format(text)).collect();
        bencher.bench_local(|| measure_many(&formats, black_box(&x), ROW));
    }
}
