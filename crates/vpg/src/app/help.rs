//! The command line as clap reads it, with what a person is told about it: defaults, and other trainers' names of flags.

use std::{
    error::Error as _,
    ffi::OsString,
    num::{IntErrorKind, ParseIntError},
};

use clap::{
    Command, CommandFactory, Error, FromArgMatches,
    error::{ContextKind, ErrorKind},
};
use serde_json::{Value, json};

use crate::{
    app::cli::{Cli, Values},
    config::{Config, others},
};

/// Environments that have a recipe each.
const RECIPES: [&str; 6] = ["ALE/Breakout-v5", "Acrobot", "CartPole", "InvertedPendulum", "Pong", "ALE/Pong-v5"];
/// Flags that set what others set, too, or without which nothing runs.
const WITHOUT_DEFAULT: [&str; 6] = ["env", "preset", "lr", "cpu", "l", "modulus"];

/// The command line in these arguments, the first of which is the program's name.
///
/// # Errors
/// Where they make no command line; also where they ask for help.
pub fn parse(args: Vec<OsString>) -> Result<Cli, Error> {
    let mut command = taking_negative(Cli::command()).mut_subcommands(taking_negative);
    let wants_help = args.len() < 2 || args.iter().any(|arg| arg == "--help" || arg == "-h");
    if wants_help {
        command = with_defaults(command);
    }
    let trains = args.get(1).is_none_or(|arg| arg.to_str().is_none_or(|name| command.find_subcommand(name).is_none()));
    let parsed = command.try_get_matches_from_mut(args).and_then(|matches| Cli::from_arg_matches(&matches));
    parsed.map_err(|error| if trains { named(&command, error) } else { error }).map_err(plain)
}

/// With `-1` as a value, which is refused as one.
fn taking_negative(command: Command) -> Command {
    command.mut_args(|arg| if arg.get_action().takes_values() { arg.allow_negative_numbers(true) } else { arg })
}

/// The error of a value in one line, in our words where it is a number that is none.
fn plain(error: Error) -> Error {
    let Some(source) = error.source().filter(|_| error.kind() == ErrorKind::ValueValidation) else { return error };
    let expected = match source.downcast_ref().map(ParseIntError::kind) {
        None => source.to_string(),
        Some(IntErrorKind::PosOverflow) => "expected a smaller whole number".into(),
        Some(_) => "expected a whole number without a sign".into(),
    };
    let context = |what| error.get(what).map(ToString::to_string).unwrap_or_default();
    let (arg, value) = (context(ContextKind::InvalidArg), context(ContextKind::InvalidValue));
    let flag = arg.split(' ').next().unwrap_or_default();
    Error::raw(ErrorKind::ValueValidation, format!("{flag} = {value}: {expected}\n"))
}

/// The error with our name of a flag that another trainer has.
fn named(command: &Command, error: Error) -> Error {
    let theirs = match error.get(ContextKind::InvalidArg) {
        Some(theirs) if error.kind() == ErrorKind::UnknownArgument => theirs.to_string(),
        _ => return error,
    };
    let Some(ours) = others::ours(theirs.trim_start_matches('-')) else { return error };
    let flag = ours.replace('_', "-");
    let arg = command.get_arguments().find(|arg| arg.get_long() == Some(&flag));
    let help = arg.and_then(|arg| arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let text = format!("unexpected argument '{theirs}': here it is --{flag}: {help}\n");
    Error::raw(ErrorKind::UnknownArgument, text)
}

/// Adds to each option's help the value that it has in every recipe, or that each recipe has its own.
fn with_defaults(command: Command) -> Command {
    let recipes: Vec<Value> = RECIPES.iter().filter_map(|env| Config::for_env(env).ok()).map(|it| json!(it)).collect();
    let flags = json!(Values::default());
    command
        .mut_args(|arg| {
            let id = arg.get_id().as_str().to_owned();
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            if flags.get(&id).is_none() || help.contains("[default") || WITHOUT_DEFAULT.contains(&id.as_str()) {
                return arg;
            }
            let values: Vec<_> = recipes.iter().map(|recipe| recipe.get(&id)).collect();
            let default = match values[0] {
                Some(first) if values.iter().all(|value| *value == Some(first)) => text(first),
                _ => "the recipe's".into(),
            };
            let help = help.trim_end_matches('.');
            arg.help(format!("{help} [default: {default}]"))
        })
        .after_help(
            "Defaults are those of the environment's recipe, or the preset's; `vpg recipe ID` prints them. A file after \
             --config takes their place, and flags take its.",
        )
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(args: &[&str]) -> String {
        parse([&["vpg"], args].concat().into_iter().map(OsString::from).collect()).unwrap_err().to_string()
    }

    #[test]
    fn every_name_of_other_trainers_leads_to_a_flag() {
        let command = Cli::command();
        for (theirs, ours) in others::NAMES {
            let flag = ours.replace('_', "-");
            assert!(command.get_arguments().any(|arg| arg.get_long() == Some(&flag)), "{ours}");
            let said = error(&["--env", "CartPole", &format!("--{}", theirs.replace('_', "-")), "3"]);
            assert!(said.contains(&format!("--{flag}: ")), "{said}");
        }
        assert!(
            error(&["--env", "CartPole", "--total-timesteps=3"]).contains("--frames: End after this many raw frames")
        );
    }

    #[test]
    fn the_help_has_a_default_for_every_option() {
        let flags = json!(Values::default());
        for arg in with_defaults(Cli::command()).get_arguments() {
            let id = arg.get_id().as_str();
            if flags.get(id).is_some() && !WITHOUT_DEFAULT.contains(&id) {
                let help = arg.get_help().unwrap().to_string();
                assert!(help.contains("[default"), "{id}: {help}");
            }
        }
    }
}
