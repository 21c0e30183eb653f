//! Writes small GGUF files for tests.

/// A metadata value.
#[derive(Debug, Clone)]
pub enum Value {
    /// An unsigned 32-bit integer.
    Count(u32),
    /// A 32-bit float.
    Float(f32),
    /// Text.
    Text(&'static str),
    /// A list of texts.
    Texts(Vec<String>),
    /// A list of floats.
    Floats(Vec<f32>),
}

/// A tensor: name, axes with the innermost first, ggml type number, bytes.
pub type Tensor = (String, Vec<u64>, u32, Vec<u8>);

/// The bytes of a file with these pairs and tensors.
pub fn gguf_file(version: u32, pairs: &[(&str, Value)], tensors: &[Tensor]) -> Vec<u8> {
    let mut file = b"GGUF".to_vec();
    file.extend(version.to_le_bytes());
    file.extend((tensors.len() as u64).to_le_bytes());
    file.extend((pairs.len() as u64).to_le_bytes());
    for (key, value) in pairs {
        text(&mut file, key);
        write(&mut file, value);
    }
    let mut offset = 0;
    for (name, dims, kind, bytes) in tensors {
        text(&mut file, name);
        file.extend(u32::try_from(dims.len()).unwrap_or(u32::MAX).to_le_bytes());
        for len in dims {
            file.extend(len.to_le_bytes());
        }
        file.extend(kind.to_le_bytes());
        file.extend((offset as u64).to_le_bytes());
        offset = (offset + bytes.len()).next_multiple_of(32);
    }
    for (_, _, _, bytes) in tensors {
        file.resize(file.len().next_multiple_of(32), 0);
        file.extend(bytes);
    }
    file
}

fn write(file: &mut Vec<u8>, value: &Value) {
    let mut kind = |number: u32| file.extend(number.to_le_bytes());
    match value {
        Value::Count(value) => {
            kind(4);
            file.extend(value.to_le_bytes());
        }
        Value::Float(value) => {
            kind(6);
            file.extend(value.to_le_bytes());
        }
        Value::Text(value) => {
            kind(8);
            text(file, value);
        }
        Value::Texts(values) => {
            kind(9);
            kind(8);
            file.extend((values.len() as u64).to_le_bytes());
            for value in values {
                text(file, value);
            }
        }
        Value::Floats(values) => {
            kind(9);
            kind(6);
            file.extend((values.len() as u64).to_le_bytes());
            for value in values {
                file.extend(value.to_le_bytes());
            }
        }
    }
}

fn text(file: &mut Vec<u8>, text: &str) {
    file.extend((text.len() as u64).to_le_bytes());
    file.extend(text.as_bytes());
}

/// A llama of one layer and a vocabulary of five tokens, its weights a fixed pattern: a file that loads.
pub fn tiny_llama() -> (Vec<(&'static str, Value)>, Vec<Tensor>) {
    let pairs = vec![
        ("general.architecture", Value::Text("llama")),
        ("llama.context_length", Value::Count(16)),
        ("llama.embedding_length", Value::Count(8)),
        ("llama.block_count", Value::Count(1)),
        ("llama.feed_forward_length", Value::Count(12)),
        ("llama.attention.head_count", Value::Count(2)),
        ("llama.attention.head_count_kv", Value::Count(1)),
        ("llama.attention.layer_norm_rms_epsilon", Value::Float(1e-5)),
        ("tokenizer.ggml.model", Value::Text("llama")),
        (
            "tokenizer.ggml.tokens",
            Value::Texts(["<unk>", "<s>", "a", "b", "ab"].map(str::to_owned).to_vec()),
        ),
        ("tokenizer.ggml.scores", Value::Floats(vec![0.0; 5])),
        ("tokenizer.ggml.bos_token_id", Value::Count(1)),
    ];
    let shapes: [(&str, &[u64]); 11] = [
        ("token_embd", &[8, 5]),
        ("output_norm", &[8]),
        ("blk.0.attn_norm", &[8]),
        ("blk.0.attn_q", &[8, 8]),
        ("blk.0.attn_k", &[8, 4]),
        ("blk.0.attn_v", &[8, 4]),
        ("blk.0.attn_output", &[8, 8]),
        ("blk.0.ffn_norm", &[8]),
        ("blk.0.ffn_gate", &[8, 12]),
        ("blk.0.ffn_up", &[8, 12]),
        ("blk.0.ffn_down", &[12, 8]),
    ];
    let tensors = shapes
        .iter()
        .map(|(name, dims)| {
            let n_values: u64 = dims.iter().product();
            let bytes = (0..n_values)
                .flat_map(|index| {
                    let step = u16::try_from(index * 37 % 101).unwrap_or(0);
                    (f32::from(step) / 64.0 - 0.7).to_le_bytes()
                })
                .collect();
            (format!("{name}.weight"), dims.to_vec(), 0, bytes)
        })
        .collect();
    (pairs, tensors)
}
