"""Types and documentation are true: a user's script under mypy --strict, the stubs under stubtest, the docstrings run."""

import doctest
import importlib
import os
import pkgutil
import subprocess
import sys

import pytest

import rustgym

SCRIPT = """
import numpy as np
import numpy.typing as npt
import gymnasium as gym
import rustgym
import rustgym.envpool as envpool
from gymnasium.vector import AutoresetMode

env: gym.Env[npt.NDArray[np.float32], int] = rustgym.make("CartPole-v1", sutton_barto_reward=True)
observation, info = env.reset(seed=1)
observation, reward, terminated, truncated, info = env.step(1)
total: float = float(reward) + float(observation[0])
envs = rustgym.make_vec("CartPole-v1", num_envs=4, autoreset_mode=AutoresetMode.SAME_STEP)
observations, infos = envs.reset(seed=[1, 2, 3, None], options={"reset_mask": np.ones(4, np.bool_)})
observations, rewards, ends, cuts, infos = envs.step(np.zeros(4, np.int64), out=observations)
mean: float = float(rewards.mean())
states = envs.get_state()
pool = envpool.make("Pong-v5", env_type="gym", num_envs=2)
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Where mypy keeps what it knows of NumPy and Gymnasium."""
    return os.environ | {"MYPY_CACHE_DIR": str(tmp_path_factory.mktemp("mypy"))}


def test_a_users_script_is_strictly_typed(tmp_path, cache):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    mypy = [sys.executable, "-m", "mypy", "--strict", str(script)]
    told = subprocess.run(mypy, capture_output=True, text=True, cwd=tmp_path, env=cache)
    assert told.returncode == 0, told.stdout + told.stderr


def test_the_stubs_are_those_of_the_native_half(tmp_path, cache):
    stubtest = [sys.executable, "-m", "mypy.stubtest", "rustgym._native"]
    told = subprocess.run(stubtest, capture_output=True, text=True, cwd=tmp_path, env=cache)
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("name", ["rustgym"] + [module.name for module in pkgutil.iter_modules(rustgym.__path__, "rustgym.")])
def test_docstrings_run_and_nothing_public_lacks_one(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0
    assert module.__doc__
    for public in getattr(module, "__all__", []):
        thing = getattr(module, public)
        assert thing.__doc__, f"{name}.{public}"
        for key, member in vars(thing).items() if isinstance(thing, type) else []:
            if not key.startswith("_") and callable(member):
                assert member.__doc__, f"{name}.{public}.{key}"
