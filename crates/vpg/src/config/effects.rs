//! Which options do something in which configs. What a person gives does something, or is refused by its name; what a
//! recipe or preset brings may be idle.

use serde_json::Value;

use crate::{
    config::{Baseline, Budget, Config, Normalize, Returns, WriteUp},
    nn::optimizer::OptimizerKind,
    nn::policy::NetworkKind,
};

/// An option that does nothing in some configs.
struct Rule {
    key: &'static str,
    /// Whether this value does something, or asks for no more than what is so anyway.
    counts: fn(&Config, &Value) -> bool,
    /// What it needs, in words.
    needs: &'static str,
}

const fn rule(key: &'static str, counts: fn(&Config, &Value) -> bool, needs: &'static str) -> Rule {
    Rule { key, counts, needs }
}

const EPOCHS_OF_STEPS: &str = "epochs of steps, without episodes_per_epoch";
const THRESHOLD: &str = "a threshold, as solve_at gives one";
const DIFFERENCES: &str = "no stack of frames, which takes the difference's place";
const LAYERS: &str = "policy = mlp";

/// An option that is not here does something in every config that has it.
const RULES: [Rule; 31] = [
    rule("steps_per_epoch", |config, _| config.budget.episodes_per_epoch.is_none(), EPOCHS_OF_STEPS),
    rule("whole_episodes", |config, on| on == true || config.budget.episodes_per_epoch.is_none(), EPOCHS_OF_STEPS),
    rule("solve_rule", |config, _| config.budget.solve_at.is_some(), THRESHOLD),
    rule("stop_when_solved", |config, on| on == false || config.budget.solve_at.is_some(), THRESHOLD),
    rule(
        "end_at_eval",
        |config, mean| mean.is_null() || ends_at_eval(config),
        "eval_every, and an end when it is solved",
    ),
    rule("eval_every", comes_to, "at least as many epochs"),
    rule("eval_episodes", |config, _| config.log.eval_every.is_some(), "eval_every"),
    rule("eval_deterministic", |config, on| on == false || config.log.eval_every.is_some(), "eval_every"),
    rule("log_interval", |config, _| has_log_lines(config), "preset = pong-blog or cartpole-reinforce"),
    rule("unbiased_std", |config, on| on == false || normalizes(config), "normalize = episode or batch"),
    rule(
        "life_ends_return",
        |config, on| on == false || config.environment.pixels.is_some(),
        "an Atari game: no others have lives",
    ),
    rule("gamma_frames", |config, _| config.credit.gamma_start.is_some(), "gamma_start"),
    rule("lam", |config, _| config.credit.returns == Returns::Gae, "returns = gae"),
    rule(
        "vf_lr",
        |config, _| has_values(config) && config.optimizer.train_v_iters > 0,
        "value steps: baseline = value",
    ),
    rule("train_v_iters", |config, steps| steps == 0 || has_values(config), "baseline = value"),
    rule("vf_coef", |config, _| config.network.shared_trunk, "shared_trunk"),
    rule(
        "decay_frames",
        |config, frames| frames.is_null() || config.optimizer.lr_schedule.is_none(),
        "lr_schedule left out",
    ),
    rule("entropy_frames", |config, frames| frames.is_null() || config.optimizer.entropy > 0.0, "entropy above 0"),
    rule("lean", |config, x| x.as_f64() == Some(0.0) || !config.has_whole_episodes(), "epochs of steps"),
    rule("lean_frames", |config, _| config.optimizer.lean > 0.0 && !config.has_whole_episodes(), "lean above 0"),
    rule("minibatch", |config, _| cuts_epochs(config), "epochs of as many steps"),
    rule("beta1", |config, _| config.optimizer.kind == OptimizerKind::Adam, "optimizer = adam"),
    rule("beta2", |config, _| config.optimizer.kind != OptimizerKind::Sgd, "optimizer = adam or rmsprop"),
    rule("adam_eps", |config, _| config.optimizer.kind != OptimizerKind::Sgd, "optimizer = adam or rmsprop"),
    rule("hid", |config, _| config.network.kind == NetworkKind::Mlp, LAYERS),
    rule("l", |config, _| config.network.kind == NetworkKind::Mlp, LAYERS),
    rule("activation", |config, _| config.network.kind == NetworkKind::Mlp && !config.network.hid.is_empty(), LAYERS),
    rule("phi", |config, phi| phi == "stack" || shows_differences(config), DIFFERENCES),
    rule("stride", |config, _| shows_differences(config), DIFFERENCES),
    rule("distance", |config, _| shows_differences(config), DIFFERENCES),
    rule("with_frame", |config, on| on == false || shows_differences(config), DIFFERENCES),
];

fn comes_to(config: &Config, epoch: &Value) -> bool {
    !matches!(config.budget.limit, Budget::Epochs(epochs) if epoch.as_u64() > Some(epochs))
}

fn ends_at_eval(config: &Config) -> bool {
    config.log.eval_every.is_some() && config.budget.solve_at.is_some() && config.budget.stop_when_solved
}

fn has_log_lines(config: &Config) -> bool {
    matches!(config.log.write_up, Some(WriteUp::PongBlog | WriteUp::CartpoleReinforce))
}

fn normalizes(config: &Config) -> bool {
    config.credit.normalize != Normalize::None
}

fn has_values(config: &Config) -> bool {
    config.credit.baseline == Baseline::Value
}

fn cuts_epochs(config: &Config) -> bool {
    let steps = config.rollout_steps() * config.environment.num_envs;
    config.has_whole_episodes() || config.optimizer.minibatch.is_none_or(|size| size <= steps)
}

fn shows_differences(config: &Config) -> bool {
    config.environment.pixels.as_ref().is_none_or(|pixels| pixels.stack.is_none())
}

/// What this field of the config would need to do something with this value; none where it does.
pub fn missing(config: &Config, field: &str, value: &Value) -> Option<&'static str> {
    let idle = RULES.iter().find(|rule| rule.key == field && !(rule.counts)(config, value));
    idle.map(|rule| rule.needs)
}
