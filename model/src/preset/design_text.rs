//! The text of every design preset.

/// File stem and RON text.
pub(super) const DESIGNS: &[(&str, &str)] =
    &[("anda", include_str!("../../../presets/designs/anda.ron"))];
