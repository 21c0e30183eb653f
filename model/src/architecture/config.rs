//! Reading a `config.json`: what all families share.
//!
//! Names and defaults are those of the configuration classes of transformers 5. Sizes that a file leaves out are an error at the
//! top of a file, where the library always writes them; inside `text_config` it leaves out what equals the class's default.

use super::family::{self, Family};
use super::{
    Activation, Architecture, Dense, DescriptionError, Embedding, Fields, GroupedAttention, Head,
    Layer, MOST_LAYERS, Norm, Rotary, Span,
};

pub(super) use super::config_rotary::Usual;

/// Sizes of a configuration class where a file leaves them out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Defaults {
    pub(super) hidden: u32,
    pub(super) layers: u32,
    pub(super) heads: u32,
    /// Key heads; `None`: as many as heads.
    pub(super) key_heads: Option<u32>,
    /// Values a head; `None`: hidden width over heads.
    pub(super) head_dim: Option<u32>,
    pub(super) width: u32,
    pub(super) vocabulary: u32,
    pub(super) context: u32,
}

/// Sizes that nearly every family has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) hidden: u32,
    pub(super) layers: u32,
    pub(super) heads: u32,
    pub(super) key_heads: u32,
    pub(super) head_dim: u32,
    pub(super) width: u32,
    pub(super) vocabulary: u32,
    pub(super) context: u32,
}

/// What a layer's attention is, in the words of `layer_types`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LayerType {
    Full,
    Sliding,
    Chunked,
    Linear,
}

impl LayerType {
    /// As kinds of layers are named.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Sliding => "window",
            Self::Chunked => "chunk",
            Self::Linear => "linear",
        }
    }
}

/// A `config.json`, or the part of it that describes the language model.
#[derive(Debug)]
pub(super) struct Config<'t> {
    pub(super) fields: Fields<'t>,
    /// The object around it, where it is nested.
    outer: Option<Fields<'t>>,
    pub(super) family: String,
}

impl Architecture {
    /// Reads the text of a `config.json`; `name` is used where the file has none.
    ///
    /// # Errors
    /// Names the field, its line and what is allowed: no JSON, a family that is not known, an encoder, a field that is missing,
    /// of the wrong kind, out of range, or not understood.
    pub fn from_config(text: &str, name: Option<&str>) -> Result<Self, DescriptionError> {
        let fields = Fields::of_config(text)?;
        let config = Config::find(fields)?;
        let reader = family::of_config(&config.family).ok_or_else(|| config.unknown_family())?;
        let mut architecture = (reader.read)(&config)?;
        config.fields.finish()?;
        if let Some(found) = config.name()? {
            architecture.name = found;
        } else if let Some(name) = name {
            name.clone_into(&mut architecture.name);
        }
        architecture.checked()
    }

    /// The description itself, unless something in it is out of range.
    fn checked(self) -> Result<Self, DescriptionError> {
        match self.check() {
            Ok(()) => Ok(self),
            Err(violations) => {
                let told: Vec<String> = violations.iter().map(ToString::to_string).collect();
                Err(DescriptionError {
                    place: "model".to_owned(),
                    reason: told.join("; "),
                })
            }
        }
    }

    /// Families that can be read.
    pub fn families() -> impl Iterator<Item = &'static str> {
        family::all().flat_map(|family: &Family| family.model_types.iter().copied())
    }
}

/// Names of the object that holds the language model of one that also sees or hears.
const INNER: [&str; 4] = [
    "text_config",
    "llm_config",
    "language_config",
    "thinker_config",
];

/// Families of encoders and of other networks that are no language models.
const NO_DECODERS: [&str; 22] = [
    "albert",
    "bart",
    "bert",
    "blip",
    "clip",
    "convnext",
    "deberta",
    "deberta-v2",
    "distilbert",
    "electra",
    "marian",
    "mbart",
    "modernbert",
    "mpnet",
    "mt5",
    "pegasus",
    "roberta",
    "siglip_vision_model",
    "t5",
    "vit",
    "whisper",
    "xlm-roberta",
];

