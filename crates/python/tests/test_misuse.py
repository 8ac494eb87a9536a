"""Misuse is refused with an exception of Python's that names value, expectation and remedy."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

import rustgym
from originals import assert_same


@pytest.fixture
def envs():
    envs = rustgym.make_vec("CartPole-v1", 4)
    envs.reset(seed=1)
    return envs


@pytest.fixture
def pendulums():
    envs = rustgym.make_vec("InvertedPendulum-v5", 4)
    envs.reset(seed=1)
    return envs


@pytest.mark.parametrize(
    "actions",
    [
        np.zeros(3, np.int64),
        np.zeros((4, 1), np.int64),
        np.zeros(4),
        np.full(4, np.nan),
        np.array([0, 1, 2, 0]),
        np.array([0, 1, -1, 0], np.int32),
        np.array([0, 1, 0, 255], np.uint8),
        np.array(["a"] * 4),
        [0, 1],
        0,
        None,
        "left",
        object(),
    ],
)
def test_actions_that_are_none_are_refused_and_nothing_steps(envs, actions):
    states = envs.get_state()
    with pytest.raises(gym.error.InvalidAction, match="expected"):
        envs.step(actions)
    assert envs.get_state() == states


@pytest.mark.parametrize("actions", [np.zeros(4), np.zeros((4, 2)), np.zeros((1, 4)), np.zeros((4, 1), complex), None, [["a"]] * 4])
def test_continuous_actions_that_are_none_are_refused_and_nothing_steps(pendulums, actions):
    states = pendulums.get_state()
    with pytest.raises(gym.error.InvalidAction, match="expected"):
        pendulums.step(actions)
    assert pendulums.get_state() == states


def test_actions_of_any_layout_and_width_are_taken(envs, pendulums):
    state = envs.get_state()
    expected = envs.step(np.array([0, 1, 1, 0]))
    wide = np.array([[0, 7], [1, 7], [1, 7], [0, 7]])
    for actions in (wide[:, 0], wide[:, 0].astype(np.int32), wide[:, 0].astype(np.uint8), [0, 1, 1, 0], (0, 1, 1, 0)):
        envs.set_state(state)
        assert_same(envs.step(actions), expected)
    state = pendulums.get_state()
    expected = pendulums.step(np.array([[0.5], [1], [-1], [3]], np.float32))
    for actions in (np.array([[0.5, 1, -1, 3]]).T, [[0.5], [1], [-1], [3]], np.asfortranarray([[0.5], [1], [-1], [3]])):
        pendulums.set_state(state)
        assert_same(pendulums.step(actions), expected)


@pytest.mark.parametrize("action", [2, -1, 0.5, "a", None, [0], np.array([0, 1]), np.float32(1), 2**70, np.nan])
def test_a_single_action_that_is_none_is_refused(action):
    env = rustgym.make("CartPole-v1")
    env.reset(seed=1)
    with pytest.raises(gym.error.InvalidAction, match="expected a whole number from 0 to 1"):
        env.step(action)
    for good in (1, np.int64(1), np.int8(1), np.array(1), True):
        env.step(good)


def test_nothing_happens_before_the_first_reset():
    env, envs = rustgym.make("CartPole-v1", render_mode="rgb_array"), rustgym.make_vec("CartPole-v1", 2)
    for call in (lambda: env.step(0), env.render, env.get_state, lambda: envs.step(np.zeros(2, int)), envs.get_state):
        with pytest.raises(gym.error.ResetNeeded, match="reset"):
            call()


def test_an_ended_environment_must_be_reset_where_nothing_resets_it():
    envs = rustgym.make_vec("CartPole-v1", 2, autoreset_mode=AutoresetMode.DISABLED)
    envs.reset(seed=1)
    while not envs.step(np.ones(2, int))[2].any():
        pass
    with pytest.raises(gym.error.ResetNeeded, match="ended"):
        envs.step(np.ones(2, int))


def test_a_closed_environment_says_so():
    env, envs = rustgym.make("CartPole-v1"), rustgym.make_vec("CartPole-v1", 2)
    env.reset(seed=1), envs.reset(seed=1)
    env.close(), envs.close(), env.close(), envs.close()
    for call in (env.reset, lambda: env.step(0), envs.reset, lambda: envs.step(np.zeros(2, int)), envs.get_state):
        with pytest.raises(gym.error.ClosedEnvironmentError, match="closed"):
            call()


def test_an_unknown_id_names_the_nearest():
    for make in (rustgym.make, rustgym.make_vec):
        with pytest.raises(gym.error.NameNotFound, match="CartPole-v1"):
            make("CartPol-v1")


@pytest.mark.parametrize(
    ("env_id", "kwargs", "message"),
    [
        ("CartPole-v1", {"sutton_barto": True}, "CartPole-v1 got an unexpected keyword argument 'sutton_barto': it takes sutton"),
        ("CartPole-v1", {"sutton_barto_reward": "yes"}, "sutton_barto_reward .*expected True or False"),
        ("CartPole-v1", {"max_episode_steps": 0}, "max_episode_steps = 0 .*expected at least 1"),
        ("CartPole-v1", {"render_mode": "rgb"}, "render_mode = 'rgb' .*expected 'rgb_array'"),
        ("InvertedPendulum-v5", {"reset_noise_scale": -1.0}, "reset_noise_scale = -1 .*expected"),
        ("InvertedPendulum-v4", {"reset_noise_scale": 0.1}, "unexpected keyword argument"),
        ("ALE/Pong-v5", {"obs": "rbg"}, "obs = .rbg. .*expected 'rgb'"),
        ("ALE/Pong-v5", {"obs": "rgb", "obs_type": "ram"}, "one of the two"),
        ("ALE/Pong-v5", {"frameskip": 0}, "frameskip = 0 .*expected"),
        ("ALE/Pong-v5", {"frameskip": (3, 2)}, "frameskip = .*expected"),
        ("ALE/Pong-v5", {"frameskip": "four"}, "frameskip .*expected"),
        ("ALE/Pong-v5", {"repeat_action_probability": 1.5}, "repeat_action_probability = 1.5 .*from 0 to 1"),
        ("ALE/Pong-v5", {"continuous": True}, "continuous = True .*expected False"),
        ("ALE/Pong-v5", {"mode": 2}, r"mode = 2 .*one of \[0, 1\] in pong"),
        ("ALE/Pong-v5", {"difficulty": 4}, r"difficulty = 4 .*one of \[0, 1, 2, 3\] in pong"),
        ("ALE/Pong-v5", {"mode": -1}, "mode = -1 .*a whole number"),
        ("ALE/Pong-v5", {"stack_num": 0}, "stack_num = 0 .*at least 1"),
        ("ALE/Pong-v5", {"rom": "/nowhere/pong.bin"}, "/nowhere/pong.bin"),
        ("ALE/Pong-v5", {"obs": "84x84", "frameskip": (2, 5)}, "one whole number"),
        ("ALE/Pong-v5", {"obs": "84x84", "img_height": 500}, "screen_size"),
    ],
)
@pytest.mark.parametrize("make", [rustgym.make, rustgym.make_vec])
def test_arguments_that_are_not_possible_say_what_is(make, env_id, kwargs, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make(env_id, **kwargs)


@pytest.mark.parametrize(
    "kwargs", [{"num_envs": 0}, {"num_envs": -1}, {"num_envs": 1.5}, {"num_envs": 2, "threads": -1}, {"autoreset_mode": "never"}]
)
def test_vectors_that_are_not_possible_say_what_is(kwargs):
    with pytest.raises(ValueError, match="expected"):
        rustgym.make_vec("CartPole-v1", **kwargs)


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True, [1, 2], [1, 2, 3, -4]])
def test_seeds_that_are_none_are_refused_and_nothing_is_reset(envs, seed):
    states = envs.get_state()
    with pytest.raises((gym.error.Error, ValueError), match="expected"):
        envs.reset(seed=seed)
    assert envs.get_state() == states
    with pytest.raises((gym.error.Error, ValueError), match="expected"):
        rustgym.make("CartPole-v1").reset(seed=seed)


@pytest.mark.parametrize("mask", [[True] * 4, np.ones(4), np.ones(3, bool), np.zeros(4, bool), None])
def test_masks_that_are_none_are_refused(envs, mask):
    with pytest.raises((ValueError, TypeError), match="expected"):
        envs.reset(options={"reset_mask": mask})


def test_numbers_that_are_none_act_as_the_original_has_it(pendulums):
    told = pendulums.step(np.full((4, 1), np.nan))
    assert np.isfinite(told[0]).all()


def test_two_threads_cannot_step_one_vector_at_once():
    import threading

    envs = rustgym.make_vec("ALE/Pong-v5", 8, threads=1, frameskip=100)
    envs.reset(seed=1)
    errors = []

    def step():
        try:
            envs.step(np.zeros(8, np.int64))
        except RuntimeError as error:
            errors.append(error)

    threads = [threading.Thread(target=step) for _ in range(4)]
    [thread.start() for thread in threads], [thread.join() for thread in threads]
    envs.step(np.zeros(8, np.int64))
    assert all("borrowed" in str(error) for error in errors)
