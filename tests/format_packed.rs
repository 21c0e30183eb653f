//! Packed tensors of every format: they take the bits that the format claims, and give back every bit of the values.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use blockscape_model::format::Format;
use blockscape_model::quantization::{Quantizer, packed};
use blockscape_tests::properties::properties;
use proptest::prelude::*;

fn formats() -> Vec<Format> {
    let others = [
        "bfp:m=1,e=8,b=16",
        "bfp:m=4,e=8,b=32",
        "bfp:m=5,e=3,b=7,round=truncate,scale=even",
        "bfp:m=7,e=8,b=row,round=stochastic,scale=rceil",
        "bfp:m=23,e=8,b=64,scale=ceil",
        "anda:m=1",
        "anda:m=6",
        "anda:m=16",
        "harmonia:m=4",
        "harmonia:m=8",
        "mxint:w=2,b=16",
        "mxint:w=4,b=16",
        "mxint:w=24,b=5,e=6",
        "blockfp:w=5,b=16",
        "blockfp:w=12,b=row,e=4",
        "int:w=2,g=32",
        "int:w=4,g=128",
        "int:w=3,g=row,asym",
        "int:w=8,g=64,asym,round=nearest-away",
        "int:w=16,g=128",
        "fp:e=4,m=3",
        "fp:e=5,m=2,overflow=special",
        "fp:e=8,m=10",
        "mx:e=3,m=3,b=64",
        "mx:e=1,m=2,b=16",
        "mx:w=4,b=7",
        "mx:e=4,m=3,overflow=special,b=32",
        "mxfp4:b=5,scale=even,round=stochastic",
        "mxfp8-e5m2:b=row,scale=ceil",
        "nvfp4:round=truncate",
        "mx9:round=truncate",
    ];
    let named = Format::named().map(|(_, format)| format);
    named
        .chain(others.iter().map(|text| text.parse().unwrap()))
        .collect()
}

fn value() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => (-1.0_f32..1.0, -12_i32..12).prop_map(|(fraction, exponent)| fraction * 2.0_f32.powi(exponent)),
        1 => Just(0.0_f32),
        1 => Just(-0.0_f32),
        1 => (-30_i32..14).prop_map(|exponent| -(2.0_f32.powi(exponent))),
        1 => (0_u32..0x0080_0000).prop_map(f32::from_bits),
    ]
}

proptest! {
    #![proptest_config(properties(60))]

    #[test]
    fn packing_and_unpacking_gives_the_quantized_values(
        values in prop::collection::vec(value(), 1..700),
        rows in 1_usize..4,
    ) {
        let row_len = values.len() / rows;
        prop_assume!(row_len > 0);
        let x = &values[..rows * row_len];
        for format in formats() {
            let quantizer = Quantizer::for_tensor(format, x).with_seed(7);
            let bytes = packed::pack(&quantizer, x, row_len);
            let bits = format.storage_bits(rows as u64, row_len as u64);
            prop_assert_eq!(bytes.len() as u64, bits.div_ceil(8), "{}", format);
            let mut expected = vec![0.0; x.len()];
            quantizer.quantize(x, row_len, &mut expected);
            let unpacked = packed::unpack(format, &bytes, rows, row_len).unwrap();
            for (index, (ours, expected)) in unpacked.iter().zip(&expected).enumerate() {
                // whole numbers have one zero
                let same = ours.to_bits() == expected.to_bits() || (*ours == 0.0 && *expected == 0.0);
                prop_assert!(same, "{format} {index}: {} became {ours:e}, not {expected:e}", x[index]);
            }
        }
    }

    #[test]
    fn any_bytes_unpack_to_something(bytes in prop::collection::vec(any::<u8>(), 400..401)) {
        for format in formats() {
            let length = format.storage_bits(1, 40).div_ceil(8);
            let bytes = &bytes[..usize::try_from(length).unwrap().min(bytes.len())];
            if bytes.len() as u64 == length {
                prop_assert_eq!(packed::unpack(format, bytes, 1, 40).unwrap().len(), 40);
            }
        }
    }
}

#[test]
fn every_format_takes_the_bits_per_value_it_claims() {
    let x: Vec<f32> = (0_u16..4096).map(|i| (f32::from(i) * 0.37).sin()).collect();
    for format in formats() {
        let bytes = packed::pack(&Quantizer::for_tensor(format, &x), &x, x.len());
        let bits = u64::try_from(bytes.len()).unwrap() * 8;
        // Parts once a row or tensor, such as a codebook, count here and vanish in `bits_per_value`, the limit of long rows.
        let claimed = format.storage_bits(1, 4096);
        assert!(
            (claimed..claimed + 64).contains(&bits),
            "{format}: {bits} for {claimed}"
        );
    }
}
