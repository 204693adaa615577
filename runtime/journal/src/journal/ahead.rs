//! Prepares the next window on a separate thread, because the allocation of disk space takes
//! milliseconds. A thread that logs should not wait for it.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};

use super::owned::OwnedFile;
use super::window::{Place, Window};

/// A thread that prepares windows.
#[derive(Debug)]
pub(super) struct Ahead {
    /// `None` while this is dropped, which ends the thread.
    asks: Option<Sender<(Place, Option<Arc<Window>>)>>,
    ready: Receiver<io::Result<Window>>,
    thread: Option<JoinHandle<()>>,
    /// A window is requested and not taken yet.
    asked: bool,
}

impl Ahead {
    /// Starts the thread for the windows of a file.
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

    /// Requests the next window. Releases the window `used` on the thread, because this takes time
    /// too.
    pub(super) fn ask(&mut self, place: Place, used: Option<Arc<Window>>) {
        let asks = self.asks.as_ref();
        self.asked = asks.is_some_and(|asks| asks.send((place, used)).is_ok());
    }

    /// Returns the requested window, if a window was requested and created.
    pub(super) fn take(&mut self) -> Option<Window> {
        let asked = std::mem::take(&mut self.asked);
        asked.then(|| self.ready.recv().ok()?.ok()).flatten()
    }
}

impl Drop for Ahead {
    /// Waits for the thread: the writer truncates the file afterwards, and no allocation may
    /// follow.
    fn drop(&mut self) {
        self.asks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
