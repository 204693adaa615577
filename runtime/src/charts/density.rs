//! More points than pixels: what is drawn instead, so that a million of them stay legible and quick.

use crate::figure::Color;
use crate::figure::scene::{Point, Shape};

/// From here on, points are shown as a density.
pub(super) const MANY: usize = 50_000;

/// How dense points lie, as a picture of two samples a pixel: the more points, on a logarithmic
/// scale, the stronger the colour. A single point can still be seen.
pub(super) fn shaded(points: &[Point], (from, to): (Point, Point), color: Color) -> Shape {
    const FINE: f32 = 2.0;
    let (width, height) = (
        ((to.0 - from.0) * FINE).ceil().max(1.0) as usize,
        ((to.1 - from.1) * FINE).ceil().max(1.0) as usize,
    );
    let mut counts = vec![0_u32; width * height];
    for (x, y) in points {
        let column = (((x - from.0) * FINE) as usize).min(width - 1);
        let row = (((y - from.1) * FINE) as usize).min(height - 1);
        // Each is a plus of five samples, large enough to be seen alone.
        let mut count = |row: usize, column: usize| {
            if row < height && column < width {
                counts[row * width + column] += 1;
            }
        };
        count(row, column);
        count(row + 1, column);
        count(row, column + 1);
        count(row.wrapping_sub(1), column);
        count(row, column.wrapping_sub(1));
    }
    let most = f64::from(counts.iter().copied().max().unwrap_or(1).max(1)).ln_1p();
    let (r, g, b) = color.rgb;
    let rgba = counts
        .iter()
        .flat_map(|&count| {
            let share = f64::from(count).ln_1p() / most;
            let alpha = if count == 0 {
                0.0
            } else {
                0.25 + 0.75 * share * share
            };
            [r, g, b, (alpha * 255.0).round() as u8]
        })
        .collect();
    Shape::Image {
        from,
        to: (from.0 + width as f32 / FINE, from.1 + height as f32 / FINE),
        width: width as u32,
        height: height as u32,
        rgba,
    }
}

/// A line of many points with those that make no visible difference left out: of each column of
/// pixels it keeps the first, the lowest, the highest and the last, in their order (Jugel et al.,
/// *M4: A Visualization-Oriented Time Series Data Aggregation*, 2014). A line that runs back is
/// kept whole.
pub(super) fn thinned(points: Vec<(f64, f64)>, columns: usize) -> Vec<(f64, f64)> {
    const PER_COLUMN: usize = 4;
    let forward = |pair: &[(f64, f64)]| pair[0].0 <= pair[1].0;
    if points.len() <= columns * PER_COLUMN * 2 || !points.windows(2).all(forward) {
        return points;
    }
    // Two columns a pixel, for output at twice the size.
    let column = |x: f64| (x * columns as f64 * 2.0).floor() as i64;
    let mut kept = Vec::with_capacity(columns * PER_COLUMN * 2);
    let same = |a: &(f64, f64), b: &(f64, f64)| {
        column(a.0) == column(b.0) && !a.1.is_nan() && !b.1.is_nan()
    };
    for run in points.chunk_by(same) {
        let lowest = place(run, |a, b| a < b);
        let highest = place(run, |a, b| a > b);
        let mut places = [0, lowest.min(highest), lowest.max(highest), run.len() - 1];
        places.sort_unstable();
        let mut last = None;
        for place in places {
            if last.replace(place) != Some(place) {
                kept.push(run[place]);
            }
        }
    }
    kept
}

fn place(run: &[(f64, f64)], before: impl Fn(f64, f64) -> bool) -> usize {
    (1..run.len()).fold(0, |best, place| {
        if before(run[place].1, run[best].1) {
            place
        } else {
            best
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thinned_line_keeps_its_extremes_and_its_gaps() {
        let mut line: Vec<(f64, f64)> = (0..100_000)
            .map(|place| (f64::from(place) / 1e5, (f64::from(place) * 0.37).sin()))
            .collect();
        line[43_210].1 = 9.0;
        line[43_211].1 = -9.0;
        line[60_000].1 = f64::NAN;
        let kept = thinned(line.clone(), 500);
        assert!(kept.len() < 5000, "{}", kept.len());
        assert!(kept.contains(&line[43_210]) && kept.contains(&line[43_211]));
        assert!(kept.iter().any(|point| point.1.is_nan()));
        assert_eq!((kept[0], kept[kept.len() - 1]), (line[0], line[99_999]));
        let back: Vec<_> = line.iter().rev().copied().collect();
        assert_eq!(thinned(back.clone(), 500).len(), back.len());
    }

    #[test]
    fn a_single_point_shows_in_a_density() {
        let mut points = vec![(10.2, 10.2); 1000];
        points.push((50.0, 50.0));
        let red = Color::rgb(255, 0, 0);
        let Shape::Image { rgba, width, .. } = shaded(&points, ((0.0, 0.0), (60.0, 60.0)), red)
        else {
            panic!("a density is an image");
        };
        let alpha = |x: usize, y: usize| rgba[(y * width as usize + x) * 4 + 3];
        assert_eq!((alpha(20, 20), alpha(80, 20)), (255, 0));
        assert!(alpha(100, 100) > 60);
    }
}
