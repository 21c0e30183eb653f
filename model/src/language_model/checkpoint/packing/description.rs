//! What a configuration says of the packing of its weights: `quantization_config` of `config.json`, or MLX's `quantization`.

use serde_json::Value;

/// The few fields that shapes of tensors do not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Description {
    /// The scheme as the file names it, for messages.
    pub(super) method: Option<String>,
    /// Rows and columns of the blocks of FP8 weights.
    pub(super) block: Option<(usize, usize)>,
    /// Bits of an integer code.
    pub(super) bits: Option<usize>,
    /// Columns that share a scale.
    pub(super) group_size: Option<usize>,
    /// Whether GPTQ's zero points are stored as they are, not less one.
    pub(super) has_plain_zeros: bool,
}

impl Description {
    /// Reads what is there; a text without such a description gives the defaults.
    pub(super) fn of_config(text: Option<&str>) -> Self {
        let parsed: Option<Value> = text
            .map(|text| text.trim_start_matches('\u{feff}'))
            .and_then(|text| serde_json::from_str(text).ok());
        let Some(config) = parsed else {
            return Self::default();
        };
        let found = ["quantization_config", "quantization"]
            .into_iter()
            .find_map(|key| {
                config
                    .get(key)
                    .or_else(|| config.get("text_config")?.get(key))
            });
        let Some(fields) = found else {
            return Self::default();
        };
        let count = |value: &Value| value.as_u64().and_then(|count| usize::try_from(count).ok());
        let text = |key: &str| fields.get(key).and_then(Value::as_str);
        let block = fields
            .get("weight_block_size")
            .and_then(Value::as_array)
            .and_then(|block| match block.as_slice() {
                [rows, columns] => Some((count(rows)?, count(columns)?)),
                _ => None,
            });
        Self {
            method: text("quant_method").map(str::to_owned),
            block: block.filter(|(rows, columns)| *rows > 0 && *columns > 0),
            bits: fields.get("bits").and_then(count),
            group_size: fields
                .get("group_size")
                .and_then(count)
                .filter(|size| *size > 0),
            has_plain_zeros: text("checkpoint_format") == Some("gptq_v2"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_from_the_places_where_writers_put_them() {
        let of = |text: &str| Description::of_config(Some(text));
        let fp8 = r#"{"quantization_config":{"quant_method":"fp8","weight_block_size":[32,64]}}"#;
        assert_eq!(of(fp8).block, Some((32, 64)));
        let gptq = r#"{"text_config":{"quantization_config":{"quant_method":"gptq","bits":4,"checkpoint_format":"gptq_v2"}}}"#;
        assert!(of(gptq).has_plain_zeros);
        assert_eq!(
            of(r#"{"quantization":{"bits":8,"group_size":64}}"#).bits,
            Some(8)
        );
        assert_eq!(of("{"), Description::default());
    }
}
