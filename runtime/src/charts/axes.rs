//! The scales of a chart's axes: their ticks, and the position of a value.

use super::dates;
use super::look::TICK;
use super::ticks::{self, Tick};
use crate::figure::scene::Face;
use crate::figure::text;

/// The kind of an axis.
#[derive(Clone, Debug)]
pub(super) enum Axis {
    /// Numbers, with padding at both ends.
    Numbers(f64, f64),
    /// Numbers in exactly this range; descending if the first is larger.
    Exact(f64, f64),
    /// Positive numbers on a logarithmic scale.
    Log(f64, f64),
    /// Days since 1970-01-01.
    Dates(f64, f64),
    /// Names at 0, 1, 2 …
    Names(Vec<String>),
    /// This range without ticks: another panel shows them.
    Bare(f64, f64),
}

/// Maps the values of an axis to a share of its length.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
    log: bool,
}

impl Scale {
    /// 0 at the low end, 1 at the high end; NaN if the axis cannot show the value.
    pub(super) fn share(&self, value: f64) -> f64 {
        if self.log {
            (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln())
        } else {
            // Halves, because the difference of two finite numbers may be infinite.
            (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)
        }
    }
}

impl Axis {
    /// The same axis with logarithmic steps.
    pub(super) fn logarithmic(&self, name: char) -> Result<Self, String> {
        match self {
            Self::Numbers(low, high) | Self::Exact(low, high) if *low > 0.0 => {
                Ok(Self::Log(*low, *high))
            }
            Self::Numbers(low, _) | Self::Exact(low, _) => Err(format!(
                "`log_{name}` needs positive values; the axis begins at {low}"
            )),
            _ => Err(format!(
                "`log_{name}` is for axes of numbers; this one has none"
            )),
        }
    }

    pub(super) fn scale(&self) -> Scale {
        let (low, high, log) = match self {
            Self::Numbers(low, high) | Self::Dates(low, high) => {
                let half = high / 2.0 - low / 2.0;
                // Numbers that differ only by rounding are equal.
                let alike = low.abs().max(high.abs()) * 1e-13;
                let room = if half > alike.max(f64::MIN_POSITIVE) {
                    half * 0.1
                } else if matches!(self, Self::Dates(..)) {
                    0.5
                } else {
                    low.abs().max(1.0) * 0.05
                };
                (low - room, high + room, false)
            }
            Self::Exact(low, high) | Self::Bare(low, high) => (*low, *high, false),
            Self::Log(low, high) => {
                let room = (high / low).powf(0.05).max(1.05);
                (low / room, high * room, true)
            }
            Self::Names(names) => (-0.5, names.len() as f64 - 0.5, false),
        };
        let (low, high) = (low.max(f64::MIN), high.min(f64::MAX));
        // All values are equal: show them at the low end.
        let some = low < high || high < low;
        let high = if some { high } else { low + low.abs().max(1.0) };
        Scale { low, high, log }
    }

    /// Ticks: at most `most`, except names, which are at most `widest` pixels wide.
    pub(super) fn ticks(&self, most: usize, widest: f32) -> Vec<Tick> {
        let Scale { low, high, .. } = self.scale();
        match self {
            Self::Numbers(..) | Self::Exact(..) => {
                ticks::numbers(low.min(high), high.max(low), most)
            }
            Self::Log(..) => ticks::powers(low, high, most),
            Self::Dates(..) => dates::marks(low, high, most),
            Self::Names(names) => names
                .iter()
                .enumerate()
                .map(|(place, name)| Tick {
                    at: place as f64,
                    label: shortened(name, TICK, widest),
                })
                .collect(),
            Self::Bare(..) => Vec::new(),
        }
    }

    pub(super) fn has_names(&self) -> bool {
        matches!(self, Self::Names(_))
    }
}

/// The start of a text, at most `most` pixels wide, with an ellipsis if it is cut.
pub(super) fn shortened(line: &str, em: f32, most: f32) -> String {
    let wide = |line: &str| text::width(line, em, Face::Regular);
    if line.is_empty() || wide(line) <= most {
        return line.to_owned();
    }
    let short = |end: usize| format!("{}…", line[..end].trim_end());
    let ends: Vec<usize> = line.char_indices().map(|(end, _)| end).collect();
    let fitting = ends.partition_point(|&end| wide(&short(end)) <= most);
    short(ends[fitting.saturating_sub(1)])
}
