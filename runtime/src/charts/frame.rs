//! The panel of a chart: grid, marks and labels, laid out from measured text.

use super::axes::{Axis, Scale};
use super::look::{LABEL, TICK};
use super::sheet::{LEAST, Labels, Names, Region, Sheet, fitting};
use super::ticks::Tick;
use crate::figure::scene::{Align, Face, Level, Shape};
use crate::figure::{Color, text};

/// Room that a chart wants for itself.
#[derive(Clone, Copy, Default)]
pub(super) struct Room {
    /// Beside the panel, for a colour bar or a margin.
    pub(super) right: f32,
    /// Between the region's border and the panel at least, so that panels above each other begin
    /// alike.
    pub(super) left: f32,
    /// No grid and no panel colour.
    pub(super) bare: bool,
}

/// The panel of a chart with its scales.
pub(super) struct Frame<'s> {
    pub(super) sheet: &'s mut Sheet,
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) top: f32,
    pub(super) bottom: f32,
    pub(super) x_scale: Scale,
    pub(super) y_scale: Scale,
    /// Index of the first shape of the data.
    pub(super) first: usize,
}

/// Distance between a tick label and the panel.
const GAP: f32 = 8.0;
/// Distance to the edge of the region.
const MARGIN: f32 = 14.0;

impl Sheet {
    /// A single panel that fills the sheet.
    pub(super) fn frame(
        &mut self,
        labels: Labels,
        x: &Axis,
        y: &Axis,
        room: Room,
    ) -> Result<Frame<'_>, String> {
        let region = self.title(labels.title);
        let names = self.names(labels.x, labels.y);
        self.panel(region, &names, x, y, room)
    }

    /// A panel within a region, with its ticks and labels.
    pub(super) fn panel(
        &mut self,
        region: Region,
        names: &Names,
        x: &Axis,
        y: &Axis,
        room: Room,
    ) -> Result<Frame<'_>, String> {
        let (log_x, log_y) = self.options.log;
        let x = if log_x {
            x.logarithmic('x')?
        } else {
            x.clone()
        };
        let y = if log_y {
            y.logarithmic('y')?
        } else {
            y.clone()
        };
        let frame = Frame::new(self, region, names, &x, &y, room);
        if frame.right - frame.left < LEAST || frame.bottom - frame.top < LEAST {
            return Err(frame.sheet.too_small());
        }
        Ok(frame)
    }
}

impl<'s> Frame<'s> {
    /// Computes the layout and draws everything except the data.
    pub(super) fn new(
        sheet: &'s mut Sheet,
        region: Region,
        names: &Names,
        x: &Axis,
        y: &Axis,
        room: Room,
    ) -> Self {
        let (width, height) = (region.right - region.left, region.bottom - region.top);
        let y_ticks = thinned(
            y,
            y.ticks((height / 80.0).clamp(3.0, 10.0) as usize, width * 0.3),
            height,
        );
        let name_room = |name: &str| if name.is_empty() { 0.0 } else { LABEL + 12.0 };
        let labels = MARGIN + widest(&y_ticks) + GAP + name_room(&names.y);
        let left = region.left + labels.max(room.left);
        let end = region.right - 24.0 - room.right;
        let (x_ticks, turned) = marks(x, end - left, height * 0.3);
        let below = if turned { widest(&x_ticks) } else { TICK };
        let bottom = region.bottom - MARGIN - below - GAP - name_room(&names.x);
        let mut frame = Self {
            sheet,
            left,
            right: end,
            top: region.top + 12.0,
            bottom,
            x_scale: x.scale(),
            y_scale: y.scale(),
            first: 0,
        };
        if !turned {
            frame.keep_labels_within(&x_ticks, region.right - 4.0 - room.right);
        }
        frame.grid(room.bare, (&x_ticks, x, turned), (&y_ticks, y));
        frame.names(region, names);
        frame.first = frame.sheet.scene.shapes.len();
        frame
    }

    /// A label at the end of the axis may extend beyond the panel, but not beyond the sheet.
    fn keep_labels_within(&mut self, ticks: &[Tick], edge: f32) {
        let beyond = ticks
            .iter()
            .map(|tick| self.x(tick.at) + wide(&tick.label) / 2.0 - edge)
            .fold(0.0, f32::max);
        self.right -= beyond;
    }

