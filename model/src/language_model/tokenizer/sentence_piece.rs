//! SentencePiece with merges: start from characters, merge the adjacent pair with the best score until none is left.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};

use crate::language_model::checkpoint::{CheckpointError, Metadata};

/// What stands for a blank in SentencePiece vocabularies.
const BLANK: char = '\u{2581}';

/// Kinds of tokens, as SentencePiece and GGUF number them.
pub(super) const NORMAL: i64 = 1;
pub(super) const UNKNOWN: i64 = 2;
pub(super) const BYTE: i64 = 6;
const USER_DEFINED: i64 = 4;

/// A vocabulary of pieces with scores.
#[derive(Debug)]
pub(super) struct SentencePiece {
    ids: HashMap<String, u32>,
    scores: Vec<f32>,
    /// Token of each byte, where the vocabulary has all 256.
    bytes: Option<Vec<u32>>,
    unknown: u32,
    /// What a blank becomes before pieces are looked up.
    blank: char,
    /// Whether a blank is put in front of the text.
    prefix: bool,
}

/// One token of a vocabulary.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) score: f32,
    pub(super) kind: i64,
}

impl SentencePiece {
    /// From the tokens in order.
    pub(super) fn new(
        pieces: &[Piece],
        blank: char,
        prefix: bool,
    ) -> Result<Self, CheckpointError> {
        if pieces.is_empty() || u32::try_from(pieces.len()).is_err() {
            return Err(CheckpointError::new(
                "vocabulary",
                format!("has {} tokens", pieces.len()),
            ));
        }
        let mut ids = HashMap::with_capacity(pieces.len());
        let mut bytes = vec![None; 256];
        let mut unknown = 0;
        for (piece, id) in pieces.iter().zip(0..) {
            match piece.kind {
                NORMAL | USER_DEFINED => {
                    ids.entry(piece.text.clone()).or_insert(id);
                }
                UNKNOWN => unknown = id,
                BYTE => {
                    let byte = piece
                        .text
                        .strip_prefix("<0x")
                        .and_then(|text| text.strip_suffix('>'));
                    if let Some(byte) = byte.and_then(|text| u8::from_str_radix(text, 16).ok()) {
                        bytes[usize::from(byte)] = Some(id);
                    }
                }
                _ => {}
            }
        }
        Ok(Self {
            ids,
            scores: pieces.iter().map(|piece| piece.score).collect(),
            bytes: bytes.into_iter().collect(),
            unknown,
            blank,
            prefix,
        })
    }

    /// From the lists of a GGUF file.
    pub(super) fn from_gguf(metadata: &Metadata) -> Result<Self, CheckpointError> {
        let fault = |key: &str, reason: &str| {
            CheckpointError::new(format!("metadata tokenizer.ggml.{key}"), reason)
        };
        let texts = metadata
            .texts("tokenizer.ggml.tokens")
            .ok_or_else(|| fault("tokens", "is not a list of texts"))?;
        let scores = metadata
            .floats("tokenizer.ggml.scores")
            .ok_or_else(|| fault("scores", "is not a list of floats"))?;
        let kinds = metadata.integers("tokenizer.ggml.token_type");
        if scores.len() != texts.len() || kinds.is_some_and(|kinds| kinds.len() != texts.len()) {
            return Err(fault(
                "scores",
                "or the token types differ in number from the tokens",
            ));
        }
        let pieces: Vec<Piece> = texts
            .iter()
            .zip(scores)
            .enumerate()
            .map(|(id, (text, score))| Piece {
                text: text.clone(),
                score: *score,
                kind: kinds.map_or(NORMAL, |kinds| kinds[id]),
            })
            .collect();
        Self::new(
            &pieces,
            BLANK,
            metadata
                .bool("tokenizer.ggml.add_space_prefix")
                .unwrap_or(true),
        )
    }

    pub(super) fn vocab_size(&self) -> usize {
        self.scores.len()
    }

    pub(super) fn encode(&self, text: &str) -> Vec<u32> {
        if text.is_empty() {
            return Vec::new();
        }
        let prefix = if self.prefix { " " } else { "" };
        let text: String = prefix
            .chars()
            .chain(text.chars())
            .map(|c| if c == ' ' { self.blank } else { c })
            .collect();
        Merger::new(self, &text).run()
    }
}

