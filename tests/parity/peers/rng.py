"""NumPy's generator: seeding, raw outputs, and every distribution that an environment or a space draws."""

import numpy as np

from recording import crc, save

RAW, RANDOM, UNIFORM, INTEGERS, NORMAL, EXPONENTIAL = range(6)

SEEDS = [
    0, 1, 2, 42, 12345, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**63, 2**64 - 1, 2**64, 2**64 + 1,
    2**96 + 7, 2**128 - 1, 2**128, 2**128 + 2**64 + 5, 2**160 + 3, 2**200 + 1, 2**255 - 19, 3**300, 10**100,
]  # fmt: skip

# [low, high): one value, small, byte and power-of-two ranges, both sides of 32 bits, nearly all of i64.
RANGES = [
    (0, 1), (0, 2), (2, 5), (1, 31), (0, 6), (0, 18), (-3, 4), (0, 100), (0, 255), (0, 256), (0, 1000), (0, 2**16),
    (0, 2**31), (0, 2**31 + 1), (0, 3 * 2**30), (0, 2**32 - 1), (0, 2**32), (0, 2**32 + 1), (-(2**32), 2**32),
    (0, 3 * 2**61), (-(2**62), 2**62 + 1), (0, 2**63 - 1), (-(2**63), 2**63 - 1),
]  # fmt: skip

BOUNDS = [(0.0, 1.0), (-0.05, 0.05), (-0.01, 0.01), (-1.0, 1.0), (-3.0, 3.0), (1e-300, 2e-300), (-1e300, 1e300)]


def record(folder, size):
    """Mixed draws from one stream per seed, and checksums of long runs of each distribution."""
    sizes = {"small": (23, 250, 20), "short": (200, 1000, 200), "full": (2000, 1000, 2000)}
    count, draws, blocks = sizes[size]
    seeds = (SEEDS + list(range(3, 3 + count)))[: max(count, len(SEEDS))]
    _words(folder, seeds)
    _mixed(folder, seeds, draws)
    _long(folder, [0, 42, 2**64 + 1], blocks)


def _words(folder, seeds):
    states = [np.random.SeedSequence(seed).generate_state(16, np.uint32) for seed in seeds]
    save(folder, "rng/seed-sequence", {"words": ("u32", states)}, seeds=[str(seed) for seed in seeds])


def _mixed(folder, seeds, draws):
    """One stream per seed in which the kinds of draw take turns at random.

    The turns matter: `integers` keeps the unused half of a 64-bit output for its next small draw, while
    the other draws take whole outputs in between.
    """
    choose = np.random.default_rng(2024)
    kinds, lows, highs, values = [], [], [], []
    for seed in seeds:
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))
        for _ in range(draws):
            # half of the draws are integers, the kind with the most cases
            kind = int(choose.choice([RAW, RANDOM, UNIFORM, INTEGERS, INTEGERS, INTEGERS, NORMAL, EXPONENTIAL]))
            low, high = 0, 0
            if kind == RAW:
                value = np.uint64(rng.bit_generator.random_raw())
            elif kind == RANDOM:
                value = np.float64(rng.random())
            elif kind == UNIFORM:
                bounds = BOUNDS[choose.integers(len(BOUNDS))]
                value = np.float64(rng.uniform(*bounds))
                low, high = (np.float64(bound).view(np.int64) for bound in bounds)
            elif kind == INTEGERS:
                low, high = RANGES[choose.integers(len(RANGES))]
                value = np.int64(rng.integers(low, high))
            elif kind == NORMAL:
                value = np.float64(rng.standard_normal())
            else:
                value = np.float64(rng.standard_exponential())
            kinds.append(kind)
            lows.append(low)
            highs.append(high)
            values.append(value.view(np.uint64))
    columns = {"kind": ("u8", kinds), "low": ("i64", lows), "high": ("i64", highs), "bits": ("u64", values)}
    save(folder, "rng/mixed", columns, seeds=[str(seed) for seed in seeds], draws_per_seed=draws)


def _long(folder, seeds, blocks, block=5000):
    """CRC-32 of each block of `block` draws: long enough to meet the rare branches of the ziggurats."""
    draw = {
        "raw": lambda rng: rng.bit_generator.random_raw(block),
        "random": lambda rng: rng.random(block),
        "integers_6": lambda rng: rng.integers(0, 6, block),
        "integers_2_40": lambda rng: rng.integers(0, 2**40, block),
        "normal": lambda rng: rng.standard_normal(block),
        "exponential": lambda rng: rng.standard_exponential(block),
    }
    columns = {}
    for name, take in draw.items():
        rngs = [np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed))) for seed in seeds]
        columns[name] = ("u32", [[crc(take(rng)) for _ in range(blocks)] for rng in rngs])
    save(folder, "rng/long", columns, seeds=[str(seed) for seed in seeds], block=block)
