//! From a recipe or preset, a config file and the command line to one config, each on top of the one before.

use std::{fs, path::Path};

use clap::ValueEnum;
use serde_json::{Map, Value, json};

use crate::config::{Config, PhiName, SolveRule, WriteUp, presets::preset};

/// Some values of a config by name, and where they come from.
#[derive(Clone, Debug, Default)]
pub struct Layer {
    /// For messages: a file's path, or the command line.
    pub origin: String,
    /// Keys are those of `config.json` and the flags' own, such as `epochs` and `lr`, with `_` or `-`.
    pub values: Map<String, Value>,
}

/// Why layers give no config.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// A key that there is not.
    #[error("{origin}: unknown key {key:?}: did you mean {nearest:?}?")]
    #[allow(missing_docs, reason = "the message tells")]
    UnknownKey { origin: String, key: String, nearest: String },
    /// A value of the wrong type, or none of the possible ones.
    #[error("{origin}: {key} = {}: {reason}", shown(.value))]
    #[allow(missing_docs, reason = "the message tells")]
    BadValue { origin: String, key: String, value: Value, reason: String },
    /// A file that cannot be read, or is neither TOML nor JSON.
    #[error("{path}: {reason}")]
    #[allow(missing_docs, reason = "the message tells")]
    BadFile { path: String, reason: String },
    /// No layer names an environment.
    #[error("--env is missing: `vpg envs` lists the environments")]
    NoEnv,
    /// The environment is unknown.
    #[error(transparent)]
    Env(#[from] envs::Error),
}

/// The origin of a layer whose keys are flags.
pub const COMMAND_LINE: &str = "command line";

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Keys that stand for others, beside the names of [`Config`]'s fields.
pub const SHORT_KEYS: [&str; 20] = [
    "preset",
    "epochs",
    "frames",
    "steps",
    "lr",
    "l",
    "cpu",
    "mod",
    "phi",
    "stride",
    "distance",
    "with_frame",
    "stack",
    "frame_skip",
    "sticky",
    "noops",
    "rom",
    "backend",
    "max_episode_steps",
    "lamda",
];

impl Layer {
    /// Reads a config file: JSON where its name ends in `.json`, TOML otherwise.
    ///
    /// # Errors
    /// [`LayerError::BadFile`].
    pub fn read(path: &Path) -> Result<Self, LayerError> {
        let bad = |reason: String| LayerError::BadFile { path: path.display().to_string(), reason };
        let text = fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
        let values = match path.extension().is_some_and(|extension| extension == "json") {
            true => serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?,
            false => toml::from_str(&text).map_err(|error| bad(error.to_string().trim_end().to_owned()))?,
        };
        Ok(Self { origin: path.display().to_string(), values })
    }

    fn get(&self, key: &str) -> Option<&Value> {
        self.values
            .iter()
            .find(|(name, value)| name.replace('-', "_") == key && !value.is_null())
            .map(|(_, value)| value)
    }

    fn bad_value(&self, key: &str, value: &Value, reason: impl ToString) -> LayerError {
        let key = if self.origin == COMMAND_LINE { key.replace('_', "-") } else { key.to_owned() };
        let origin = self.origin.clone();
        LayerError::BadValue { origin, key, value: value.clone(), reason: reason.to_string() }
    }
}

/// The preset that a layer names, or else the environment's recipe, with the layers on top, later ones winning.
///
/// ```
/// use serde_json::json;
/// use vpg::{Layer, layered};
/// let file = Layer { origin: "my.toml".into(), values: json!({"env": "CartPole", "gamma": 0.9, "lam": 0.8}).as_object().unwrap().clone() };
/// let flags = Layer { origin: "the command line".into(), values: json!({"lam": 0.7}).as_object().unwrap().clone() };
/// let config = layered(&[file, flags])?;
/// assert_eq!((config.gamma, config.lam), (0.9, 0.7));
/// # Ok::<(), vpg::LayerError>(())
/// ```
///
/// # Errors
/// [`LayerError`].
pub fn layered(layers: &[Layer]) -> Result<Config, LayerError> {
    let text = |key: &str| {
        let found = layers.iter().rev().find_map(|layer| Some((layer, layer.get(key)?)));
        found
            .map(|(layer, value)| value.as_str().ok_or_else(|| layer.bad_value(key, value, "expected a text")))
            .transpose()
    };
    let env = text("env")?;
    let base = match text("preset")? {
        None => Config::for_env(env.ok_or(LayerError::NoEnv)?)?,
        Some(name) => preset(write_up(name, layers)?, env)?,
    };
    layers.iter().try_fold(base, apply)
}

