//! The sequence of windows of a journal. Threads that log share the current window. One thread at a
//! time switches to the next window.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;

use super::ahead::Ahead;
use super::owned::OwnedFile;
use super::window::{Place, Window};

/// Interval between attempts on a full disk: an attempt is slow, and a training may log many
/// records meanwhile.
const FULL_FOR: Duration = Duration::from_millis(100);

/// The windows of a journal, to which threads write lines.
#[derive(Debug, Default)]
pub(super) struct Windows {
    current: ArcSwapOption<Window>,
    turn: Mutex<Turn>,
}

/// The state of the thread that switches to the next window.
#[derive(Debug, Default)]
struct Turn {
    /// Prepares windows from the second on: small journals need none.
    ahead: Option<Ahead>,
    /// The end of the lines. It is set when no more windows can be created.
    over: Option<u64>,
    /// The time at which the disk was last full, and the error's code.
    full: Option<(Instant, i32)>,
}

impl Windows {
    /// Writes a line to the current window or to a new window. If the file cannot be mapped, writes
    /// nothing and returns the end of the lines.
    ///
    /// # Errors
    /// Returns an error if the disk is full.
    pub(super) fn put(
        &self,
        file: &OwnedFile,
        line: &[u8],
        spare: usize,
    ) -> io::Result<Option<u64>> {
        if self.fits(line, spare) {
            return Ok(None);
        }
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have switched to the next window meanwhile.
        if turn.over.is_some() || self.fits(line, spare) {
            return Ok(turn.over);
        }
        let used = self.current.load_full();
        let place = Place::after(used.as_deref(), line.len() + spare);
        let end = || used.as_ref().map_or(0, |window| window.close());
        match turn.window(file, place) {
            Ok(window) => {
                window.open(end());
                window.put(line, spare);
                let following = window.following();
                self.current.store(Some(Arc::new(window)));
                turn.prepare(file, following, used);
            }
            Err(why) if is_full(&why) => return Err(why),
            Err(_) => {
                turn.over = Some(end());
                turn.ahead = None;
                self.current.store(None);
            }
        }
        Ok(turn.over)
    }

    fn fits(&self, line: &[u8], spare: usize) -> bool {
        let window = self.current.load();
        window
            .as_ref()
            .is_some_and(|window| window.put(line, spare))
    }

    /// Closes the current window. Returns the end of the lines, if space after them was allocated
    /// in advance.
    pub(super) fn close(&mut self) -> Option<u64> {
        let turn = self.turn.get_mut().unwrap_or_else(PoisonError::into_inner);
        turn.ahead = None;
        self.current.swap(None).map(|window| window.close())
    }
}

impl Turn {
    /// Returns the prepared window or a new window. The new window is small if the disk has no
    /// space for a large one.
    fn window(&mut self, file: &OwnedFile, place: Place) -> io::Result<Window> {
        if let Some((since, code)) = self.full
            && since.elapsed() < FULL_FOR
        {
            return Err(io::Error::from_raw_os_error(code));
        }
        let ready = self.ahead.as_mut().and_then(Ahead::take);
        if let Some(ready) = ready.filter(|window| window.has(place)) {
            return Ok(ready);
        }
        match Window::make(file, place) {
            Err(why) if is_full(&why) => Window::make(file, place.at_least()).inspect_err(|why| {
                self.full = why.raw_os_error().map(|code| (Instant::now(), code));
            }),
            made => made,
        }
    }

    /// Requests the next window.
    fn prepare(&mut self, file: &OwnedFile, following: Place, used: Option<Arc<Window>>) {
        if self.ahead.is_none() && used.is_some() {
            // If no thread can be started, `window` creates each window.
            self.ahead = file.try_clone().and_then(Ahead::start).ok();
        }
        if let Some(ahead) = &mut self.ahead {
            ahead.ask(following, used);
        }
    }
}

/// Returns `true` if the disk is full, and `false` if the file system cannot map or allocate.
fn is_full(why: &io::Error) -> bool {
    matches!(
        why.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
