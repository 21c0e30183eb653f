//! SentencePiece with merges: start from characters, merge the adjacent pair with the best score until none is left.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};

use crate::language_model::checkpoint::{CheckpointError, Metadata};

/// What stands for a blank in SentencePiece vocabularies.
const BLANK: char = '\u{2581}';

/// Kinds of tokens, as SentencePiece and GGUF number them.
pub(super) const NORMAL: i64 = 1;
pub(super) const UNKNOWN: i64 = 2;
pub(super) const CONTROL: i64 = 3;
pub(super) const USER_DEFINED: i64 = 4;
pub(super) const BYTE: i64 = 6;

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
    prefix: Prefix,
    /// Tokens that are found before anything is merged, by their first character, the longest first.
    whole: HashMap<char, Vec<(String, u32)>>,
}

/// Where a blank is put in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefix {
    /// Nowhere.
    None,
    /// Of the text.
    Text,
    /// Of each part of the text that starts it or follows a whole token, as llama.cpp does.
    Parts,
}

/// One token of a vocabulary.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) score: f32,
    pub(super) kind: i64,
}

impl SentencePiece {
    /// From the tokens in order; those of the `whole` kinds are found in a text before anything is merged.
    pub(super) fn new(
        pieces: &[Piece],
        blank: char,
        prefix: Prefix,
        whole_kinds: &[i64],
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
        let mut whole: HashMap<char, Vec<(String, u32)>> = HashMap::new();
        for (piece, id) in pieces.iter().zip(0..) {
            if whole_kinds.contains(&piece.kind) {
                let text = piece.text.replace(' ', blank.encode_utf8(&mut [0; 4]));
                if let Some(first) = text.chars().next() {
                    whole.entry(first).or_default().push((text, id));
                }
            }
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
        let longest_first = |of_first: &mut Vec<(String, u32)>| {
            of_first.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        };
        whole.values_mut().for_each(longest_first);
        Ok(Self {
            ids,
            scores: pieces.iter().map(|piece| piece.score).collect(),
            bytes: bytes.into_iter().collect(),
            unknown,
            blank,
            prefix,
            whole,
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
        let has_prefix = metadata
            .bool("tokenizer.ggml.add_space_prefix")
            .unwrap_or(true);
        let prefix = if has_prefix {
            Prefix::Parts
        } else {
            Prefix::None
        };
        Self::new(&pieces, BLANK, prefix, &[CONTROL, USER_DEFINED])
    }

    pub(super) fn vocab_size(&self) -> usize {
        self.scores.len()
    }

    pub(super) fn encode(&self, text: &str) -> Vec<u32> {
        if text.is_empty() {
            return Vec::new();
        }
        let prefix = if self.prefix == Prefix::Text { " " } else { "" };
        let text: String = prefix
            .chars()
            .chain(text.chars())
            .map(|c| if c == ' ' { self.blank } else { c })
            .collect();
        let mut tokens = Vec::new();
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (start, found) = self.first_whole(rest);
            if start > 0 {
                self.encode_part(&rest[..start], &mut tokens);
            }
            rest = &rest[start..];
            if let Some((len, id)) = found {
                tokens.push(id);
                rest = &rest[len..];
            }
        }
        tokens
    }

    /// Start of the first whole token with its length and id; the end of the text where there is none.
    fn first_whole(&self, text: &str) -> (usize, Option<(usize, u32)>) {
        if !self.whole.is_empty() {
            for (start, first) in text.char_indices() {
                let of_first = self.whole.get(&first).into_iter().flatten();
                for (token, id) in of_first {
                    if text[start..].starts_with(token) {
                        return (start, Some((token.len(), *id)));
                    }
                }
            }
        }
        (text.len(), None)
    }

    fn encode_part(&self, part: &str, tokens: &mut Vec<u32>) {
        if self.prefix == Prefix::Parts {
            let part = format!("{}{part}", self.blank);
            tokens.extend(Merger::new(self, &part).run());
        } else {
            tokens.extend(Merger::new(self, part).run());
        }
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
        let pieces = SentencePiece::new(&pieces, BLANK, Prefix::None, &[]).unwrap();
        assert_eq!(pieces.encode("aba"), [1, 4]);
        assert_eq!(pieces.encode("aaa"), [5, 1]);
        assert_eq!(pieces.encode("xab"), [0, 3]);
        assert_eq!(pieces.encode(""), [0_u32; 0]);
    }
    #[test]
    fn whole_tokens_are_found_before_merging_and_parts_behind_them_get_a_blank() {
        let user = |text: &str| Piece {
            kind: USER_DEFINED,
            ..piece(text, 0.0)
        };
        let pieces = [
            piece("<unk>", 0.0),
            piece("a", -1.0),
            piece("\u{2581}", -2.0),
            user("<t>"),
            user("<t>x"),
            user("a  "),
        ];
        let encode = |prefix| {
            let pieces = SentencePiece::new(&pieces, BLANK, prefix, &[USER_DEFINED]).unwrap();
            pieces.encode("a<t>a<t>xa  ")
        };
        assert_eq!(encode(Prefix::None), [1, 3, 1, 4, 5]);
        assert_eq!(encode(Prefix::Text), [2, 1, 3, 1, 4, 5]);
        assert_eq!(encode(Prefix::Parts), [2, 1, 3, 2, 1, 4, 5]);
    }
}