fn write_up(name: &str, layers: &[Layer]) -> Result<WriteUp, LayerError> {
    WriteUp::from_str(name, false).map_err(|_| {
        let names: Vec<String> = WriteUp::value_variants().iter().map(ToString::to_string).collect();
        let origin = layers.iter().find(|layer| layer.get("preset").is_some()).map_or("", |layer| &layer.origin);
        let reason = format!("expected one of {}", names.join(", "));
        LayerError::BadValue { origin: origin.into(), key: "preset".into(), value: json!(name), reason }
    })
}

fn apply(mut config: Config, layer: &Layer) -> Result<Config, LayerError> {
    // A short key gives way to the key it stands for.
    let (short, full): (Vec<_>, Vec<_>) =
        layer.values.iter().partition(|(key, _)| SHORT_KEYS.contains(&key.replace('-', "_").as_str()));
    for (key, value) in short.into_iter().chain(full) {
        let key = key.replace('-', "_");
        for (key, value) in expand(&key, value, &config, layer)? {
            config = with_value(config, &key, &value, layer)?;
        }
    }
    Ok(config)
}

/// The fields that a key stands for, with their values.
fn expand(key: &str, value: &Value, config: &Config, layer: &Layer) -> Result<Vec<(String, Value)>, LayerError> {
    let field = |name: &str, value: Value| (name.to_owned(), value);
    Ok(match key {
        "preset" => Vec::new(),
        "epochs" | "frames" => {
            // Who gives a budget wants all of it, but for the write-up that goes on until it is solved.
            let stop = config.stop_when_solved && config.solve_rule == SolveRule::RunningReward;
            let mut fields = vec![field("budget", json!({key: value})), field("stop_when_solved", stop.into())];
            let save_freq = config.write_up.zip(value.as_u64()).and_then(|(write_up, n)| write_up.save_freq(n));
            fields.extend(save_freq.map(|epochs| field("save_freq", epochs.into())));
            fields
        }
        "steps" => vec![field("steps_per_epoch", value.clone())],
        "max_episode_steps" => vec![field("max_ep_len", value.clone())],
        "lamda" => vec![field("lam", value.clone())],
        "mod" => vec![field("log_interval", value.clone()), field("save_freq", value.clone())],
        "lr" => vec![field("pi_lr", value.clone()), field("vf_lr", value.clone())],
        "cpu" => vec![field("num_envs", value.clone()), field("threads", value.clone())],
        "hid" if layer.get("l").is_some() => Vec::new(),
        "hid" if value.is_number() => vec![field("hid", json!([value]))],
        "l" => {
            let size = layer.get("hid").map(|hid| hid.get(0).unwrap_or(hid).clone());
            let size = size.unwrap_or_else(|| json!(config.hid.first().copied().unwrap_or(64)));
            let count = value.as_u64().ok_or_else(|| layer.bad_value(key, value, "expected a number of layers"))?;
            vec![field("hid", vec![size; count as usize].into())]
        }
        "phi" | "stride" | "distance" | "with_frame" | "stack" | "frame_skip" | "sticky" | "noops" | "rom"
        | "backend" => {
            vec![field("pixels", with_pixel_option(key, value, config, layer)?)]
        }
        _ => vec![field(key, value.clone())],
    })
}

