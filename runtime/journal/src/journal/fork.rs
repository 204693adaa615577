//! Whether this process was forked from the one that made a journal. The two would write over each
//! other's lines: a journal has one writer.

use std::sync::atomic::{AtomicU32, Ordering};

/// How many forks lead from the process that first asked to this one.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// The process that calls this.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process(u32);

impl Process {
    /// This process. From now on its forks are told from it.
    pub(super) fn this() -> Self {
        #[cfg(unix)]
        watch();
        Self(GENERATION.load(Ordering::Relaxed))
    }

    /// Whether it is this process. One load: `getpid` would be a system call for each record.
    pub(super) fn is_this(self) -> bool {
        self.0 == GENERATION.load(Ordering::Relaxed)
    }
}

/// Has each fork counted, in the child.
#[cfg(unix)]
fn watch() {
    extern "C" fn count() {
        GENERATION.fetch_add(1, Ordering::Relaxed);
    }
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // SAFETY: `count` only adds to an atomic, which a forked child may do.
        #[allow(unsafe_code, reason = "the C library alone knows of forks")]
        unsafe {
            libc::pthread_atfork(None, None, Some(count));
        }
    });
}
