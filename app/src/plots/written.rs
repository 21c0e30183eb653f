//! How numbers and their units are written beside and on plots.

/// The factor and the unit that write a value of joules or seconds between 1 and 1000; other units stay.
pub fn prefixed_unit(value: f64, unit: &str) -> (f64, String) {
    let (base, symbol) = match unit {
        "J" | "s" => (1.0, unit),
        "mJ" => (1e-3, "J"),
        "ms" => (1e-3, "s"),
        _ => return (1.0, unit.to_owned()),
    };
    if value == 0.0 || !value.is_finite() {
        return (1.0, unit.to_owned());
    }
    let (prefix, name) = crate::widgets::scaled(value * base);
    (base / prefix, format!("{name}{symbol}"))
}

/// A number on an axis: plain between 0.001 and 10,000, with k, M, G above and as a power of ten below.
pub fn number(value: f64, decimals: usize) -> String {
    let magnitude = value.abs();
    if magnitude == 0.0 {
        return format!("{:.decimals$}", 0.0);
    }
    if magnitude < 1e-3 && decimals > 3 {
        let exponent = (magnitude.log10() + 1e-9).floor();
        let mantissa = value / 10_f64.powf(exponent);
        // As many digits as tell neighboring ticks apart.
        let digits = decimals.saturating_sub((-exponent) as usize);
        return format!("{mantissa:.digits$}e{exponent}");
    }
    for (limit, suffix) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")] {
        if magnitude >= limit {
            let unit = if suffix == "k" { 1e3 } else { limit };
            return format!("{}{suffix}", trimmed(format!("{:.3}", value / unit)));
        }
    }
    format!("{value:.decimals$}")
}

/// A unit as it is set in print: "mm2" becomes "mm²".
pub fn written_unit(unit: &str) -> String {
    unit.replace("mm2", "mm\u{b2}")
        .replace("um2", "\u{b5}m\u{b2}")
}

/// A number with a fixed count of significant digits, for cards and labels; SI suffix from 10,000 on.
pub fn significant(value: f64, n_digits: usize) -> String {
    if !value.is_finite() {
        return "\u{2013}".to_owned();
    }
    let magnitude = value.abs();
    if magnitude == 0.0 {
        return "0".to_owned();
    }
    for (limit, suffix) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")] {
        if magnitude >= limit {
            let unit = if suffix == "k" { 1e3 } else { limit };
            return format!("{}{suffix}", significant(value / unit, n_digits));
        }
    }
    let exponent = magnitude.log10().floor();
    if exponent < -4.0 {
        return format!("{value:.*e}", n_digits - 1);
    }
    let decimals = (n_digits as f64 - 1.0 - exponent).max(0.0) as usize;
    format!("{value:.decimals$}")
}

fn trimmed(text: String) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}
