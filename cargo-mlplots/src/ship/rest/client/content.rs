//! Bytes of a file as the body of a request, never more of them in memory than one piece.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::ship::store::Checked;

/// The body of a request. Between two pieces the connection may read: a server that refuses a large
/// file answers before it has all of it, and closes.
pub(super) struct Content {
    bytes: Checked,
    /// The connection has had its turn since the last piece.
    rested: bool,
}

impl Content {
    pub(super) fn new(bytes: Checked) -> Self {
        Self {
            bytes,
            rested: true,
        }
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if !std::mem::replace(&mut self.rested, false) {
            self.rested = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let piece = self.bytes.next();
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)).transpose())
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.left())
    }
}
