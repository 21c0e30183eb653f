//! Texts of the built-in block formats, one file a format.

/// Name and RON text, in the order of menus.
pub(crate) const TEXTS: &[(&str, &str)] = &[
    (
        "mxfp4-plus",
        include_str!("../../../../presets/formats/mxfp4-plus.ron"),
    ),
    (
        "mxfp4-oas",
        include_str!("../../../../presets/formats/mxfp4-oas.ron"),
    ),
    (
        "four-over-six",
        include_str!("../../../../presets/formats/four-over-six.ron"),
    ),
    ("if4", include_str!("../../../../presets/formats/if4.ron")),
    (
        "razer",
        include_str!("../../../../presets/formats/razer.ron"),
    ),
    ("nf4", include_str!("../../../../presets/formats/nf4.ron")),
    ("hif4", include_str!("../../../../presets/formats/hif4.ron")),
    (
        "blockdialect",
        include_str!("../../../../presets/formats/blockdialect.ron"),
    ),
    (
        "m2xfp-weight",
        include_str!("../../../../presets/formats/m2xfp-weight.ron"),
    ),
    (
        "m2xfp-activation",
        include_str!("../../../../presets/formats/m2xfp-activation.ron"),
    ),
    (
        "mxfp6-adaptive",
        include_str!("../../../../presets/formats/mxfp6-adaptive.ron"),
    ),
    (
        "bitmod4",
        include_str!("../../../../presets/formats/bitmod4.ron"),
    ),
    (
        "bitmod3",
        include_str!("../../../../presets/formats/bitmod3.ron"),
    ),
    ("any4", include_str!("../../../../presets/formats/any4.ron")),
    (
        "ternary",
        include_str!("../../../../presets/formats/ternary.ron"),
    ),
    (
        "posit8",
        include_str!("../../../../presets/formats/posit8.ron"),
    ),
    (
        "posit4",
        include_str!("../../../../presets/formats/posit4.ron"),
    ),
    (
        "fp8-128x128",
        include_str!("../../../../presets/formats/fp8-128x128.ron"),
    ),
    (
        "fp8-1x128",
        include_str!("../../../../presets/formats/fp8-1x128.ron"),
    ),
];
