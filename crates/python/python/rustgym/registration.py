"""Making environments, and registering them with Gymnasium."""

from __future__ import annotations

import copy
from typing import Any

import gymnasium
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import AutoresetMode

from rustgym import _native
from rustgym.env import Env
from rustgym.vector import VectorEnv

__all__ = ["make", "make_vec", "register_envs", "registered"]

NAMESPACE = "rustgym"


def registered() -> list[str]:
    """The ids of all environments: those that :func:`make` and :func:`make_vec` take."""
    return [env_id for env_id, _, _ in _native.registered()]


def gymnasium_id(env_id: str) -> str:
    """The id under which Gymnasium knows it: ``rustgym/Pong-v5`` for ``ALE/Pong-v5``."""
    return f"{NAMESPACE}/{env_id.removeprefix('ALE/')}"


def register_envs() -> None:
    """Registers all environments that have a version with Gymnasium."""
    for env_id, max_episode_steps, reward_threshold in _native.registered():
        if "-v" in env_id and gymnasium_id(env_id) not in gymnasium.registry:
            gymnasium.register(
                id=gymnasium_id(env_id),
                entry_point="rustgym.env:Env",
                vector_entry_point="rustgym.vector:VectorEnv",
                max_episode_steps=max_episode_steps,
                reward_threshold=reward_threshold,
                kwargs={"env_id": env_id},
            )


def make(env_id: str, *, render_mode: str | None = None, max_episode_steps: int | None = None, **kwargs: Any) -> Env:
    """One environment, without the wrappers that ``gymnasium.make`` puts around: its step limit is native.

    Args:
        env_id: The original's id, such as ``"CartPole-v1"`` or ``"ALE/Pong-v5"``, or ours, such as ``"rustgym/Pong-v5"``.
        render_mode: ``"rgb_array"`` or ``None``.
        max_episode_steps: The steps after which an episode is truncated: -1 for no limit, ``None`` for the registered one.
        kwargs: Those of the original; docs/python.md lists them.

    Raises:
        gymnasium.error.NameNotFound: Where no environment has this id.
        ValueError: Where an argument has an impossible value.
        TypeError: Where the environment does not take an argument.

    >>> env = make("CartPole-v1", sutton_barto_reward=True)
    >>> observation, info = env.reset(seed=1)
    >>> env.step(1)[1]
    0.0
    """
    full_id = original_id(env_id)
    env = Env(full_id, render_mode, max_episode_steps, **kwargs)
    env.spec = spec_of(full_id, max_episode_steps, kwargs | {"render_mode": render_mode})
    return env


def make_vec(
    env_id: str,
    num_envs: int = 1,
    *,
    threads: int = 0,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    **kwargs: Any,
) -> VectorEnv:
    """Environments that step together.

    Args:
        env_id: As :func:`make` takes it.
        num_envs: How many.
        threads: How many threads step them; 0 lets the time that steps take decide.
        autoreset_mode: What happens after an end.
        kwargs: Those of :class:`VectorEnv` and of the original.

    Raises:
        gymnasium.error.NameNotFound: Where no environment has this id.
        ValueError: Where an argument has an impossible value.
        TypeError: Where the environment does not take an argument.

    >>> envs = make_vec("InvertedPendulum-v5", num_envs=8)
    >>> observations, infos = envs.reset(seed=1)
    >>> observations.shape, observations.dtype
    ((8, 4), dtype('float64'))
    """
    full_id = original_id(env_id)
    envs = VectorEnv(full_id, num_envs, threads=threads, autoreset_mode=autoreset_mode, **kwargs)
    spec = spec_of(full_id, kwargs.get("max_episode_steps"), kwargs)
    if spec is not None:
        spec.kwargs["num_envs"] = num_envs
        envs.spec = spec
    return envs


def original_id(env_id: str) -> str:
    """The original's id, where ours is given."""
    name = env_id.removeprefix(f"{NAMESPACE}:").removeprefix(f"{NAMESPACE}/")
    if name == env_id:
        return dict(_native.short_names()).get(env_id, env_id)
    ids = registered()
    return next((full for full in (name, f"ALE/{name}") if full in ids), name)


def spec_of(env_id: str, max_episode_steps: int | None, kwargs: dict[str, Any]) -> EnvSpec | None:
    """Gymnasium's spec of the id with these arguments."""
    found = gymnasium.registry.get(gymnasium_id(env_id))
    if found is None:
        return None
    spec = copy.deepcopy(found)
    spec.kwargs.update(kwargs)
    if max_episode_steps is not None:
        spec.max_episode_steps = None if max_episode_steps == -1 else max_episode_steps
    return spec
