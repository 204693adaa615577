//! Progress during a training: a status line at the bottom of the terminal, or plain lines.
//!
//! The program writes to the same terminal. The last row is therefore excluded from the scroll
//! region, as package managers do.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use rustix::termios::tcgetwinsize;

use super::term;
use super::units::duration;
use crate::cli::ProgressMode;

/// The source of the status line.
pub(crate) trait Meter: Send + Sync {
    /// The current status line.
    fn line(&self) -> String;
    /// A new warning with its help, once.
    fn news(&self) -> Option<(String, Option<String>)>;
}

/// Shows a status line until it is dropped.
pub(crate) struct Progress {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts to show it.
    pub(crate) fn show(mode: ProgressMode, meter: Arc<dyn Meter>) -> Self {
        let (end, ended) = channel();
        let foot = mode == ProgressMode::Auto && std::io::stderr().is_terminal() && !is_dumb();
        let thread = std::thread::spawn(move || {
            let start = Instant::now();
            let foot = foot.then(Foot::new);
            let every = Duration::from_millis(if foot.is_some() { 200 } else { 250 });
            let mut next_line = Duration::from_secs(10);
            while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                if let Some((warning, help)) = meter.news() {
                    term::warning(&warning);
                    help.iter().for_each(|help| term::help(help));
                }
                let took = start.elapsed();
                let text = || format!("{} {}", duration(took.as_secs() * 1000), meter.line());
                match &foot {
                    Some(foot) => foot.draw(&text()),
                    None if mode != ProgressMode::Off && took >= next_line => {
                        term::status("Training", &text());
                        // The interval grows: a night fits into a page of the log.
                        next_line = (next_line * 2).min(next_line + Duration::from_mins(10));
                    }
                    None => {}
                }
            }
        });
        Self {
            end: Some(end),
            thread: Some(thread),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The last row of the terminal.
struct Foot {
    taken: AtomicBool,
}

impl Foot {
    fn new() -> Self {
        Self {
            taken: AtomicBool::new(false),
        }
    }

    fn draw(&self, text: &str) {
        let Some((rows, columns)) = screen() else {
            return;
        };
        let mut out = String::new();
        let verb = match anstream::AutoStream::choice(&std::io::stderr()) {
            ColorChoice::Never => Style::new(),
            _ => AnsiColor::Cyan.on_default().bold(),
        };
        if !self.taken.swap(true, Ordering::Relaxed) {
            // A free row, in case the cursor is on the last one.
            out.push_str("\n\x1b[1A");
        }
        let text: String = text.chars().take(columns.saturating_sub(14)).collect();
        // Save the cursor, set the scroll region to all rows but the last, write the last row,
        // restore the cursor.
        let _ = std::fmt::Write::write_fmt(
            &mut out,
            format_args!(
                "\x1b7\x1b[1;{}r\x1b[{rows};1H\x1b[2K{verb}    Training{verb:#} {text}\x1b8",
                rows - 1
            ),
        );
        let _ = std::io::stderr().lock().write_all(out.as_bytes());
    }
}

impl Drop for Foot {
    fn drop(&mut self) {
        if self.taken.load(Ordering::Relaxed)
            && let Some((rows, _)) = screen()
        {
            let text = format!("\x1b7\x1b[r\x1b[{rows};1H\x1b[2K\x1b8");
            let _ = std::io::stderr().lock().write_all(text.as_bytes());
        }
    }
}

/// Whether the terminal lacks cursor movement.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term == "dumb")
}

/// The rows and columns of the terminal of stderr.
fn screen() -> Option<(usize, usize)> {
    let size = tcgetwinsize(std::io::stderr()).ok()?;
    (size.ws_row > 3 && size.ws_col > 30).then_some((size.ws_row.into(), size.ws_col.into()))
}
