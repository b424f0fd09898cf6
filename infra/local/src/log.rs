//! The console: one line an event, the first word coloured by who speaks.

use std::{
    fmt::Display,
    io::{IsTerminal, Write, stdout},
    sync::OnceLock,
};

use jiff::Timestamp;

/// Colours that read on dark and on light ground; a name always gets the same one.
const COLOURS: [u8; 6] = [36, 32, 35, 34, 33, 96];

/// Prints `12:03:04.123 presign   message`, time in UTC. Nothing is printed when the console is gone.
pub fn line(source: &str, message: impl Display) {
    let time = Timestamp::now().strftime("%H:%M:%S%.3f");
    let text = if coloured() {
        let colour = COLOURS[source.bytes().map(usize::from).sum::<usize>() % COLOURS.len()];
        format!("\x1b[2m{time}\x1b[0m \x1b[{colour}m{source:<10}\x1b[0m {message}\n")
    } else {
        format!("{time} {source:<10} {message}\n")
    };
    // One write a line, so that lines of parallel events do not mix. A closed console is no reason to stop.
    let _ = stdout().lock().write_all(text.as_bytes());
}

/// True when the console is a terminal and `NO_COLOR` (no-color.org) is not set.
fn coloured() -> bool {
    static COLOURED: OnceLock<bool> = OnceLock::new();
    *COLOURED
        .get_or_init(|| stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()))
}
