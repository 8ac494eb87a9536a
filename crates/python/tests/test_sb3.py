"""Stable-Baselines3 trains on native vectors, with the same results as on its own vectors of the originals."""

import gymnasium as gym
import numpy as np
import pytest

sb3 = pytest.importorskip("stable_baselines3")

from stable_baselines3.common.env_util import make_vec_env as sb3_make_vec_env  # noqa: E402
from stable_baselines3.common.evaluation import evaluate_policy  # noqa: E402
from stable_baselines3.common.monitor import Monitor  # noqa: E402
from stable_baselines3.common.vec_env import (  # noqa: E402
    VecFrameStack,
    VecMonitor,
    VecNormalize,
    VecTransposeImage,
    VecVideoRecorder,
)

from originals import assert_same  # noqa: E402
from rustgym.sb3 import make_vec_env  # noqa: E402


def without_time(infos):
    for info in infos:
        if "episode" in info:
            info["episode"].pop("t")
    return infos


@pytest.mark.parametrize("env_id", ["CartPole-v1", "InvertedPendulum-v5"])
def test_steps_equal_those_of_sb3s_own_vector_of_originals(env_id):
    kwargs = {"max_episode_steps": 25}
    ours = make_vec_env(env_id, 5, seed=3, env_kwargs=kwargs)
    theirs = sb3_make_vec_env(env_id, 5, seed=3, env_kwargs=kwargs)
    assert ours.observation_space == theirs.observation_space and ours.action_space == theirs.action_space
    assert_same(ours.reset(), theirs.reset())
    assert_same(ours.reset_infos, theirs.reset_infos)
    theirs.action_space.seed(1)
    for _ in range(120):
        actions = np.array([theirs.action_space.sample() for _ in range(5)])
        told, expected = ours.step(actions), theirs.step(actions)
        assert_same(told[:3], expected[:3])
        assert_same(without_time(told[3]), without_time(expected[3]))


def curve(envs, steps):
    """The weights and the mean returns of a short training."""
    model = sb3.PPO("MlpPolicy", envs, n_steps=64, batch_size=64, n_epochs=2, seed=5, device="cpu")
    returns = []

    def note(local, _):
        returns.extend(info["episode"]["r"] for info in local["infos"] if "episode" in info)
        return True

    model.learn(steps, callback=note)
    return returns, {key: value.numpy() for key, value in model.policy.state_dict().items()}


@pytest.mark.parametrize("env_id", ["CartPole-v1", "InvertedPendulum-v5"])
def test_the_learning_curve_is_the_originals_step_for_step(env_id):
    ours = curve(make_vec_env(env_id, 4), 1024)
    theirs = curve(sb3_make_vec_env(env_id, 4), 1024)
    assert len(ours[0]) > 5
    assert_same(ours, theirs)


def test_a2c_and_dqn_train():
    sb3.A2C("MlpPolicy", make_vec_env("CartPole-v1", 4), device="cpu").learn(200)
    sb3.DQN("MlpPolicy", make_vec_env("CartPole-v1", 2), learning_starts=50, device="cpu").learn(200)
    sb3.PPO("CnnPolicy", make_vec_env("ALE/Pong-v5", 2, obs="84x84"), n_steps=16, batch_size=16, n_epochs=1, device="cpu").learn(32)


def test_sb3s_wrappers_work(tmp_path):
    envs = VecNormalize(VecMonitor(make_vec_env("CartPole-v1", 3, seed=0, monitor=False)))
    envs.reset()
    infos = [info for _ in range(60) for info in envs.step(np.ones(3, np.int64))[3]]
    ended = [info["episode"] for info in infos if "episode" in info]
    assert ended and all(episode["r"] == episode["l"] for episode in ended)
    stacked = VecFrameStack(VecTransposeImage(make_vec_env("ALE/Pong-v5", 2)), 4)
    assert stacked.reset().shape == (2, 12, 210, 160)
    recorder = VecVideoRecorder(
        make_vec_env("CartPole-v1", 2, render_mode="rgb_array"), str(tmp_path), lambda step: step == 0, video_length=10
    )
    recorder.reset()
    for _ in range(12):
        recorder.step(np.zeros(2, np.int64))
    recorder.close()
    assert [path.suffix for path in tmp_path.iterdir()] == [".mp4"]


def test_evaluate_policy_counts_whole_episodes():
    envs = make_vec_env("CartPole-v1", 3, seed=0, max_episode_steps=20)

    class Right:
        def predict(self, observations, **_):
            return np.arange(len(observations)) * 0 + (observations[:, 2] > 0), None

    returns, lengths = evaluate_policy(Right(), envs, n_eval_episodes=9, return_episode_rewards=True)
    assert returns == lengths and len(returns) == 9 and max(lengths) <= 20


def test_attributes_and_methods():
    envs = make_vec_env("CartPole-v1", 3, seed=0)
    assert envs.get_attr("render_mode") == [None] * 3
    assert envs.get_attr("action_space") == [gym.spaces.Discrete(2)] * 3
    assert envs.env_is_wrapped(Monitor) == [True] * 3 and envs.env_is_wrapped(gym.Wrapper, [0]) == [False]
    envs.set_attr("note", 7)
    assert envs.get_attr("note", [1]) == [7] and not envs.has_attr("nothing")
    envs.reset()
    (saved,) = envs.env_method("get_state", indices=1)
    first = envs.step(np.ones(3, np.int64))[0][1]
    envs.env_method("set_state", saved, indices=1)
    assert_same(envs.step(np.ones(3, np.int64))[0][1], first)
    with pytest.raises(ValueError, match="indices=None"):
        envs.set_attr("note", 7, 1)
    with pytest.raises(AttributeError, match="expected"):
        envs.env_method("fly")
    envs.close()


def test_a_time_limit_is_told_and_its_last_observation_too():
    envs = make_vec_env("InvertedPendulum-v5", 2, seed=0, max_episode_steps=3)
    envs.reset()
    for _ in range(2):
        before = envs.step(np.zeros((2, 1), np.float32))
    observations, _, dones, infos = envs.step(np.zeros((2, 1), np.float32))
    assert dones.all() and all(info["TimeLimit.truncated"] for info in infos)
    assert not (infos[0]["terminal_observation"] == observations[0]).all()
    assert not (infos[0]["terminal_observation"] == before[0][0]).all()
