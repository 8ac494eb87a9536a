//! From a recipe or preset, a config file and the command line to one config, each on top of the one before.

use std::{fs, path::Path};

use clap::ValueEnum;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::config::{
    Config, PhiName, PixelConfig, SolveRule, WriteUp, effects, others, presets::preset, recipes, unique::Unique,
};

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
    #[error("{origin}: unknown key {key:?}: {}", .nearest.as_ref().map_or_else(
        || "`vpg recipe ID` prints those that there are".into(),
        |nearest| format!("did you mean {nearest:?}?")
    ))]
    UnknownKey {
        /// The layer.
        origin: String,
        /// The key.
        key: String,
        /// The known key most like it, if one is.
        nearest: Option<String>,
    },
    /// A value of the wrong type, or none of the possible ones.
    #[error("{origin}: {key} = {}: {reason}", shown(.value))]
    BadValue {
        /// The layer.
        origin: String,
        /// The key.
        key: String,
        /// Its value.
        value: Value,
        /// What is wrong, and what was expected.
        reason: String,
    },
    /// Two keys of one layer that set the same.
    #[error("{origin}: {first} and {second} set the same: leave one out")]
    Twice {
        /// The layer.
        origin: String,
        /// One key.
        first: String,
        /// The other.
        second: String,
    },
    /// A file that cannot be read, or is neither TOML nor JSON.
    #[error("{path}: {reason}")]
    BadFile {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
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

/// Keys that stand for others, beside the names of [`Config`]'s fields, in the order in which they are applied.
pub const SHORT_KEYS: [&str; 20] = [
    "preset",
    "epochs",
    "frames",
    "steps",
    "lr",
    "l",
    "cpu",
    "mod",
    "max_episode_steps",
    "lamda",
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
];

/// Those of them that refine the frame options.
const FRAME_KEYS: &[&str] = SHORT_KEYS.split_at(10).1;

impl Layer {
    /// Reads a config file: JSON where its name ends in `.json`, TOML otherwise.
    ///
    /// # Errors
    /// [`LayerError::BadFile`] where the file cannot be read, or is not JSON or TOML.
    pub fn read(path: &Path) -> Result<Self, LayerError> {
        let bad = |reason: String| LayerError::BadFile { path: path.display().to_string(), reason };
        let text = fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text); // some editors put a byte-order mark first
        let Unique(values) = match path.extension().is_some_and(|extension| extension == "json") {
            true => serde_json::from_str(text).map_err(|error| bad(error.to_string()))?,
            false => toml::from_str(text).map_err(|error| bad(error.to_string().trim_end().to_owned()))?,
        };
        let values = serde_json::from_value(values).map_err(|error| bad(error.to_string()))?;
        let layer = Self { origin: path.display().to_string(), values };
        Ok(layer.with_paths_from(path.parent().unwrap_or(Path::new(""))))
    }

    /// The layer with whole paths, whose relative ones were meant from this folder: a run can be opened from elsewhere.
    pub fn with_paths_from(mut self, folder: &Path) -> Self {
        let whole = |values: &mut Map<String, Value>| {
            for key in ["rom", "from"] {
                let Some(Value::String(path)) = values.get_mut(key) else { continue };
                if let Some(absolute) =
                    std::path::absolute(folder.join(&path)).ok().and_then(|path| path.to_str().map(str::to_owned))
                {
                    *path = absolute;
                }
            }
        };
        whole(&mut self.values);
        if let Some(Value::Object(pixels)) = self.values.get_mut("pixels") {
            whole(pixels);
        }
        self
    }

    fn get(&self, key: &str) -> Option<&Value> {
        self.values
            .iter()
            .find(|(name, value)| name.replace('-', "_") == key && !value.is_null())
            .map(|(_, value)| value)
    }

    /// A key as it is spelled where this layer comes from.
    fn spelled(&self, key: &str) -> String {
        if self.origin == COMMAND_LINE { key.replace('_', "-") } else { key.to_owned() }
    }

    fn bad_value(&self, key: &str, value: &Value, reason: impl ToString) -> LayerError {
        let (origin, key) = (self.origin.clone(), self.spelled(key));
        LayerError::BadValue { origin, key, value: value.clone(), reason: reason.to_string() }
    }
}

