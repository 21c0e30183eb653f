//! Names of the OCP MX formats, for tests that go through all of them.

/// Every concrete format of the OCP Microscaling specification v1.0, floats first.
pub const MX_FORMATS: [&str; 6] = [
    "mxfp8-e4m3",
    "mxfp8-e5m2",
    "mxfp6-e2m3",
    "mxfp6-e3m2",
    "mxfp4",
    "mxint8",
];