    fn names(&mut self, region: Region, names: &Names) {
        let (middle, center) = (
            f32::midpoint(self.left, self.right),
            f32::midpoint(self.top, self.bottom),
        );
        let (line, em) = fitting(&names.x, LABEL, region.right - region.left - 28.0);
        let at = (middle, region.bottom - 12.0);
        self.write(at, &line, em, Align::Middle, Level::Bottom, 0);
        let (line, em) = fitting(&names.y, LABEL, region.bottom - region.top - 8.0);
        let at = (region.left + MARGIN, center);
        self.write(at, &line, em, Align::Middle, Level::Top, 3);
    }

    fn grid(
        &mut self,
        bare: bool,
        (x_ticks, x, turned): (&[Tick], &Axis, bool),
        (y_ticks, y): (&[Tick], &Axis),
    ) {
        let (left, right, top, bottom) = (self.left, self.right, self.top, self.bottom);
        let (panel, grid, axis) = {
            let look = &self.sheet.look;
            (look.panel, look.grid, look.axis)
        };
        if !bare {
            self.sheet.scene.add(Shape::Rect {
                from: (left, top),
                to: (right, bottom),
                fill: panel,
            });
        }
        for tick in x_ticks {
            let at = self.x(tick.at);
            if !bare && !x.has_names() {
                self.line(vec![(at, top), (at, bottom)], grid, 1.0);
            }
            let place = (at, bottom + GAP);
            let (align, level, turns) = if turned {
                (Align::End, Level::Middle, 3)
            } else {
                (Align::Middle, Level::Top, 0)
            };
            self.write(place, &tick.label, TICK, align, level, turns);
        }
        for tick in y_ticks {
            let at = self.y(tick.at);
            if !bare && !y.has_names() {
                self.line(vec![(left, at), (right, at)], grid, 1.0);
            }
            let place = (left - GAP, at);
            self.write(place, &tick.label, TICK, Align::End, Level::Middle, 0);
        }
        if let (Some(color), false) = (axis, bare) {
            self.line(vec![(left, top), (left, bottom)], color, 1.2);
            self.line(vec![(left, bottom), (right, bottom)], color, 1.2);
        }
    }

    /// The x coordinate of a value.
    pub(super) fn x(&self, value: f64) -> f32 {
        let share = self.x_scale.share(value);
        (f64::from(self.left) + share * f64::from(self.right - self.left)) as f32
    }

    /// The y coordinate of a value.
    pub(super) fn y(&self, value: f64) -> f32 {
        let share = self.y_scale.share(value);
        (f64::from(self.bottom) - share * f64::from(self.bottom - self.top)) as f32
    }

    pub(super) fn x_range(&self) -> (f64, f64) {
        (self.x_scale.low, self.x_scale.high)
    }

    pub(super) fn y_range(&self) -> (f64, f64) {
        (self.y_scale.low, self.y_scale.high)
    }

    /// The colour of a series.
    pub(super) fn color(&self, place: usize) -> Color {
        self.sheet.color(place)
    }

    /// The colour of text and reference lines.
    pub(super) fn ink(&self) -> Color {
        self.sheet.look.ink
    }
}

/// Width of a tick label.
fn wide(label: &str) -> f32 {
    text::width(label, TICK, Face::Regular)
}

fn widest(ticks: &[Tick]) -> f32 {
    ticks
        .iter()
        .map(|tick| wide(&tick.label))
        .fold(0.0, f32::max)
}

/// The ticks whose labels fit, and whether the labels are rotated.
fn marks(axis: &Axis, room: f32, tallest: f32) -> (Vec<Tick>, bool) {
    let needed = |ticks: &[Tick]| {
        ticks
            .iter()
            .map(|tick| wide(&tick.label) + TICK)
            .sum::<f32>()
    };
    if axis.has_names() {
        let ticks = axis.ticks(0, f32::INFINITY);
        if needed(&ticks) <= room {
            return (ticks, false);
        }
        return (thinned(axis, axis.ticks(0, tallest), room), true);
    }
    let fitting = (2..=10)
        .rev()
        .map(|most| axis.ticks(most, f32::INFINITY))
        .find(|ticks| needed(ticks) <= room);
    (fitting.unwrap_or_default(), false)
}

/// All names, or every n-th if the names would overlap.
fn thinned(axis: &Axis, ticks: Vec<Tick>, room: f32) -> Vec<Tick> {
    if !axis.has_names() {
        return ticks;
    }
    let most = (room / (TICK * 1.15)).max(1.0) as usize;
    let every = ticks.len().div_ceil(most).max(1);
    ticks.into_iter().step_by(every).collect()
}
