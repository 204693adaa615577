//! A part of the journal's file in memory: what is written there is in the kernel without a system
//! call.
//!
//! A `write` for every record costs a microsecond and more, most of it the way into the kernel and
//! back; a training that logs in its inner loop feels that. `cargo bench -p mlplots-tests --bench
//! overhead` shows both. This is the one place with unsafe code: mapping a file is unsafe because
//! somebody else could cut the file shorter, and then reading it here would kill the program. The
//! journal is private to its owner, locked by its only writer, and never cut shorter than what is
//! mapped.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::atomic::{Ordering, fence};

use memmap2::{Advice, MmapMut, MmapOptions};

/// The first window; each is twice as large as the one before, up to the last.
const FIRST: u64 = 64 * 1024;
const LARGEST: u64 = 4 * 1024 * 1024;
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
    map: MmapMut,
    /// Where it begins in the file.
    start: u64,
}

impl Window {
    /// Makes one. The disk's room is taken here: a full disk is an error now, and not a signal later.
    pub(super) fn open(file: &File, place: Place) -> io::Result<Self> {
        let Place { at, room, wanted } = place;
        let start = at / UNIT * UNIT;
        let size = wanted.max((at - start + room).next_multiple_of(UNIT));
        reserve(file, start, size)?;
        // SAFETY: the file is ours, see above.
        #[allow(unsafe_code, reason = "a file can be mapped in no other way")]
        let map = unsafe {
            MmapOptions::new()
                .offset(start)
                .len(size as usize)
                .map_mut(file)?
        };
        // Some 4,000 records a megabyte would each wait for a page otherwise. Kernels before 5.14
        // cannot, and it matters little.
        let _ = map.advise(Advice::PopulateWrite);
        Ok(Self { map, start })
    }

    /// Where the next one should be, for whatever this one has no room for.
    pub(super) fn following(&self) -> Place {
        Place {
            at: self.start + self.map.len() as u64 - UNIT,
            room: UNIT,
            wanted: Place::doubled(Some(self)),
        }
    }

    /// Whether so many bytes fit in at this place of the file.
    pub(super) fn has_room(&self, at: u64, room: usize) -> bool {
        at >= self.start && (at - self.start) as usize + room <= self.map.len()
    }

    /// Puts a line at its place, if it fits and leaves this room behind it. A reader sees all of it
    /// or nothing: the first byte, until then zero, is written last.
    pub(super) fn put(&mut self, at: u64, line: &[u8], spare: usize) -> bool {
        if !self.has_room(at, line.len() + spare) {
            return false;
        }
        let begin = (at - self.start) as usize;
        let place = &mut self.map[begin..begin + line.len()];
        place[1..].copy_from_slice(&line[1..]);
        fence(Ordering::Release);
        place[0] = line[0];
        true
    }
}

impl Place {
    /// For a line that the window before has no room for.
    pub(super) fn of(at: u64, room: usize, before: Option<&Window>) -> Self {
        Self {
            at,
            room: room as u64,
            wanted: Self::doubled(before),
        }
    }

    fn doubled(before: Option<&Window>) -> u64 {
        before.map_or(FIRST, |window| {
            (window.map.len() as u64 * 2).clamp(FIRST, LARGEST)
        })
    }
}

/// Takes room on the disk and makes the file that long.
fn reserve(file: &File, start: u64, size: u64) -> io::Result<()> {
    // SAFETY: the descriptor is open for as long as `file` lives.
    #[allow(unsafe_code, reason = "the standard library cannot reserve room")]
    let code = unsafe {
        libc::posix_fallocate(file.as_raw_fd(), start as libc::off_t, size as libc::off_t)
    };
    match code {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}
