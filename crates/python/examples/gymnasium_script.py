"""A script for Gymnasium with one line changed: the id."""

import gymnasium as gym

env = gym.make("rustgym:rustgym/CartPole-v1")  # was: gym.make("CartPole-v1")
observation, info = env.reset(seed=42)
total = 0.0
for _ in range(1000):
    action = int(observation[2] + observation[3] > 0)  # towards where the pole falls
    observation, reward, terminated, truncated, info = env.step(action)
    total += reward
    if terminated or truncated:
        break
env.close()
print(f"return: {total}")
assert total == 500
