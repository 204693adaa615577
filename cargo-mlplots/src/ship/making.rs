//! What must be there once: it is looked for, and made when it is missing.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use super::store::StoreError;
use super::{Delivery, Halt};

/// How late a server may do what it was asked to before, once it answers again.
const LATE: Duration = Duration::from_secs(3);

/// Whether the server may still do something that it was asked to, since a call was given up and
/// nobody knows whether it was obeyed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Doubt {
    #[default]
    None,
    /// It has not answered since.
    Silent,
    /// It answers since then.
    Answers(Instant),
}

impl Doubt {
    /// A call was given up.
    pub(super) fn given_up(&mut self) {
        *self = Self::Silent;
    }

    /// A call was answered.
    pub(super) fn answered(&mut self) {
        if let Self::Silent = self {
            *self = Self::Answers(Instant::now());
        }
    }

    /// For how long it stays; none if there is none.
    pub(super) fn rest(self) -> Option<Duration> {
        match self {
            Self::None => None,
            Self::Silent => Some(LATE),
            Self::Answers(since) => Some(LATE.saturating_sub(since.elapsed())),
        }
    }
}

impl Delivery {
    /// Finds something, or makes it. A server that was asked to make it and has not answered may be
    /// at it still, or find that in its queue when it comes to itself: asked again too soon, it
    /// would make a second one. `asked` is whether an earlier delivery may have asked.
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
