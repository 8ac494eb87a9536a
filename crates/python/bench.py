"""Measures the package against its peers from Python, in turns, and prints the table of docs/python.md: `make bench-python`.

    make bench-python ARGS="--seconds 1 --rounds 3 --only CartPole"

Needs only the standard library, and Rust. The peers are those of benches/peers.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "tests"), str(HERE.parents[1] / "tests" / "parity")]

# Name, what is measured, threads, and the systems with the ratio that ours is to reach.
WORKS = [
    ("CartPole-v1, N = 1024, 1 thread", "CartPole-v1", 1024, 1, {"gymnasium": 8, "envpool": 100}),
    ("InvertedPendulum, N = 64, 2 threads", "InvertedPendulum", 64, 2, {"envpool": 15}),
    ("Pong 84x84x4, N = 32, 2 threads", "Pong", 32, 2, {"atari": 8, "envpool": 8}),
    ("Breakout 84x84x4, N = 32, 2 threads", "Breakout", 32, 2, {"atari": 8, "envpool": 8}),
    ("CartPole-v1, N = 1", "CartPole-v1", 1, 1, {"gymnasium single": None}),
]


def rustgym(task, n, threads):
    import rustgym

    if n == 1:
        return single(rustgym.make(task))
    options = {"CartPole-v1": {}, "InvertedPendulum": {}}.get(task, {"obs": "84x84"})
    task = {"InvertedPendulum": "InvertedPendulum-v5"}.get(task, f"ALE/{task}-v5" if options else task)
    return vector(rustgym.make_vec(task, n, threads=threads, **options))


def gymnasium(task, n, threads):
    import gymnasium

    return vector(gymnasium.make_vec(task, num_envs=n, vectorization_mode="vector_entry_point"))


def gymnasium_single(task, n, threads):
    import gymnasium

    return single(gymnasium.make(task).unwrapped)


def envpool(task, n, threads):
    import envpool

    task = {"InvertedPendulum": "InvertedPendulum-v4"}.get(task, task if "-" in task else f"{task}-v5")
    return vector(envpool.make(task, env_type="gymnasium", num_envs=n, num_threads=threads, seed=0), n)


def atari(task, n, threads):
    from ale_py.vector_env import AtariVectorEnv

    return vector(AtariVectorEnv(task.lower(), n, num_threads=threads))


def vector(envs, n=None):
    """A step of all environments with actions drawn beforehand, used again and again."""
    import itertools

    import numpy as np

    envs.reset()
    rng = np.random.default_rng(0)
    space = getattr(envs, "single_action_space", envs.action_space)
    n = n or envs.num_envs
    if hasattr(space, "n"):
        rows = rng.integers(0, space.n, (256, n)).astype(np.int64 if type(envs).__module__.startswith(("rustgym", "gymn", "ale")) else np.int32)
    else:
        rows = rng.uniform(space.low, space.high, (256, n, *space.shape)).astype(np.float64)
    rows = itertools.cycle(list(rows))
    return lambda: envs.step(next(rows))


def single(env):
    """A step of one environment, which is reset at its ends."""
    env.reset(seed=0)

    def step():
        _, _, terminated, truncated, _ = env.step(1)
        if terminated or truncated:
            env.reset()

    return step


SYSTEMS = {"rustgym": rustgym, "gymnasium": gymnasium, "gymnasium single": gymnasium_single, "envpool": envpool, "atari": atari}


def measure(system, task, n, threads, seconds):
    """Environment steps a second, in this process, after a second in which caches fill and games are translated."""
    import time

    step = SYSTEMS[system](task, n, threads)

    def run(duration):
        start, steps = time.perf_counter(), 0
        while (elapsed := time.perf_counter() - start) < duration:
            for _ in range(max(512 // n, 1)):
                step()
            steps += max(512 // n, 1)
        return steps * n / elapsed

    run(1)
    return run(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="of all systems in turns")
    parser.add_argument("--only", default="", help="only the works with this in their name")
    parser.add_argument("--python", help="the Python of an environment that has everything already")
    parser.add_argument("--measure", nargs=5, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        system, task, n, threads, seconds = arguments.measure
        print(json.dumps(measure(system, task, int(n), int(threads), float(seconds))))
        return
    python = arguments.python or prepare()
    print("| work | system | steps/s, median | ours is so many times as fast | at least |\n|---|---|---|---|---|")
    for name, task, n, threads, peers in WORKS:
        if arguments.only not in name:
            continue
        rates = {system: [] for system in ["rustgym", *peers]}
        for round_number in range(arguments.rounds):
            for system in list(rates)[:: -1 if round_number % 2 else 1]:
                command = [python, "-W", "ignore", __file__, "--measure", system, task, n, threads, arguments.seconds]
                told = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True)
                rates[system].append(json.loads(told.stdout.splitlines()[-1]))
        ours = median(rates["rustgym"])
        for system, measured in rates.items():
            ratio, least = ours / median(measured), peers.get(system)
            told = "" if system == "rustgym" else f"{ratio:.1f}"
            print(f"| {name} | {system} | {median(measured):,.0f} | {told} | {least or ''} |", flush=True)


def prepare():
    """The Python of a fresh environment with a release build of the package and the peers."""
    import install
    import run

    root = HERE.parents[1]
    peers = install.ensure(root / "benches" / "peers" / "requirements.txt", "peers")
    subprocess.run(["make", "wheel"], cwd=root, check=True, stdout=sys.stderr)
    python = run.fresh_environment([peers])
    wheel = max((root / "dist").glob("rustgym-*.whl"), key=lambda path: path.stat().st_mtime)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel], check=True)
    return python


if __name__ == "__main__":
    try:
        main()
    except (subprocess.CalledProcessError, OSError) as error:
        sys.exit(f"bench.py: {error}")
