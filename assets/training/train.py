"""Trains the embedded story model and writes `../story-model/` and the evaluation text.

Needs Python 3.11 or later with numpy and torch; nothing else. One thread, fixed seeds:

    python train.py [--steps N] [--out FOLDER]
"""

import argparse
import itertools
import json
import math
import pathlib
import struct

import numpy
import torch
from torch import nn
from torch.nn import functional

import byte_pair_tokenizer
import story_grammar

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "attention_bias": False,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "hidden_act": "silu",
    "hidden_size": 128,
    "intermediate_size": 320,
    "max_position_embeddings": 512,
    "mlp_bias": False,
    "model_type": "llama",
    "num_attention_heads": 8,
    "num_hidden_layers": 3,
    "num_key_value_heads": 4,
    "rms_norm_eps": 1e-05,
    "rope_scaling": None,
    "rope_theta": 10000.0,
    "tie_word_embeddings": True,
    "torch_dtype": "float16",
    "vocab_size": 1280,
}
HIDDEN, HEADS, KV_HEADS = CONFIG["hidden_size"], CONFIG["num_attention_heads"], CONFIG["num_key_value_heads"]
HEAD_DIM = HIDDEN // HEADS
TOKENIZER_SEED, TRAINING_SEED, EVALUATION_SEED = 1, 2, 3
EVALUATION_BYTES = 60_000


class Layer(nn.Module):
    """One Llama block: grouped-query attention with rotary positions, then a gated MLP."""

    def __init__(self):
        super().__init__()
        ffn, kv = CONFIG["intermediate_size"], KV_HEADS * HEAD_DIM
        self.input_layernorm = nn.RMSNorm(HIDDEN, CONFIG["rms_norm_eps"])
        self.post_attention_layernorm = nn.RMSNorm(HIDDEN, CONFIG["rms_norm_eps"])
        self.self_attn = nn.ModuleDict(
            {f"{n}_proj": nn.Linear(HIDDEN, d, bias=False) for n, d in [("q", HIDDEN), ("k", kv), ("v", kv), ("o", HIDDEN)]}
        )
        self.mlp = nn.ModuleDict(
            {
                "gate_proj": nn.Linear(HIDDEN, ffn, bias=False),
                "up_proj": nn.Linear(HIDDEN, ffn, bias=False),
                "down_proj": nn.Linear(ffn, HIDDEN, bias=False),
            }
        )

    def forward(self, x, cos, sin):
        batch, length, _ = x.shape
        h = self.input_layernorm(x)
        q, k, v = (
            self.self_attn[f"{n}_proj"](h).view(batch, length, -1, HEAD_DIM).transpose(1, 2) for n in "qkv"
        )
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        k, v = (t.repeat_interleave(HEADS // KV_HEADS, dim=1) for t in (k, v))
        attended = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.self_attn["o_proj"](attended.transpose(1, 2).reshape(batch, length, HIDDEN))
        h = self.post_attention_layernorm(x)
        return x + self.mlp["down_proj"](functional.silu(self.mlp["gate_proj"](h)) * self.mlp["up_proj"](h))


def rotate(x, cos, sin):
    """Rotary position embedding, halves of the head paired as Hugging Face pairs them."""
    low, high = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-high, low), dim=-1) * sin


class StoryModel(nn.Module):
    """The whole model, with the parameter names of Hugging Face's Llama."""

    def __init__(self):
        super().__init__()
        self.embed_tokens = nn.Embedding(CONFIG["vocab_size"], HIDDEN)
        self.layers = nn.ModuleList(Layer() for _ in range(CONFIG["num_hidden_layers"]))
        self.norm = nn.RMSNorm(HIDDEN, CONFIG["rms_norm_eps"])
        for parameter in self.parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=0.05)
        angles = torch.outer(
            torch.arange(CONFIG["max_position_embeddings"]).float(),
            CONFIG["rope_theta"] ** (-torch.arange(0, HEAD_DIM, 2).float() / HEAD_DIM),
        ).repeat(1, 2)
        self.cos, self.sin = angles.cos(), angles.sin()

    def forward(self, tokens):
        length = tokens.shape[1]
        x = self.embed_tokens(tokens)
        for layer in self.layers:
            x = layer(x, self.cos[:length], self.sin[:length])
        return functional.linear(self.norm(x), self.embed_tokens.weight)


def batches(encoder, n_stories):
    """Batches of encoded stories of similar length, padded with the end token, which is not scored."""
    supply = story_grammar.stories(TRAINING_SEED)
    while True:
        pool = sorted((encoder.encode(s.text) for s in itertools.islice(supply, 8 * n_stories)), key=len)
        order = torch.randperm(8).tolist()
        for group in (pool[i * n_stories : (i + 1) * n_stories] for i in order):
            length = max(map(len, group))
            yield torch.tensor([ids + [2] * (length - len(ids)) for ids in group])


