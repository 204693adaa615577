//! The panic hook. It records the location of a panic, and journals the panic of a training before
//! the process may abort.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};

use mlplots_journal::record::Record;
use mlplots_journal::{Line, Writer};

thread_local! {
    /// On a thread whose panics are caught: the location of the last one.
    static LOCATION: RefCell<Option<Caught>> = const { RefCell::new(None) };
    /// On any other thread: the message of the last one.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

struct Caught {
    journaled: bool,
    location: Option<String>,
}

/// The journal that panics are written to.
static CURRENT: Mutex<Weak<Writer>> = Mutex::new(Weak::new());

/// Installs the hook, once. The previous hook still runs.
pub(super) fn watch(journal: &Arc<Writer>) {
    static HOOK: Once = Once::new();
    *CURRENT.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(journal);
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            note(info);
            before(info);
        }));
    });
}

/// Calls `work` and returns its panic as `panicked at file:line: message`. With `journaled`, the hook
/// also journals the panic, for a program that aborts on panic.
pub(crate) fn caught<T>(journaled: bool, work: impl FnOnce() -> T) -> Result<T, String> {
    LOCATION.set(Some(Caught {
        journaled,
        location: None,
    }));
    let result = catch_unwind(AssertUnwindSafe(work));
    let location = LOCATION.take().and_then(|caught| caught.location);
    result.map_err(|payload| describe(location.as_deref(), &*payload))
}

/// The panic of this thread, while it unwinds outside of [`caught`].
pub(super) fn unwinding() -> Option<String> {
    std::thread::panicking().then(|| LAST.take()).flatten()
}

fn note(info: &PanicHookInfo<'_>) {
    let location = info
        .location()
        .map(|at| format!("{}:{}", at.file(), at.line()));
    let journaled = LOCATION.with_borrow_mut(|slot| {
        if let Some(caught) = slot {
            caught.location.clone_from(&location);
            caught.journaled
        } else {
            LAST.set(Some(describe(location.as_deref(), info.payload())));
            true
        }
    });
    // The panicking thread itself may hold the lock.
    if journaled
        && let Ok(current) = CURRENT.try_lock()
        && let Some(journal) = current.upgrade()
        && let Ok(line) = Line::of(&Record::Panic(describe(
            location.as_deref(),
            info.payload(),
        )))
    {
        let _ = journal.append(&line);
    }
}

fn describe(location: Option<&str>, payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a value that is not text");
    match location {
        Some(location) => format!("panicked at {location}: {text}"),
        None => format!("panicked: {text}"),
    }
}
