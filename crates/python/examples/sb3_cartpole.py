"""PPO of Stable-Baselines3 on native CartPoles: python sb3_cartpole.py [timesteps, 60000 by default]."""

import sys

from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy

from rustgym.sb3 import make_vec_env

envs = make_vec_env("CartPole-v1", n_envs=8, seed=1)
model = PPO("MlpPolicy", envs, n_steps=32, batch_size=256, n_epochs=20, gae_lambda=0.8, gamma=0.98, learning_rate=2e-3,
            seed=1, device="cpu")
model.learn(int(sys.argv[1]) if len(sys.argv) > 1 else 60_000)
mean, deviation = evaluate_policy(model, make_vec_env("CartPole-v1", n_envs=8, seed=100), n_eval_episodes=20)
print(f"mean return of 20 episodes: {mean:.1f} ± {deviation:.1f}")
