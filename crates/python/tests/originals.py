"""The originals, and how ours are compared with them."""

from typing import Any

import ale_py
import gymnasium as gym
import numpy as np

import rustgym

gym.register_envs(ale_py)

# Every id that the originals have too: not ours that only resemble one.
IDS = [env_id for env_id in rustgym.registered() if env_id in gym.registry]
# Gymnasium's own InvertedPendulum-v2 needs a binding of MuJoCo that is gone; it is the same as v4.
SAME = {"InvertedPendulum-v2": "InvertedPendulum-v4"}
ATARI = [env_id for env_id in IDS if "ale_py" in str(gym.spec(env_id).entry_point)]
# One id a game, but all of Pong's.
ATARI_SAMPLE = [env_id for env_id in ATARI if env_id.startswith("ALE/") or env_id.startswith("Pong")]
OTHERS = [env_id for env_id in IDS if env_id not in ATARI]


def original(env_id: str, **kwargs: Any) -> gym.Env:
    """The original without a passive checker, whose warnings are not what is compared."""
    return gym.make(SAME.get(env_id, env_id), disable_env_checker=True, **kwargs)


def assert_same(ours: Any, theirs: Any, where: str = "") -> None:
    """Values, types, dtypes and shapes, all through tuples, dictionaries and arrays of objects."""
    # Pendulum's rewards are NumPy's float64 there, which is a kind of Python's float, and Python's float here.
    theirs = theirs.item() if type(theirs) is np.float64 and type(ours) is float else theirs
    assert type(ours) is type(theirs), f"{where}: {type(ours)} is not {type(theirs)}"
    if isinstance(theirs, dict):
        assert set(ours) == set(theirs), f"{where}: {ours.keys()} are not {theirs.keys()}"
        for key in theirs:
            assert_same(ours[key], theirs[key], f"{where}[{key!r}]")
    elif isinstance(theirs, (tuple, list)):
        assert len(ours) == len(theirs), where
        for i, (one, other) in enumerate(zip(ours, theirs)):
            assert_same(one, other, f"{where}[{i}]")
    elif isinstance(theirs, np.ndarray):
        assert ours.dtype == theirs.dtype, f"{where}: {ours.dtype} is not {theirs.dtype}"
        assert ours.shape == theirs.shape, f"{where}: {ours.shape} is not {theirs.shape}"
        if theirs.dtype == object:
            assert_same(list(ours), list(theirs), where)
        else:
            np.testing.assert_array_equal(ours, theirs, err_msg=where)
    else:
        assert ours == theirs, f"{where}: {ours!r} is not {theirs!r}"


def assert_same_steps(ours: gym.Env, theirs: gym.Env, seed: int, steps: int) -> None:
    """A seeded reset and so many random steps, with a reset without seed after every end."""
    assert_same(ours.reset(seed=seed), theirs.reset(seed=seed), "reset")
    theirs.action_space.seed(seed)
    for i in range(steps):
        action = theirs.action_space.sample()
        told, expected = ours.step(action), theirs.step(action)
        assert_same(told, expected, f"step {i}")
        if expected[2] or expected[3]:
            assert_same(ours.reset(), theirs.reset(), f"reset after step {i}")
