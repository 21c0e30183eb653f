//! The preset that a figure carries, so that dropping the figure on the window restores the exploration.
//!
//! SVG: a metadata element. PDF: an embedded file. PNG: an `iTXt` chunk. `TikZ`: comment lines.

/// Keyword of the PNG chunk and id of the SVG element.
pub const KEYWORD: &str = "blockscape-preset";
/// Largest preset that is read back, in bytes.
const MOST_BYTES: usize = 16 << 20;
/// Start of a comment line in TeX that belongs to the preset.
const TEX_LINE: &str = "% preset: ";

/// The RON text inside a figure, whatever its format; `None` when there is none.
pub fn embedded_preset(bytes: &[u8]) -> Option<String> {
    let text = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        in_png(bytes)
    } else if bytes.starts_with(b"%PDF-") {
        in_pdf(bytes)
    } else {
        let text = std::str::from_utf8(bytes).ok()?;
        in_svg(text).or_else(|| in_tex(text))
    };
    text.filter(|text| text.len() <= MOST_BYTES)
}

pub fn svg_metadata(preset: &str) -> String {
    format!(
        "<metadata id=\"{KEYWORD}\">{}</metadata>\n",
        xml_escaped(preset)
    )
}

fn in_svg(text: &str) -> Option<String> {
    let start = text.find(&format!("id=\"{KEYWORD}\""))?;
    let (_, after) = text[start..].split_once('>')?;
    let (inside, _) = after.split_once("</metadata>")?;
    Some(
        inside
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"),
    )
}

pub fn tex_comments(preset: &str) -> String {
    preset
        .lines()
        .flat_map(|line| [TEX_LINE, line, "\n"])
        .collect()
}

fn in_tex(text: &str) -> Option<String> {
    let lines: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix(TEX_LINE))
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n") + "\n")
}

/// The body of an uncompressed international text chunk (PNG specification, section 11.3.3.4).
pub fn png_text(preset: &str) -> Vec<u8> {
    let mut body = KEYWORD.as_bytes().to_vec();
    body.extend_from_slice(&[0, 0, 0, 0, 0]); // end of keyword, not compressed, method, no language, no translated keyword
    body.extend_from_slice(preset.as_bytes());
    body
}

fn in_png(bytes: &[u8]) -> Option<String> {
    let mut rest = bytes.get(8..)?;
    loop {
        let length = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?) as usize;
        let kind = rest.get(4..8)?;
        let body = rest.get(8..8_usize.checked_add(length)?)?;
        if kind == b"iTXt" && body.starts_with(KEYWORD.as_bytes()) {
            let text = body.get(KEYWORD.len() + 5..)?;
            return String::from_utf8(text.to_vec()).ok();
        }
        rest = rest.get(length.checked_add(12)?..)?;
    }
}

/// Kind of the preset's stream in a PDF.
pub const PDF_SUBTYPE: &str = "text/x-blockscape-ron";
/// The same as it stands in the file: a slash inside a name is escaped.
const PDF_SUBTYPE_WRITTEN: &[u8] = b"/Subtype /text#2Fx-blockscape-ron";

fn in_pdf(bytes: &[u8]) -> Option<String> {
    let marked = find(bytes, PDF_SUBTYPE_WRITTEN)?;
    // The length stands before or behind the kind within the same dictionary.
    let open = bytes[..marked].windows(2).rposition(|pair| pair == b"<<")?;
    let dictionary = &bytes[open..];
    let end = find(dictionary, b">>")?;
    let length_at = find(&dictionary[..end], b"/Length ")? + b"/Length ".len();
    let digits = &dictionary[length_at..end];
    let n_digits = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let length: usize = std::str::from_utf8(&digits[..n_digits])
        .ok()?
        .parse()
        .ok()?;
    let after = &dictionary[end..];
    let body = find(after, b"stream\n")? + b"stream\n".len();
    let text = after.get(body..body.checked_add(length)?)?;
    String::from_utf8(text.to_vec()).ok()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

/// Text that is safe inside an element.
pub fn xml_escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