impl Layer {
    /// Whether it has every option, as a run's `config.json` has: it is taken as a recipe then.
    fn is_whole(&self) -> bool {
        json!(Config::default()).as_object().is_some_and(|known| known.keys().all(|key| self.values.contains_key(key)))
    }

    /// The layer for a run in this environment: a whole config of another one keeps its own threshold, limit, actions and
    /// frames to itself.
    fn in_env(&self, env: &str) -> Self {
        let id = |env: &str| envs::spec(env).ok().map(|spec| spec.id);
        let own = self.get("env").and_then(Value::as_str).unwrap_or(env);
        let mut layer = self.clone();
        if self.is_whole() && id(own) != id(env) {
            layer.values.retain(|key, _| {
                !["solve_at", "end_at_eval", "max_ep_len", "actions", "pixels"].contains(&key.as_str())
            });
        }
        layer
    }

    /// Refuses keys that set the same.
    fn check_once(&self) -> Result<(), LayerError> {
        let keys: Vec<String> = self.values.keys().map(|key| key.replace('-', "_")).collect();
        for (i, second) in keys.iter().enumerate() {
            let both = |first: &&String| fields_of(first).iter().any(|field| fields_of(second).contains(field));
            if let Some(first) = keys[..i].iter().find(both) {
                let (first, second) = (self.spelled(first), self.spelled(second));
                return Err(LayerError::Twice { origin: self.origin.clone(), first, second });
            }
        }
        Ok(())
    }

    /// What a person said with it, the parts of `pixels` by their own names.
    fn said(&self) -> Vec<(String, &Value)> {
        let mut said = Vec::new();
        if self.is_whole() {
            return said;
        }
        for (key, value) in &self.values {
            match (key.as_str(), value) {
                ("pixels", pixels) if PixelConfig::deserialize(pixels).is_ok() => {} // whole, too
                ("pixels", Value::Object(pixels)) => {
                    let difference = pixels.get("difference").and_then(Value::as_object).into_iter().flatten();
                    said.extend(pixels.iter().chain(difference).map(|(key, value)| (key.clone(), value)));
                }
                _ => said.push((key.replace('-', "_"), value)),
            }
        }
        said
    }

    /// Refuses what does nothing in this config.
    fn check_effects(&self, config: &Config) -> Result<(), LayerError> {
        for (key, value) in self.said() {
            let needs: Option<Vec<_>> =
                fields_of(&key).into_iter().map(|field| effects::missing(config, field, value)).collect();
            if let Some(needs) = needs {
                let reason = format!("it does nothing here: it needs {}", needs.join(" and "));
                return Err(self.bad_value(&key, value, reason));
            }
        }
        Ok(())
    }
}

/// The preset that a layer names, or else the environment's recipe, with the layers on top, later ones winning. The recipe
/// is that for convolutions or for whole frames where the layers ask for them.
///
/// A layer that has every option, as a run's `config.json` has, counts as a recipe: it may hold what does nothing, and where
/// it is another environment's, it leaves out what belongs to that one alone (threshold, step limit, actions, frames).
///
/// # Errors
/// [`LayerError`] where no layer names an environment, or one has a key or a value that there is not, two keys that set the
/// same, or a key that does nothing in the config that comes out.
pub fn layered(layers: &[Layer]) -> Result<Config, LayerError> {
    layers.iter().try_for_each(Layer::check_once)?;
    let text = |key: &str| {
        let found = layers.iter().rev().find_map(|layer| Some((layer, layer.get(key)?)));
        found
            .map(|(layer, value)| value.as_str().ok_or_else(|| layer.bad_value(key, value, "expected a text")))
            .transpose()
    };
    let env = text("env")?;
    let base = match text("preset")? {
        None => {
            let env = env.ok_or(LayerError::NoEnv)?;
            let recipe = Config::for_env(env)?;
            let wanted = layers.iter().try_fold(recipe.clone(), |config, layer| apply(config, &layer.in_env(env)))?;
            recipes::suited(recipe, &wanted)
        }
        Some(name) => preset(write_up(name, layers)?, env)?,
    };
    let whole = layers.iter().find(|layer| layer.is_whole());
    if let (Some(whole), Some(name)) = (whole, text("preset")?) {
        let reason = format!("it does nothing here: {} has every option", whole.origin);
        return Err(LayerError::BadValue {
            origin: COMMAND_LINE.into(),
            key: "preset".into(),
            value: json!(name),
            reason,
        });
    }
    let env = base.environment.id.clone();
    let config = layers.iter().try_fold(base, |config, layer| apply(config, &layer.in_env(&env)))?;
    layers.iter().try_for_each(|layer| layer.check_effects(&config))?;
    Ok(config)
}

