//! Reading the rotation of a `config.json`: v4 `rope_scaling`, v5 `rope_parameters` and the fields beside them.

use super::config::Config;
use super::{DescriptionError, Fields, Rotary, RotaryPairs, RotaryScaling, Yarn};

/// The rotation of a class where a file leaves it out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usual {
    pairs: RotaryPairs,
    base: f64,
    fraction: f64,
}

impl Usual {
    /// Pairs of channels half the width apart.
    pub(super) const fn halves(base: f64) -> Self {
        Self {
            pairs: RotaryPairs::Halves,
            base,
            fraction: 1.0,
        }
    }

    /// Pairs of neighbors.
    pub(super) const fn neighbors(base: f64) -> Self {
        Self {
            pairs: RotaryPairs::Neighbors,
            base,
            fraction: 1.0,
        }
    }

    /// The same for a part of the head.
    pub(super) const fn part(self, fraction: f64) -> Self {
        Self { fraction, ..self }
    }
}

impl<'t> Config<'t> {
    /// Rotation from v5 `rope_parameters`, v4 `rope_scaling` and the fields beside them.
    pub(super) fn rotary(
        &self,
        head_dim: u32,
        context: u32,
        usual: Usual,
    ) -> Result<Rotary, DescriptionError> {
        let rope = self.rope()?;
        self.rotary_of(rope.as_ref(), head_dim, context, usual)
    }

    /// The object of the rotation: `rope_scaling` wins as in the library, where both are there.
    pub(super) fn rope(&self) -> Result<Option<Fields<'t>>, DescriptionError> {
        let scaling = self.fields.nested("rope_scaling")?;
        let parameters = self.fields.nested("rope_parameters")?;
        if scaling.is_some()
            && parameters.is_some()
            && let Err(error) = self.fields.value(&["rope_scaling", "rope_parameters"])
        {
            return Err(error);
        }
        Ok(scaling.or(parameters))
    }

    /// Rotation from one object and the fields beside it; what stands inside wins over an older field outside.
    pub(super) fn rotary_of(
        &self,
        rope: Option<&Fields<'t>>,
        head_dim: u32,
        context: u32,
        usual: Usual,
    ) -> Result<Rotary, DescriptionError> {
        let inner = |name: &str| rope.map_or(Ok(None), |rope| rope.number(&[name]));
        let outer_base = self.fields.number(&["rope_theta", "rotary_emb_base"])?;
        let outer_fraction = self
            .fields
            .number(&["partial_rotary_factor", "rotary_pct"])?;
        let fraction = inner("partial_rotary_factor")?.or(outer_fraction);
        let base = inner("rope_theta")?.or(outer_base).unwrap_or(usual.base);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float that is out of range saturates and is refused by the check of the channels"
        )]
        let channels = (f64::from(head_dim) * fraction.unwrap_or(usual.fraction)) as u32;
        let scaling = match rope {
            None => RotaryScaling::None,
            Some(rope) => {
                let scaling = self.scaling(rope, context)?;
                rope.finish()?;
                scaling
            }
        };
        Ok(Rotary {
            // MiMo's fraction 0.334 of 192 channels is 64.1: pairs are whole.
            channels: channels & !1,
            base,
            pairs: usual.pairs,
            scaling,
        })
    }

    fn scaling(&self, rope: &Fields<'t>, context: u32) -> Result<RotaryScaling, DescriptionError> {
        // Sections of rotations for images and time all hold the token's position in a text.
        rope.ignore(&[
            "mrope_section",
            "mrope_interleaved",
            "max_position_embeddings",
        ]);
        let kind = rope.word(&["rope_type", "type"])?;
        let number = |name: &str| -> Result<f64, DescriptionError> {
            rope.number(&[name])?.ok_or_else(|| rope.missing(name))
        };
        let original = || -> Result<f64, DescriptionError> {
            let inner = rope.number(&["original_max_position_embeddings"])?;
            let outer = self.fields.number(&["original_max_position_embeddings"])?;
            Ok(inner.or(outer).unwrap_or_else(|| f64::from(context)))
        };
        Ok(match kind.as_deref().unwrap_or("default") {
            "default" | "mrope" => RotaryScaling::None,
            "linear" => RotaryScaling::Linear {
                factor: number("factor")?,
            },
            "dynamic" => RotaryScaling::Dynamic {
                factor: number("factor")?,
                original_context: original()?,
            },
            "llama3" => RotaryScaling::Llama3 {
                factor: number("factor")?,
                low_frequency_factor: number("low_freq_factor")?,
                high_frequency_factor: number("high_freq_factor")?,
                original_context: number("original_max_position_embeddings")?,
            },
            "yarn" => RotaryScaling::Yarn(yarn(rope, original()?, number("factor")?)?),
            "longrope" | "su" => self.long(rope, original()?, context)?,
            "proportional" => RotaryScaling::Proportional {
                factor: rope.number(&["factor"])?.unwrap_or(1.0),
            },
            other => {
                return Err(rope.fault(
                    "rope_type",
                    format!(
                        "is \"{other}\"; default, linear, dynamic, llama3, yarn, longrope and proportional are known"
                    ),
                ));
            }
        })
    }

    /// Divisors a channel; magnitude `sqrt(1 + ln(factor) / ln(original))` unless a file gives one.
    fn long(
        &self,
        rope: &Fields<'t>,
        original: f64,
        context: u32,
    ) -> Result<RotaryScaling, DescriptionError> {
        let list = |name: &str| -> Result<Vec<f64>, DescriptionError> {
            rope.numbers(&[name])?.ok_or_else(|| rope.missing(name))
        };
        // The class computes the factor from both contexts where it has the original one.
        let ratio = f64::from(context) / original;
        let given = rope.number(&["factor"])?;
        let stands_outside = self.fields.has("original_max_position_embeddings");
        let factor = if stands_outside {
            ratio
        } else {
            given.unwrap_or(ratio)
        };
        let magnitude = match rope.number(&["attention_factor"])? {
            Some(given) => given,
            None if factor <= 1.0 => 1.0,
            None => (1.0 + factor.ln() / original.ln()).sqrt(),
        };
        Ok(RotaryScaling::Long {
            short: list("short_factor")?,
            long: list("long_factor")?,
            original_context: original,
            magnitude,
        })
    }
}

fn yarn(rope: &Fields<'_>, original_context: f64, factor: f64) -> Result<Yarn, DescriptionError> {
    let given = rope.number(&["attention_factor"])?;
    let scales = [rope.number(&["mscale"])?, rope.number(&["mscale_all_dim"])?];
    // Of two scales the ratio counts, which is 1 for equal ones.
    let magnitude = match (given, scales) {
        (Some(given), _) => given,
        (None, [Some(one), Some(all)]) if one != 0.0 && all != 0.0 => {
            Yarn::recommended_magnitude(factor, one) / Yarn::recommended_magnitude(factor, all)
        }
        _ => Yarn::recommended_magnitude(factor, 1.0),
    };
    Ok(Yarn {
        factor,
        original_context,
        fast_turns: rope.number(&["beta_fast"])?.unwrap_or(32.0),
        slow_turns: rope.number(&["beta_slow"])?.unwrap_or(1.0),
        whole_channels: rope.flag(&["truncate"])?.unwrap_or(true),
        magnitude,
    })
}
