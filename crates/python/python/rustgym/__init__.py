"""Gymnasium's environments in Rust: seed for seed equal to the originals, and fast vectors of them.

Importing it registers every environment with Gymnasium under ``rustgym/``:

>>> import gymnasium as gym
>>> import rustgym
>>> env = gym.make("rustgym/CartPole-v1")

:func:`make` and :func:`make_vec` take the originals' own ids:

>>> envs = rustgym.make_vec("CartPole-v1", num_envs=4)
>>> observations, infos = envs.reset(seed=7)
>>> observations.shape
(4, 4)
"""

import os
from importlib.metadata import version

from rustgym import _native
from rustgym.asynchronous import AsyncVectorEnv
from rustgym.env import Env
from rustgym.registration import make, make_vec, register_envs, registered
from rustgym.vector import VectorEnv

__version__ = version("rustgym")
__all__ = ["AsyncVectorEnv", "Env", "VectorEnv", "make", "make_vec", "registered"]

register_envs()
# In the child of a fork the threads of the parent's vectors are missing: the native half must know.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_native.forked)
