"""Every environment equals the original: values, types, dtypes, shapes, infos and flags, single and in vectors."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import rustgym
from originals import ATARI, ATARI_SAMPLE, OTHERS, SAME, assert_same, assert_same_steps, original


@pytest.mark.parametrize("env_id", OTHERS)
@pytest.mark.parametrize("seed", [0, 1234567, 2**70 + 1])
def test_a_thousand_steps_equal_the_originals(env_id, seed):
    assert_same_steps(rustgym.make(env_id), original(env_id), seed, steps=1000)


@pytest.mark.parametrize("env_id", ATARI_SAMPLE)
def test_steps_of_games_equal_ale_pys(env_id):
    steps = 1000 if "Pong" in env_id else 150
    assert_same_steps(rustgym.make(env_id), original(env_id), seed=42, steps=steps)


@pytest.mark.slow
@pytest.mark.parametrize("env_id", ATARI)
def test_a_thousand_steps_of_every_game_equal_ale_pys(env_id):
    assert_same_steps(rustgym.make(env_id), original(env_id), seed=1234567, steps=1000)


@pytest.mark.slow
@pytest.mark.parametrize("env_id", ATARI)
def test_a_vector_of_every_game_equals_gymnasiums(env_id):
    ours, theirs = vectors(env_id, 2, AutoresetMode.NEXT_STEP, max_num_frames_per_episode=1500)
    assert_same(ours.reset(seed=5), theirs.reset(seed=5))
    theirs.action_space.seed(1)
    for i in range(500):
        actions = theirs.action_space.sample()
        assert_same(ours.step(actions), theirs.step(actions), f"step {i}")


@pytest.mark.parametrize("env_id", OTHERS + ["PongNoFrameskip-v4"])
def test_through_gymnasiums_make_too(env_id):
    ours = gym.make("rustgym/" + env_id)
    assert_same_steps(ours, original(env_id), seed=7, steps=600)
    theirs = gym.spec(SAME.get(env_id, env_id))
    assert ours.spec.max_episode_steps == theirs.max_episode_steps
    assert ours.spec.reward_threshold == theirs.reward_threshold or "Pong" in env_id


def test_a_module_in_the_id_imports_it():
    env = gym.make("rustgym:rustgym/CartPole-v1")
    assert isinstance(env.unwrapped, rustgym.Env)


@pytest.mark.parametrize(
    "kwargs",
    [
        {"obs_type": "ram"},
        {"obs_type": "grayscale", "frameskip": 2},
        {"frameskip": (2, 6), "repeat_action_probability": 0.5},
        {"full_action_space": True, "max_num_frames_per_episode": 500},
    ],
)
def test_the_keyword_arguments_of_games_are_ale_pys(kwargs):
    ours, theirs = rustgym.make("ALE/Pong-v5", **kwargs), original("ALE/Pong-v5", **kwargs)
    assert_same_steps(ours, theirs, seed=3, steps=300)


@pytest.mark.parametrize(
    ("env_id", "kwargs"),
    [
        ("ALE/Pong-v5", {"mode": 1, "difficulty": 3}),
        ("ALE/SpaceInvaders-v5", {"mode": 9, "difficulty": 1}),
        ("ALE/Zaxxon-v5", {"mode": 24}),
        ("Amidar-v4", {"difficulty": 3, "mode": None}),
    ],
)
def test_modes_and_difficulties_are_ale_pys(env_id, kwargs):
    assert_same_steps(rustgym.make(env_id, **kwargs), original(env_id, **kwargs), seed=3, steps=100)
    ours, theirs = rustgym.make_vec(env_id, 2, **kwargs), SyncVectorEnv([lambda: original(env_id, **kwargs)] * 2)
    assert_same(ours.reset(seed=3), theirs.reset(seed=3))


@pytest.mark.parametrize(
    ("env_id", "of_the_screen"),
    [("Pong-ram-v0", "Pong-v0"), ("Breakout-ramNoFrameskip-v4", "BreakoutNoFrameskip-v4")],
)
def test_ids_with_ram_show_the_memory(env_id, of_the_screen):
    ours, theirs = rustgym.make(env_id), original(of_the_screen, obs_type="ram")
    assert ours.observation_space == theirs.observation_space
    assert_same_steps(ours, theirs, seed=3, steps=100)


@pytest.mark.parametrize(
    ("env_id", "kwargs"),
    [
        ("CartPole-v1", {"sutton_barto_reward": True}),
        ("InvertedPendulum-v5", {"reset_noise_scale": 0.1}),
        ("CartPole-v1", {"max_episode_steps": 7}),
        ("MountainCar-v0", {"goal_velocity": 0.02}),
        ("MountainCarContinuous-v0", {"goal_velocity": 0.02}),
        ("Pendulum-v1", {"g": 1.6}),
    ],
)
def test_other_keyword_arguments_are_gymnasiums(env_id, kwargs):
    assert_same_steps(rustgym.make(env_id, **kwargs), original(env_id, **kwargs), seed=3, steps=300)


@pytest.mark.parametrize(
    ("env_id", "action", "some", "one"),
    [
        ("CartPole-v1", 1, {"low": -0.2, "high": 0.1}, {"low": 0.01}),
        ("Acrobot-v1", 1, {"low": -0.2, "high": 0.3}, {"high": 0.2}),
        ("MountainCar-v0", 1, {"low": -0.7, "high": -0.3}, {"low": -0.5}),
        ("MountainCarContinuous-v0", np.float32([0.5]), {"low": -0.7, "high": -0.3}, {"low": -0.5}),
        ("Pendulum-v1", np.float32([0.5]), {"x_init": 0.1, "y_init": 0.2}, {"x_init": 0.5}),
    ],
)
def test_the_options_of_a_reset_hold_for_that_reset_alone(env_id, action, some, one):
    ours, theirs = rustgym.make(env_id), original(env_id)
    for seed, options in [(3, some), (None, some), (None, None), (None, one), (4, None)]:
        assert_same(ours.reset(seed=seed, options=options), theirs.reset(seed=seed, options=options))
        assert_same(ours.step(action), theirs.step(action))


def vectors(env_id, num_envs, autoreset, /, **kwargs):
    """Ours and Gymnasium's vector of originals."""
    theirs = SyncVectorEnv([lambda: original(env_id, **kwargs)] * num_envs, autoreset_mode=autoreset)
    return rustgym.make_vec(env_id, num_envs, autoreset_mode=autoreset, **kwargs), theirs


