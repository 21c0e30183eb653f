//! The text of every design preset.

/// File stem and RON text.
pub(super) const DESIGNS: &[(&str, &str)] = &[
    ("anda", include_str!("../../../presets/designs/anda.ron")),
    (
        "anda-0-1",
        include_str!("../../../presets/designs/anda-0-1.ron"),
    ),
    ("fp-fp", include_str!("../../../presets/designs/fp-fp.ron")),
    (
        "fp-int",
        include_str!("../../../presets/designs/fp-int.ron"),
    ),
    ("ifpu", include_str!("../../../presets/designs/ifpu.ron")),
    ("figna", include_str!("../../../presets/designs/figna.ron")),
    (
        "figna-m11",
        include_str!("../../../presets/designs/figna-m11.ron"),
    ),
    (
        "figna-m8",
        include_str!("../../../presets/designs/figna-m8.ron"),
    ),
    (
        "harmonia",
        include_str!("../../../presets/designs/harmonia.ron"),
    ),
    ("f-bfq", include_str!("../../../presets/designs/f-bfq.ron")),
    ("mase", include_str!("../../../presets/designs/mase.ron")),
];
