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
    let (prefix, name) = scaled(value * base);
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

const PREFIXES: [(f64, &str); 11] = [
    (1e15, "P"),
    (1e12, "T"),
    (1e9, "G"),
    (1e6, "M"),
    (1e3, "k"),
    (1.0, ""),
    (1e-3, "m"),
    (1e-6, "µ"),
    (1e-9, "n"),
    (1e-12, "p"),
    (1e-15, "f"),
];

/// The factor and prefix that show a value between 1 and 1000.
pub fn scaled(value: f64) -> (f64, &'static str) {
    let magnitude = value.abs();
    if magnitude == 0.0 || !magnitude.is_finite() {
        return (1.0, "");
    }
    PREFIXES
        .iter()
        .copied()
        .find(|(factor, _)| magnitude >= 0.9995 * factor)
        .unwrap_or(PREFIXES[PREFIXES.len() - 1])
}

/// A number in four significant digits at most, grouped in thousands, with the minus sign of typography.
pub fn number_text(value: f64) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 {
            "∞".to_owned()
        } else {
            "−∞".to_owned()
        };
    }
    let magnitude = value.abs();
    let text = if magnitude == 0.0 {
        "0".to_owned()
    } else if !(1e-3..1e7).contains(&magnitude) {
        format!("{magnitude:.2e}")
    } else if magnitude >= 999.95 {
        grouped(magnitude.round())
    } else if magnitude >= 99.995 {
        format!("{magnitude:.1}")
    } else if magnitude >= 9.9995 {
        format!("{magnitude:.2}")
    } else {
        format!("{magnitude:.3}")
    };
    if value < 0.0 {
        format!("−{text}")
    } else {
        text
    }
}

fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::with_capacity(digits.len() + 4);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

/// Five significant digits without a prefix, as a terminal and a script read them.
pub fn digits(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude == 0.0 {
        "0".to_owned()
    } else if (1e-3..1e6).contains(&magnitude) {
        let before = magnitude.log10().floor();
        let decimals = (4.0 - before).clamp(0.0, 7.0) as usize;
        format!("{value:.decimals$}")
    } else {
        format!("{value:.4e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_show_four_digits_and_their_prefix() {
        for (value, number, prefix) in [
            (0.0123, "12.30", "m"),
            (5.618, "5.618", ""),
            (999.96, "1.000", "k"),
            (3.2e-12, "3.200", "p"),
            (412_345.0, "412.3", "k"),
        ] {
            let (factor, found) = scaled(value);
            assert_eq!(
                (number_text(value / factor).as_str(), found),
                (number, prefix)
            );
        }
        assert_eq!(number_text(84_120.0), "84\u{2009}120");
        assert_eq!(number_text(f64::NAN), "–");
    }
}