/// The frame options with another value for one.
fn with_pixel_option(key: &str, value: &Value, config: &Config, layer: &Layer) -> Result<Value, LayerError> {
    let Some(mut pixels) = config.pixels.clone() else {
        return Err(layer.bad_value(
            key,
            value,
            format!("{} has no frames: expected an Atari environment", config.env),
        ));
    };
    if key == "phi" {
        let phi: PhiName = serde_json::from_value(value.clone()).map_err(|error| layer.bad_value(key, value, error))?;
        pixels.set_phi(phi);
        return Ok(json!(pixels));
    }
    let mut pixels = json!(pixels);
    match key {
        "stride" | "distance" | "with_frame" => pixels["difference"][key] = value.clone(),
        "frame_skip" => {
            let frames = value.as_u64().filter(|&frames| frames >= 1);
            let wrong = || layer.bad_value(key, value, "expected a whole number of frames from 1 on");
            pixels[key] = json!(frames.ok_or_else(wrong)? as f64);
            pixels["fixed_skip"] = true.into();
        }
        _ => pixels[key] = value.clone(),
    }
    Ok(pixels)
}

/// The config with another value for one field.
fn with_value(config: Config, key: &str, value: &Value, layer: &Layer) -> Result<Config, LayerError> {
    let Value::Object(mut fields) = json!(config) else { unreachable!("a config is a table") };
    match fields.get_mut(key) {
        None => {
            let known = fields.keys().map(String::as_str).chain(SHORT_KEYS);
            let nearest = known.max_by(|a, b| strsim::jaro_winkler(a, key).total_cmp(&strsim::jaro_winkler(b, key)));
            let (origin, nearest) = (layer.origin.clone(), nearest.unwrap_or_default().to_owned());
            return Err(LayerError::UnknownKey { origin, key: key.into(), nearest });
        }
        Some(Value::Object(table)) if value.is_object() && key == "pixels" => merge(table, value),
        Some(field) => *field = value.clone(),
    }
    serde_json::from_value(Value::Object(fields)).map_err(|error| layer.bad_value(key, value, error))
}

fn merge(table: &mut Map<String, Value>, values: &Value) {
    for (key, value) in values.as_object().into_iter().flatten() {
        match table.get_mut(key) {
            Some(Value::Object(table)) if value.is_object() => merge(table, value),
            _ => {
                table.insert(key.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Budget, Returns};

    fn layer(values: Value) -> Layer {
        Layer { origin: "test".into(), values: values.as_object().cloned().unwrap_or_default() }
    }

    #[test]
    fn a_saved_config_is_a_config_file_that_gives_itself() {
        let config = layered(&[layer(json!({"env": "CartPole", "epochs": 3, "returns": "total", "seed": 7}))]).unwrap();
        assert_eq!(
            (config.budget, config.returns, config.stop_when_solved),
            (Budget::Epochs(3), Returns::Total, false)
        );
        assert_eq!(layered(&[layer(json!(config))]).unwrap(), config);
    }

    #[test]
    fn unknown_keys_name_the_nearest_known_one() {
        for (key, nearest) in [("gama", "gamma"), ("max_epi_len", "max_ep_len"), ("sead", "seed")] {
            let error = layered(&[layer(json!({"env": "CartPole", key: 1}))]).unwrap_err().to_string();
            assert!(error.contains(key) && error.contains(&format!("did you mean {nearest:?}")), "{error}");
        }
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
            layered(&[layer(json!({"env": "CartPole", "hid": [32], "l": 3, "steps": 400, "lr": 0.1, "mod": 7}))])
                .unwrap();
        assert_eq!(config.hid, [32, 32, 32]);
        assert_eq!((config.steps_per_epoch, config.pi_lr, config.vf_lr), (400, 0.1, 0.1));
        assert_eq!((config.log_interval, config.save_freq), (7, 7));
    }

    #[cfg(feature = "atari")]
    #[test]
    fn frame_options_refine_phi() {
        let flags = json!({"env": "Pong", "phi": "blog", "stride": 2, "frame-skip": 2, "sticky": 0.5});
        let pixels = layered(&[layer(flags)]).unwrap().pixels.unwrap();
        assert_eq!((pixels.difference.stride, pixels.difference.distance), (2, 2));
        assert_eq!((pixels.frame_skip, pixels.fixed_skip, pixels.sticky), (2.0, true, Some(0.5)));
        let error = layered(&[layer(json!({"env": "CartPole", "stride": 4}))]).unwrap_err().to_string();
        assert!(error.contains("stride = 4") && error.contains("Atari"), "{error}");
    }
}
