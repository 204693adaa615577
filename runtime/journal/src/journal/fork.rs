//! Detects that this process is a fork of the process that created a journal. Only one process may
//! write a journal, because two processes would overwrite each other's lines.

use std::sync::atomic::{AtomicU32, Ordering};

/// Number of forks between the process that called [`Process::this`] first and this process.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// A process, identified by its number of forks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process(u32);

impl Process {
    /// Returns this process. Later forks of it are other processes.
    pub(super) fn this() -> Self {
        #[cfg(unix)]
        watch();
        Self(GENERATION.load(Ordering::Relaxed))
    }

    /// Returns `true` if it is this process. This takes one load; `getpid` would be a system call
    /// per record.
    pub(super) fn is_this(self) -> bool {
        self.0 == GENERATION.load(Ordering::Relaxed)
    }
}

/// Makes each child process increment [`GENERATION`] when it is forked.
#[cfg(unix)]
fn watch() {
    extern "C" fn count() {
        GENERATION.fetch_add(1, Ordering::Relaxed);
    }
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // SAFETY: `count` only increments an atomic, which is allowed in a forked child.
        #[allow(unsafe_code, reason = "only the C library reports forks")]
        unsafe {
            libc::pthread_atfork(None, None, Some(count));
        }
    });
}
