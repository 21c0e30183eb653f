//! Files of SentencePiece vocabularies: llama2.c's `tokenizer.bin` and the `tokenizer.model` protobuf.

use super::sentence_piece::{
    BYTE, CONTROL, NORMAL, Piece, Prefix, SentencePiece, UNKNOWN, USER_DEFINED,
};
use crate::language_model::checkpoint::{ByteReader, CheckpointError};

/// Bytes of the longest piece that is accepted.
const MAX_PIECE_BYTES: u64 = 1024;

/// Reads llama2.c's `tokenizer.bin`: the longest length, then score, length and text of each token.
///
/// Its first three tokens are the unknown, start and end tokens, then come the 256 bytes as `<0x00>`; blanks are blanks.
pub(super) fn read_llama2c(bytes: &[u8]) -> Result<SentencePiece, CheckpointError> {
    let mut reader = ByteReader::new(bytes);
    reader.u32("the length of the longest token")?;
    let mut pieces = Vec::new();
    while reader.remaining() > 0 {
        let score = reader.f32("a token's score")?;
        let n_bytes = u64::from(reader.u32("a token's length")?);
        if n_bytes > MAX_PIECE_BYTES {
            return Err(reader.fault(format!(
                "token {} of {n_bytes} bytes; at most {MAX_PIECE_BYTES} are allowed: not a tokenizer file?",
                pieces.len()
            )));
        }
        let text = String::from_utf8_lossy(reader.take(n_bytes, "a token's text")?).into_owned();
        if !score.is_finite() {
            return Err(reader.fault(format!(
                "token {} has a score that is not finite",
                pieces.len()
            )));
        }
        let kind = match pieces.len() {
            0 => UNKNOWN,
            1 | 2 => CONTROL,
            3..259 if text.starts_with("<0x") => BYTE,
            _ => NORMAL,
        };
        pieces.push(Piece { text, score, kind });
    }
    SentencePiece::new(&pieces, ' ', Prefix::Text, &[])
}

/// Reads a `tokenizer.model`, and the start token that it names.
///
/// Field numbers from SentencePiece's `sentencepiece_model.proto`.
pub(super) fn read_model(bytes: &[u8]) -> Result<(SentencePiece, Option<u32>), CheckpointError> {
    /// `TrainerSpec.model_type` of vocabularies with merges; the default is 1, unigram.
    const MERGES: u64 = 2;
    let mut reader = ByteReader::new(bytes);
    let mut pieces = Vec::new();
    let mut model_type = 1;
    let mut start_token = Some(1);
    let mut prefix = Prefix::Text;
    let mut has_table = false;
    while reader.remaining() > 0 {
        match field(&mut reader)? {
            (1, Field::Bytes(bytes)) => pieces.push(piece(bytes)?),
            (2, Field::Bytes(bytes)) => {
                for_each_field(bytes, |number, field| match (number, field) {
                    (3, Field::Number(kind)) => model_type = kind,
                    // A 32-bit id; -1 (written as 2^64 - 1) means none.
                    (41, Field::Number(id)) => start_token = u32::try_from(id).ok(),
                    _ => {}
                })?;
            }
            (3, Field::Bytes(bytes)) => {
                for_each_field(bytes, |number, field| match (number, field) {
                    (2, Field::Bytes(table)) => has_table = !table.is_empty(),
                    (3, Field::Number(0)) => prefix = Prefix::None,
                    _ => {}
                })?;
            }
            _ => {}
        }
    }
    if model_type != MERGES {
        return Err(CheckpointError::new(
            "sentencepiece model",
            format!(
                "model_type is {model_type}; 2 (BPE) is read, other kinds need their tokenizer.json"
            ),
        ));
    }
    if has_table {
        return Err(CheckpointError::new(
            "sentencepiece model",
            "normalizes characters by a table, which is not read; give the tokenizer.json",
        ));
    }
    Ok((
        SentencePiece::new(&pieces, '\u{2581}', prefix, &[USER_DEFINED])?,
        start_token,
    ))
}

enum Field<'a> {
    Number(u64),
    Float(f32),
    Bytes(&'a [u8]),
    Skipped,
}

fn piece(bytes: &[u8]) -> Result<Piece, CheckpointError> {
    let mut piece = Piece {
        text: String::new(),
        score: 0.0,
        kind: NORMAL,
    };
    for_each_field(bytes, |number, field| match (number, field) {
        (1, Field::Bytes(text)) => piece.text = String::from_utf8_lossy(text).into_owned(),
        (2, Field::Float(score)) => piece.score = score,
        (3, Field::Number(kind)) => piece.kind = kind.cast_signed(),
        _ => {}
    })?;
    if !piece.score.is_finite() {
        return Err(CheckpointError::new(
            format!("piece {}", piece.text),
            "has a score that is not finite",
        ));
    }
    Ok(piece)
}

fn for_each_field<'a>(
    bytes: &'a [u8],
    mut use_field: impl FnMut(u64, Field<'a>),
) -> Result<(), CheckpointError> {
    let mut reader = ByteReader::new(bytes);
    while reader.remaining() > 0 {
        let (number, field) = field(&mut reader)?;
        use_field(number, field);
    }
    Ok(())
}

/// One field of a protobuf message: its number and value.
fn field<'a>(reader: &mut ByteReader<'a>) -> Result<(u64, Field<'a>), CheckpointError> {
    let key = varint(reader)?;
    let field = match key & 7 {
        0 => Field::Number(varint(reader)?),
        1 => {
            reader.take(8, "a 64-bit field")?;
            Field::Skipped
        }
        2 => {
            let n_bytes = varint(reader)?;
            Field::Bytes(reader.take(n_bytes, "a field")?)
        }
        5 => Field::Float(reader.f32("a 32-bit field")?),
        other => return Err(reader.fault(format!("wire type {other} is not one of protobuf's"))),
    };
    Ok((key >> 3, field))
}

fn varint(reader: &mut ByteReader<'_>) -> Result<u64, CheckpointError> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = reader.u8("a number")?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(reader.fault("a number of more than 64 bits"))
}
