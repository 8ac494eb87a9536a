"""CartPole in all its forms, played past its ends and on through resets without a seed."""

import gymnasium as gym
import numpy as np

from recording import Rollout

LARGE_SEEDS = [2**31, 2**32 - 1, 2**32, 2**63, 2**64, 2**128 + 1, 2**200 + 1]

STATE = {"state": ("f64", lambda env, _: np.array(env.unwrapped.state, np.float64))}


def record(folder, size):
    """CartPole-v1 over many seeds; fewer for v0, Sutton and Barto's reward and given reset bounds."""
    many, few = {"small": (40, 5), "short": (1000, 100), "full": (10_000, 1000)}[size]
    seeds = LARGE_SEEDS + list(range(many - len(LARGE_SEEDS)))
    _play(folder, "cartpole/v1", "CartPole-v1", seeds)
    _play(folder, "cartpole/v0", "CartPole-v0", seeds[-few:])
    _play(folder, "cartpole/sutton-barto", "CartPole-v1", seeds[-few:], kwargs={"sutton_barto_reward": True})
    _play(folder, "cartpole/bounds", "CartPole-v1", seeds[-few:], reset_options={"low": -0.2, "high": 0.1})
    # Fast poles: where the velocities are large, every rounding of their terms shows.
    _play(folder, "cartpole/bounds-wide", "CartPole-v1", seeds[-few:], reset_options={"low": -20.0, "high": 15.0})


def _play(folder, case, name, seeds, kwargs=None, reset_options=None):
    env = gym.make(name, disable_env_checker=True, **(kwargs or {}))
    rollout = Rollout(env, "u8", "f32", STATE, reset_options)
    choose = np.random.default_rng(7)
    limit = env.spec.max_episode_steps
    for number, seed in enumerate(seeds):
        # One seed in ten is balanced, so that episodes reach the time limit; the others act at random.
        balances = number % 10 == 0
        _episode(rollout, choose, balances, seed, limit)
        _episode(rollout, choose, False, None, limit)
    rollout.save(folder, case, name, kwargs=kwargs or {})


def _episode(rollout, choose, balances, seed, limit):
    """One episode, then steps after its end that push the pole back up: where it comes back inside, a reward follows."""
    obs, after_end, steps = rollout.reset(seed), 0, 0
    while after_end < 10 and steps < limit + 3:
        if after_end:
            act = int(obs[2] > 0)
        elif balances:
            act = int(obs[2] + 0.4 * obs[3] + 0.05 * obs[0] + 0.2 * obs[1] > 0)
        else:
            act = int(choose.integers(2))
        obs, _, terminated, _ = rollout.step(act)
        steps += 1
        after_end += terminated or after_end > 0
