use super::*;
use crate::config::{Budget, Returns};

fn layer(values: Value) -> Layer {
    Layer { origin: "test".into(), values: values.as_object().cloned().unwrap_or_default() }
}

#[test]
fn a_saved_config_is_a_config_file_that_gives_itself() {
    let config = layered(&[layer(json!({"env": "CartPole", "epochs": 3, "returns": "total", "seed": 7}))]).unwrap();
    assert_eq!(
        (config.budget.limit, config.credit.returns, config.budget.stop_when_solved),
        (Budget::Epochs(3), Returns::Total, false)
    );
    assert_eq!(layered(&[layer(json!(config))]).unwrap(), config);
}

#[test]
fn later_layers_win() {
    let [file, flags] = [json!({"env": "CartPole", "gamma": 0.9, "lam": 0.8}), json!({"lam": 0.7})].map(layer);
    let config = layered(&[file, flags]).unwrap();
    assert_eq!((config.credit.gamma, config.credit.lam), (0.9, 0.7));
}

#[cfg(feature = "atari")]
#[test]
fn a_threshold_or_evaluations_of_ones_own_take_the_place_of_the_recipes_end() {
    let ends = |values: &[Value]| {
        let config = layered(&values.iter().cloned().map(layer).collect::<Vec<_>>()).unwrap();
        (config.budget.end_at_eval, config.log.eval_every)
    };
    assert_eq!(ends(&[json!({"env": "Pong"})]), (Some(20.3), Some(25)));
    assert_eq!(ends(&[json!({"env": "Pong", "solve_at": 15})]), (None, None), "nothing is left to evaluate for");
    assert_eq!(ends(&[json!({"env": "Pong", "eval_every": 5})]), (None, Some(5)));
    assert_eq!(ends(&[json!({"env": "Pong", "solve_at": 15, "eval_every": 5})]), (None, Some(5)));
    assert_eq!(ends(&[json!({"env": "Pong", "eval_every": 5}), json!({"solve_at": 15})]), (None, Some(5)));
    assert_eq!(ends(&[json!({"env": "Pong", "solve_at": 15, "end_at_eval": 18})]), (Some(18.0), Some(25)));
}

#[test]
fn unknown_keys_name_the_nearest_known_one() {
    for (key, nearest) in [("gama", "gamma"), ("max_epi_len", "max_ep_len"), ("sead", "seed"), ("learning_rate", "lr")]
    {
        let error = layered(&[layer(json!({"env": "CartPole", key: 1}))]).unwrap_err().to_string();
        assert!(error.contains(key) && error.contains(&format!("did you mean {nearest:?}")), "{error}");
    }
    let error = layered(&[layer(json!({"env": "CartPole", "run_dir": 1}))]).unwrap_err().to_string();
    assert!(error.contains("`vpg recipe ID`"), "nothing is like it: {error}");
}

#[test]
fn values_of_the_wrong_kind_are_named() {
    for (key, value) in
        [("gamma", json!("high")), ("returns", json!("some")), ("device", json!("tpu")), ("l", json!(0.5))]
    {
        let error = layered(&[layer(json!({"env": "CartPole", key: value}))]).unwrap_err().to_string();
        assert!(error.starts_with(&format!("test: {key} = ")), "{error}");
    }
}

#[test]
fn the_write_ups_spellings_are_understood() {
    let config =
        layered(&[layer(json!({"env": "CartPole", "hid": [32], "l": 3, "steps": 400, "lr": 0.1, "mod": 7}))]).unwrap();
    assert_eq!(config.network.hid, [32, 32, 32]);
    assert_eq!((config.budget.steps_per_epoch, config.optimizer.pi_lr, config.optimizer.vf_lr), (400, 0.1, 0.1));
    assert_eq!((config.log.log_interval, config.log.save_freq), (7, 7));
}

#[cfg(feature = "atari")]
#[test]
fn frame_options_refine_phi() {
    let flags = json!({"env": "Pong", "phi": "blog", "stride": 2, "frame-skip": 2, "sticky": 0.5});
    let pixels = layered(&[layer(flags)]).unwrap().environment.pixels.unwrap();
    assert_eq!((pixels.difference.stride, pixels.difference.distance), (2, 2));
    let flags = json!({"env": "Pong", "phi": "blog", "distance": 1});
    assert_eq!(layered(&[layer(flags)]).unwrap().environment.pixels.unwrap().difference.distance, 1);
    assert_eq!((pixels.frame_skip, pixels.fixed_skip, pixels.sticky), (2.0, true, Some(0.5)));
    let error = layered(&[layer(json!({"env": "CartPole", "stride": 4}))]).unwrap_err().to_string();
    assert!(error.contains("stride = 4") && error.contains("Atari"), "{error}");
}
