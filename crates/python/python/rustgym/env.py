"""One environment, as Gymnasium has it."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.utils import seeding

from rustgym import _native, options as reset_options, roms, spaces
from rustgym.ale import Action, ALEInterface

__all__ = ["Env"]


class Env(gymnasium.Env[npt.NDArray[Any], Any]):
    """A native environment behind Gymnasium's interface, equal to the original seed for seed.

    Args:
        env_id: The original's id, such as ``"CartPole-v1"`` or ``"ALE/Pong-v5"``.
        render_mode: ``"rgb_array"`` or ``None``.
        max_episode_steps: The steps after which an episode is truncated: -1 for no limit, ``None`` for the registered one.
            ``gymnasium.make`` puts its own ``TimeLimit`` around instead.
        kwargs: Those of the original, such as ``sutton_barto_reward`` or ``frameskip``; docs/python.md lists them.

    Raises:
        ValueError: Where an argument has an impossible value.
        TypeError: Where the environment does not take an argument.
        gymnasium.error.DependencyNotInstalled: Where a game's ROM is missing.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 50}

    def __init__(
        self,
        env_id: str,
        render_mode: str | None = None,
        max_episode_steps: int | None = -1,
        **kwargs: Any,
    ) -> None:
        if render_mode not in (None, "rgb_array"):
            raise ValueError(f"render_mode = {render_mode!r} is not possible: expected 'rgb_array' or None")
        self.env_id = env_id
        self.render_mode = render_mode
        self.max_episode_steps = max_episode_steps
        self._kwargs = kwargs
        self._native = native(env_id, max_episode_steps, kwargs)
        observation_space, action_space = self._native.spaces()
        self.observation_space = spaces.build(observation_space)
        self.action_space = spaces.build(action_space)
        self.metadata = {**self.metadata, "render_fps": self._native.render_fps()}
        self._is_atari = is_atari(env_id)
        self._np_random_seed: int | None = None
        # NumPy's own generator, once somebody asked for it: from then on both are kept equal.
        self._generator: np.random.Generator | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[Any], dict[str, Any]]:
        """Starts an episode and returns its first observation and info.

        Args:
            seed: From which the generator starts anew; without one its stream goes on.
            options: ``low`` and ``high`` of CartPole's start; other keys mean nothing.
        """
        if seed is None and self._np_random_seed is None:
            seed = int(np.random.SeedSequence().generate_state(4, np.uint64)[0])
            told = self._start(seed, options)
        elif seed is None:
            self._push_generator()
            told = self._start(None, options)
        else:
            check_seed(seed)
            told = self._start(seed, options)
            if self._is_atari:
                told[1]["seeds"] = tuple(np.random.SeedSequence(seed).generate_state(2))
        if seed is not None:
            self._np_random_seed = seed
        self._pull_generator()
        return told

    def step(self, action: Any) -> tuple[npt.NDArray[Any], float, bool, bool, dict[str, Any]]:
        """Takes one step: observation, reward, terminated, truncated, info.

        Raises:
            gymnasium.error.InvalidAction: Where the action is not in the action space.
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        if self._generator is None:
            return self._native.step(action)
        self._push_generator()
        told = self._native.step(action)
        self._pull_generator()
        return told

    def render(self) -> npt.NDArray[np.uint8] | None:  # type: ignore[override]
        """The present state as a picture, (height, width, 3), if ``render_mode`` is ``"rgb_array"``."""
        if self.render_mode is None:
            gymnasium.logger.warn(
                "render() of an environment without render mode gives nothing: make it with render_mode='rgb_array'"
            )
            return None
        return self._native.render()

    def close(self) -> None:
        """Frees the environment; any other call is an error from then on."""
        self._native.close()

    def get_state(self) -> bytes:
        """The whole state, generator included; an environment made alike goes on from it exactly as this one would."""
        self._push_generator()
        return self._native.save()

    def set_state(self, state: bytes) -> None:
        """Goes on from what :meth:`get_state` gave.

        Raises:
            ValueError: Where it is not the state of such an environment; nothing is changed then.
        """
        self._native.restore(state)
        if self._np_random_seed is None:
            self._np_random_seed = -1
        self._pull_generator()

    def get_action_meanings(self) -> list[str]:
        """The names of an Atari game's actions, such as ``"NOOP"`` and ``"FIRE"``."""
        everything = self.action_space == gymnasium.spaces.Discrete(len(Action))
        return [action.name for action in (self.ale.getLegalActionSet() if everything else self.ale.getMinimalActionSet())]

    @property
    def ale(self) -> ALEInterface:
        """An Atari game's console, as scripts for ale-py know it."""
        if not self._is_atari:
            raise AttributeError(f"{self.env_id} has no ale: expected an Atari game")
        return ALEInterface(self._native)

    @property
    def _frameskip(self) -> Any:
        """Where Gymnasium's ``AtariPreprocessing`` looks for the frames of an action."""
        skip = _native.frame_skip(self.env_id)
        if skip is None:
            raise AttributeError(f"{self.env_id} has no frames: expected an Atari game")
        low, high = skip
        return self._kwargs.get("frameskip", low if low + 1 == high else skip)

    @property
    def np_random_seed(self) -> int:
        """The seed of the generator, -1 where it is not known."""
        if self._np_random_seed is None:
            self._seed_from_entropy()
        return -1 if self._np_random_seed is None else self._np_random_seed

    @property
    def np_random(self) -> np.random.Generator:
        """The environment's generator as NumPy's: what is drawn from it is drawn from the environment's own stream."""
        if self._np_random_seed is None:
            self._seed_from_entropy()
        if self._generator is None:
            self._generator = np.random.Generator(np.random.PCG64(0))
            self._pull_generator()
        return self._generator

    @np_random.setter
    def np_random(self, value: np.random.Generator) -> None:
        if not isinstance(value, np.random.Generator) or not isinstance(value.bit_generator, np.random.PCG64):
            raise ValueError(f"np_random = {value!r} is not possible: expected a numpy.random.Generator of a PCG64")
        if self._np_random_seed is None:
            self._native.reset(0)
        self._np_random_seed = -1
        self._generator = value
        self._push_generator()

    @property
    def _np_random(self) -> np.random.Generator | None:  # type: ignore[override]
        """Where Gymnasium's own tools look for the generator."""
        return None if self._np_random_seed is None else self.np_random

    @_np_random.setter
    def _np_random(self, value: np.random.Generator | None) -> None:
        if value is not None:
            self.np_random = value

    def _seed_from_entropy(self) -> None:
        _, seed = seeding.np_random()
        self._native.reset(seed)
        self._np_random_seed = seed

    def _start(self, seed: int | None, options: dict[str, Any] | None) -> tuple[npt.NDArray[Any], dict[str, Any]]:
        changed = reset_options.of(self.env_id, options)
        if not changed:
            return self._native.reset(seed)
        other = native(self.env_id, self.max_episode_steps, self._kwargs | changed)
        if self._np_random_seed is not None:
            other.restore(self._native.save())
        told = other.reset(seed)
        self._native.restore(other.save())
        return told

    def _push_generator(self) -> None:
        """What was drawn from NumPy's generator is drawn from the native one too."""
        if self._generator is not None:
            state = self._generator.bit_generator.state
            numbers, rest = state["state"], state["uinteger"] if state["has_uint32"] else None
            self._native.set_rng(numbers["state"], numbers["inc"], rest)

    def _pull_generator(self) -> None:
        parts = None if self._generator is None else self._native.rng()
        if self._generator is not None and parts is not None:
            state, increment, rest = parts
            self._generator.bit_generator.state = {
                "bit_generator": "PCG64",
                "state": {"state": state, "inc": increment},
                "has_uint32": int(rest is not None),
                "uinteger": rest or 0,
            }

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and copy: the native half as its arguments and its state."""
        attributes = {key: value for key, value in self.__dict__.items() if key not in ("_native", "_generator")}
        state = None if self._np_random_seed is None else self.get_state()
        return {"attributes": attributes, "state": state}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state["attributes"])
        self._generator = None
        self._native = native(self.env_id, self.max_episode_steps, self._kwargs)
        if state["state"] is not None:
            self._native.restore(state["state"])

    def __repr__(self) -> str:
        return f"<rustgym.Env {self.env_id}>"

    def __str__(self) -> str:
        return f"<rustgym.Env<{self.env_id}>>"


def native(env_id: str, max_episode_steps: int | None, kwargs: dict[str, Any]) -> _native.Env:
    """The native half of an environment."""
    return _native.Env(env_id, max_episode_steps, with_rom(env_id, kwargs))


def is_atari(env_id: str) -> bool:
    """Whether it is the id of an Atari game."""
    return _native.is_atari(env_id)


def with_rom(env_id: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The keyword arguments with the game's ROM file, if it has one."""
    if "rom" in kwargs or not is_atari(env_id):
        return kwargs
    rom = roms.find(env_id)
    return kwargs if rom is None else kwargs | {"rom": rom}


def check_seed(seed: Any) -> None:
    """Refuses what is no seed, with Gymnasium's own error."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise gymnasium.error.Error(f"seed = {seed!r} is not possible: expected a whole number from 0 on")
