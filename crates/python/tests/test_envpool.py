"""EnvPool's interface, as scripts written for it use it."""

import numpy as np
import pytest

import rustgym.envpool as envpool
from originals import assert_same, original


class EpisodeStatistics:
    """Sums of unclipped rewards over whole games: what CleanRL-style scripts keep beside EnvPool."""

    def __init__(self, envs):
        self.envs, self.returns, self.finished = envs, np.zeros(envs.num_envs), []

    def step(self, actions):
        observations, rewards, dones, infos = self.envs.step(actions)
        self.returns += infos["reward"]
        for i in np.flatnonzero(dones):
            if infos["lives"][i] == 0:
                self.finished.append(self.returns[i])
        self.returns *= 1 - infos["terminated"]
        return observations, rewards, dones, infos


def test_the_old_interface_gives_observations_alone_and_four_things():
    envs = envpool.make("Breakout-v5", env_type="gym", num_envs=3, episodic_life=True, reward_clip=True, seed=1)
    assert envs.observation_space.shape == (4, 84, 84) and envs.action_space.n == 4
    observations = envs.reset()
    assert observations.shape == (3, 4, 84, 84) and observations.dtype == np.uint8
    observations, rewards, dones, infos = envs.step(np.zeros(3, np.int64))
    assert observations.shape == (3, 4, 84, 84) and rewards.dtype == np.float32 and dones.dtype == np.bool_
    assert {"reward", "lives", "terminated", "env_id", "elapsed_step", "TimeLimit.truncated"} <= set(infos)


def test_a_game_goes_on_after_a_lost_life_and_its_return_is_unclipped():
    envs = EpisodeStatistics(
        envpool.make("Breakout-v5", env_type="gym", num_envs=4, episodic_life=True, reward_clip=True, seed=1)
    )
    envs.envs.reset()
    rng, lives = np.random.default_rng(0), []
    while len(envs.finished) < 4:
        _, rewards, dones, infos = envs.step(rng.integers(0, 4, 4))
        assert set(rewards.tolist()) <= {-1, 0, 1}
        lives += infos["lives"][dones].tolist()
    assert {0, 1, 2, 3, 4} == set(lives), "an episode for every life"
    assert max(envs.finished) > 0


def test_the_new_interface_gives_gymnasiums_five_things():
    envs = envpool.make_gymnasium("Pong-v5", num_envs=2, seed=3)
    observations, infos = envs.reset()
    assert observations.shape == (2, 4, 84, 84) and infos["elapsed_step"].tolist() == [0, 0]
    told = envs.step(np.zeros(2, np.int64))
    assert len(told) == 5 and told[4]["elapsed_step"].tolist() == [1, 1]


def test_classic_environments_equal_the_originals():
    envs = envpool.make_gymnasium("CartPole-v1", num_envs=2, seed=3)
    theirs = original("CartPole-v1")
    observations, _ = envs.reset()
    assert_same(observations[0], theirs.reset(seed=3)[0])
    steps = 0
    while True:
        steps += 1
        observations, rewards, terminated, truncated, infos = envs.step(np.ones(2, np.int64))
        expected = theirs.step(1)
        assert_same(observations[0], expected[0])
        assert terminated[0] == expected[2] and infos["elapsed_step"][0] == steps
        if expected[2]:
            break
    observations, rewards, terminated, _, infos = envs.step(np.ones(2, np.int64))
    assert rewards[0] == 0 and not terminated[0] and infos["elapsed_step"][0] == 0
    assert_same(observations[0], theirs.reset()[0])


def test_seeds_count():
    one, two = (envpool.make_gymnasium("Pong-v5", num_envs=2, seed=seed) for seed in (1, 2))
    assert (one.reset(seed=2)[0] == two.reset()[0]).all()


def test_send_recv_and_env_id():
    envs, others = (envpool.make_gymnasium("CartPole-v1", num_envs=3, seed=0) for _ in range(2))
    envs.reset(), others.reset()
    envs.send(np.array([1, 0, 0]), np.array([2, 0, 1]))
    assert_same(envs.recv(), others.step(np.array([0, 0, 1])))
    envs.reset(np.array([1]))


def test_what_is_not_there_says_so():
    assert {"Pong-v5", "CartPole-v1"} <= set(envpool.list_all_envs())
    with pytest.raises(ValueError, match="env_type"):
        envpool.make("Pong-v5", env_type="dm")
    with pytest.raises(ValueError, match="batch_size = 2 .*AsyncVectorEnv"):
        envpool.make_gym("Pong-v5", num_envs=4, batch_size=2)
    with pytest.raises(TypeError, match="warp"):
        envpool.make_gym("Pong-v5", warp=9)
