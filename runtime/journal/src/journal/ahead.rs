//! Prepares the next window on a thread of its own: allocating disk space takes milliseconds, and no
//! thread that logs should wait for it.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};

use super::owned::OwnedFile;
use super::window::{Place, Window};

/// Prepares windows.
#[derive(Debug)]
pub(super) struct Ahead {
    /// `None` once dropped.
    asks: Option<Sender<(Place, Option<Arc<Window>>)>>,
    ready: Receiver<io::Result<Window>>,
    thread: Option<JoinHandle<()>>,
    /// A window was requested and not taken yet.
    asked: bool,
}

impl Ahead {
    /// Starts the thread for windows of this file.
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

    /// Requests the window after the current one, and releases the one before.
    pub(super) fn ask(&mut self, place: Place, used: Option<Arc<Window>>) {
        let asks = self.asks.as_ref();
        self.asked = asks.is_some_and(|asks| asks.send((place, used)).is_ok());
    }

    /// The requested window, if there is one and it could be created.
    pub(super) fn take(&mut self) -> Option<Window> {
        let asked = std::mem::take(&mut self.asked);
        asked.then(|| self.ready.recv().ok()?.ok()).flatten()
    }
}

impl Drop for Ahead {
    /// Once this returns, no more disk space is allocated.
    fn drop(&mut self) {
        self.asks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
