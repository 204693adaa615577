//! What must be there once: it is looked for, and made when it is missing.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::store::StoreError;
use super::{Delivery, Halt};

/// How late a server may do what it was asked to, once nobody waits for its answer any more.
pub(super) const LATE: Duration = Duration::from_secs(3);

impl Delivery {
    /// Finds something, or makes it. A server that was asked to make it and has not answered may be
    /// at it still: asked again too soon, it would make a second one. `asked` is whether an earlier
    /// delivery may have asked.
    pub(super) fn found_or_made<T>(
        &self,
        asked: bool,
        find: impl Fn() -> Result<Option<T>, StoreError>,
        make: impl Fn() -> Result<T, StoreError>,
    ) -> Result<T, Halt> {
        let asked = Cell::new(asked.then(Instant::now));
        self.attempt(|| {
            loop {
                if let Some(found) = find()? {
                    return Ok(found);
                }
                if asked.get().is_none_or(|since| since.elapsed() > LATE) {
                    break;
                }
                if !self.flow.pause(Duration::from_millis(300)) {
                    let why = "the server was asked for it and has not said whether it is there";
                    return Err(StoreError::retry(why));
                }
            }
            let answer = make();
            asked.set(Some(Instant::now()));
            answer
        })
    }
}
