//! The next window, made ready by a thread of its own: to take room on the disk takes milliseconds,
//! for which no thread that logs should wait.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};

use super::owned::OwnedFile;
use super::window::{Place, Window};

/// Makes windows ready.
#[derive(Debug)]
pub(super) struct Ahead {
    /// None only at the end.
    asks: Option<Sender<(Place, Option<Arc<Window>>)>>,
    ready: Receiver<io::Result<Window>>,
    thread: Option<JoinHandle<()>>,
    /// One was asked for and not taken yet.
    asked: bool,
}

impl Ahead {
    /// Starts the thread, for windows of this file.
    pub(super) fn start(file: OwnedFile) -> io::Result<Self> {
        let (asks, asked) = channel::<(Place, Option<Arc<Window>>)>();
        let (made, ready) = channel();
        let work = move || {
            for (place, used) in asked {
                let _ = made.send(Window::make(&file, place));
                drop(used);
            }
        };
        let thread = Builder::new().name("mlplots journal".to_owned());
        Ok(Self {
            asks: Some(asks),
            ready,
            thread: Some(thread.spawn(work)?),
            asked: false,
        })
    }

    /// Asks for the window after the current one, and gives up the one before.
    pub(super) fn ask(&mut self, place: Place, used: Option<Arc<Window>>) {
        let asks = self.asks.as_ref();
        self.asked = asks.is_some_and(|asks| asks.send((place, used)).is_ok());
    }

    /// The window that was asked for, if one was and could be made.
    pub(super) fn take(&mut self) -> Option<Window> {
        let asked = std::mem::take(&mut self.asked);
        asked.then(|| self.ready.recv().ok()?.ok()).flatten()
    }
}

impl Drop for Ahead {
    /// No room is taken any more once this returns.
    fn drop(&mut self) {
        self.asks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
