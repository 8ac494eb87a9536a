"""Writes the random actions of a work: actions.py N discrete:COUNT|box:BOUND FOLDER, for Python (.npy) and Rust (.bin).

They are the same that the example `throughput` makes for itself from seed 0, whose generator is NumPy's.
"""

import sys
from pathlib import Path

import numpy as np


def main():
    """Makes as many rows of N as `throughput` does."""
    n, space, folder = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    rows = min(max(1_000_000 // n, 16), 1024)
    rng = np.random.default_rng(0)
    kind, bound = space.split(":")
    if kind == "discrete":
        actions = rng.integers(0, int(bound), (rows, n))
    else:
        actions = rng.uniform(-float(bound), float(bound), (rows, n, 1)).astype(np.float32)
    np.save(folder / "actions.npy", actions)
    actions.tofile(folder / "actions.bin")


if __name__ == "__main__":
    main()
