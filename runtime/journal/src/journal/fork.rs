//! Detects that this process was forked from the one that created a journal. A journal has one
//! writer: two processes would overwrite each other's lines.

use std::sync::atomic::{AtomicU32, Ordering};

/// Number of forks between the process that asked first and this one.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// A process, as a number of forks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process(u32);

impl Process {
    /// This process. Its later forks differ from it.
    pub(super) fn this() -> Self {
        #[cfg(unix)]
        watch();
        Self(GENERATION.load(Ordering::Relaxed))
    }

    /// Whether it is this process. This is one load; `getpid` would be a system call per record.
    pub(super) fn is_this(self) -> bool {
        self.0 == GENERATION.load(Ordering::Relaxed)
    }
}

/// Counts each fork, in the child.
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
