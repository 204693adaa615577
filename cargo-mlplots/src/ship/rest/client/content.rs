//! Streams the bytes of a file as the body of a request, with one chunk in memory.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use crate::ship::store::Checked;

/// The body of an upload request.
pub(super) struct Content {
    bytes: Checked,
    /// The delay before the first chunk.
    delay: Option<Pin<Box<Sleep>>>,
}

impl Content {
    pub(super) fn new(bytes: Checked) -> Self {
        Self { bytes, delay: None }
    }

    /// Delays the body. It is not sent at all if the server responds during the delay.
    pub(super) fn delayed(self, delay: Sleep) -> Self {
        Self {
            delay: Some(Box::pin(delay)),
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
        if let Some(delay) = &mut self.delay {
            ready!(delay.as_mut().poll(context));
            self.delay = None;
        }
        let chunk = self.bytes.next();
        Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)).transpose())
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.remaining() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.remaining())
    }
}
