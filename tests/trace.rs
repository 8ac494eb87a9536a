//! The example `trace`, which scripts in other languages drive environments with.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

/// Runs the example as `cargo test` built it beside this test.
fn trace(args: &[&str], actions: &str) -> Output {
    let here = std::env::current_exe().unwrap();
    let example: PathBuf = here.parent().unwrap().with_file_name("examples").join("trace");
    let mut child = Command::new(&example)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{example:?}: {error}; `cargo build -p envs --example trace` makes it"));
    child.stdin.take().unwrap().write_all(actions.as_bytes()).ok(); // it may have ended over its arguments
    child.wait_with_output().unwrap()
}

fn lines(args: &[&str], actions: &str) -> Vec<String> {
    let output = trace(args, actions);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn every_number_is_the_shortest_decimal_of_its_own_type() {
    let actual = lines(&["--env", "CartPole-v1", "--seed", "42"], "0\n1\n");
    let expected = [
        r#"{"reset":true,"obs":[0.027395604,-0.006112156,0.035859793,0.019736802]}"#,
        r#"{"obs":[0.027273363,-0.20172954,0.03625453,0.32351476],"reward":1.0,"terminated":false,"truncated":false}"#,
        r#"{"obs":[0.02323877,-0.007142078,0.04272482,0.042481862],"reward":1.0,"terminated":false,"truncated":false}"#,
    ];
    assert_eq!(actual, expected);
    let actual = lines(&["--env", "InvertedPendulum-v4", "--seed", "42"], "");
    let expected = r#"{"reset":true,"obs":[0.005479120971119267,-0.0012224312049589538,0.00717195839822765,0.003947360581187278]}"#;
    assert_eq!(actual, [expected]);
}

#[test]
fn it_resets_after_an_end_unless_told_to_go_on() {
    let args = ["--env", "CartPole-v1", "--seed", "1606938044258990275541962092341162602522202993782792835301377"];
    let right = "1\n".repeat(30);
    let resets = |lines: &[String]| lines.iter().filter(|line| line.starts_with(r#"{"reset":true"#)).count();
    let (resetting, going_on) = (lines(&args, &right), lines(&[&args[..], &["--ignore-ends"]].concat(), &right));
    let end = resetting.iter().position(|line| line.contains(r#""terminated":true"#)).unwrap();
    assert!(resetting[end + 1].starts_with(r#"{"reset":true"#));
    assert_eq!(resetting[..=end], going_on[..=end]);
    assert_eq!(going_on.len(), 31);
    assert_eq!(resets(&going_on), 1);
    assert_eq!(resetting.len(), 30 + resets(&resetting));
}

#[test]
fn bad_input_is_one_clear_line_and_the_right_exit_code() {
    let valid = ["--env", "CartPole", "--seed", "1"];
    let refused: [(&[&str], &str, i32, &str); 6] = [
        (&["--env", "Cartpole", "--seed", "1"], "", 2, r#"did you mean "CartPole"?"#),
        (&["--env", "CartPole", "--seed", "-1"], "", 2, "a whole number from 0 on"),
        (&["--env", "CartPole"], "", 2, "--seed <SEED>"),
        (&valid, "0\n7\n", 1, "line 2: action 7 is not in the action space: expected a whole number from 0 to 1"),
        (&valid, "left\n", 1, r#"line 1: "left" is no action"#),
        (&["--env", "InvertedPendulum", "--seed", "1"], "1 2\n", 1, "expected an array of shape [1]"),
    ];
    for (args, actions, code, message) in refused {
        let output = trace(args, actions);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.lines().count() == 1 && stderr.contains(message), "{stderr}");
    }
}
