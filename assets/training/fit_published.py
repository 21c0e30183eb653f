"""Fits the figures in `model/src/quality/published.rs` to published perplexities; needs numpy and scipy.

Law: loss of a tuple in nats a token = K x sum over modules of share x 4^(-power x (M - 4)), K a figure of the model, shares and power
of the family. Cells that calibrate: uniform M = 4 ("VS-Quant"), the two Anda cells of the models in `CELLS`, the widths that each
model is said to stand at 1 %, and the accepted and rejected tuples of figure 9 (OPT-125M). All from Anda (HPCA 2025). The
tuples of figure 14 enter as the place of a measured perplexity only for the models in `CELLS`.
"""

import math

import numpy
from scipy.optimize import minimize

# Name: W4A16, uniform M = 4, Anda 0.1 %, Anda 1 %, the tuples of those two.
TABLE = {
    "OPT-1.3B": (14.88, 19.04, 14.91, 14.99, (8, 6, 5, 5), (8, 5, 5, 4)),
    "OPT-2.7B": (12.65, 16.41, None, None, None, None),
    "OPT-6.7B": (10.96, 12.24, 10.95, 10.99, (7, 5, 5, 4), (6, 4, 5, 4)),
    "OPT-13B": (10.20, 11.63, None, None, None, None),
    "LLaMA-7B": (5.77, 7.45, 5.78, 5.82, (9, 8, 8, 7), (7, 6, 6, 6)),
    "LLaMA-2-7B": (5.59, 8.26, None, None, None, None),
    "LLaMA-13B": (5.17, 6.36, None, None, None, None),
}
# Uniform width that a model stands at 1 % while one bit less is too little (Anda, section III).
STANDS = {name: 6 if name in ("OPT-2.7B", "OPT-6.7B", "OPT-13B") else 7 for name in TABLE}
FIGURE_9 = [
    ((6, 6, 6, 6), False), ((7, 7, 7, 7), True), ((7, 7, 6, 7), True), ((7, 7, 5, 7), False),
    ((7, 7, 6, 6), True), ((7, 7, 5, 6), False), ((7, 7, 6, 5), True), ((7, 7, 5, 5), False),
]
ONE_PERCENT = -math.log(0.99)


def loss(scale, shares, power, widths):
    return scale * sum(share * 4.0 ** (-power * (width - 4)) for share, width in zip(shares, widths))


def hinge(value, accepted):
    """How far a loss is on the wrong side of 1 %, in squared logarithms."""
    excess = math.log(max(value, 1e-9) / ONE_PERCENT)
    return max(0.0, excess if accepted else -excess) ** 2


def misfit(names, shares, power, scales):
    total = 0.0
    for name in names:
        at = lambda widths: loss(scales[name], shares, power, widths)
        if name == "OPT-125M":
            total += sum(4 * hinge(at(widths), accepted) for widths, accepted in FIGURE_9)
            continue
        weights, uniform, *cells = TABLE[name]
        if uniform:
            target = math.log(uniform / weights)
            total += ((at((4,) * 4) - target) / (0.1 * target)) ** 2
        for cell, widths in zip(cells[:2], cells[2:]):
            if cell:
                target = math.log(cell / weights)
                total += ((at(widths) - target) / (0.01 / weights + 0.1 * abs(target))) ** 2
        total += 4 * hinge(at((STANDS[name],) * 4), True) + 4 * hinge(at((STANDS[name] - 1,) * 4), False)
    return total


def fit(names, random):
    def unpack(x):
        shares = numpy.exp(numpy.append(x[:3], 0.0))
        return shares / shares.sum(), math.exp(x[3]), dict(zip(names, numpy.exp(x[4:])))

    def objective(x):
        # Mild pulls to equal shares and to power 1 decide where the cells do not.
        return misfit(names, *unpack(x)) + 0.02 * (x[:3] ** 2).sum() + 2 * x[3] ** 2

    best = None
    for _ in range(12):
        start = numpy.concatenate([random.normal(0, 1.5, 3), random.normal(0.1, 0.1, 1), numpy.full(len(names), math.log(0.2))])
        found = minimize(objective, start, method="Powell", options={"maxiter": 4000, "xtol": 1e-4, "ftol": 1e-6})
        if best is None or found.fun < best.fun:
            best = found
    return unpack(best.x)


def main():
    random = numpy.random.default_rng(1)
    for family in ("OPT", "LLaMA"):
        names = [name for name in TABLE if name.startswith(family)] + (["OPT-125M"] if family == "OPT" else [])
        shares, power, scales = fit(names, random)
        print(family, "shares", shares.round(4), "power", round(power, 3))
        for name, scale in scales.items():
            print(f"  {name}: loss at uniform M = 4: {scale:.4f}")


if __name__ == "__main__":
    main()
