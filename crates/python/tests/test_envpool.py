"""EnvPool's interface, as scripts written for it use it."""

import gymnasium as gym
import numpy as np
import pytest

import rustgym.envpool as envpool
from originals import assert_same, original


class EpisodeStatistics(gym.Wrapper):
    """Sums of unclipped rewards over whole games: what scripts like CleanRL's keep around EnvPool."""

    def __init__(self, envs):
        super().__init__(envs)
        self.num_envs = getattr(envs, "num_envs", 1)
        self.returns, self.lengths, self.finished = None, None, []

    def reset(self, **kwargs):
        observations = super().reset(**kwargs)
        self.returns, self.lengths = np.zeros(self.num_envs, np.float32), np.zeros(self.num_envs, np.int32)
        return observations

    def step(self, actions):
        observations, rewards, dones, infos = super().step(actions)
        self.returns += infos["reward"]
        self.lengths += 1
        for i in np.flatnonzero(dones):
            if infos["lives"][i] == 0:
                self.finished.append((self.returns[i], self.lengths[i]))
        self.returns *= 1 - infos["terminated"]
        self.lengths *= 1 - infos["terminated"]
        return observations, rewards, dones, infos


def test_the_old_interface_gives_observations_alone_and_four_things():
    envs = envpool.make("Breakout-v5", env_type="gym", num_envs=3, episodic_life=True, reward_clip=True, seed=1)
    assert envs.observation_space.shape == (4, 84, 84) and envs.action_space.n == 4
    observations = envs.reset()
    assert observations.shape == (3, 4, 84, 84) and observations.dtype == np.uint8
    observations, rewards, dones, infos = envs.step(np.zeros(3, np.int64))
    assert observations.shape == (3, 4, 84, 84) and rewards.dtype == np.float32 and dones.dtype == np.bool_
    assert {"reward", "lives", "terminated", "env_id", "elapsed_step", "TimeLimit.truncated"} <= set(infos)


def pool():
    """As CleanRL's ppo_atari_envpool.py makes it."""
    envs = envpool.make("Breakout-v5", env_type="gym", num_envs=4, episodic_life=True, reward_clip=True, seed=1)
    envs.num_envs = 4
    envs.single_action_space, envs.single_observation_space = envs.action_space, envs.observation_space
    return EpisodeStatistics(envs)


def test_a_game_goes_on_after_a_lost_life_and_its_return_is_unclipped():
    envs = pool()
    envs.reset()
    rng, lives = np.random.default_rng(0), []
    while len(envs.finished) < 4:
        _, rewards, dones, infos = envs.step(rng.integers(0, 4, 4))
        assert set(rewards.tolist()) <= {-1, 0, 1}
        lives += infos["lives"][dones].tolist()
    assert {0, 1, 2, 3, 4} == set(lives), "an episode for every life"
    assert max(total for total, _ in envs.finished) > 0 and min(length for _, length in envs.finished) > 100


def test_a_script_of_proximal_policy_optimization_for_envpool_runs():
    """Its rollout and its update: an actor-critic on (N, 4, 84, 84), ends as masks, the old four things."""
    torch = pytest.importorskip("torch")
    envs, steps = pool(), 16
    body = torch.nn.Sequential(torch.nn.Conv2d(4, 4, 8, 8), torch.nn.Flatten(), torch.nn.Linear(400, 32), torch.nn.ReLU())
    actor, critic = torch.nn.Linear(32, envs.action_space.n), torch.nn.Linear(32, 1)
    optimizer = torch.optim.Adam([*body.parameters(), *actor.parameters(), *critic.parameters()], 1e-3)
    obs = torch.zeros((steps, 4) + envs.observation_space.shape)
    actions, log_probs, rewards, dones, values = (torch.zeros(steps, 4) for _ in range(5))
    next_obs, next_done = torch.Tensor(envs.reset()), torch.zeros(4)
    before = body[0].weight.detach().clone()
    for step in range(steps):
        obs[step], dones[step] = next_obs, next_done
        with torch.no_grad():
            hidden = body(next_obs / 255)
            choice = torch.distributions.Categorical(logits=actor(hidden))
            actions[step], values[step] = choice.sample(), critic(hidden).flatten()
            log_probs[step] = choice.log_prob(actions[step])
        next_obs, reward, next_done, _ = envs.step(actions[step].numpy().astype(np.int64))
        rewards[step] = torch.tensor(reward).view(-1)
        next_obs, next_done = torch.Tensor(next_obs), torch.Tensor(next_done)
    returns = torch.zeros(steps + 1, 4)
    for step in reversed(range(steps)):
        returns[step] = rewards[step] + 0.99 * returns[step + 1] * (1 - (next_done if step + 1 == steps else dones[step + 1]))
    hidden = body(obs.flatten(0, 1) / 255)
    ratio = (torch.distributions.Categorical(logits=actor(hidden)).log_prob(actions.flatten()) - log_probs.flatten()).exp()
    gain = ratio * (returns[:-1] - values).flatten()
    (-gain.mean() + (critic(hidden).flatten() - returns[:-1].flatten()).square().mean()).backward()
    optimizer.step()
    assert torch.allclose(ratio, torch.ones_like(ratio), atol=1e-4) and not torch.equal(body[0].weight, before)


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


def test_a_smaller_batch_has_those_that_finish_first_and_each_goes_its_own_way():
    envs = envpool.make_gymnasium("CartPole-v1", num_envs=5, batch_size=2, num_threads=2, seed=3)
    theirs = [original("CartPole-v1") for _ in range(5)]
    begun, ended, steps = set(), set(), np.zeros(5, np.int32)
    envs.async_reset()
    for _ in range(150):
        observations, rewards, terminated, truncated, info = envs.recv()
        assert observations.shape == (2, 4) and len(info["env_id"]) == 2
        for row, i in enumerate(info["env_id"].tolist()):
            if i in begun - ended:
                expected = theirs[i].step(1)[:4]
                steps[i] += 1
            else:
                first = theirs[i].reset(seed=None if i in begun else 3 + i)[0]
                expected, steps[i] = (first, 0.0, False, False), 0
            begun.add(i), ended.discard(i)
            if expected[2]:
                ended.add(i)
            told = (observations[row], float(rewards[row]), bool(terminated[row]), bool(truncated[row]))
            assert_same(told, expected)
            assert info["elapsed_step"][row] == steps[i]
        envs.send(np.ones(2, np.int64), info["env_id"])
    envs.close()


def test_an_async_reset_is_received():
    envs, others = (envpool.make_gymnasium("CartPole-v1", num_envs=3, seed=5) for _ in range(2))
    envs.async_reset()
    observations, rewards, terminated, _, info = envs.recv()
    assert_same(observations, others.reset()[0])
    assert not rewards.any() and not terminated.any() and info["elapsed_step"].tolist() == [0, 0, 0]


def test_what_is_not_there_says_so():
    assert {"Pong-v5", "CartPole-v1"} <= set(envpool.list_all_envs())
    with pytest.raises(ValueError, match="env_type"):
        envpool.make("Pong-v5", env_type="dm")
    with pytest.raises(ValueError, match="batch_size"):
        envpool.make_gym("Pong-v5", num_envs=4, batch_size=5)
    with pytest.raises(ValueError, match="env_id"):
        envpool.make_gym("CartPole-v1", num_envs=4, batch_size=2).reset(env_id=[0])
    with pytest.raises(TypeError, match="warp"):
        envpool.make_gym("Pong-v5", warp=9)
