"""Write-up C: REINFORCE on CartPole-v0 in PyTorch and Gymnasium, one episode an update, until it is solved."""

import gymnasium
import torch
from report import parse_args, report, timer

GAMMA = 0.99

args = parse_args(episodes=10_000)
torch.manual_seed(args.seed)
env = gymnasium.make("CartPole-v0")
policy = torch.nn.Sequential(
    torch.nn.Linear(4, 128), torch.nn.ReLU(), torch.nn.Linear(128, 2), torch.nn.Softmax(dim=-1)
)
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)


def play(seed):
    observation, _ = env.reset(seed=seed)
    log_probs, rewards, done = [], [], False
    while not done:
        choice = torch.distributions.Categorical(policy(torch.from_numpy(observation)))
        action = choice.sample()
        observation, reward, terminated, truncated, _ = env.step(action.item())
        log_probs.append(choice.log_prob(action))
        rewards.append(reward)
        done = terminated or truncated
    return torch.stack(log_probs), rewards


def returns_to_go(rewards):
    returns, following = [], 0.0
    for reward in reversed(rewards):
        following = reward + GAMMA * following
        returns.append(following)
    returns = torch.tensor(returns[::-1])
    return (returns - returns.mean()) / (returns.std() + 1e-8)


elapsed, steps, running = timer(), 0, 10.0
for episode in range(args.episodes):
    log_probs, rewards = play(args.seed if episode == 0 else None)
    # The write-up counts an episode's steps from 0.
    running = 0.99 * running + 0.01 * (len(rewards) - 1)
    steps += len(rewards)
    optimizer.zero_grad()
    (-log_probs * returns_to_go(rewards)).sum().backward()
    optimizer.step()
    if running > env.spec.reward_threshold:
        break
report(steps, elapsed(), running)