fn write_up(name: &str, layers: &[Layer]) -> Result<WriteUp, LayerError> {
    WriteUp::from_str(name, false).map_err(|_| {
        let names: Vec<String> = WriteUp::value_variants().iter().map(ToString::to_string).collect();
        let origin = layers.iter().find(|layer| layer.get("preset").is_some()).map_or("", |layer| &layer.origin);
        let reason = format!("expected one of {}", names.join(", "));
        LayerError::BadValue { origin: origin.into(), key: "preset".into(), value: json!(name), reason }
    })
}

/// The config with a layer's values on top.
fn apply(config: Config, layer: &Layer) -> Result<Config, LayerError> {
    let Value::Object(before) = json!(config) else { unreachable!("a config is a table") };
    let mut fields = before.clone();
    let changes = changes(&config, layer)?;
    for (key, value) in &changes {
        set(&mut fields, key, value).ok_or_else(|| unknown_key(&before, key, layer))?;
    }
    serde_json::from_value(Value::Object(fields)).map_err(|error| {
        let refused = |(key, value): &&(String, Value)| {
            let mut fields = before.clone();
            set(&mut fields, key, value);
            serde_json::from_value::<Config>(Value::Object(fields)).is_err()
        };
        let (key, value) = changes.iter().find(refused).unwrap_or(&changes[0]);
        layer.bad_value(key, value, expected(&error))
    })
}

/// What a value is to be, in a person's words.
fn expected(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once("expected ").map_or("", |(_, expected)| expected) {
        "f32" | "f64" => "expected a number".into(),
        "u32" | "u64" | "usize" | "i64" => "expected a whole number".into(),
        "a boolean" => "expected true or false".into(),
        "string or map" => "expected one of the words that --help lists".into(),
        _ => text,
    }
}

/// Replaces a field's value, or those parts of the frame options that are given; none where there is no such field.
fn set(fields: &mut Map<String, Value>, key: &str, value: &Value) -> Option<()> {
    match fields.get_mut(key)? {
        Value::Object(table) if value.is_object() && key == "pixels" => merge(table, value),
        field => *field = value.clone(),
    }
    Some(())
}

fn unknown_key(fields: &Map<String, Value>, key: &str, layer: &Layer) -> LayerError {
    let known = fields.keys().map(String::as_str).chain(SHORT_KEYS);
    let likeness = |known: &str| strsim::jaro_winkler(known, key);
    let nearest = known.filter(|known| likeness(known) > 0.8).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let nearest = others::ours(key).or(nearest).map(str::to_owned);
    LayerError::UnknownKey { origin: layer.origin.clone(), key: key.into(), nearest }
}

/// The fields that a key stands for.
fn fields_of(key: &str) -> Vec<&str> {
    match key {
        "epochs" | "frames" => vec!["budget"],
        "steps" => vec!["steps_per_epoch"],
        "max_episode_steps" => vec!["max_ep_len"],
        "lamda" => vec!["lam"],
        "mod" => vec!["log_interval", "save_freq"],
        "lr" => vec!["pi_lr", "vf_lr"],
        "cpu" => vec!["num_envs", "threads"],
        "pixels" => FRAME_KEYS.to_vec(),
        key => vec![key],
    }
}

/// The fields that a layer changes, with their values.
fn changes(config: &Config, layer: &Layer) -> Result<Vec<(String, Value)>, LayerError> {
    let given: Vec<(String, &Value)> = layer.values.iter().map(|(key, value)| (key.replace('-', "_"), value)).collect();
    let (mut changes, mut pixels) = (Vec::new(), json!(config.environment.pixels));
    for short in SHORT_KEYS {
        for (key, value) in given.iter().filter(|(key, _)| key == short) {
            if FRAME_KEYS.contains(&short) {
                let set = set_frame_option(&mut pixels, key, value);
                let checked =
                    set.and_then(|()| PixelConfig::deserialize(&pixels).map_err(|error| Some(expected(&error))));
                checked.map_err(|reason| {
                    let reason = reason.unwrap_or_else(|| {
                        format!("{} has no frames: expected an Atari environment", config.environment.id)
                    });
                    layer.bad_value(key, value, reason)
                })?;
            } else {
                changes.extend(expand(key, value, config, layer)?);
            }
        }
    }
    if given.iter().any(|(key, _)| FRAME_KEYS.contains(&key.as_str())) {
        changes.push(("pixels".into(), pixels));
    }
    for (key, value) in given.into_iter().filter(|(key, _)| !SHORT_KEYS.contains(&key.as_str())) {
        changes.extend(expand(&key, value, config, layer)?);
    }
    Ok(changes)
}

