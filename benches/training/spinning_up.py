"""Spinning Up's VPG with its defaults on CartPole-v1 in PyTorch and Gymnasium."""

import gymnasium
import numpy as np
import torch
from report import parse_args, report, timer

STEPS, GAMMA, LAMBDA, VALUE_STEPS, MAX_EPISODE = 4000, 0.99, 0.97, 80, 1000

args = parse_args(epochs=50)
torch.manual_seed(args.seed)
env = gymnasium.make("CartPole-v1")


def network(outputs):
    return torch.nn.Sequential(
        torch.nn.Linear(4, 64), torch.nn.Tanh(), torch.nn.Linear(64, 64), torch.nn.Tanh(), torch.nn.Linear(64, outputs)
    )


policy, value = network(2), network(1)
policy_optimizer = torch.optim.Adam(policy.parameters(), lr=3e-4)
value_optimizer = torch.optim.Adam(value.parameters(), lr=1e-3)


def discounted(values, discount):
    sums, following = np.empty(len(values)), 0.0
    for t in reversed(range(len(values))):
        following = sums[t] = values[t] + discount * following
    return sums


def advantages_and_returns(rewards, values, last_value):
    """GAE and rewards-to-go of one path that goes on with `last_value`."""
    rewards, values = np.append(rewards, last_value), np.append(values, last_value)
    deltas = rewards[:-1] + GAMMA * values[1:] - values[:-1]
    return discounted(deltas, GAMMA * LAMBDA), discounted(rewards, GAMMA)[:-1]


def act(observation):
    with torch.no_grad():
        action = torch.distributions.Categorical(logits=policy(observation)).sample()
        return action, value(observation).item()


elapsed, steps, mean_return = timer(), 0, 0.0
for epoch in range(args.epochs):
    observations, actions, advantages, returns, episode_returns = [], [], [], [], []
    observation, _ = env.reset(seed=args.seed if epoch == 0 else None)
    rewards, values = [], []
    for t in range(STEPS):
        tensor = torch.from_numpy(observation)
        action, estimate = act(tensor)
        observations.append(tensor)
        actions.append(action)
        observation, reward, terminated, truncated, _ = env.step(action.item())
        rewards.append(reward)
        values.append(estimate)
        cut_off = truncated or len(rewards) == MAX_EPISODE or t + 1 == STEPS
        if terminated or cut_off:
            last_value = 0.0 if terminated else act(torch.from_numpy(observation))[1]
            path = advantages_and_returns(rewards, values, last_value)
            advantages.append(path[0])
            returns.append(path[1])
            if terminated or truncated:
                episode_returns.append(sum(rewards))
            observation, _ = env.reset()
            rewards, values = [], []
    steps += STEPS
    batch, chosen = torch.stack(observations), torch.stack(actions)
    advantage = torch.from_numpy(np.concatenate(advantages)).float()
    advantage = (advantage - advantage.mean()) / advantage.std(correction=0)
    target = torch.from_numpy(np.concatenate(returns)).float()

    log_probs = torch.distributions.Categorical(logits=policy(batch)).log_prob(chosen)
    policy_optimizer.zero_grad()
    (-(log_probs * advantage).mean()).backward()
    policy_optimizer.step()
    for _ in range(VALUE_STEPS):
        value_optimizer.zero_grad()
        ((value(batch).squeeze(-1) - target) ** 2).mean().backward()
        value_optimizer.step()
    mean_return = float(np.mean(episode_returns))
report(steps, elapsed(), mean_return)