/// A piece of the text in a doubly linked list.
#[derive(Debug, Clone, Copy)]
struct Symbol {
    start: usize,
    /// Equal to `start` once the symbol has been merged into the one before it.
    end: usize,
    previous: usize,
    next: usize,
}

/// Neither before nor after.
const NONE: usize = usize::MAX;

/// Two adjacent symbols that could be merged. The end of the right one tells whether both are still what they were.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Candidate {
    score: f32,
    left: usize,
    right: usize,
    start: usize,
    end: usize,
}

impl Eq for Candidate {}

impl Ord for Candidate {
    /// Best score first, leftmost of equals.
    fn cmp(&self, other: &Self) -> Ordering {
        self.score
            .total_cmp(&other.score)
            .then(other.left.cmp(&self.left))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

struct Merger<'t> {
    pieces: &'t SentencePiece,
    text: &'t str,
    symbols: Vec<Symbol>,
    candidates: BinaryHeap<Candidate>,
}

impl<'t> Merger<'t> {
    fn new(pieces: &'t SentencePiece, text: &'t str) -> Self {
        let mut symbols: Vec<Symbol> = text
            .char_indices()
            .enumerate()
            .map(|(index, (start, c))| Symbol {
                start,
                end: start + c.len_utf8(),
                previous: index.checked_sub(1).unwrap_or(NONE),
                next: index + 1,
            })
            .collect();
        if let Some(last) = symbols.last_mut() {
            last.next = NONE;
        }
        Self {
            pieces,
            text,
            symbols,
            candidates: BinaryHeap::new(),
        }
    }

    fn run(mut self) -> Vec<u32> {
        for right in 1..self.symbols.len() {
            self.propose(right - 1, right);
        }
        while let Some(candidate) = self.candidates.pop() {
            let (left, right) = (self.symbols[candidate.left], self.symbols[candidate.right]);
            let is_stale = left.start == left.end
                || left.next != candidate.right
                || left.start != candidate.start
                || right.end != candidate.end;
            if !is_stale {
                self.merge(candidate.left, candidate.right);
            }
        }
        self.tokens()
    }

    fn propose(&mut self, left: usize, right: usize) {
        let (start, end) = (self.symbols[left].start, self.symbols[right].end);
        if let Some(&id) = self.pieces.ids.get(&self.text[start..end]) {
            let score = self.pieces.scores[id as usize];
            self.candidates.push(Candidate {
                score,
                left,
                right,
                start,
                end,
            });
        }
    }

    fn merge(&mut self, left: usize, right: usize) {
        let next = self.symbols[right].next;
        self.symbols[left].end = self.symbols[right].end;
        self.symbols[left].next = next;
        self.symbols[right].end = self.symbols[right].start;
        if next != NONE {
            self.symbols[next].previous = left;
            self.propose(left, next);
        }
        let previous = self.symbols[left].previous;
        if previous != NONE {
            self.propose(previous, left);
        }
    }

    fn tokens(&self) -> Vec<u32> {
        let mut tokens = Vec::new();
        for symbol in self
            .symbols
            .iter()
            .filter(|symbol| symbol.end > symbol.start)
        {
            let text = &self.text[symbol.start..symbol.end];
            match (self.pieces.ids.get(text), &self.pieces.bytes) {
                (Some(id), _) => tokens.push(*id),
                (None, Some(bytes)) => {
                    tokens.extend(text.bytes().map(|byte| bytes[usize::from(byte)]));
                }
                (None, None) => tokens.push(self.pieces.unknown),
            }
        }
        tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str, score: f32) -> Piece {
        Piece {
            text: text.to_owned(),
            score,
            kind: NORMAL,
        }
    }

    #[test]
    fn the_best_score_is_merged_first_and_the_leftmost_of_equals() {
        let pieces = [
            Piece {
                text: "<unk>".to_owned(),
                score: 0.0,
                kind: UNKNOWN,
            },
            piece("a", -1.0),
            piece("b", -2.0),
            piece("ab", -5.0),
            piece("ba", -3.0),
            piece("aa", -4.0),
        ];
        let pieces = SentencePiece::new(&pieces, BLANK, false).unwrap();
        assert_eq!(pieces.encode("aba"), [1, 4]);
        assert_eq!(pieces.encode("aaa"), [5, 1]);
        assert_eq!(pieces.encode("xab"), [0, 3]);
        assert_eq!(pieces.encode(""), [0_u32; 0]);
    }
}
