"""InvertedPendulum, driven mostly where its joint limits act: that is where a solver can go wrong."""

import gymnasium as gym
import mujoco
import numpy as np

from recording import Rollout

# How many limit rows the engine's solver had in the last stage of the step; only counted, not compared.
LIMITS = {"limits": ("u8", lambda env, _: env.unwrapped.data.nefc)}

# Version 5's info; a reset has none, and 0 stands for it.
SURVIVAL = {"reward_survive": ("f64", lambda _, info: info.get("reward_survive", 0))}


def record(folder, size):
    """Both versions over many seeds and kinds of action; a NaN action; larger reset noise (v5)."""
    mujoco.set_mju_user_warning(lambda message: None)  # it warns of the NaN actions
    seeds, steps = {"small": (9, 250), "short": (100, 1000), "full": (1000, 1000)}[size]
    _play(folder, "inverted-pendulum/v4", "InvertedPendulum-v4", range(seeds), steps)
    _play(folder, "inverted-pendulum/v5", "InvertedPendulum-v5", range(seeds // 3 if size == "small" else seeds), steps)
    # Starts at rest, at the limits, turned many times around, and so far off that the engine resets itself.
    for noise in (0.0, 0.1, 2.0, 1e4, 1e11):
        kwargs = {"reset_noise_scale": noise}
        few = range(max(2, seeds // 20))
        _play(folder, f"inverted-pendulum/noise-{noise:g}", "InvertedPendulum-v5", few, max(steps // 2, 100), kwargs)
    _play(folder, "inverted-pendulum/limit", "InvertedPendulum-v4", [2**64], 1003)


def _play(folder, case, name, seeds, steps, kwargs=None):
    env = gym.make(name, disable_env_checker=True, **(kwargs or {}))
    rollout = Rollout(env, "f64", "f64", LIMITS | SURVIVAL if name.endswith("v5") else LIMITS)
    choose = np.random.default_rng(11)
    for seed in seeds:
        obs = rollout.reset(seed)
        act = ACTIONS[seed % len(ACTIONS)](choose)
        for step in range(steps):
            obs, _, _, _ = rollout.step(np.array([act(step, obs)]))
            # Resets without a seed, whose stream goes on: near the upright pose the limits act now and then only.
            if seed % 4 == 1 and step % 60 == 59:
                obs = rollout.reset()
    share = float(np.mean(np.array(rollout.rows["limits"]) > 0))
    rollout.save(folder, case, name, kwargs=kwargs or {}, share_with_active_limits=round(share, 4))


def _random(choose):
    return lambda step, obs: choose.uniform(-3, 3)


def _pushes(choose):
    """Full force one way for 5 to 60 steps, then some other force for as long: slams into both ends."""
    held = {"force": 0.0, "left": 0}

    def act(step, obs):
        if held["left"] == 0:
            held.update(force=choose.choice([-3.0, 3.0, choose.uniform(-3, 3)]), left=choose.integers(5, 60))
        held["left"] -= 1
        return held["force"]

    return act


def _far_out_of_range(choose):
    return lambda step, obs: choose.uniform(-30, 30)


def _balance(choose):
    gains = np.array([0.3, 5.0, 0.5, 1.0])
    return lambda step, obs: float(gains @ obs) + choose.normal() * 0.1


def _constant(choose):
    force = choose.uniform(-1, 1)
    return lambda step, obs: force


def _strange(choose):
    """NaN, infinities, numbers beyond float32 and a negative zero among ordinary actions."""
    odd = [np.nan, np.inf, -np.inf, 1e300, -1e300, -0.0, 5e-324, 3.0000000000000004]
    return lambda step, obs: choose.choice(odd) if choose.random() < 0.2 else choose.uniform(-3, 3)


def _square_wave(choose):
    return lambda step, obs: 3.0 if step // 20 % 2 == 0 else -3.0


ACTIONS = [_pushes, _random, _far_out_of_range, _pushes, _balance, _strange, _constant, _pushes, _square_wave]
