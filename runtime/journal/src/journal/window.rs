//! A memory-mapped part of the journal's file: bytes that are written to it are in the kernel's
//! page cache without a system call.
//!
//! A `write` per record takes a microsecond or more, mostly to enter and leave the kernel; `cargo
//! bench -p mlplots-tests --bench overhead` compares both. Threads do not wait for each other: each
//! thread reserves the range of its line with one atomic operation, and copies its line while other
//! threads copy theirs. This needs unsafe code, because several threads write to the same mapping.
//! If the file were truncated meanwhile, the copy would raise SIGBUS. This cannot happen: the
//! journal is private to its owner, its only writer locks it, and the writer never truncates it
//! before the end of its lines.

use std::fs::File;
use std::io;
use std::ptr;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use memmap2::{Advice, MmapOptions, MmapRaw};

use super::owned::OwnedFile;

/// Size of the first window in bytes. Each window is twice as large as the previous one, up to
/// [`LARGEST`].
const FIRST: u64 = 64 * 1024;
/// Maximum size of a window in bytes, unless one line needs more.
const LARGEST: u64 = 16 * 1024 * 1024;
/// Windows begin at multiples of this number of bytes. They overlap by as many bytes, so that each
/// line is within one window.
const UNIT: u64 = 64 * 1024;

/// The part of the file that a window must cover.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Maximum offset of the window's start.
    at: u64,
    /// Minimum number of bytes from `at` on.
    room: u64,
    /// Preferred size in bytes.
    wanted: u64,
}

/// A mapped part of the file.
#[derive(Debug)]
pub(super) struct Window {
    map: MmapRaw,
    /// The offset of the window in the file.
    start: u64,
    /// The offset of the next line in the file.
    end: AtomicU64,
}

/// The `end` of a window that accepts no lines.
const CLOSED: u64 = u64::MAX;

impl Window {
    /// Creates a closed window. Allocates its disk space, so that a full disk is an error here and
    /// not a signal later.
    pub(super) fn make(file: &OwnedFile, place: Place) -> io::Result<Self> {
        let file = file.checked()?;
        let Place { at, room, wanted } = place;
        let start = at / UNIT * UNIT;
        let size = wanted.max((at - start + room).next_multiple_of(UNIT));
        allocate(file, start, size)?;
        let map = MmapOptions::new()
            .offset(start)
            .len(size as usize)
            .map_raw(file)?;
        // Otherwise some 4,000 records per megabyte would each wait for a page fault. Kernels
        // before 5.14 lack this, which costs little.
        let _ = map.advise(Advice::PopulateWrite);
        Ok(Self {
            map,
            start,
            end: AtomicU64::new(CLOSED),
        })
    }

    /// Accepts lines from this offset on.
    pub(super) fn open(&self, at: u64) {
        self.end.store(at, Ordering::Release);
    }

    /// Accepts no more lines. Returns the end of the last one.
    pub(super) fn close(&self) -> u64 {
        self.end.swap(CLOSED, Ordering::AcqRel)
    }

    /// Returns the part of the file that the next window must cover.
    pub(super) fn following(&self) -> Place {
        Place {
            at: self.limit() - UNIT,
            room: UNIT,
            wanted: Place::doubled(Some(self)),
        }
    }

    /// Returns `true` if the window covers this part of the file.
    pub(super) fn has(&self, place: Place) -> bool {
        let Place { at, room, .. } = place;
        at >= self.start && at.saturating_add(room) <= self.limit()
    }

    fn limit(&self) -> u64 {
        self.start + self.map.len() as u64
    }

    /// Writes a line at the end, and returns `true`, if the line fits and leaves `spare` bytes
    /// after it. A reader sees the whole line or nothing, because its first byte is zero until the
    /// other bytes are written. Later lines of other threads may be complete before this line.
    pub(super) fn put(&self, line: &[u8], spare: usize) -> bool {
        let (length, room) = (line.len() as u64, (line.len() + spare) as u64);
        let taken = self
            .end
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |end| {
                (end.saturating_add(room) <= self.limit()).then(|| end + length)
            });
        let (Ok(at), Some((first, rest))) = (taken, line.split_first()) else {
            return false;
        };
        let begin = (at - self.start) as usize;
        // SAFETY: `begin..begin + line.len()` is in the map and reserved for this line.
        #[allow(unsafe_code, reason = "threads write to one mapping")]
        unsafe {
            let place = self.map.as_mut_ptr().add(begin);
            ptr::copy_nonoverlapping(rest.as_ptr(), place.add(1), rest.len());
            AtomicU8::from_ptr(place).store(*first, Ordering::Release);
        }
        true
    }
}

impl Place {
    /// Returns the part of the file for a line that does not fit into the window `before`. Shorter
    /// lines may still fit into that window until it is closed, so `at` is only a minimum.
    pub(super) fn after(before: Option<&Window>, room: usize) -> Self {
        let room = room as u64;
        let (at, limit) = before.map_or((0, 0), |window| {
            (window.end.load(Ordering::Acquire), window.limit())
        });
        Self {
            at,
            room: limit - at + room,
            wanted: Self::doubled(before),
        }
    }

    /// Returns the same part with the minimum size.
    pub(super) fn at_least(self) -> Self {
        Self { wanted: 0, ..self }
    }

    fn doubled(before: Option<&Window>) -> u64 {
        before.map_or(FIRST, |window| {
            (window.map.len() as u64 * 2).clamp(FIRST, LARGEST)
        })
    }
}

/// Allocates disk space and extends the file. `posix_fallocate` is not correct here: if the file
/// system cannot allocate, the C library writes zeros instead, over lines that other threads write
/// meanwhile.
fn allocate(file: &File, start: u64, size: u64) -> io::Result<()> {
    rustix::io::retry_on_intr(|| {
        rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), start, size)
    })?;
    Ok(())
}