impl<'t> Config<'t> {
    /// The language model of a file: a nested one is what counts, whatever stands around it.
    fn find(fields: Fields<'t>) -> Result<Self, DescriptionError> {
        for name in INNER {
            if let Some(inner) = fields.nested(name)? {
                let named = inner.word(&["model_type"])?;
                let outer = fields.word(&["model_type"])?;
                let family = match (named, outer) {
                    (Some(family), _) => family,
                    (None, Some(outer)) => format!("{outer}_text"),
                    (None, None) => return Err(inner.missing("model_type")),
                };
                return Ok(Self {
                    fields: inner,
                    outer: Some(fields),
                    family,
                });
            }
        }
        let Some(family) = fields.word(&["model_type"])? else {
            return Err(fields.missing("model_type"));
        };
        if fields.flag(&["is_encoder_decoder"])? == Some(true) {
            return Err(fields.fault(
                "is_encoder_decoder",
                "is true; decoders alone are language models here",
            ));
        }
        Ok(Self {
            fields,
            outer: None,
            family,
        })
    }

    fn unknown_family(&self) -> DescriptionError {
        let family = self.family.as_str();
        if NO_DECODERS.contains(&family) {
            return self.fields.fault(
                "model_type",
                format!(
                    "is \"{family}\", which is not a decoder of text; language models are read"
                ),
            );
        }
        if let Some(reason) = family::refusal(family) {
            return self
                .fields
                .fault("model_type", format!("is \"{family}\": {reason}"));
        }
        let known: Vec<&str> = Architecture::families().collect();
        self.fields.fault(
            "model_type",
            format!("is \"{family}\"; read are {}", known.join(" ")),
        )
    }

    fn name(&self) -> Result<Option<String>, DescriptionError> {
        let fields = self.outer.as_ref().unwrap_or(&self.fields);
        let name = fields.word(&["_name_or_path"])?;
        Ok(name.filter(|name| !name.is_empty() && !name.starts_with(['/', '.'])))
    }

    /// Whether the language model stands inside another object.
    pub(super) const fn is_nested(&self) -> bool {
        self.outer.is_some()
    }

    fn size(&self, names: &[&str], default: u32) -> Result<u32, DescriptionError> {
        if self.is_nested() {
            Ok(self.fields.count(names)?.unwrap_or(default))
        } else {
            self.fields.needed(names)
        }
    }

    /// Sizes under their usual names.
    pub(super) fn sizes(&self, defaults: &Defaults) -> Result<Sizes, DescriptionError> {
        Ok(Sizes {
            width: self.size(&["intermediate_size"], defaults.width)?,
            ..self.sizes_without_width(defaults)?
        })
    }

    /// The same, the inner width of the default where a family has it under another name.
    pub(super) fn sizes_without_width(
        &self,
        defaults: &Defaults,
    ) -> Result<Sizes, DescriptionError> {
        let fields = &self.fields;
        let hidden = self.size(
            &["hidden_size", "n_embd", "d_model", "n_embed"],
            defaults.hidden,
        )?;
        let heads = self.size(
            &["num_attention_heads", "n_head", "n_heads"],
            defaults.heads,
        )?;
        let layers = self.size(
            &["num_hidden_layers", "n_layer", "n_layers"],
            defaults.layers,
        )?;
        if layers > MOST_LAYERS {
            return Err(fields.fault(
                "num_hidden_layers",
                format!("is {layers}; at most {MOST_LAYERS} layers are read"),
            ));
        }
        let key_heads = if fields.names().any(|name| name == "num_key_value_heads") {
            fields.count(&["num_key_value_heads"])?.unwrap_or(heads)
        } else {
            defaults.key_heads.unwrap_or(heads)
        };
        Ok(Sizes {
            hidden,
            layers,
            heads,
            key_heads,
            head_dim: fields
                .count(&["head_dim"])?
                .or(defaults.head_dim)
                .or(hidden.checked_div(heads))
                .unwrap_or(0),
            width: defaults.width,
            vocabulary: self.size(&["vocab_size"], defaults.vocabulary)?,
            context: fields
                .count(&["max_position_embeddings", "n_positions", "max_seq_len"])?
                .unwrap_or(defaults.context),
        })
    }

    /// The model around its layers; what a family adds is set afterwards.
    pub(super) fn architecture(
        &self,
        sizes: &Sizes,
        tied: bool,
        layers: Vec<Layer>,
    ) -> Result<Architecture, DescriptionError> {
        Ok(Architecture {
            name: self.family.clone(),
            source: "config.json".to_owned(),
            family: self.family.clone(),
            hidden_size: sizes.hidden,
            vocab_size: sizes.vocabulary,
            max_context: sizes.context,
            embedding: Embedding::default(),
            kinds: Vec::new(),
            order: Vec::new(),
            final_norm: None,
            head: Head {
                tied: self.tied(tied)?,
                ..Head::default()
            },
            start_token: self.start_token(),
        }
        .with_layers(layers))
    }

