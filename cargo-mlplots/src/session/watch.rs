//! The progress line of a delivery.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::cli::ProgressMode;
use crate::ship::Delivery;
use crate::view::Meter;

/// The state of the progress line.
pub(super) struct Watch {
    delivery: Arc<Delivery>,
    reported: AtomicBool,
    quiet: bool,
}

impl Watch {
    pub(super) fn new(delivery: &Arc<Delivery>, mode: ProgressMode) -> Self {
        Self {
            delivery: Arc::clone(delivery),
            reported: AtomicBool::new(false),
            quiet: mode == ProgressMode::Off,
        }
    }
}

impl Meter for Watch {
    fn line(&self) -> String {
        let progress = &self.delivery.progress;
        let counted = |count: &AtomicU64, one: &str, more: &str| {
            let count = count.load(Ordering::Relaxed);
            format!("{count} {}", if count == 1 { one } else { more })
        };
        let points = counted(&progress.points, "metric point", "metric points");
        let files = counted(&progress.files, "file", "files");
        let state = if progress.failing().is_some() {
            "MLflow does not answer, journaled"
        } else {
            "shipped"
        };
        format!("· {points}, {files} {state}")
    }

    fn news(&self) -> Option<(String, Option<String>)> {
        let error = self.delivery.progress.failing()?;
        if self.quiet || self.reported.swap(true, Ordering::Relaxed) {
            return None;
        }
        Some((
            format!("{error}; the training continues, and all records are in the journal"),
            error.help,
        ))
    }
}
