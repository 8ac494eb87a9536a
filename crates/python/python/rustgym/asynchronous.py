"""Environments that step in the background, in batches of those that finish first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from rustgym import _native, spaces
from rustgym.env import check_seed, with_rom
from rustgym.vector import Array, Step, autoreset, check_count

__all__ = ["AsyncVectorEnv"]


class AsyncVectorEnv(gymnasium.vector.VectorEnv[Array, Any, Array]):
    """Environments of which each call gives the ``batch_size`` that finish first, as EnvPool and ale-py have it.

    ``infos["env_id"]`` tells which they are; the next actions are for them. Which environments come first depends on time; what each of them does does not.

    Args:
        env_id: The original's id.
        num_envs: How many.
        batch_size: How many one call gives.
        threads: How many threads step them; 0 for as many as there are cores.
        autoreset_mode: ``SAME_STEP`` or ``NEXT_STEP``: when ended episodes begin anew.
        max_episode_steps: The steps after which an episode is truncated: -1 for no limit, ``None`` for the registered one.
        kwargs: Those of the original; docs/python.md lists them.

    Raises:
        ValueError: Where an argument has an impossible value.
        TypeError: Where the environment does not take an argument.

    >>> envs = AsyncVectorEnv("CartPole-v1", num_envs=8, batch_size=4)
    >>> observations, infos = envs.reset(seed=1)
    >>> observations.shape, len(infos["env_id"])
    ((4, 4), 4)
    """

    def __init__(
        self,
        env_id: str,
        num_envs: int,
        batch_size: int,
        *,
        threads: int = 0,
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
        max_episode_steps: int | None = None,
        **kwargs: Any,
    ) -> None:
        for name, value, least in (("num_envs", num_envs, 1), ("batch_size", batch_size, 1), ("threads", threads, 0)):
            check_count(name, value, least)
        self.env_id, self.num_envs, self.batch_size = env_id, num_envs, batch_size
        mode = autoreset(autoreset_mode)
        if mode is AutoresetMode.DISABLED:
            raise ValueError(f"autoreset_mode = {mode} is not possible: expected SAME_STEP or NEXT_STEP")
        options = with_rom(env_id, kwargs)
        self._native = _native.AsyncVecEnv(
            env_id, num_envs, batch_size, threads, mode.value, max_episode_steps, options
        )
        observation_space, action_space = self._native.spaces()
        self.single_observation_space = spaces.build(observation_space)
        self.single_action_space = spaces.build(action_space)
        self.observation_space = batch_space(self.single_observation_space, batch_size)
        self.action_space = batch_space(self.single_action_space, batch_size)
        self.metadata = {"render_modes": [], "autoreset_mode": mode}
        self._working: set[int] = set()
        self._received: npt.NDArray[np.int32] = np.zeros(0, np.int32)

    def async_reset(self, seed: int | None = None) -> None:
        """Sends all environments to begin an episode, environment i with ``seed + i``; :meth:`recv` gives the first."""
        seeds = None
        if seed is not None:
            check_seed(seed)
            seeds = [seed + i for i in range(self.num_envs)]
        while len(self._working) >= self.batch_size:
            self.recv()
        if self._working:
            raise ValueError(
                f"environments {sorted(self._working)} are at work, fewer than a batch: send actions to more before a reset"
            )
        self._native.send_reset(list(range(self.num_envs)), seeds)
        self._working = set(range(self.num_envs))

    def reset(  # type: ignore[override]
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Begins an episode everywhere; observations and infos of the first batch."""
        self.async_reset(seed)
        observations, _, _, _, infos = self.recv()
        return observations, infos

    def send(self, actions: Any, env_id: Sequence[int] | npt.NDArray[Any] | None = None) -> None:
        """Gives these environments an action each: those of the last batch, if they are not named.

        Raises:
            ValueError: Where an environment is at work already, or named twice.
            gymnasium.error.InvalidAction: Where actions are not in the action space; none is taken then.
        """
        ids = [int(i) for i in (self._received if env_id is None else env_id)]
        self._native.send(actions, ids)
        self._working.update(ids)

    def recv(self) -> Step:
        """Waits for the next batch: observations, rewards, terminated, truncated, infos.

        Raises:
            ValueError: Where fewer environments than a batch are at work, so that waiting would not end.
        """
        told = self._native.recv()
        self._received = told[4]["env_id"]
        self._working.difference_update(int(i) for i in self._received)
        return told

    def step(self, actions: Any) -> Step:  # type: ignore[override]
        """:meth:`send` to the last batch, then :meth:`recv`."""
        self.send(actions)
        return self.recv()

    def close_extras(self, **kwargs: Any) -> None:
        """Ends the threads and frees the environments; any other call is an error from then on."""
        self._native.close()
