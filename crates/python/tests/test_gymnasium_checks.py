"""Gymnasium's own checks and wrappers are content."""

import copy
import pickle
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.wrappers import RecordEpisodeStatistics, RecordVideo, RescaleAction, TransformReward

import rustgym
from originals import ATARI, ATARI_SAMPLE, OTHERS, assert_same

IDS = OTHERS + ATARI_SAMPLE[:4]
# All others only with --slow.
EVERY_ID = IDS + [pytest.param(env_id, marks=pytest.mark.slow) for env_id in ATARI if env_id not in IDS]


@pytest.mark.parametrize("env_id", rustgym.registered())
def test_every_environment_with_a_version_is_registered(env_id):
    name = "rustgym/" + env_id.removeprefix("ALE/")
    assert (name in gym.registry) == ("-v" in env_id)


@pytest.mark.parametrize("env_id", EVERY_ID)
def test_check_env_has_nothing_to_say(env_id):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*is out of date.*")
        # Unbounded observations are the original's own.
        warnings.filterwarnings("ignore", message=".*Box observation space (minimum|maximum) value is.*")
        warnings.filterwarnings("ignore", message=".*not within the recommended.*|.*symmetric and normalized.*")
        env = gym.make("rustgym/" + env_id.removeprefix("ALE/"), render_mode="rgb_array")
        check_env(env.unwrapped)


@pytest.mark.parametrize("env_id", EVERY_ID)
def test_make_and_make_vec_do_not_warn(env_id):
    name = "rustgym/" + env_id.removeprefix("ALE/")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*is out of date.*")
        for envs in (gym.make(name), gym.make_vec(name, num_envs=2), rustgym.make_vec(env_id, 2)):
            assert data_equivalence(envs.reset(seed=1), envs.reset(seed=1))
            observation, info = envs.reset()
            assert envs.observation_space.contains(observation)
            for _ in range(10):
                assert envs.observation_space.contains(envs.step(envs.action_space.sample())[0])
            envs.close()


@pytest.mark.parametrize("again", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
@pytest.mark.parametrize("env_id", IDS)
def test_a_copy_goes_on_as_the_environment_does(env_id, again):
    env = rustgym.make(env_id)
    untouched = again(env)
    assert_same(untouched.reset(seed=2), env.reset(seed=2))
    for _ in range(5):
        env.step(0 if hasattr(env.action_space, "n") else [0.1])
    other = again(env)
    env.action_space.seed(1)
    for _ in range(30):
        action = env.action_space.sample()
        told = env.step(action)
        assert_same(other.step(action), told)
        if told[2] or told[3]:
            assert_same(other.reset(), env.reset())
    assert other.spec == env.spec


def test_a_copy_has_attributes_of_its_own():
    env = gym.make("rustgym/CartPole-v1")
    env.reset(seed=1)
    other = copy.deepcopy(env)
    assert other.unwrapped.metadata is not env.unwrapped.metadata
    assert other.unwrapped.metadata == env.unwrapped.metadata
    env.step(1)
    assert_same(other.step(1), env.reset(seed=1) and env.step(1))


def test_states_are_kept_and_gone_back_to():
    env = rustgym.make("ALE/Pong-v5", obs_type="ram")
    env.reset(seed=1)
    saved = env.get_state()
    first = [env.step(2) for _ in range(20)]
    env.set_state(saved)
    assert_same([env.step(2) for _ in range(20)], first)


@pytest.mark.parametrize("env_id", ["rustgym/CartPole-v1", "rustgym/Pong-v5"])
def test_videos_are_recorded(env_id, tmp_path):
    env = RecordVideo(gym.make(env_id, render_mode="rgb_array"), str(tmp_path), video_length=12, disable_logger=True)
    env.reset(seed=1)
    for i in range(15):
        assert not any(env.step(i % 2)[2:4])
    env.close()
    assert [path.suffix for path in tmp_path.iterdir()] == [".mp4"]
    assert next(tmp_path.iterdir()).stat().st_size > 1000


def test_pictures_are_collected():
    env = gym.make("rustgym/CartPole-v1", render_mode="rgb_array_list")
    env.reset(seed=1)
    env.step(1), env.step(0)
    pictures = env.render()
    assert [picture.shape for picture in pictures] == [(400, 600, 3)] * 3 and env.render() == []


def test_render_gives_pictures_of_each_environment():
    envs = rustgym.make_vec("CartPole-v1", 3, render_mode="rgb_array")
    envs.reset(seed=1)
    pictures = envs.render()
    assert [picture.shape for picture in pictures] == [(400, 600, 3)] * 3
    assert (pictures[0] != pictures[1]).any()
    with pytest.warns(UserWarning, match="render_mode='rgb_array'"):
        assert rustgym.make("CartPole-v1").render() is None


def test_wrappers_work():
    env = RecordEpisodeStatistics(gym.make("rustgym/CartPole-v1"))
    env.reset(seed=1)
    while not (told := env.step(1))[2]:
        pass
    assert told[4]["episode"]["l"] == told[4]["episode"]["r"]
    envs = gym.wrappers.vector.RecordEpisodeStatistics(gym.make_vec("rustgym/CartPole-v1", num_envs=2))
    envs.reset(seed=1)
    while not (told := envs.step(np.array([1, 1])))[2].any():
        pass
    assert told[4]["episode"]["r"].max() > 5
    scaled = RescaleAction(gym.make("rustgym/InvertedPendulum-v5"), np.float32(-1), np.float32(1))
    scaled = TransformReward(scaled, lambda reward: 2 * reward)
    scaled.reset(seed=1)
    assert scaled.step(np.zeros(1, np.float32))[1] == 2
