//! Sizes, durations and times as text, and the width of columns.

use crate::ship::Beat;

/// A size such as `1.2 MB`, in the units of MLflow's page.
pub(crate) fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    match bytes {
        b if b < 1e3 => format!("{b} B"),
        b if b < 1e6 => format!("{:.0} kB", b / 1e3),
        b if b < 1e9 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.1} GB", b / 1e9),
    }
}

/// `850 ms`, `3.2 s`, `4 min 05 s`, `2 h 10 min`.
pub(crate) fn duration(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{:.1} s", millis as f64 / 1e3),
        60_000..3_600_000 => format!("{} min {:02} s", millis / 60_000, millis / 1_000 % 60),
        _ => format!("{} h {:02} min", millis / 3_600_000, millis / 60_000 % 60),
    }
}

/// The number of characters of the longest cell, at most 100: a longer one moves the rest of its line
/// to the right. (A formatted width of more than 65,535 panics.)
pub(crate) fn column_width<'a>(cells: impl Iterator<Item = &'a str>) -> usize {
    let longest = cells.map(|cell| cell.chars().count()).max();
    longest.unwrap_or(0).min(100)
}

/// The last heartbeat of a program on another machine.
pub(crate) fn last_beat(beat: &Beat) -> String {
    match beat.ago {
        Some(ago) => {
            let ago = duration(ago.as_millis() as u64);
            format!("on {}, last heartbeat {ago} ago", beat.host)
        }
        None => format!("on {}, without a heartbeat", beat.host),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_cell_of_any_length_can_be_written() {
        let cells = ["ab", &"x".repeat(100_000)];
        let width = super::column_width(cells.into_iter());
        assert_eq!(width, 100);
        assert_eq!(format!("{:width$}", cells[1]).len(), 100_000);
    }

    #[test]
    fn sizes_and_durations() {
        assert_eq!(
            [0, 999, 61_200, 1_250_000].map(super::size),
            ["0 B", "999 B", "61 kB", "1.2 MB"]
        );
        let shown = [850, 3_240, 245_000, 7_800_000].map(super::duration);
        assert_eq!(shown, ["850 ms", "3.2 s", "4 min 05 s", "2 h 10 min"]);
    }
}
