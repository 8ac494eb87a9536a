"""Environments that step together, as Gymnasium has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from rustgym import _native, options as reset_options, spaces
from rustgym.env import check_seed, is_atari, with_rom

__all__ = ["VectorEnv"]

Array = npt.NDArray[Any]
Step = tuple[Array, npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.bool_], dict[str, Any]]


class VectorEnv(gymnasium.vector.VectorEnv[Array, Any, Array]):
    """Native environments behind Gymnasium's vector interface.

    Environment i equals the original that is reset with ``seed + i``: it gives what Gymnasium's ``SyncVectorEnv`` of
    originals gives. Other Python threads run while the environments step.

    Args:
        env_id: The original's id.
        num_envs: How many.
        threads: How many threads step them; 0 lets the time that steps take decide.
        autoreset_mode: What happens after an end.
        max_episode_steps: The steps after which an episode is truncated: -1 for no limit, ``None`` for the registered one.
        render_mode: ``"rgb_array"`` or ``None``.
        copy: With ``False`` every call hands out the same array of observations, written anew.
        kwargs: Those of the original; docs/python.md lists them.

    Raises:
        ValueError: Where an argument has an impossible value.
        TypeError: Where the environment does not take an argument.
        gymnasium.error.DependencyNotInstalled: Where a game's ROM is missing.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "autoreset_mode": AutoresetMode.NEXT_STEP}

    def __init__(
        self,
        env_id: str,
        num_envs: int = 1,
        *,
        threads: int = 0,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        max_episode_steps: int | None = None,
        render_mode: str | None = None,
        copy: bool = True,
        **kwargs: Any,
    ) -> None:
        if render_mode not in (None, "rgb_array"):
            raise ValueError(f"render_mode = {render_mode!r} is not possible: expected 'rgb_array' or None")
        check_count("num_envs", num_envs, 1)
        check_count("threads", threads, 0)
        self.env_id = env_id
        self.num_envs = int(num_envs)
        self.threads = threads
        self.autoreset_mode = autoreset(autoreset_mode)
        self.max_episode_steps = max_episode_steps
        self.render_mode = render_mode
        self.copy = copy
        self._kwargs = kwargs
        self._native = self._make(kwargs)
        observation_space, action_space = self._native.spaces()
        self.single_observation_space = spaces.build(observation_space)
        self.single_action_space = spaces.build(action_space)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.metadata = {
            **self.metadata,
            "render_fps": self._native.render_fps(),
            "autoreset_mode": self.autoreset_mode,
        }
        self._is_atari = is_atari(env_id)
        self._was_reset = False
        self._sent: Any = None

    def _make(self, kwargs: dict[str, Any]) -> _native.VecEnv:
        options = with_rom(self.env_id, kwargs)
        mode = self.autoreset_mode.value
        return _native.VecEnv(self.env_id, self.num_envs, self.threads, mode, self.max_episode_steps, options)

    def reset(  # type: ignore[override]
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
        out: Array | None = None,
    ) -> tuple[Array, dict[str, Any]]:
        """Starts episodes and returns their first observations and infos.

        Args:
            seed: Environment i gets ``seed + i``, or its own of a list; where that is ``None`` its generator goes on.
            options: ``reset_mask`` names the environments that are reset, all others stay as they are; ``low`` and
                ``high`` are those of CartPole's start.
            out: Where the observations are written, instead of an array of their own.

        Raises:
            ValueError: Where seeds, mask or buffer do not fit; nothing is changed then.
        """
        seeds = self._seeds(seed)
        mask = self._mask(options)
        if isinstance(seed, (int, np.integer)):
            super().reset(seed=int(seed))
        changed = reset_options.of(self.env_id, options)
        told = self._start(mask, seeds, out, changed) if changed else self._native.reset(mask, seeds, self._target(out))
        self._was_reset, self._sent = True, None
        if seeds is not None and self._is_atari:
            self._tell_seeds(told[1], mask, seeds)
        return told

    def step(self, actions: Any, *, out: Array | None = None) -> Step:  # type: ignore[override]
        """Takes a step in every environment: observations, rewards, terminated, truncated, infos.

        Args:
            actions: One for each environment.
            out: Where the observations are written, instead of an array of their own.

        Raises:
            gymnasium.error.InvalidAction: Where actions are not in the action space; no environment steps then.
            gymnasium.error.ResetNeeded: Where an environment must be reset first; no environment steps then.
        """
        return self._native.step(actions, self.copy if out is None else self._target(out))

    def send(self, actions: Any) -> None:
        """Takes the actions of the step whose results :meth:`recv` gives, as EnvPool and ale-py have it.

        Raises:
            gymnasium.error.AlreadyPendingCallError: Where actions wait already.
        """
        if self._sent is not None:
            raise gymnasium.error.AlreadyPendingCallError("actions wait already: call recv first", "send")
        self._sent = np.array(actions)

    def recv(self, *, out: Array | None = None) -> Step:
        """The results of the actions that :meth:`send` took.

        Raises:
            gymnasium.error.NoAsyncCallError: Where no actions wait.
        """
        if self._sent is None:
            raise gymnasium.error.NoAsyncCallError("no actions wait: call send first", "recv")
        actions, self._sent = self._sent, None
        return self.step(actions, out=out)

    def observations(self) -> Array:
        """The last observations."""
        return self._native.observations(True)

    def episodes(self) -> list[tuple[int, float, int, float]]:
        """The episodes that the last step ended: environment, return, length, seconds."""
        return self._native.episodes()

    def get_state(self, index: int | Sequence[int] | None = None) -> bytes | list[bytes]:
        """The whole states of one, some or all environments, generators included.

        Args:
            index: An environment, a list of them, or ``None`` for all.
        """
        if isinstance(index, (int, np.integer)):
            return self._native.save(self._index(index))
        return [self._native.save(self._index(i)) for i in (range(self.num_envs) if index is None else index)]

    def set_state(self, state: bytes | Sequence[bytes], index: int | Sequence[int] | None = None) -> Array:
        """Environments go on from what :meth:`get_state` gave of any made alike. Returns the observations of all.

        Raises:
            ValueError: Where a state is none of such an environment; that environment must then be reset.
        """
        indices = [index] if isinstance(index, (int, np.integer)) else range(self.num_envs) if index is None else index
        states = [state] if isinstance(state, bytes) else list(state)
        if len(states) != len(indices):
            raise ValueError(f"state has {len(states)} states: expected {len(indices)}, one for each environment named")
        for i, saved in zip(indices, states):
            self._native.restore(self._index(i), saved)
        return self.observations()

    def render(self) -> tuple[npt.NDArray[np.uint8], ...] | None:  # type: ignore[override]
        """A picture of each environment, (height, width, 3), if ``render_mode`` is ``"rgb_array"``."""
        if self.render_mode is None:
            gymnasium.logger.warn(
                "render() of an environment without render mode gives nothing: make it with render_mode='rgb_array'"
            )
            return None
        return tuple(self._native.render(i) for i in range(self.num_envs))

    def close_extras(self, **kwargs: Any) -> None:
        """Ends the threads and frees the environments; any other call is an error from then on."""
        self._native.close()

    def _target(self, out: Array | None) -> bool | Array:
        if out is None or isinstance(out, np.ndarray):
            return self.copy if out is None else out
        if hasattr(out, "__dlpack__"):
            return np.from_dlpack(out)
        raise TypeError(f"out is a {type(out)}: expected a NumPy array, or a tensor on the CPU")

    def _index(self, index: int | np.integer[Any]) -> int:
        if not 0 <= index < self.num_envs:
            raise ValueError(f"index = {index} is not possible: expected an environment from 0 to {self.num_envs - 1}")
        return int(index)

    def _seeds(self, seed: int | Sequence[int | None] | None) -> list[int | None] | None:
        if seed is None:
            return None
        if not isinstance(seed, (Sequence, np.ndarray)) or isinstance(seed, str):
            check_seed(seed)
            return [int(seed) + i for i in range(self.num_envs)]
        seeds = list(seed)
        if len(seeds) != self.num_envs:
            raise ValueError(f"seed has {len(seeds)} seeds: expected {self.num_envs}, one for each environment")
        for one in seeds:
            if one is not None:
                check_seed(one)
        return seeds

    def _mask(self, options: dict[str, Any] | None) -> list[bool] | None:
        if options is None or "reset_mask" not in options:
            return None
        mask = options["reset_mask"]
        if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
            raise TypeError(f"options['reset_mask'] is {mask!r}: expected a NumPy array of bool")
        if mask.shape != (self.num_envs,):
            raise ValueError(f"options['reset_mask'] has the shape {mask.shape}: expected ({self.num_envs},)")
        if not mask.any():
            raise ValueError("options['reset_mask'] is False everywhere: expected True for at least one environment")
        if not self._was_reset and not mask.all():
            raise ValueError("options['reset_mask'] in the first reset: expected a reset of all environments first")
        return [bool(here) for here in mask]

    def _start(
        self, mask: list[bool] | None, seeds: list[int | None] | None, out: Array | None, changed: dict[str, Any]
    ) -> tuple[Array, dict[str, Any]]:
        """A reset of environments that start otherwise: they are made, take over, and hand back."""
        other = self._make(self._kwargs | changed)
        chosen = [i for i in range(self.num_envs) if mask is None or mask[i]]
        other.reset(None, None, True)
        if self._was_reset:
            for i in range(self.num_envs):
                other.restore(i, self._native.save(i))
        told = other.reset(mask, seeds, self._target(out))
        for i in chosen:
            self._native.restore(i, other.save(i))
        other.close()
        return told

    def _tell_seeds(self, infos: dict[str, Any], mask: list[bool] | None, seeds: list[int | None]) -> None:
        """The two seeds that ale-py's environment makes of one, and tells."""
        here = np.array([seed is not None and (mask is None or mask[i]) for i, seed in enumerate(seeds)])
        if here.any():
            infos["seeds"] = np.full(self.num_envs, None, dtype=object)
            infos["_seeds"] = here
            for i in np.flatnonzero(here):
                infos["seeds"][i] = tuple(np.random.SeedSequence(seeds[i]).generate_state(2))


def check_count(name: str, value: Any, least: int) -> None:
    """Refuses what is no whole number from ``least`` on."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name} = {value!r} is not possible: expected a whole number from {least} on")


def autoreset(mode: AutoresetMode | str) -> AutoresetMode:
    """The mode, which may be given by its value."""
    try:
        return AutoresetMode(mode)
    except ValueError as error:
        modes = ", ".join(repr(mode.value) for mode in AutoresetMode)
        raise ValueError(f"autoreset_mode = {mode!r} is not possible: expected an AutoresetMode, or {modes}") from error
