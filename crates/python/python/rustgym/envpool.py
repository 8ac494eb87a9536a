"""EnvPool's interface: ``import rustgym.envpool as envpool``, and scripts written for EnvPool run.

Unlike EnvPool's, environments of this module equal the originals, and a ``seed`` given to ``reset`` counts.

>>> import rustgym.envpool as envpool
>>> envs = envpool.make("CartPole-v1", env_type="gymnasium", num_envs=4, seed=0)
>>> envs.reset()[0].shape
(4, 4)
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode

from rustgym import _native
from rustgym.asynchronous import AsyncVectorEnv
from rustgym.registration import make_vec, registered
from rustgym.vector import Array, VectorEnv, check_count

__all__ = ["EnvPool", "list_all_envs", "make", "make_gym", "make_gymnasium"]

# Names of arguments, theirs and ours.
NAMES = {"frame_skip": "frameskip", "zero_discount_on_life_loss": None, "use_inter_area_resize": None, "gray_scale": None}


def list_all_envs() -> list[str]:
    """The ids that :func:`make` takes: ``Pong-v5`` is ``ALE/Pong-v5``."""
    return sorted({env_id.removeprefix("ALE/") for env_id in registered()})


def make(task_id: str, env_type: str, **kwargs: Any) -> EnvPool:
    """A pool of environments.

    Args:
        task_id: EnvPool's id, such as ``"Pong-v5"``, whose observations are (4, 84, 84).
        env_type: ``"gym"``: ``reset`` gives observations alone, ``step`` four things. ``"gymnasium"``: as Gymnasium.
        kwargs: ``num_envs`` (1), ``batch_size`` (``num_envs``), ``num_threads`` (0), ``seed`` (42),
            ``max_episode_steps``; for games ``episodic_life``, ``reward_clip``, ``frame_skip`` (4), ``noop_max`` (30),
            ``stack_num`` (4), ``img_height``, ``img_width`` (84), ``use_fire_reset``, ``full_action_space`` and
            ``repeat_action_probability`` (0).

    Raises:
        ValueError: Where an argument has an impossible value.
        TypeError: Where the environment does not take an argument.
    """
    if env_type not in ("gym", "gymnasium"):
        raise ValueError(f"env_type = {env_type!r} is not possible: expected 'gym' or 'gymnasium'")
    return EnvPool(task_id, env_type, **kwargs)


def make_gym(task_id: str, **kwargs: Any) -> EnvPool:
    """:func:`make` with ``env_type="gym"``."""
    return make(task_id, "gym", **kwargs)


def make_gymnasium(task_id: str, **kwargs: Any) -> EnvPool:
    """:func:`make` with ``env_type="gymnasium"``."""
    return make(task_id, "gymnasium", **kwargs)


class EnvPool(gymnasium.Env[Array, Any]):
    """A pool of environments with EnvPool's calls; :func:`make` makes it.

    An environment whose episode ended begins anew in the next step, which ignores its action. Spaces are those of one
    environment. Infos have ``env_id``, ``elapsed_step``, ``TimeLimit.truncated``, and for games ``lives``, ``reward``
    (unclipped) and ``terminated`` (1 where the game itself is over, not only a life).
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "autoreset_mode": AutoresetMode.NEXT_STEP}

    def __init__(
        self,
        task_id: str,
        env_type: str,
        *,
        num_envs: int = 1,
        batch_size: int | None = None,
        num_threads: int = 0,
        seed: int = 42,
        reward_clip: bool = False,
        **kwargs: Any,
    ) -> None:
        check_count("num_envs", num_envs, 1)
        batch_size = batch_size or num_envs
        check_count("batch_size", batch_size, 1)
        self.env_id = f"ALE/{task_id}" if f"ALE/{task_id}" in registered() else task_id
        self.env_type = env_type
        self.is_vector_env = True
        self.num_envs = num_envs
        self.config = {"num_envs": num_envs, "batch_size": batch_size, "num_threads": num_threads, "seed": seed,
                       "reward_clip": reward_clip, **kwargs}
        self._is_atari = _native.is_atari(self.env_id)
        self._clips = reward_clip
        arguments = {"threads": num_threads, **self._arguments(kwargs)}
        self._envs: VectorEnv | AsyncVectorEnv
        if batch_size == num_envs:
            self._envs = make_vec(self.env_id, num_envs, **arguments)
        else:
            mode = AutoresetMode.NEXT_STEP
            self._envs = AsyncVectorEnv(self.env_id, num_envs, batch_size, autoreset_mode=mode, **arguments)
        self._seed: int | None = seed
        self._all = np.arange(num_envs, dtype=np.int32)
        self._elapsed = np.zeros(num_envs, np.int32)
        self._began = np.zeros(num_envs, np.bool_)
        self._waiting: Callable[[], Any] | None = None
        kind = old_gyms if env_type == "gym" else lambda space: space
        self.observation_space = kind(self._envs.single_observation_space)
        self.action_space = kind(self._envs.single_action_space)
        self.single_observation_space = self.observation_space
        self.single_action_space = self.action_space
        self.spec: Any = SimpleNamespace(
            id=task_id, config=SimpleNamespace(**self.config), observation_space=self.observation_space,
            action_space=self.action_space, reward_threshold=None,
        )

    def _arguments(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Ours for theirs."""
        renamed = {NAMES.get(name, name): value for name, value in kwargs.items()}
        renamed.pop(None, None)
        if not self._is_atari:
            return {name: value for name, value in renamed.items() if name is not None}
        limit = renamed.pop("max_episode_steps", 27_000)
        frames = {"max_num_frames_per_episode": limit * renamed.get("frameskip", 4)}
        return {"obs": "84x84", "reward_clipping": False, "life_continues": True, **frames, **renamed}

    def reset(
        self, env_id: Any = None, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> Any:
        """Begins episodes everywhere, or where ``env_id`` says; with a smaller ``batch_size``, gives the first batch."""
        if isinstance(self._envs, AsyncVectorEnv):
            if env_id is not None:
                raise ValueError(f"env_id = {env_id} with batch_size = {self._envs.batch_size}: expected None, a reset of all")
            self.async_reset(seed=seed)
            told = self.recv()
            return told[0] if self.env_type == "gym" else (told[0], told[-1])
        chosen = self._all if env_id is None else np.unique(np.asarray(env_id))
        mask = {} if env_id is None else {"reset_mask": np.isin(self._all, chosen)}
        seed = self._seed if seed is None else seed
        observations, infos = self._envs.reset(seed=seed, options={**(options or {}), **mask})
        self._seed = None
        self._elapsed[chosen], self._began[chosen] = 0, False
        none = np.zeros(self.num_envs, np.bool_)
        info = self._told(self._all, np.zeros(self.num_envs, np.float32), none, none, infos)
        return observations if self.env_type == "gym" else (observations, info)

    def step(self, action: Any, env_id: Any = None) -> Any:
        """Takes a step everywhere: five things, or with ``env_type="gym"`` four."""
        self.send(action, env_id)
        return self.recv()

    def send(self, action: Any, env_id: Any = None) -> None:
        """Takes the actions of the step whose results :meth:`recv` gives; ``env_id`` says whose they are."""
        actions = np.asarray(action)
        if isinstance(self._envs, AsyncVectorEnv):
            return self._envs.send(actions, env_id)
        if env_id is not None:
            order = np.asarray(env_id)
            if sorted(order.tolist()) != list(range(self.num_envs)):
                raise ValueError(f"env_id = {env_id} is not possible: expected every environment once")
            actions = actions[np.argsort(order)]
        envs = self._envs
        self._waiting = lambda: envs.step(actions)

    def recv(self, reset: bool = False, return_info: bool = True) -> Any:
        """The results of the actions that :meth:`send` took: with a smaller ``batch_size``, those that finish first."""
        if isinstance(self._envs, AsyncVectorEnv):
            observations, rewards, terminated, truncated, infos = self._envs.recv()
            ids = infos["env_id"]
        else:
            if self._waiting is None:
                raise gymnasium.error.NoAsyncCallError("no actions wait: call send first", "recv")
            waiting, self._waiting = self._waiting, None
            observations, rewards, terminated, truncated, infos = waiting()
            ids = self._all
        rewards = rewards.astype(np.float32)
        self._elapsed[ids] = np.where(self._began[ids], 0, self._elapsed[ids] + 1)
        self._began[ids] = terminated | truncated
        info = self._told(ids, rewards, terminated, truncated, infos)
        if self._clips:
            rewards = np.sign(rewards)
        if self.env_type == "gym":
            return observations, rewards, terminated | truncated, info
        return observations, rewards, terminated, truncated, info

    def async_reset(self, *, seed: int | None = None) -> None:
        """Sends all environments to begin an episode; which :meth:`recv` gives."""
        seed = self._seed if seed is None else seed
        self._seed = None
        # What a reset gives is step 0.
        self._began[:] = True
        if isinstance(self._envs, AsyncVectorEnv):
            return self._envs.async_reset(seed)
        observations, infos = self._envs.reset(seed=seed)
        none = np.zeros(self.num_envs, np.bool_)
        self._waiting = lambda: (observations, np.zeros(self.num_envs), none, none, infos)

    def _told(self, ids: Array, rewards: Array, terminated: Array, truncated: Array, infos: Any) -> dict[str, Any]:
        told: dict[str, Any] = {
            "env_id": ids.astype(np.int32),
            "elapsed_step": self._elapsed[ids],
            "TimeLimit.truncated": truncated,
        }
        if self._is_atari:
            lives = infos["lives"].astype(np.int32)
            told |= {"lives": lives, "reward": rewards, "terminated": (terminated & (lives == 0)).astype(np.int32)}
        return told

    def seed(self, seed: int | None = None) -> None:
        """The next reset begins with this seed."""
        self._seed = seed

    def render(self) -> Any:
        """A picture of each environment."""
        if isinstance(self._envs, AsyncVectorEnv):
            raise ValueError("environments at work have no picture: expected batch_size = num_envs")
        return self._envs.render()

    def close(self) -> None:
        """Ends the threads and frees the environments."""
        self._envs.close()

    def __len__(self) -> int:
        return self.num_envs


def old_gyms(space: Any) -> Any:
    """The space as one of ``gym``, Gymnasium's predecessor, where a script has imported that and may ask for its classes."""
    gym = sys.modules.get("gym")
    if not hasattr(gym, "spaces"):
        return space
    if isinstance(space, gymnasium.spaces.Discrete):
        return gym.spaces.Discrete(int(space.n))
    return gym.spaces.Box(space.low, space.high, space.shape, space.dtype.type)