def loss_of(model, tokens, reduction="mean"):
    logits = model(tokens[:, :-1])
    targets = tokens[:, 1:].masked_fill(tokens[:, 1:] == 2, -100)
    return functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100, reduction=reduction)


class Muon(torch.optim.Optimizer):
    """Momentum whose update of each matrix is brought to singular values near 1 (Jordan et al., "Muon", 2024).

    Every direction of a matrix learns, so a small model is used to its full capacity; that is also what makes it need its bits.
    """

    def __init__(self, parameters, lr):
        super().__init__(parameters, {"lr": lr})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                momentum = state.setdefault("momentum", torch.zeros_like(parameter))
                momentum.lerp_(parameter.grad, 0.05)
                update = orthogonal(parameter.grad.lerp(momentum, 0.95))
                parameter.add_(update, alpha=-group["lr"] * max(1.0, parameter.size(0) / parameter.size(1)) ** 0.5)


def orthogonal(matrix):
    """The matrix with its singular values brought near 1 by five steps of a Newton-Schulz iteration."""
    x = matrix / (matrix.norm() + 1e-7)
    transposed = x.size(0) > x.size(1)
    x = x.T if transposed else x
    for _ in range(5):
        square = x @ x.T
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return x.T if transposed else x


def train(model, encoder, n_steps, n_stories=8):
    matrices = [p for p in model.layers.parameters() if p.dim() == 2]
    others = [p for p in model.parameters() if all(p is not each for each in matrices)]
    optimizers = [Muon(matrices, lr=0.02), torch.optim.Adam(others, lr=4e-3, betas=(0.9, 0.97))]
    peaks = [group["lr"] for optimizer in optimizers for group in optimizer.param_groups]
    supply = batches(encoder, n_stories)
    average = None
    for step in range(n_steps):
        # Half of the run at full rate, then down in a straight line.
        share = min(1.0, (step + 1) / 50, 2.0 * (n_steps - step) / n_steps)
        for optimizer, peak in zip(optimizers, peaks):
            optimizer.param_groups[0]["lr"] = peak * share
        loss = loss_of(model, next(supply))
        model.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        average = loss.item() if average is None else 0.98 * average + 0.02 * loss.item()
        if step % 50 == 0:
            print(f"step {step} loss {average:.4f}", flush=True)


def evaluation_text():
    """Held-out stories of at least `EVALUATION_BYTES` in all, and their information content in nats."""
    texts, nats, size = [], 0.0, 0
    for story in story_grammar.stories(EVALUATION_SEED):
        texts.append(story.text)
        nats += story.nats
        size += len(story.text.encode()) + len(story_grammar.SEPARATOR) + 1
        if size >= EVALUATION_BYTES:
            return texts, nats


def tensors(model):
    """Weights rounded to F16, in the order of their names."""
    named = {("model." + name): p.detach() for name, p in model.named_parameters()}
    return {name: named[name].to(torch.float16).numpy() for name in sorted(named)}


def write_safetensors(path, named):
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, values in named.items():
        header[name] = {"dtype": "F16", "shape": list(values.shape), "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for values in named.values():
            file.write(numpy.ascontiguousarray(values).tobytes())


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--steps", type=int, default=3000)
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent.parent / "story-model")
    arguments = arguments.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(TRAINING_SEED)

    sample = " ".join(s.text for s in itertools.islice(story_grammar.stories(TOKENIZER_SEED), 3000))
    vocabulary, merges = byte_pair_tokenizer.train(sample, CONFIG["vocab_size"])
    encoder = byte_pair_tokenizer.Encoder(vocabulary, merges)
    byte_pair_tokenizer.write(arguments.out / "tokenizer.json", vocabulary, merges)
    (arguments.out / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    texts, nats = evaluation_text()
    (arguments.out / "stories.txt").write_text("".join(f"{t}\n{story_grammar.SEPARATOR}\n" for t in texts))

    model = StoryModel()
    train(model, encoder, arguments.steps)
    named = tensors(model)
    write_safetensors(arguments.out / "model.safetensors", named)

    for name, p in model.named_parameters():
        p.data = torch.from_numpy(named["model." + name]).float()
    encoded = [encoder.encode(t) for t in texts]
    n_scored = sum(len(ids) - 1 for ids in encoded)
    with torch.no_grad():
        nll = sum(loss_of(model, torch.tensor([ids]), "sum").item() for ids in encoded)
    facts = {
        "stories": len(texts),
        "longest_story_tokens": max(map(len, encoded)),
        "scored_tokens": n_scored,
        "grammar_nats": round(nats, 4),
        "grammar_perplexity": round(math.exp(nats / n_scored), 6),
        "model_nats": round(nll, 4),
        "model_perplexity": round(math.exp(nll / n_scored), 6),
        "parameters": sum(p.numel() for p in model.parameters()),
        "steps": arguments.steps,
    }
    (arguments.out / "facts.json").write_text(json.dumps(facts, indent=2) + "\n")
    print(json.dumps(facts, indent=2))


if __name__ == "__main__":
    main()
