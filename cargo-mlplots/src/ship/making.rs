//! Creates things exactly once: finds one, or creates it if it is missing.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use super::store::StoreError;
use super::{Delivery, Halt};

/// Maximum delay of an earlier call after the server answers again.
const LATE: Duration = Duration::from_secs(3);

/// Whether the server may still execute a call that was abandoned without an answer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Doubt {
    #[default]
    None,
    /// No answer since then.
    Silent,
    /// The server answers since this instant.
    Answers(Instant),
}

impl Doubt {
    /// Records that a call was abandoned.
    pub(super) fn given_up(&mut self) {
        *self = Self::Silent;
    }

    /// Records that a call was answered.
    pub(super) fn answered(&mut self) {
        if let Self::Silent = self {
            *self = Self::Answers(Instant::now());
        }
    }

    /// The remaining duration of the doubt; `None` without doubt.
    pub(super) fn rest(self) -> Option<Duration> {
        match self {
            Self::None => None,
            Self::Silent => Some(LATE),
            Self::Answers(since) => Some(LATE.saturating_sub(since.elapsed())),
        }
    }
}

impl Delivery {
    /// Finds something, or creates it. A server that did not answer an earlier request may still
    /// execute it, or find it in its queue later: a retry that comes too soon would create a second
    /// one. `asked` is whether an earlier delivery may have sent the request.
    pub(super) fn found_or_made<T>(
        &self,
        asked: bool,
        find: impl Fn() -> Result<Option<T>, StoreError>,
        make: impl Fn() -> Result<T, StoreError>,
    ) -> Result<T, Halt> {
        let doubt = RefCell::new(if asked { Doubt::Silent } else { Doubt::None });
        self.attempt(|| {
            loop {
                if let Some(found) = find()? {
                    return Ok(found);
                }
                doubt.borrow_mut().answered();
                if doubt.borrow().rest().is_none_or(|rest| rest.is_zero()) {
                    break;
                }
                if !self.flow.pause(Duration::from_millis(300)) {
                    let why = "the server was asked for it and has not said whether it is there";
                    return Err(StoreError::retry(why));
                }
            }
            doubt.borrow_mut().given_up();
            make()
        })
    }
}
