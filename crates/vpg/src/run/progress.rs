//! What the program says on standard error: lines, and a bar for work that takes longer than a moment.

use std::{
    io::{IsTerminal, Write},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Counts to `length` on a terminal; hidden elsewhere.
pub fn bar(length: u64, what: &str) -> ProgressBar {
    let bar = styled(length, "{wide_bar} {pos} of {len} {msg}, {eta} left");
    if !bar.is_hidden() {
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(250));
    }
    bar
}

/// A bar of this template on a terminal; hidden elsewhere.
pub fn styled(length: u64, template: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(std::env::var);
    let style = if speaks_utf8(&locale.map(Result::unwrap_or_default)) { style } else { style.progress_chars("#>-") };
    ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr()).with_style(style)
}

/// A line above the bar, or alone where the bar is hidden.
pub fn say(bar: &ProgressBar, line: &str) {
    if bar.is_hidden() { tell(line) } else { bar.println(line) }
}

/// A line on standard error, where nobody may be listening any more.
pub fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Whether a terminal of this locale (the first of these values that is not empty) shows more than ASCII.
fn speaks_utf8(locale: &[String]) -> bool {
    let locale = locale.iter().find(|value| !value.is_empty()).map(|value| value.to_lowercase().replace('-', ""));
    locale.is_some_and(|locale| locale.contains("utf8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_decides_the_locale() {
        let speaks = |locale: [&str; 3]| speaks_utf8(&locale.map(str::to_owned));
        assert!(speaks(["", "", "en_US.UTF-8"]) && speaks(["C.utf8", "C", "C"]));
        assert!(!speaks(["C", "", "en_US.UTF-8"]) && !speaks(["", "", ""]));
    }
}
