"""Trains a byte-pair vocabulary on story text and writes it as `tokenizer.json`.

Merges never cross a blank and never join digits, so a number is spelled digit by digit. Characters
outside the vocabulary fall back to byte tokens, so any text can be encoded.
"""

import collections
import json

BLANK = "\u2581"


def train(text, n_tokens):
    """Vocabulary (token to id) and merges, most frequent pair first, ties in alphabetical order."""
    words = collections.Counter()
    for word in (BLANK + text.replace(" ", BLANK)).replace(BLANK, " " + BLANK).split():
        words[word] += 1
    words = {w: (list(w), n) for w, n in words.items() if not any(c.isdigit() for c in w)}
    characters = sorted(set(text.replace(" ", BLANK)) | set("0123456789") | {BLANK})
    vocabulary = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)] + characters
    known = set(vocabulary)
    merges = []
    while len(vocabulary) < n_tokens:
        pairs = collections.Counter()
        for pieces, n in words.values():
            for pair in zip(pieces, pieces[1:]):
                # Punctuation stays a token of its own: a closing quote must be predictable as such.
                if all(c.isalpha() or c == BLANK for c in pair[0] + pair[1]):
                    pairs[pair] += n
        if not pairs:
            break
        best = min(pairs, key=lambda p: (-pairs[p], p))
        joined = "".join(best)
        merges.append(best)
        if joined not in known:
            known.add(joined)
            vocabulary.append(joined)
        words = {w: (join(pieces, best, joined), n) for w, (pieces, n) in words.items()}
    return {token: i for i, token in enumerate(vocabulary)}, merges


def join(pieces, pair, joined):
    result, i = [], 0
    while i < len(pieces):
        if tuple(pieces[i : i + 2]) == pair:
            result.append(joined)
            i += 2
        else:
            result.append(pieces[i])
            i += 1
    return result


class Encoder:
    """Encodes text whose characters are all in the vocabulary, remembering words it has seen."""

    def __init__(self, vocabulary, merges):
        self.vocabulary = vocabulary
        self.ranks = {pair: rank for rank, pair in enumerate(merges)}
        self.seen = {}

    def word(self, word):
        if word not in self.seen:
            pieces = list(word)
            while True:
                ranked = [(self.ranks[p], p) for p in zip(pieces, pieces[1:]) if p in self.ranks]
                if not ranked:
                    break
                pair = min(ranked)[1]
                pieces = join(pieces, pair, "".join(pair))
            self.seen[word] = [self.vocabulary[p] for p in pieces]
        return self.seen[word]

    def encode(self, text):
        marked = (BLANK + text.replace(" ", BLANK)).replace(BLANK, " " + BLANK).split()
        return [1] + [token for word in marked for token in self.word(word)]


def write(path, vocabulary, merges):
    """The vocabulary in the format of the `tokenizers` library."""
    special = [
        {"id": i, "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        for i, t in enumerate(["<unk>", "<s>", "</s>"])
    ]
    document = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Prepend", "prepend": BLANK},
                {"type": "Replace", "pattern": {"String": " "}, "content": BLANK},
            ],
        },
        "pre_tokenizer": None,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [
                {"SpecialToken": {"id": "<s>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"Sequence": {"id": "B", "type_id": 1}},
            ],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
        },
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": BLANK}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
            ],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "vocab": vocabulary,
            "merges": [f"{a} {b}" for a, b in merges],
        },
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, indent=0)
        file.write("\n")
