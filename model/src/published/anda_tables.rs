//! Tables of Anda (HPCA 2025, arXiv 2411.15982) as printed; section and figure numbers are the paper's.

use crate::quality::ModuleWidths;

/// Figure 14: a model with its mantissa bits of `A_qkv`, `A_o`, `A_u` and `A_d` on WikiText-2 at 0.1 % and at 1 % loss.
pub const ANDA_TUPLES: [(&str, ModuleWidths, ModuleWidths); 9] = [
    ("OPT-1.3B", [8, 6, 5, 5], [8, 5, 5, 4]),
    ("OPT-2.7B", [7, 5, 5, 5], [6, 5, 5, 4]),
    ("OPT-6.7B", [7, 5, 5, 4], [6, 4, 5, 4]),
    ("LLaMA-7B", [9, 8, 8, 7], [7, 6, 6, 6]),
    ("LLaMA-2-7B", [9, 7, 8, 8], [7, 6, 6, 6]),
    ("OPT-13B", [7, 6, 5, 5], [6, 6, 5, 4]),
    ("LLaMA-13B", [10, 8, 8, 8], [7, 5, 6, 6]),
    ("LLaMA-2-13B", [10, 10, 8, 9], [7, 7, 6, 7]),
    ("OPT-30B", [7, 5, 5, 4], [6, 4, 5, 4]),
];

/// Figure 15: area and power of a processing element relative to FP-FP, with the digits the efficiencies imply.
pub(super) const ELEMENTS: [(&str, f64, f64, f64, f64); 5] = [
    ("FP-INT", 0.63, 0.52, 1.59, 1.93),
    ("iFPU", 0.26, 0.28, 3.78, 3.51),
    ("FIGNA", 0.18, 0.17, 5.58, 5.87),
    ("FIGNA-M11", 0.15, 0.12, 6.55, 8.03),
    ("FIGNA-M8", 0.12, 0.10, 8.09, 10.49),
];

/// Relative area and power of Anda's element: 0.23 and 0.20 in print, these by its efficiencies over M.
pub(super) const ANDA_ELEMENT: [f64; 2] = [0.2304, 0.1992];

/// Per-M table: M, area efficiency, energy efficiency of the element.
pub(super) const BY_MANTISSA: [(u32, f64, f64); 10] = [
    (13, 4.96, 5.74),
    (12, 5.34, 6.18),
    (11, 5.79, 6.69),
    (10, 6.31, 7.30),
    (9, 6.95, 8.03),
    (8, 7.72, 8.93),
    (7, 8.68, 10.04),
    (6, 9.92, 11.48),
    (5, 11.58, 13.39),
    (4, 13.89, 16.07),
];

/// System table, geometric mean of nine models: speedup, area efficiency, energy efficiency over FP-FP.
pub(super) const SYSTEMS: [(&str, f64, f64, f64); 7] = [
    ("FP-INT", 1.00, 1.23, 1.25),
    ("iFPU", 1.00, 1.60, 1.42),
    ("FIGNA", 1.00, 1.72, 1.53),
    ("FIGNA-M11", 1.45, 2.55, 1.69),
    ("FIGNA-M8", 2.00, 3.60, 1.94),
    ("Anda 0.1%", 2.14, 3.47, 3.07),
    ("Anda 1%", 2.49, 4.03, 3.16),
];

/// Component table: area in mm2, power in mW.
pub(super) const COMPONENTS: [(&str, f64, f64); 6] = [
    ("MXU", 0.41, 54.34),
    ("BPC", 0.07, 1.06),
    ("vector unit", 0.05, 0.87),
    ("activation buffer", 0.87, 16.94),
    ("weight buffer", 0.80, 7.96),
    ("controller", 0.01, 0.01),
];

/// LLaMA-13B energy breakdown in % of FP-FP: compute, SRAM, DRAM (they sum to 101 in print).
pub(super) const FP_FP_SHARES: [f64; 3] = [42.0, 11.0, 48.0];

/// Shares of the same for Anda's SRAM and DRAM, which only a refetch model could give: an input here.
pub(super) const ANDA_MEMORY_SHARES: [f64; 2] = [5.0, 24.0];

/// Part of FP-FP's memory energy that goes with time instead of traffic: fits M11 and M8, which move the same bits
/// as FIGNA in less time, to within 3 %.
pub(super) const MEMORY_SHARE_OF_TIME: f64 = 19.2;

/// Everything beside the array in mm2, equal for all designs, and FP-FP's array (0.41 / 0.2304).
pub(super) const REST_MM2: f64 = 1.76;
pub(super) const FP_FP_ARRAY_MM2: f64 = 1.78;
