"""Gymnasium's spaces: what `sample()` draws after `seed(s)`."""

import numpy as np
from gymnasium.spaces import Box, Discrete

from recording import save

SEEDS = [0, 42, 2**64 + 1]
INF = np.inf

DISCRETE = {"discrete-2": (2, 0), "discrete-6": (6, 0), "discrete-shifted": (7, -3), "discrete-1": (1, 5),
            "discrete-large": (2**40, -(2**39)), "discrete-2-to-32": (2**32, 0)}  # fmt: skip

# Low and high of each element.
MIXED = [(-1, 1), (-INF, INF), (0, INF), (-INF, 5), (-3, -2), (-INF, INF), (2, 2), (10, INF)]
BOXES = {
    "bounded-f64": ("f64", [(-3, 3)] * 3),
    "bounded-f32": ("f32", [(-4.8, 4.8), (-0.41887903, 0.41887903), (0, 1)]),
    "unbounded-f64": ("f64", [(-INF, INF)] * 4),
    "unbounded-f32": ("f32", [(-INF, INF)] * 4),
    "below-f64": ("f64", [(1.5, INF), (-2, INF)]),
    "above-f32": ("f32", [(-INF, 1.5), (-INF, -2)]),
    "mixed-f64": ("f64", MIXED),
    "mixed-f32": ("f32", MIXED),
    "bytes": ("u8", [(0, 255)] * 5),
    "bytes-bounded": ("u8", [(3, 9), (0, 0), (250, 255)]),
    "i64-bounded": ("i64", [(-5, 5), (0, 2**40), (-(2**62), 2**62)]),
    "i64-unbounded": ("i64", [(-INF, INF)] * 4),
    "i64-below": ("i64", [(-7, INF)] * 2),
    "i64-above": ("i64", [(-INF, 3)] * 2),
}


def record(folder, size):
    """A file per space, with the same number of samples for each seed."""
    count = {"small": 40, "short": 1000, "full": 20_000}[size]
    for name, (n, start) in DISCRETE.items():
        drawn = _draw(Discrete(n, start=start), count)
        _save(folder, name, count, {"samples": ("i64", drawn)}, type="discrete", n=n, start=start)
    for name, (kind, bounds) in BOXES.items():
        low, high = (np.array(side, np.float64) for side in zip(*bounds))
        dtype = {"u8": np.uint8, "i64": np.int64, "f32": np.float32, "f64": np.float64}[kind]
        if kind == "f32":
            low, high = low.astype(dtype), high.astype(dtype)  # rounded first, so that the columns have them
        drawn = _draw(_box(low, high, dtype), count)
        columns = {"samples": (kind, drawn), "low": ("f64", low), "high": ("f64", high)}
        _save(folder, name, count, columns, type="box", dtype=kind)


def _box(low, high, dtype):
    """A Box with these bounds. Gymnasium takes infinite bounds of integers right only where they are plain numbers."""
    if np.issubdtype(dtype, np.integer) and not np.isfinite([low, high]).all():
        return Box(float(low[0]), float(high[0]), low.shape, dtype)
    return Box(low.astype(dtype), high.astype(dtype), dtype=dtype)


def _draw(space, count):
    drawn = []
    for seed in SEEDS:
        space.seed(seed)
        drawn.append([space.sample() for _ in range(count)])
    return drawn


def _save(folder, name, count, columns, **header):
    save(folder, f"spaces/{name}", columns, seeds=[str(seed) for seed in SEEDS], per_seed=count, **header)
