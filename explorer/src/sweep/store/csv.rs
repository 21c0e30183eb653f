//! Cells of a CSV table (RFC 4180).

/// A cell, in quotes where it has a comma, a quote or a line break.
pub fn csv_field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_with_commas_are_quoted() {
        assert_eq!(csv_field("bfp:m=4,e=8"), "\"bfp:m=4,e=8\"");
        assert_eq!(csv_field("a\"b"), "\"a\"\"b\"");
    }
}
