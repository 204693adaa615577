//! Creates a run or a model exactly once, although the response to an earlier request may be lost.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use super::store::StoreError;
use super::{Delivery, Halt};

/// Maximum delay with which a server executes an abandoned call after it responds again.
const MAX_DELAY: Duration = Duration::from_secs(3);

/// Whether the server may still execute a call that was abandoned without a response.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum LateCall {
    /// No call was abandoned.
    #[default]
    None,
    /// The server has not responded since.
    Unresponsive,
    /// The server responds since this instant.
    RespondingSince(Instant),
}

impl LateCall {
    /// Records that a call was abandoned.
    pub(super) fn abandoned(&mut self) {
        *self = Self::Unresponsive;
    }

    /// Records that the server responded to a call.
    pub(super) fn responded(&mut self) {
        if let Self::Unresponsive = self {
            *self = Self::RespondingSince(Instant::now());
        }
    }

    /// How long the server may still execute the call. `None` if no call was abandoned.
    pub(super) fn remaining(self) -> Option<Duration> {
        match self {
            Self::None => None,
            Self::Unresponsive => Some(MAX_DELAY),
            Self::RespondingSince(since) => Some(MAX_DELAY.saturating_sub(since.elapsed())),
        }
    }
}

impl Delivery {
    /// Finds an item, or creates it. A server that did not respond to a request may execute it
    /// later, for example from its queue, so an early retry would create a second item. `requested`
    /// is whether an earlier delivery may have sent the request.
    pub(super) fn find_or_create<T>(
        &self,
        requested: bool,
        find: impl Fn() -> Result<Option<T>, StoreError>,
        create: impl Fn() -> Result<T, StoreError>,
    ) -> Result<T, Halt> {
        let late_call = RefCell::new(if requested {
            LateCall::Unresponsive
        } else {
            LateCall::None
        });
        self.attempt(|| {
            loop {
                if let Some(found) = find()? {
                    return Ok(found);
                }
                late_call.borrow_mut().responded();
                let remaining = late_call.borrow().remaining();
                if remaining.is_none_or(|remaining| remaining.is_zero()) {
                    break;
                }
                if !self.flow.pause(Duration::from_millis(300)) {
                    let why = "the server may still execute an earlier request that it did not respond to";
                    return Err(StoreError::retry(why));
                }
            }
            late_call.borrow_mut().abandoned();
            create()
        })
    }
}
