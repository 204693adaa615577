//! Streams the bytes of a file as the body of a request, with one piece in memory.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use crate::ship::store::Checked;

/// The body of a request.
pub(super) struct Content {
    bytes: Checked,
    /// The delay before the first piece.
    pause: Option<Pin<Box<Sleep>>>,
}

impl Content {
    pub(super) fn new(bytes: Checked) -> Self {
        Self { bytes, pause: None }
    }

    /// The same body, which starts after this delay, and never if the server has responded by then.
    pub(super) fn after(self, pause: Sleep) -> Self {
        Self {
            pause: Some(Box::pin(pause)),
            ..self
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
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        let piece = self.bytes.next();
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)).transpose())
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.remaining() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.remaining())
    }
}
