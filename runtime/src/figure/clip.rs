//! Clips line segments to rectangular ranges, such as a panel or a picture.

/// The part of a segment within ranges of x and y (Liang and Barsky, *A New Concept and Method for
/// Line Clipping*, 1984).
pub(crate) fn within(
    from: (f64, f64),
    to: (f64, f64),
    x: (f64, f64),
    y: (f64, f64),
) -> Option<((f64, f64), (f64, f64))> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    if !(dx.is_finite() && dy.is_finite()) {
        return None;
    }
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    let borders = [
        (-dx, from.0 - x.0),
        (dx, x.1 - from.0),
        (-dy, from.1 - y.0),
        (dy, y.1 - from.1),
    ];
    for (speed, room) in borders {
        if speed == 0.0 && room < 0.0 {
            return None;
        }
        if speed < 0.0 {
            enter = enter.max(room / speed);
        } else if speed > 0.0 {
            leave = leave.min(room / speed);
        }
    }
    let at = |share: f64| match share {
        0.0 => from,
        1.0 => to,
        share => (from.0 + share * dx, from.1 + share * dy),
    };
    (enter <= leave).then(|| (at(enter), at(leave)))
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn segments_are_cut_at_the_border_and_keep_their_slope() {
        let unit = (0.0, 1.0);
        let cut = |from, to| within(from, to, unit, unit);
        assert_eq!(cut((0.2, 0.2), (0.8, 0.4)), Some(((0.2, 0.2), (0.8, 0.4))));
        assert_eq!(cut((-1.0, 0.5), (2.0, 0.5)), Some(((0.0, 0.5), (1.0, 0.5))));
        assert_eq!(cut((0.5, 0.5), (0.5, 2.5)), Some(((0.5, 0.5), (0.5, 1.0))));
        assert_eq!(
            cut((-1.0, -1.0), (2.0, 2.0)).map(|(a, b)| (a.0.round(), b.1.round())),
            Some((0.0, 1.0))
        );
        assert_eq!(cut((2.0, 0.0), (3.0, 1.0)), None);
        assert_eq!(cut((0.5, f64::NAN), (0.6, 0.5)), None);
        assert_eq!(cut((0.5, 0.5), (f64::INFINITY, 0.5)), None);
    }
}