    fn tied(&self, default: bool) -> Result<bool, DescriptionError> {
        let name = ["tie_word_embeddings"];
        let own = self.fields.flag(&name)?;
        let outer = match &self.outer {
            Some(outer) => outer.flag(&name)?,
            None => None,
        };
        Ok(own.or(outer).unwrap_or(default))
    }

    fn start_token(&self) -> Option<u32> {
        let (_, id) = self.fields.value(&["bos_token_id"]).ok()??;
        let id = id.as_array().map_or(Some(id), |ids| ids.first())?;
        u32::try_from(id.as_u64()?).ok()
    }

    /// The nonlinearity under its usual names.
    pub(super) fn activation(
        &self,
        names: &[&str],
        default: Activation,
    ) -> Result<Activation, DescriptionError> {
        let Some(word) = self.fields.word(names)? else {
            return Ok(default);
        };
        Ok(match word.as_str() {
            "silu" | "swish" => Activation::Silu,
            "relu" => Activation::Relu,
            "relu2" | "relu_squared" => Activation::ReluSquared,
            "gelu" => Activation::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => Activation::GeluTanh,
            "xielu" => Activation::Xielu,
            other => {
                let name = names.iter().find(|name| self.fields.has(name));
                return Err(self.fields.fault(
                    name.unwrap_or(&"hidden_act"),
                    format!(
                        "is \"{other}\"; silu, relu, relu2, gelu, gelu_new and xielu are known"
                    ),
                ));
            }
        })
    }

    /// A gated perceptron with the usual names.
    pub(super) fn gated(&self, sizes: &Sizes) -> Result<Dense, DescriptionError> {
        Ok(Dense {
            width: sizes.width,
            gated: true,
            activation: self.activation(&["hidden_act"], Activation::Silu)?,
            biases: self.fields.flag(&["mlp_bias"])?.unwrap_or(false),
        })
    }

    /// Normalization by the root mean square with the usual name.
    pub(super) fn rms_norm(&self, default: f64) -> Result<Norm, DescriptionError> {
        let epsilon = self.fields.number(&["rms_norm_eps"])?;
        Ok(Norm::root_mean_square(epsilon.unwrap_or(default)))
    }

    /// Normalization by the standard deviation.
    pub(super) fn layer_norm(
        &self,
        names: &[&str],
        default: f64,
    ) -> Result<Norm, DescriptionError> {
        Ok(Norm::layer(self.fields.number(names)?.unwrap_or(default)))
    }

    /// `layer_types`, or what the class derives where a file has none.
    pub(super) fn layer_types(
        &self,
        n_layers: u32,
        derived: impl Fn(u32) -> LayerType,
    ) -> Result<Vec<LayerType>, DescriptionError> {
        let Some(words) = self.fields.words(&["layer_types"])? else {
            return Ok((0..n_layers).map(derived).collect());
        };
        self.expect_len("layer_types", words.len(), n_layers)?;
        let types = words.iter().map(|word| match word.as_str() {
            "full_attention" | "attention" => Ok(LayerType::Full),
            "sliding_attention" => Ok(LayerType::Sliding),
            "chunked_attention" => Ok(LayerType::Chunked),
            "linear_attention" => Ok(LayerType::Linear),
            other => Err(self.fields.fault(
                "layer_types",
                format!(
                    "holds \"{other}\"; full_attention, sliding_attention, chunked_attention and linear_attention are known"
                ),
            )),
        });
        types.collect()
    }

    /// Refuses a list that has not one entry a layer.
    pub(super) fn expect_len(
        &self,
        name: &str,
        len: usize,
        n_layers: u32,
    ) -> Result<(), DescriptionError> {
        if len == n_layers as usize {
            return Ok(());
        }
        Err(self.fields.fault(
            name,
            format!("has {len} entries; one for each of the {n_layers} layers is needed"),
        ))
    }

    /// The window under its usual name, where a file or the class has one.
    pub(super) fn window(&self, default: Option<u32>) -> Result<Option<u32>, DescriptionError> {
        let there = self.fields.names().any(|name| name == "sliding_window");
        let window = self.fields.count(&["sliding_window"])?;
        Ok(if there { window } else { default })
    }

    /// Attention without additions, of a span.
    pub(super) fn attention(sizes: &Sizes, rotary: Option<Rotary>, span: Span) -> GroupedAttention {
        GroupedAttention {
            rotary,
            span,
            ..GroupedAttention::new(sizes.heads, sizes.key_heads, sizes.head_dim)
        }
    }
}
