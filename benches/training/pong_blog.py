"""Write-up A: REINFORCE on Pong-v0 in PyTorch and Gymnasium, 20 episodes an epoch."""

from collections import deque

import ale_py
import gymnasium
import numpy as np
import torch
from report import parse_args, report, timer

EPISODES, GAMMA, ACTIONS = 20, 0.99, (2, 3)

args = parse_args(epochs=3)
gymnasium.register_envs(ale_py)
torch.manual_seed(args.seed)
env = gymnasium.make("Pong-v0")
policy = torch.nn.Sequential(
    torch.nn.Linear(1600, 128), torch.nn.ReLU(), torch.nn.Linear(128, 2), torch.nn.Softmax(dim=-1)
)
optimizer = torch.optim.Adam(policy.parameters(), lr=2.5e-4)


def mask(frame):
    """The field's 160 rows as 0 (background) and 1, every fourth row and column."""
    return (frame[34:194:4, ::4, 1] != 72).astype(np.float32)


def phi(frames):
    return torch.from_numpy(mask(frames[-1]) - mask(frames[0])).flatten()


def play(seed):
    """One episode: log-probabilities and rewards."""
    frame, _ = env.reset(seed=seed)
    empty = np.full_like(frame, 72)
    frames = deque([empty, empty, frame], maxlen=3)
    log_probs, rewards, done = [], [], False
    while not done:
        choice = torch.distributions.Categorical(policy(phi(frames)))
        action = choice.sample()
        frame, reward, terminated, truncated, _ = env.step(ACTIONS[action.item()])
        frames.append(frame)
        log_probs.append(choice.log_prob(action))
        rewards.append(reward)
        done = terminated or truncated
    return torch.stack(log_probs), rewards


def returns_to_go(rewards):
    returns, following = np.empty(len(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        following = returns[t] = rewards[t] + GAMMA * following
    return torch.from_numpy((returns - returns.mean()) / (returns.std() + 1e-8)).float()


elapsed, steps, mean_return = timer(), 0, 0.0
for epoch in range(args.epochs):
    losses, total = [], 0.0
    for episode in range(EPISODES):
        log_probs, rewards = play(args.seed if epoch == episode == 0 else None)
        losses.append(-(log_probs * returns_to_go(rewards)).sum())
        steps, total = steps + len(rewards), total + sum(rewards)
    optimizer.zero_grad()
    (torch.stack(losses).sum() / EPISODES).backward()
    optimizer.step()
    mean_return = total / EPISODES
report(steps, elapsed(), mean_return)