@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize(
    ("env_id", "kwargs", "num_envs", "steps"),
    [(env_id, {"max_episode_steps": 60}, 5, 200) for env_id in OTHERS]
    + [("ALE/Pong-v5", {"max_num_frames_per_episode": 100, "obs_type": "ram"}, 3, 60)],
)
def test_vectors_equal_gymnasiums_in_every_mode(env_id, kwargs, num_envs, steps, mode):
    ours, theirs = vectors(env_id, num_envs, mode, **kwargs)
    assert ours.metadata["autoreset_mode"] is mode
    for name in ("single_observation_space", "observation_space", "single_action_space", "action_space"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert_same(ours.reset(seed=11), theirs.reset(seed=11), "reset")
    theirs.action_space.seed(1)
    for i in range(steps):
        actions = theirs.action_space.sample()
        told, expected = ours.step(actions), theirs.step(actions)
        assert_same(told, expected, f"step {i}")
        ended = expected[2] | expected[3]
        if mode is AutoresetMode.DISABLED and ended.any():
            mask = {"reset_mask": ended}
            assert_same(ours.reset(options=dict(mask)), theirs.reset(options=dict(mask)), f"reset after step {i}")


def test_a_list_of_seeds_and_a_mask_reset_what_they_name():
    ours, theirs = vectors("CartPole-v1", 3, AutoresetMode.NEXT_STEP)
    for envs in (ours, theirs):
        envs.reset(seed=[5, 9, 5])
    mask = np.array([True, False, True])
    for seed in ([1, 2, None], 4, None):
        answers = [envs.reset(seed=seed, options={"reset_mask": mask}) for envs in (ours, theirs)]
        assert_same(*answers)
    assert_same(ours.step(np.array([0, 1, 0])), theirs.step(np.array([0, 1, 0])))
    assert_same(ours.reset(seed=3, options={"low": 0.01, "high": 0.02}), theirs.reset(seed=3, options={"low": 0.01, "high": 0.02}))


def test_a_game_in_a_vector_gives_what_the_original_gives():
    ours, theirs = vectors("ALE/Pong-v5", 2, AutoresetMode.NEXT_STEP)
    assert ours.single_observation_space.shape == (210, 160, 3)
    assert_same(ours.reset(seed=1), theirs.reset(seed=1))
    for action in range(6):
        actions = np.array([action, 5 - action])
        assert_same(ours.step(actions), theirs.step(actions))


def test_gymnasiums_make_vec_takes_the_native_vector():
    envs = gym.make_vec("rustgym/CartPole-v1", num_envs=3)
    assert isinstance(envs, rustgym.VectorEnv)
    observations, _ = envs.reset(seed=1)
    sync = gym.make_vec("rustgym/CartPole-v1", num_envs=3, vectorization_mode="sync")
    assert isinstance(sync, SyncVectorEnv)
    assert_same(observations, sync.reset(seed=1)[0])


@pytest.mark.parametrize("env_id", ["CartPole-v1", "InvertedPendulum-v5", "PongNoFrameskip-v4"])
def test_np_random_is_the_environments_own_stream(env_id):
    ours, theirs = gym.make("rustgym/" + env_id), original(env_id)
    for env in (ours, theirs):
        env.reset(seed=5)
    assert ours.unwrapped.np_random.bit_generator.state == theirs.unwrapped.np_random.bit_generator.state
    assert ours.unwrapped.np_random_seed == theirs.unwrapped.np_random_seed
    assert ours.unwrapped.np_random.random() == theirs.unwrapped.np_random.random()
    assert ours.unwrapped.np_random.integers(3) == theirs.unwrapped.np_random.integers(3)
    assert_same(ours.reset(), theirs.reset())
    ours.unwrapped.np_random = np.random.default_rng(8)
    theirs.unwrapped.np_random = np.random.default_rng(8)
    assert_same(ours.reset(), theirs.reset())
    assert ours.unwrapped.np_random_seed == theirs.unwrapped.np_random_seed == -1


def test_frame_skips_are_drawn_from_np_random():
    ours, theirs = rustgym.make("Pong-v4", obs_type="ram"), original("Pong-v4", obs_type="ram")
    for env in (ours, theirs):
        env.reset(seed=5)
    for action in range(6):
        assert ours.np_random.integers(9) == theirs.unwrapped.np_random.integers(9)
        assert_same(ours.step(action), theirs.step(action))
