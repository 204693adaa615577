//! A part of the journal's file in memory: what is written there is in the kernel without a system
//! call.
//!
//! A `write` for every record costs a microsecond and more, most of it the way into the kernel and
//! back; a training that logs in its inner loop feels that. `cargo bench -p mlplots-tests --bench
//! overhead` shows both. Threads do not wait for each other either: each takes room for its line in
//! one step, and copies it there while others copy theirs. This is the one place with unsafe code:
//! memory that several threads write to at once has no other form. Nobody may cut the file shorter
//! meanwhile, or the copying would kill the program: the journal is private to its owner, locked by
//! its only writer, and never cut shorter than its lines.

use std::fs::File;
use std::io;
use std::ptr;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use memmap2::{Advice, MmapOptions, MmapRaw};

use super::owned::OwnedFile;

/// The first window; each is twice as large as the one before, up to the last.
const FIRST: u64 = 64 * 1024;
const LARGEST: u64 = 16 * 1024 * 1024;
/// Windows begin at multiples of this, and overlap by as much: a line lies in one of them.
const UNIT: u64 = 64 * 1024;

/// Which part of the file a window is to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// It begins there or before.
    at: u64,
    /// And has room for so many bytes from there on, or more.
    room: u64,
    /// How large it should be.
    wanted: u64,
}

/// Where records are put.
#[derive(Debug)]
pub(super) struct Window {
    map: MmapRaw,
    /// Where it begins in the file.
    start: u64,
    /// Where the next line goes in the file.
    end: AtomicU64,
}

/// The end of a window that takes no line.
const CLOSED: u64 = u64::MAX;

impl Window {
    /// Makes one, closed. The disk's room is taken here: a full disk is an error now, and not a
    /// signal later.
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
        // Some 4,000 records a megabyte would each wait for a page otherwise. Kernels before 5.14
        // cannot, and it matters little.
        let _ = map.advise(Advice::PopulateWrite);
        Ok(Self {
            map,
            start,
            end: AtomicU64::new(CLOSED),
        })
    }

    /// Takes lines from this place of the file on.
    pub(super) fn open(&self, at: u64) {
        self.end.store(at, Ordering::Release);
    }

    /// Takes no more lines, and tells where the last one ends.
    pub(super) fn close(&self) -> u64 {
        self.end.swap(CLOSED, Ordering::AcqRel)
    }

    /// Where the next one should be, for whatever this one has no room for.
    pub(super) fn following(&self) -> Place {
        Place {
            at: self.limit() - UNIT,
            room: UNIT,
            wanted: Place::doubled(Some(self)),
        }
    }

    /// Whether a place is in it.
    pub(super) fn has(&self, place: Place) -> bool {
        let Place { at, room, .. } = place;
        at >= self.start && at.saturating_add(room) <= self.limit()
    }

    fn limit(&self) -> u64 {
        self.start + self.map.len() as u64
    }

    /// Puts a line at the end, if it fits and leaves this room behind it. A reader sees all of it or
    /// nothing: the first byte, until then zero, is written last. Lines of other threads may be
    /// behind it earlier.
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
        // SAFETY: `begin..begin + line.len()` is in the map, and has been taken for this line alone.
        #[allow(unsafe_code, reason = "threads write side by side in no other way")]
        unsafe {
            let place = self.map.as_mut_ptr().add(begin);
            ptr::copy_nonoverlapping(rest.as_ptr(), place.add(1), rest.len());
            AtomicU8::from_ptr(place).store(*first, Ordering::Release);
        }
        true
    }
}

impl Place {
    /// For a line that the window before has no room for. Until that one is closed, shorter lines
    /// may still find room in it.
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

    /// Not larger than it must be.
    pub(super) fn at_least(self) -> Self {
        Self { wanted: 0, ..self }
    }

    fn doubled(before: Option<&Window>) -> u64 {
        before.map_or(FIRST, |window| {
            (window.map.len() as u64 * 2).clamp(FIRST, LARGEST)
        })
    }
}

/// Allocates disk space and makes the file that long. `posix_fallocate` will not do: where the file
/// system cannot allocate, the C library writes zeros instead, over lines that other threads write
/// meanwhile.
fn allocate(file: &File, start: u64, size: u64) -> io::Result<()> {
    rustix::io::retry_on_intr(|| {
        rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), start, size)
    })?;
    Ok(())
}
