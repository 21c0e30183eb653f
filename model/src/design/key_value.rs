//! How keys and values are kept in the cache.

use serde::{Deserialize, Serialize};

use crate::format::Format;

/// Harmonia's asymmetric cache: some tokens keep more mantissa bits than the formats of the key and value sites say.
///
/// Source: Harmonia (arXiv 2602.04595), initial-local asymmetric allocation and smoothing of keys; token counts are not
/// published there and stay parameters.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeyValuePolicy {
    /// First tokens of a sequence that are kept in the protected format.
    pub initial_tokens: u32,
    /// Most recent tokens that are kept in the protected format.
    pub local_tokens: u32,
    /// Format of protected tokens, for keys and values alike; no token is protected without it.
    pub protected: Option<Format>,
    /// Whether keys are smoothed: per-channel scales folded into the query and key weights, per-channel offsets subtracted.
    pub smoothing: bool,
}

impl KeyValuePolicy {
    /// Share of `context` tokens that is protected, 0 to 1.
    pub fn protected_share(&self, context: u32) -> f64 {
        if self.protected.is_none() || context == 0 {
            return 0.0;
        }
        let protected = u64::from(self.initial_tokens) + u64::from(self.local_tokens);
        (u32::try_from(protected).map_or(1.0, |tokens| f64::from(tokens) / f64::from(context)))
            .min(1.0)
    }

    pub(super) fn check(&self, number: &mut impl FnMut(&str, f64, f64, f64)) {
        number(
            "key_value.initial_tokens",
            f64::from(self.initial_tokens),
            0.0,
            65536.0,
        );
        number(
            "key_value.local_tokens",
            f64::from(self.local_tokens),
            0.0,
            65536.0,
        );
    }
}
