"""Acrobot, both mountain cars and Pendulum with their options, past their ends and on through resets without a seed."""

import os

import gymnasium as gym
import numpy as np

from recording import Rollout, crc

LARGE_SEEDS = [2**31, 2**32 - 1, 2**32, 2**63, 2**64, 2**128 + 1, 2**200 + 1]


def record(folder, size):
    """Each environment over many seeds, a few steps each and one whole episode in a hundred; fewer with options."""
    many, few = {"small": (60, 12), "short": (1000, 100), "full": (10_000, 1000)}[size]
    seeds = LARGE_SEEDS + list(range(many - len(LARGE_SEEDS)))

    def play(name, case, choose, count=few, **options):
        _play(folder, f"classic/{case}", name, choose, seeds[-count:], **options)

    play("Acrobot-v1", "acrobot", _swing, many)
    play("Acrobot-v1", "acrobot-paper", _swing, attributes={"book_or_nips": "nips"})
    play("Acrobot-v1", "acrobot-noise", _swing, attributes={"torque_noise_max": 0.5})
    play("Acrobot-v1", "acrobot-bounds", _swing, reset_options={"low": -20.0, "high": 15.0})
    play("MountainCar-v0", "mountain-car", _push, many)
    play("MountainCar-v0", "mountain-car-goal", _push, kwargs={"goal_velocity": 0.03})
    play("MountainCar-v0", "mountain-car-bounds", _push, reset_options={"low": -1.2, "high": 0.55})
    car = "MountainCarContinuous-v0"
    play(car, "mountain-car-continuous", _force, many)
    play(car, "mountain-car-continuous-goal", _force, kwargs={"goal_velocity": 0.03})
    play(car, "mountain-car-continuous-bounds", _force, reset_options={"low": -1.2, "high": 0.55})
    play(car, "mountain-car-continuous-odd", _odd(_force), whole=True)
    play("Pendulum-v1", "pendulum", _torque, many)
    play("Pendulum-v1", "pendulum-gravity", _torque, kwargs={"g": 9.81})
    play("Pendulum-v1", "pendulum-bounds", _torque, reset_options={"x_init": 600.0, "y_init": 8.0})
    play("Pendulum-v1", "pendulum-odd", _odd(_torque), whole=True)


def _play(folder, case, name, choose, seeds, kwargs=None, attributes=None, reset_options=None, whole=False):
    """`attributes` are options that are no arguments; `whole` observations are kept where NaN may be among them."""
    env = gym.make(name, disable_env_checker=True, **(kwargs or {}))
    for attribute, value in (attributes or {}).items():
        setattr(env.unwrapped, attribute, value)
    discrete = isinstance(env.action_space, gym.spaces.Discrete)
    rollout = Rollout(env, "u8" if discrete else "f64", "f32" if whole else None, None, reset_options)
    rng = np.random.default_rng(7)
    for number, seed in enumerate(seeds):
        long = number % 100 == 0
        _episode(rollout, choose, rng, seed, env.spec.max_episode_steps + 3 if long else 12)
        _episode(rollout, choose, rng, None, 8)
    rollout.save(folder, case, name, kwargs={**(kwargs or {}), **(attributes or {})})


def _episode(rollout, choose, rng, seed, most):
    """Up to so many steps, ten of them after the end."""
    obs, after_end = rollout.reset(seed), 0
    for _ in range(most):
        obs, _, terminated, _ = rollout.step(choose(rng, obs))
        after_end += terminated or after_end > 0
        if after_end > 10:
            return


def _swing(rng, obs):
    """Mostly against the second link's motion, which lifts it, and now and then at random."""
    return int(rng.integers(3)) if rng.random() < 0.1 else (2 if obs[4] > 0 else 0)


def _push(rng, obs):
    """Mostly with the motion, so that the car leaves the valley."""
    return int(rng.integers(3)) if rng.random() < 0.2 else (2 if obs[1] > 0 else 0)


def _force(rng, obs):
    """The same as a number, beyond the bounds at times and often just at them."""
    force = float(rng.uniform(-2, 2)) if rng.random() < 0.3 else float(np.sign(obs[1]))
    return np.array([force], np.float32)


def _torque(rng, obs):
    """With the motion, at random, or beyond the bounds."""
    torque = rng.uniform(-3, 3) if rng.random() < 0.5 else 2 * np.sign(obs[2])
    return np.array([torque], np.float32)


def _odd(choose):
    """NaN, infinities and extreme numbers among the others, NaN rarely: it stays until the next reset."""
    numbers = np.array([np.inf, -np.inf, 1e30, -1e30, -0.0, 1e-45, 1e-25], np.float32)

    def act(rng, obs):
        draw = rng.random()
        if draw < 0.02:
            return np.array([np.nan], np.float32)
        return rng.choice(numbers, 1) if draw < 0.3 else choose(rng, obs)

    return act


def record_pictures(folder, size):
    """The CRC-32 of the picture after every call; Pendulum's without the arrow that shows its torque."""
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    calls = {"small": 25, "short": 250, "full": 2500}[size]
    _draw(folder, "cartpole", "CartPole-v1", lambda rng, obs: int(rng.integers(2)), calls, {"low": -1.5, "high": 1.5})
    _draw(folder, "acrobot", "Acrobot-v1", _swing, calls, {"low": -4.0, "high": 4.0})
    _draw(folder, "mountain-car", "MountainCar-v0", _push, calls, {"low": -1.2, "high": 0.6})
    _draw(folder, "mountain-car-continuous", "MountainCarContinuous-v0", _force, calls, {"low": -1.2, "high": 0.6})
    _draw(folder, "pendulum", "Pendulum-v1", _torque, calls, {"x_init": 7.0, "y_init": 8.0})


def _draw(folder, case, name, choose, calls, reset_options):
    env = gym.make(name, render_mode="rgb_array", disable_env_checker=True)

    def picture(env, _):
        if name.startswith("Pendulum"):
            env.unwrapped.last_u = None
        return crc(env.render())

    rollout = Rollout(env, "u8" if isinstance(env.action_space, gym.spaces.Discrete) else "f64", None,
                      {"picture_crc32": ("u32", picture)}, reset_options)
    rng = np.random.default_rng(17)
    for seed in range(calls // 5):
        obs = rollout.reset(seed)
        for _ in range(4):
            obs, _, _, _ = rollout.step(choose(rng, obs))
    rollout.save(folder, f"pictures/{case}", name, kwargs={})
