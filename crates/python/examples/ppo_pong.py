"""Learns Pong from differences of frames by proximal policy optimization: one file, minutes on two cores.

    python ppo_pong.py [--target 0] [--max-frames 4000000] [--seed 1]

Ends well when the mean return of the last 50 episodes reaches the target, and with exit code 1 after the last frame.
J. Schulman et al., Proximal Policy Optimization Algorithms (2017), and Generalized Advantage Estimation (2016).
"""

import argparse
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.distributions import Categorical

import rustgym

NUM_ENVS, STEPS, FRAME_SKIP = 16, 128, 4
UP = 2  # the policy chooses between this action of Pong and the next one, down
LEARNING_RATE, EPOCHS, MINIBATCH, CLIP, GAMMA, LAMBDA = 1e-3, 3, 512, 0.2, 0.99, 0.95


class ActorCritic(nn.Module):
    """Policy and value function on one hidden layer."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(80 * 80, 128)
        self.pi, self.v = nn.Linear(128, 2), nn.Linear(128, 1)

    def forward(self, observations: torch.Tensor) -> tuple[Categorical, torch.Tensor]:
        hidden = torch.relu(self.hidden(observations.flatten(-2).float()))
        return Categorical(logits=self.pi(hidden)), self.v(hidden).squeeze(-1)


def advantages_of(rewards, discounts, values):
    """Generalized advantage estimates, (STEPS, N), of values of (STEPS + 1, N)."""
    advantages = torch.zeros_like(rewards)
    following = torch.zeros_like(rewards[0])
    for t in reversed(range(STEPS)):
        following = rewards[t] + discounts[t] * (values[t + 1] + LAMBDA * following) - values[t]
        advantages[t] = following
    return advantages


def learn(policy, optimizer, observations, actions, log_probs, advantages, targets):
    """Some epochs over the samples in random minibatches."""
    advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(actions)).split(MINIBATCH):
            choice, values = policy(observations[batch])
            ratio = (choice.log_prob(actions[batch]) - log_probs[batch]).exp()
            gain = torch.min(ratio * advantages[batch], ratio.clamp(1 - CLIP, 1 + CLIP) * advantages[batch])
            loss = -gain.mean() + 0.5 * (values - targets[batch]).square().mean() - 0.01 * choice.entropy().mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
            optimizer.step()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", type=float, default=0.0)
    parser.add_argument("--max-frames", type=int, default=4_000_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)  # the batches are small, and more would wait for each other where cores are busy
    policy = ActorCritic()
    optimizer = torch.optim.Adam(policy.parameters(), LEARNING_RATE)
    envs = rustgym.make_vec("Pong", NUM_ENVS, obs="difference", autoreset_mode="SameStep")
    # The environments write their observations straight into the rollout.
    observations = torch.zeros(STEPS + 1, NUM_ENVS, 80, 80, dtype=torch.int8)
    rows = observations.numpy()
    actions = torch.zeros(STEPS, NUM_ENVS, dtype=torch.int64)
    log_probs, rewards, discounts = (torch.zeros(STEPS, NUM_ENVS) for _ in range(3))
    values = torch.zeros(STEPS + 1, NUM_ENVS)
    envs.reset(seed=args.seed, out=rows[STEPS])
    returns: list[float] = []
    started, frames = time.time(), 0
    while frames < args.max_frames:
        observations[0] = observations[STEPS]
        with torch.no_grad():
            for t in range(STEPS):
                choice, values[t] = policy(observations[t])
                actions[t] = choice.sample()
                log_probs[t] = choice.log_prob(actions[t])
                _, reward, terminated, truncated, _ = envs.step(actions[t].numpy() + UP, out=rows[t + 1])
                rewards[t] = torch.from_numpy(reward)
                # A point ends its return, though the episode goes on.
                discounts[t] = GAMMA * torch.from_numpy((reward == 0) & ~(terminated | truncated))
                returns += [total for _, total, _, _ in envs.episodes()]
            values[STEPS] = policy(observations[STEPS])[1]
        advantages = advantages_of(rewards, discounts, values)
        samples = observations[:STEPS].flatten(0, 1), actions.flatten(), log_probs.flatten()
        learn(policy, optimizer, *samples, advantages.flatten(), (advantages + values[:STEPS]).flatten())
        frames += STEPS * NUM_ENVS * FRAME_SKIP
        mean = float(np.mean(returns[-50:])) if returns else float("nan")
        if frames % 81_920 == 0:
            print(f"{frames:8} frames, {time.time() - started:4.0f} s: mean return {mean:6.2f}", flush=True)
        if len(returns) >= 50 and mean >= args.target:
            print(f"reached {args.target} after {frames} frames and {time.time() - started:.0f} s")
            return 0
    print(f"no mean return of {args.target} within {frames} frames: {mean:.2f}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
