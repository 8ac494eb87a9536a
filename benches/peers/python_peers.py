"""The peers in Python: python_peers.py SYSTEM WORK N THREADS SECONDS ACTIONS prints one JSON line with the rate.

ACTIONS is a .npy file, a row of N actions for each step, used in turn again and again.
"""

import itertools
import json
import re
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

FRAME_SKIP = 4


def rate(n, seconds, rows, step):
    """How often a second `step` gets through its n environments, times n. The first tenth of the time does not count."""
    steps_between_looks_at_the_clock = max(16 // n, 1)
    rows = itertools.cycle(rows)

    def run(duration):
        start, steps = time.perf_counter(), 0
        while time.perf_counter() - start < duration:
            for row in itertools.islice(rows, steps_between_looks_at_the_clock):
                step(row)
            steps += steps_between_looks_at_the_clock
        return steps * n / (time.perf_counter() - start)

    run(seconds / 10)
    return run(seconds)


def gymnasium_single(work, n, threads, seconds, actions):
    """A Python loop over single environments, which are reset where their episode ends."""
    import gymnasium

    envs = [gymnasium.make(work) for _ in range(n)]
    for seed, env in enumerate(envs):
        env.reset(seed=seed)

    def step(row):
        for env, action in zip(envs, row):
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()

    # Python's own numbers are the faster ones, arrays are what a Box takes.
    rows = actions.tolist() if actions.ndim == 2 else list(actions)
    return rate(n, seconds, rows, step)


def gymnasium_vector(work, n, threads, seconds, actions):
    """Gymnasium's batched CartPole."""
    import gymnasium

    envs = gymnasium.make_vec(work, num_envs=n, vectorization_mode="vector_entry_point")
    envs.reset(seed=0)
    return rate(n, seconds, list(actions), envs.step)


def envpool(work, n, threads, seconds, actions):
    """EnvPool, all environments in each step. Pong: its own preprocessing, gray 84x84, four of them stacked."""
    import envpool

    task, frames = ("Pong-v5", FRAME_SKIP) if work == "Pong" else (work, 1)
    envs = envpool.make(task, env_type="gymnasium", num_envs=n, num_threads=threads, seed=0)
    envs.reset()
    dtype = np.int32 if actions.dtype == np.int64 else np.float64
    return frames * rate(n, seconds, list(actions.astype(dtype)), envs.step)


def atari_vector_env(work, n, threads, seconds, actions):
    """ale-py's AtariVectorEnv with its own preprocessing, gray 84x84, four of them stacked."""
    from ale_py.vector_env import AtariVectorEnv

    envs = AtariVectorEnv("pong", n, num_threads=threads, frameskip=FRAME_SKIP, reward_clipping=False)
    envs.reset(seed=0)
    return FRAME_SKIP * rate(n, seconds, list(actions), envs.step)


def envpool_stack(work, n, threads, seconds, actions):
    """EnvPool as agents use it: lives end episodes, rewards are clipped."""
    import envpool

    task = work.removesuffix("NoFrameskip-v4") + "-v5"
    options = {"num_envs": n, "num_threads": threads, "seed": 0, "episodic_life": True, "reward_clip": True}
    envs = envpool.make(task, env_type="gymnasium", **options)
    envs.reset()
    return FRAME_SKIP * rate(n, seconds, list(actions.astype(np.int32)), envs.step)


def atari_stack(work, n, threads, seconds, actions):
    """AtariVectorEnv as agents use it, likewise; it does not fire after a reset, as ours and EnvPool do not."""
    from ale_py.vector_env import AtariVectorEnv

    game = re.sub("(?<!^)(?=[A-Z])", "_", work.removesuffix("NoFrameskip-v4")).lower()
    options = {"num_threads": threads, "episodic_life": True, "reward_clipping": True, "use_fire_reset": False}
    envs = AtariVectorEnv(game, n, frameskip=FRAME_SKIP, **options)
    envs.reset(seed=0)
    return FRAME_SKIP * rate(n, seconds, list(actions), envs.step)


def gymnasium_reset(work, n, threads, seconds, actions):
    """A reset without a seed, as at the end of an episode."""
    import ale_py
    import gymnasium

    gymnasium.register_envs(ale_py)
    env = gymnasium.make("PongNoFrameskip-v4")
    env.reset(seed=0)
    return rate(1, seconds, [None], lambda _: env.reset())


def numpy_difference(mask, dtype):
    """The difference of two frames' masks in NumPy; the earlier mask is kept. Two frames in turn, as in a cache."""

    def measure(work, n, threads, seconds, actions):
        sys.path.insert(0, str(Path(__file__).parent.parent))
        from preprocess_numpy import read_frames

        earlier = None

        def step(frame):
            nonlocal earlier
            now = mask(frame[34:194:2, ::2]).astype(dtype, copy=False)
            difference = now - (now if earlier is None else earlier)
            earlier = now
            return difference

        frames, _ = read_frames()
        return rate(1, seconds, frames[400:402].copy(), step)

    return measure


def comparisons(cells):
    """1 where a pixel has none of the field's two colours."""
    return ((cells != 34) & (cells != 228)).view(np.int8)


def table(dtype):
    """The same, looked up."""
    values = np.ones(256, dtype)
    values[[34, 228]] = 0
    return lambda cells: values[cells]


SYSTEMS = {
    "gymnasium single": ("gymnasium", gymnasium_single),
    "gymnasium vector": ("gymnasium", gymnasium_vector),
    "gymnasium reset": ("gymnasium", gymnasium_reset),
    "envpool": ("envpool", envpool),
    "envpool stack": ("envpool", envpool_stack),
    "ale-py": ("ale-py", atari_vector_env),
    "ale-py stack": ("ale-py", atari_stack),
    "numpy comparisons i8": ("numpy", numpy_difference(comparisons, np.int8)),
    "numpy comparisons f32": ("numpy", numpy_difference(comparisons, np.float32)),
    "numpy table i8": ("numpy", numpy_difference(table(np.int8), np.int8)),
    "numpy table f32": ("numpy", numpy_difference(table(np.float32), np.float32)),
}


def main():
    """Measures what the command line names."""
    system, work, n, threads, seconds, actions = sys.argv[1:]
    package, measure = SYSTEMS[system]
    measured = measure(work, int(n), int(threads), float(seconds), np.load(actions))
    print(json.dumps({"rate": measured, "version": version(package)}))


if __name__ == "__main__":
    main()