/// The fields that a key stands for, with their values.
fn expand(key: &str, value: &Value, config: &Config, layer: &Layer) -> Result<Vec<(String, Value)>, LayerError> {
    let field = |name: &str, value: Value| (name.to_owned(), value);
    Ok(match key {
        "preset" => Vec::new(),
        "epochs" | "frames" => {
            // Who gives a budget wants all of it, but for the write-up that goes on until it is solved.
            let limit = value.as_u64().ok_or_else(|| layer.bad_value(key, value, "expected a whole number"))?;
            let stop = config.budget.stop_when_solved && config.budget.solve_rule == SolveRule::RunningReward;
            let mut fields = vec![field("budget", json!({key: value})), field("stop_when_solved", stop.into())];
            let save_freq = config.log.write_up.and_then(|write_up| write_up.save_freq(limit));
            fields.extend(save_freq.map(|epochs| field("save_freq", epochs.into())));
            fields
        }
        "pixels" => {
            let mut pixels = value.clone();
            // A frame skip that is given is no longer the environment's.
            if pixels.get("frame_skip").is_some() && pixels.get("fixed_skip").is_none() {
                pixels["fixed_skip"] = true.into();
            }
            vec![field(key, pixels)]
        }
        // Who gives a threshold wants the run to end there, and who gives evaluations wants them from the beginning.
        "solve_at" | "eval_every" if layer.get("end_at_eval").is_none() => {
            let mut fields = vec![field(key, value.clone()), field("end_at_eval", Value::Null)];
            // The evaluations that were there for an end's sake go with it.
            if config.budget.end_at_eval.is_some() && layer.get("eval_every").is_none() {
                fields.push(field("eval_every", Value::Null));
            }
            fields
        }
        "hid" if layer.get("l").is_some() => Vec::new(),
        "hid" if value.is_number() => vec![field("hid", json!([value]))],
        "l" => {
            let hid = layer.get("hid");
            if let Some(sizes) = hid.filter(|hid| hid.as_array().is_some_and(|sizes| sizes.len() > 1)) {
                return Err(layer.bad_value("hid", sizes, "expected one size beside l, which repeats it"));
            }
            let size = hid.map(|hid| hid.get(0).unwrap_or(hid).clone());
            let size = size.unwrap_or_else(|| json!(config.network.hid.first().copied().unwrap_or(64)));
            let count = value.as_u64().filter(|count| (1..=100).contains(count));
            let count =
                count.ok_or_else(|| layer.bad_value(key, value, "expected a number of layers from 1 to 100"))?;
            vec![field("hid", vec![size; count as usize].into())]
        }
        _ => fields_of(key).into_iter().map(|name| field(name, value.clone())).collect(),
    })
}

/// Replaces one of the frame options. The error is the reason, or none where the environment has no frames.
fn set_frame_option(pixels: &mut Value, key: &str, value: &Value) -> Result<(), Option<String>> {
    if pixels.is_null() {
        return Err(None);
    }
    match key {
        "phi" => {
            let phi = PhiName::deserialize(value).map_err(|error| Some(error.to_string()))?;
            (pixels["difference"], pixels["stack"]) = (json!(phi.difference()), json!(phi.stack()));
        }
        "stride" | "distance" | "with_frame" => pixels["difference"][key] = value.clone(),
        "frame_skip" => {
            let frames = value.as_u64().filter(|&frames| frames >= 1);
            let frames = frames.ok_or_else(|| Some("expected a whole number of frames from 1 on".to_owned()))?;
            (pixels["frame_skip"], pixels["fixed_skip"]) = (json!(frames as f64), true.into());
        }
        _ => pixels[key] = value.clone(),
    }
    Ok(())
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
mod tests;
