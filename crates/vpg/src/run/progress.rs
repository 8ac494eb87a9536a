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
