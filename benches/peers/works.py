"""What is measured, and with what."""

from dataclasses import dataclass, field

import machine


@dataclass(frozen=True)
class System:
    """`program` is throughput (the example of the crate envs), ours (ours.rs), rust (rust/) or python (python_peers.py)."""

    name: str
    program: str
    arguments: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Work:
    """The first system is ours, the one that the others' ratios are of."""

    name: str
    task: str
    n: int
    threads: int
    unit: str
    actions: str
    systems: list[System]


def python(name, system):
    """A peer in Python."""
    return System(name, "python", [system])


def rust(name, system):
    """A peer in Rust."""
    return System(name, "rust", [system])


OURS = System("ours", "throughput")
ENVPOOL = python("EnvPool", "envpool")
GYMNASIUM_SINGLE = python("Gymnasium, single environments", "gymnasium single")
GYMNASIUM_BATCHED = python("Gymnasium CartPoleVectorEnv", "gymnasium vector")


def cartpole(n):
    """CartPole on one core."""
    peers = [GYMNASIUM_BATCHED, ENVPOOL, rust("gmgn", "gmgn"), rust("gym-rs", "gym-rs")]
    if n <= 8:
        peers = [GYMNASIUM_SINGLE, *peers]
    return Work("CartPole-v1", "CartPole-v1", n, 1, "steps/s", "discrete:2", [OURS, *peers])


def classic(name, actions):
    """The other tasks of classic control, many at once on one core; Gymnasium has no batch of them."""
    return Work(name, name, 1024, 1, "steps/s", actions, [OURS, GYMNASIUM_SINGLE, ENVPOOL])


CLASSIC = [
    classic("Acrobot-v1", "discrete:3"),
    classic("MountainCar-v0", "discrete:3"),
    classic("MountainCarContinuous-v0", "box:1"),
    classic("Pendulum-v1", "box:2"),
]

PENDULUM = Work(
    "InvertedPendulum-v5",
    "InvertedPendulum-v5",
    64,
    2,
    "steps/s",
    "box:3",
    [OURS, ENVPOOL, GYMNASIUM_SINGLE],
)

PONG = Work(
    "Pong to 80x80 differences",
    "Pong",
    32,
    2,
    "raw frames/s",
    "discrete:6",
    [
        System("ours", "throughput", ["--backend", "ale"]),
        System("ours, native console", "throughput", ["--backend", "vcs"]),
        python("ale-py AtariVectorEnv, 84x84x4", "ale-py"),
        python("EnvPool, 84x84x4", "envpool"),
        rust("ALE's act alone", "ale"),
    ],
)


VECTOR_ENV = python("ale-py AtariVectorEnv", "ale-py stack")
ENVPOOL_STACK = python("EnvPool", "envpool stack")


def stack(game, actions, n):
    """A game as agents see it: the same observations, rewards and ends of all."""
    ours = System("ours", "throughput", ["--stack"])
    task = f"{game}NoFrameskip-v4"
    return Work(f"{game}, 84x84x4", task, n, 2, "raw frames/s", f"discrete:{actions}", [ours, VECTOR_ENV, ENVPOOL_STACK])


GAMES = {"Pong": 6, "Breakout": 4, "Seaquest": 18, "MsPacman": 9}
STACKS = [stack(game, actions, n) for game, actions in GAMES.items() for n in (8, 32, 256)]


def difference(cell):
    """One 80x80 difference of palette frames, in one type of cells."""
    kernels = machine.kernels()
    return Work(
        f"80x80 difference, {cell}",
        "difference",
        1,
        1,
        "differences/s",
        "discrete:1",
        [
            System("ours", "ours", [f"difference-{cell}"]),
            *[System(f"ours, {name}", "ours", [f"difference-{cell}", "--kernel", name]) for name in kernels],
            python("NumPy, comparisons", f"numpy comparisons {cell}"),
            python("NumPy, table", f"numpy table {cell}"),
        ],
    )


RESET = Work(
    "Pong reset",
    "Pong reset",
    1,
    1,
    "resets/s",
    "discrete:1",
    [
        System("ours", "ours", ["reset"]),
        rust("ALE's reset_game", "ale"),
        python("Gymnasium with ale-py", "gymnasium reset"),
    ],
)

WORKS = [*map(cartpole, [1, 8, 64, 1024, 16384]), *CLASSIC, PENDULUM, PONG, *STACKS, difference("i8"), difference("f32"), RESET]


@dataclass(frozen=True)
class Bar:
    """Ours shall be at least so many times as fast as the fastest of `peers`."""

    work: str
    n: int
    peers: list[str]
    at_least: float
    ours: str = "ours"


def difference_bars(cell):
    """Against both ways to write it in NumPy."""
    work = f"80x80 difference, {cell}"
    at_least = {"ours, plain": 12, "ours, avx2": 25, "ours": 25}
    numpy = ["NumPy, comparisons", "NumPy, table"]
    return [Bar(work, 1, [peer], factor, ours) for ours, factor in at_least.items() for peer in numpy]


BARS = [
    *[Bar("CartPole-v1", n, [GYMNASIUM_SINGLE.name, GYMNASIUM_BATCHED.name], 100) for n in (1, 8)],
    # First what an exact mode was to reach, then what a less exact one was; there is only the exact one.
    Bar("CartPole-v1", 1024, [GYMNASIUM_BATCHED.name], 3),
    Bar("CartPole-v1", 1024, [ENVPOOL.name], 30),
    Bar("CartPole-v1", 1024, [GYMNASIUM_BATCHED.name], 12),
    Bar("CartPole-v1", 1024, [ENVPOOL.name], 120),
    Bar("CartPole-v1", 1024, ["gmgn"], 12),
    *[Bar(work.name, 1024, [GYMNASIUM_SINGLE.name], 8) for work in CLASSIC],
    *[Bar(work.name, 1024, [ENVPOOL.name], 100) for work in CLASSIC],
    Bar("InvertedPendulum-v5", 64, [ENVPOOL.name], 20),
    Bar(PONG.name, 32, ["ale-py AtariVectorEnv, 84x84x4"], 1.3),
    Bar(PONG.name, 32, ["EnvPool, 84x84x4"], 1.4),
    Bar(PONG.name, 32, ["ALE's act alone"], 0.95),
    Bar(PONG.name, 32, ["ale-py AtariVectorEnv, 84x84x4"], 5, "ours, native console"),
    Bar(PONG.name, 32, ["EnvPool, 84x84x4"], 5, "ours, native console"),
    *[Bar(work.name, work.n, [peer.name], 10) for work in STACKS for peer in (VECTOR_ENV, ENVPOOL_STACK)],
    *difference_bars("i8"),
    *difference_bars("f32"),
    Bar("Pong reset", 1, ["ALE's reset_game"], 20),
]
