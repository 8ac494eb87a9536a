"""Gymnasium's SyncVectorEnv in its three autoreset modes, with each way to give seeds."""

import ale_py
import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from recording import crc, save

gym.register_envs(ale_py)

# What a row is; a masked reset restarts exactly the environments that ended.
STEP, SEEDED_RESET, SEED_LIST_RESET, RESET, MASKED_RESET, REFUSED_STEP = range(6)

MODES = {"next-step": AutoresetMode.NEXT_STEP, "same-step": AutoresetMode.SAME_STEP, "disabled": AutoresetMode.DISABLED}
INFO = ("lives", "frame_number", "episode_frame_number")


def record(folder, size):
    """CartPole and InvertedPendulum with early time limits, and Pong with an early frame limit for its infos."""
    envs, steps = {"small": (3, 120), "short": (8, 1000), "full": (16, 10_000)}[size]
    for mode in MODES:
        _play(folder, f"vector/cartpole-{mode}", mode, "CartPole-v1", envs, steps, {"max_episode_steps": 25})
        _play(folder, f"vector/inverted-pendulum-{mode}", mode, "InvertedPendulum-v5", envs, steps, {"max_episode_steps": 15})
        limit = {"max_num_frames_per_episode": 60}
        _play(folder, f"vector/pong-{mode}", mode, "ALE/Pong-v5", 3, min(steps, 1000), limit)


def record_one_generator(folder, size):
    """Gymnasium's CartPoleVectorEnv, whose starts come from one generator, with early time limits."""
    envs, steps = {"small": (9, 120), "short": (9, 1000), "full": (19, 10_000)}[size]
    env = gym.make_vec("CartPole-v1", num_envs=envs, vectorization_mode="vector_entry_point", max_episode_steps=25)
    table = Table(env, envs)
    choose = np.random.default_rng(13)
    for seed in (100, None, 2**64 + 1, None):
        obs, info = env.reset(seed=seed)
        table.write(RESET if seed is None else SEEDED_RESET, obs, info, seeds=[] if seed is None else [seed])
        for _ in range(steps // 4):
            actions = _actions(choose, env, envs)
            table.write(STEP, *_in_order(env.step(actions)), actions=actions)
    table.save(folder, "vector-one-generator/cartpole", env="CartPole-v1", kwargs={}, mode="next-step", num_envs=envs)


def _play(folder, case, mode, name, num_envs, steps, kwargs):
    env = SyncVectorEnv(
        [lambda: gym.make(name, disable_env_checker=True, **kwargs)] * num_envs, autoreset_mode=MODES[mode]
    )
    table = Table(env, num_envs)
    choose = np.random.default_rng(13)
    for part in range(3):
        if part == 0:
            obs, info = env.reset(seed=100)
            table.write(SEEDED_RESET, obs, info, seeds=[100])
        elif part == 1:
            seeds = [7, 2**64 + 1, *range(20, 20 + num_envs - 2)]
            obs, info = env.reset(seed=seeds)
            table.write(SEED_LIST_RESET, obs, info, seeds=seeds)
        else:
            obs, info = env.reset()
            table.write(RESET, obs, info)
        for _ in range(steps // 3):
            ended = table.ended()
            if mode == "disabled" and ended.any():
                if ended[0]:
                    _refused_step(env, table, _actions(choose, env, num_envs))
                obs, info = env.reset(options={"reset_mask": ended})
                table.write(MASKED_RESET, obs, info)
            actions = _actions(choose, env, num_envs)
            table.write(STEP, *_in_order(env.step(actions)), actions=actions)
    table.save(folder, case, env=name, kwargs=kwargs, mode=mode, num_envs=num_envs)


def _refused_step(env, table, actions):
    """Records that a step is refused, where the first environment has ended: with another, SyncVectorEnv would have
    stepped those before it first (ours steps none)."""
    try:
        env.step(actions)
    except AssertionError:
        table.repeat(REFUSED_STEP, actions)
    else:
        raise RuntimeError("SyncVectorEnv stepped an environment that had ended")


def _in_order(answer):
    obs, rewards, terminated, truncated, info = answer
    return obs, info, rewards, terminated, truncated


def _actions(choose, env, num_envs):
    space = env.single_action_space
    if isinstance(space, gym.spaces.Discrete):
        return choose.integers(space.n, size=num_envs)
    return choose.uniform(-3, 3, (num_envs, 1))


class Table:
    """The rows: what every environment of the vector answered to each call."""

    def __init__(self, env, num_envs):
        self.num_envs = num_envs
        self.image = env.single_observation_space.dtype == np.uint8
        self.kind = {np.dtype(np.float32): "f32", np.dtype(np.float64): "f64"}.get(env.single_observation_space.dtype)
        self.discrete = isinstance(env.single_action_space, gym.spaces.Discrete)
        self.rows, self.seeds = [], []

    def ended(self):
        """Which environments' last step ended their episode."""
        last = self.rows[-1]
        return np.array(last["terminated"], bool) | np.array(last["truncated"], bool)

    def write(self, kind, obs, info, rewards=None, terminated=None, truncated=None, actions=None, seeds=()):
        """Adds a row; a reset has no rewards, ends or actions, and zeros stand for them."""
        blank = np.zeros(self.num_envs)
        has_final = np.array(info.get("_final_obs", blank), np.uint8)
        final = [info["final_obs"][i] if has else np.zeros_like(obs[i]) for i, has in enumerate(has_final)]
        row = {
            "kind": kind,
            "action": blank if actions is None else np.reshape(actions, self.num_envs),
            "obs": self._observations(obs),
            "reward": blank if rewards is None else rewards,
            "terminated": blank if terminated is None else terminated,
            "truncated": blank if truncated is None else truncated,
            "has_final": has_final,
            "final_obs": self._observations(final),
        }
        if self.image:
            for name in INFO:
                row[name] = info[name] if kind != MASKED_RESET else np.where(info[f"_{name}"], info[name], 0)
                row[f"final_{name}"] = info["final_info"][name] if has_final.any() else blank
        self.rows.append(row)
        self.seeds += [str(seed) for seed in seeds]

    def repeat(self, kind, actions):
        """Adds a row for a refused call: nothing has changed."""
        self.rows.append({**self.rows[-1], "kind": kind, "action": np.reshape(actions, self.num_envs)})

    def _observations(self, observations):
        return [crc(one) for one in observations] if self.image else np.array(observations)

    def save(self, folder, case, **header):
        """Saves all rows as columns of shape (rows, environments, ...)."""
        types = {"kind": "u8", "action": "u8" if self.discrete else "f64", "reward": "f64"}
        types |= dict.fromkeys(["terminated", "truncated", "has_final"], "u8")
        types |= dict.fromkeys(["obs", "final_obs"], "u32" if self.image else self.kind)
        columns = {}
        for name in self.rows[0]:
            stored = f"{name}_crc32" if self.image and name.endswith("obs") else name
            columns[stored] = (types.get(name, "u32"), [row[name] for row in self.rows])
        save(folder, case, columns, seeds=self.seeds, **header)
