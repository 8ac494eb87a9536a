"""Native vectors for Stable-Baselines3, whose algorithms take no vector environment of Gymnasium's.

>>> from rustgym.sb3 import make_vec_env
>>> envs = make_vec_env("CartPole-v1", n_envs=4, seed=0)
>>> envs.reset().shape
(4, 4)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

try:
    from stable_baselines3.common.monitor import Monitor
    from stable_baselines3.common.vec_env import base_vec_env
except ImportError as cause:
    raise gymnasium.error.DependencyNotInstalled(
        'Stable-Baselines3 is not installed: run `pip install "rustgym[sb3]"`'
    ) from cause

from rustgym.registration import make_vec
from rustgym.vector import VectorEnv

__all__ = ["NativeVecEnv", "make_vec_env"]

Indices = int | Sequence[int] | None


def make_vec_env(
    env_id: str,
    n_envs: int = 1,
    seed: int | None = None,
    *,
    env_kwargs: dict[str, Any] | None = None,
    threads: int = 0,
    monitor: bool = True,
    **kwargs: Any,
) -> NativeVecEnv:
    """The counterpart of Stable-Baselines3's function of this name.

    Args:
        env_id: The original's id.
        n_envs: How many.
        seed: Environment i begins with ``seed + i``.
        env_kwargs: Arguments of the environment; so are all others.
        threads: How many threads step them; 0 lets the time that steps take decide.
        monitor: Tell ``infos[i]["episode"]`` at ends, as its ``Monitor`` does.

    Raises:
        ValueError: Where an argument has an impossible value.
        gymnasium.error.NameNotFound: Where no environment has this id.
    """
    options = {**(env_kwargs or {}), **kwargs}
    envs = make_vec(env_id, n_envs, threads=threads, autoreset_mode=AutoresetMode.SAME_STEP, **options)
    adapter = NativeVecEnv(envs, monitor=monitor)
    adapter.seed(seed)
    return adapter


class NativeVecEnv(base_vec_env.VecEnv):
    """A :class:`rustgym.VectorEnv` as Stable-Baselines3 wants it: equal to its ``DummyVecEnv`` of originals.

    Args:
        envs: A vector whose mode is ``AutoresetMode.SAME_STEP``.
        monitor: Tell ``infos[i]["episode"]`` at ends.
    """

    def __init__(self, envs: VectorEnv, monitor: bool = True) -> None:
        if envs.autoreset_mode is not AutoresetMode.SAME_STEP:
            raise ValueError(f"envs have the mode {envs.autoreset_mode}: expected AutoresetMode.SAME_STEP")
        self.envs = envs
        self.monitor = monitor
        self._actions: Any = None
        super().__init__(envs.num_envs, envs.single_observation_space, envs.single_action_space)
        self.metadata = dict(envs.metadata)

    def reset(self) -> npt.NDArray[Any]:
        """Begins an episode everywhere, from the seeds and with the options that were set."""
        seeds = None if all(seed is None for seed in self._seeds) else list(self._seeds)
        options = next((options for options in self._options if options), None)
        if options is not None and any(other != options for other in self._options):
            raise ValueError("options differ from environment to environment: expected the same for all")
        observations, infos = self.envs.reset(seed=seeds, options=options)
        self.reset_infos = rows_of(infos, self.num_envs)
        self._reset_seeds()
        self._reset_options()
        return observations

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Takes the actions of the step that :meth:`step_wait` makes."""
        self._actions = actions

    def step_wait(self) -> base_vec_env.VecEnvStepReturn:
        """Steps: observations, rewards, ends, infos."""
        observations, rewards, terminated, truncated, told = self.envs.step(self._actions)
        dones = terminated | truncated
        finals, final_observations = told.pop("final_info", {}), told.pop("final_obs", None)
        told.pop("_final_info", None), told.pop("_final_obs", None)
        infos = rows_of(told, self.num_envs)
        for info in infos:
            info["TimeLimit.truncated"] = False
        if final_observations is not None:
            self._tell_ends(infos, np.flatnonzero(dones), finals, final_observations)
            for i in np.flatnonzero(truncated & ~terminated):
                infos[i]["TimeLimit.truncated"] = True
        return observations, rewards.astype(np.float32), dones, infos

    def _tell_ends(self, infos: list[dict[str, Any]], ended: Any, finals: dict[str, Any], observations: Any) -> None:
        final_infos = rows_of(finals, self.num_envs)
        for i in ended:
            reset_info = infos[i]
            reset_info.pop("TimeLimit.truncated")
            self.reset_infos[i] = reset_info
            infos[i] = {**final_infos[i], "TimeLimit.truncated": False, "terminal_observation": observations[i]}
        if self.monitor:
            for i, total, length, seconds in self.envs.episodes():
                infos[i]["episode"] = {"r": round(total, 6), "l": length, "t": round(seconds, 6)}

    def close(self) -> None:
        """Ends the threads and frees the environments."""
        self.envs.close()

    def get_images(self) -> Sequence[npt.NDArray[Any] | None]:
        """A picture of each environment."""
        return self.envs.render() or [None] * self.num_envs

    def get_attr(self, attr_name: str, indices: Indices = None) -> list[Any]:
        """An attribute of the vector that all its environments share; spaces are those of one environment."""
        names = {"observation_space": "single_observation_space", "action_space": "single_action_space"}
        value = getattr(self.envs, names.get(attr_name, attr_name))
        return [value for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Indices = None) -> None:
        """Sets an attribute of the vector, for all its environments."""
        if len(list(self._get_indices(indices))) != self.num_envs:
            raise ValueError(f"{attr_name} of some environments: expected indices=None, since all share their attributes")
        setattr(self.envs, attr_name, value)

    def env_method(self, method_name: str, *args: Any, indices: Indices = None, **kwargs: Any) -> list[Any]:
        """``get_state``, ``set_state`` or ``render`` of these environments."""
        indices = list(self._get_indices(indices))
        if method_name == "get_state":
            return [self.envs.get_state(i) for i in indices]
        if method_name == "set_state":
            return [self.envs.set_state(*args, index=i, **kwargs)[i] for i in indices]
        if method_name == "render":
            pictures = self.get_images()
            return [pictures[i] for i in indices]
        raise AttributeError(f"{method_name} of native environments: expected 'get_state', 'set_state' or 'render'")

    def env_is_wrapped(self, wrapper_class: type[Any], indices: Indices = None) -> list[bool]:
        """Only ``Monitor`` is, whose part the environments do themselves."""
        return [self.monitor and issubclass(wrapper_class, Monitor) for _ in self._get_indices(indices)]


def rows_of(infos: dict[str, Any], num_envs: int) -> list[dict[str, Any]]:
    """Infos of a vector as a dictionary for each environment."""
    rows: list[dict[str, Any]] = [{} for _ in range(num_envs)]
    for key, values in infos.items():
        if key.startswith("_"):
            continue
        for i in np.flatnonzero(infos[f"_{key}"]):
            value = values[i]
            rows[i][key] = value.item() if isinstance(value, np.generic) else value
    return rows
