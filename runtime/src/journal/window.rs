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
const LARGEST: u64 = 512 * 1024;

/// Where records are put.
#[derive(Debug)]
pub(super) struct Window {
    map: MmapMut,
    /// Where it begins in the file.
    start: u64,
}

impl Window {
    /// A window that begins at or before `at` and has room for `length` bytes there. The disk's
    /// room is taken here: a full disk is an error now, and not a signal later.
    pub(super) fn open(
        file: &File,
        at: u64,
        length: usize,
        before: Option<&Self>,
    ) -> io::Result<Self> {
        // Windows begin at whole pages.
        const PAGE: u64 = 64 * 1024;
        let wanted = before.map_or(FIRST, |window| {
            (window.map.len() as u64 * 2).clamp(FIRST, LARGEST)
        });
        let start = at / PAGE * PAGE;
        let size = wanted.max((at - start + length as u64).next_multiple_of(PAGE));
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

    /// Puts a line at its place, if it fits and leaves this room behind it. A reader sees all of it
    /// or nothing: the first byte, until then zero, is written last.
    pub(super) fn put(&mut self, at: u64, line: &[u8], spare: usize) -> bool {
        let begin = (at - self.start) as usize;
        let end = begin + line.len();
        if end + spare > self.map.len() {
            return false;
        }
        let place = &mut self.map[begin..end];
        place[1..].copy_from_slice(&line[1..]);
        fence(Ordering::Release);
        place[0] = line[0];
        true
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
