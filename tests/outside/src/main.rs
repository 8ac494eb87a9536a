//! Somebody else's crate on the public interface: a vector of environments, an environment of its own, a difference.

use envs::{Action, Actions, BoxEnv, CartPole, Env, Seed, TimeLimit, VecEnv, check_env};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut envs = VecEnv::<f32>::make("CartPole-v1", 8, 1)?;
    envs.reset(&Seed::from(0))?;
    for step in 0..100 {
        envs.step(Actions::Discrete(&[step % 2; 8]))?;
    }
    println!("{} poles, observations {:?}", envs.num_envs(), envs.observations().shape());

    check_env(|| Ok(TimeLimit::new(CartPole::new(), Some(20))))?;
    let mut env: BoxEnv<f32> = envs::make("Pendulum-v1")?.typed()?;
    let mut observation = [0.0; 3];
    env.reset(Some(&Seed::from(1)), &mut observation)?;
    println!("reward {}", env.step(Action::Continuous(&[0.5]), &mut observation)?.reward);

    let mut difference = [0i8; 8];
    preprocess::difference(&[0b0000_0011], &[0b0000_0110], &mut difference)?;
    println!("difference {difference:?}");

    #[cfg(feature = "atari")]
    {
        let mut pong = VecEnv::<u8>::make("ALE/Pong-v5", 2, 1)?;
        pong.reset(&Seed::from(0))?;
        println!("Pong {:?}", pong.observations().shape());
    }
    Ok(())
}
