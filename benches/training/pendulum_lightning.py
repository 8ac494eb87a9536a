"""Write-up B: policy gradient with a baseline on InvertedPendulum-v4, until an epoch's mean return is 1000.

The write-up uses PyTorch Lightning; plain PyTorch here spares it that cost.
"""

import gymnasium
import numpy as np
import torch
from report import parse_args, report, timer

STEPS, GAMMA, LEARNING_RATE, GOAL = 2500, 0.9, 0.003883, 1000.0

args = parse_args(epochs=100)
torch.manual_seed(args.seed)
env = gymnasium.make("InvertedPendulum-v4")


def network():
    sizes = (4, 64, 64, 1)
    layers = [layer for pair in zip(sizes, sizes[1:]) for layer in (torch.nn.Linear(*pair), torch.nn.Tanh())]
    return torch.nn.Sequential(*layers[:-1])


policy, baseline, log_std = network(), network(), torch.nn.Parameter(torch.zeros(1))
policy_optimizer = torch.optim.Adam([*policy.parameters(), log_std], lr=LEARNING_RATE)
baseline_optimizer = torch.optim.Adam(baseline.parameters(), lr=LEARNING_RATE)


def distribution(observations):
    return torch.distributions.Normal(policy(observations), log_std.exp())


def play(seed):
    observation, _ = env.reset(seed=seed)
    observations, actions, rewards, done = [], [], [], False
    while not done:
        with torch.no_grad():
            action = distribution(torch.from_numpy(observation).float()).sample().numpy()
        observations.append(observation)
        actions.append(action)
        observation, reward, terminated, truncated, _ = env.step(action)
        rewards.append(reward)
        done = terminated or truncated
    return observations, actions, rewards


def returns_to_go(rewards):
    returns, following = np.empty(len(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        following = returns[t] = rewards[t] + GAMMA * following
    return returns


def step(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


elapsed, steps, mean_return = timer(), 0, 0.0
for epoch in range(args.epochs):
    episodes, collected = [], 0
    while collected < STEPS:
        episodes.append(play(args.seed if steps + collected == 0 else None))
        collected += len(episodes[-1][2])
    steps += collected
    observations = torch.from_numpy(np.concatenate([episode[0] for episode in episodes])).float()
    actions = torch.from_numpy(np.concatenate([episode[1] for episode in episodes])).float()
    returns = torch.from_numpy(np.concatenate([returns_to_go(episode[2]) for episode in episodes])).float()

    mean, std = returns.mean(), returns.std(correction=0)
    with torch.no_grad():
        advantages = returns - (baseline(observations).squeeze(-1) * std + mean)
    advantages = (advantages - advantages.mean()) / (advantages.std(correction=0) + 1e-8)
    log_probs = distribution(observations).log_prob(actions.view(-1, 1)).sum(-1)
    step(policy_optimizer, -(log_probs * advantages).mean())
    normalized = (returns - mean) / (std + 1e-8)
    step(baseline_optimizer, torch.nn.functional.mse_loss(baseline(observations).squeeze(-1), normalized))

    mean_return = float(np.mean([sum(episode[2]) for episode in episodes]))
    if mean_return >= GOAL:
        break
report(steps, elapsed(), mean_return)
