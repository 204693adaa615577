//! The frame of a chart: panel, grid, marks, labels and title, laid out from measured text.

use super::clip::within;
use super::look::{GRID, INK, LABEL, PANEL, TICK, TITLE};
use super::ticks::{self, Tick};
use crate::figure::scene::{Align, Face, Level, Scene, Shape, Text};
use crate::figure::{Color, DEFAULT_SIZE, Options, text};

/// What an axis shows.
pub(super) enum Axis {
    /// Numbers, with room at both ends.
    Numbers(f64, f64),
    /// Numbers, exactly this range.
    Exact(f64, f64),
    /// Days since 1970-01-01.
    Dates(f64, f64),
    /// Names, at 0, 1, 2 …
    Names(Vec<String>),
}

impl Axis {
    fn range(&self) -> (f64, f64) {
        match self {
            Self::Numbers(low, high) | Self::Dates(low, high) => {
                let room = if high > low {
                    (high - low) * 0.05
                } else {
                    low.abs().max(1.0) * 0.05
                };
                (low - room, high + room)
            }
            Self::Exact(low, high) => (*low, *high),
            Self::Names(names) => (-0.5, names.len() as f64 - 0.5),
        }
    }

    fn ticks(&self, (low, high): (f64, f64), most: usize) -> Vec<Tick> {
        match self {
            Self::Numbers(..) | Self::Exact(..) => ticks::numbers(low, high, most),
            Self::Dates(..) => ticks::dates(low, high, most),
            Self::Names(names) => names
                .iter()
                .enumerate()
                .map(|(place, name)| Tick {
                    at: place as f64,
                    label: shortened(name),
                })
                .collect(),
        }
    }
}

/// A name that fits beside an axis.
fn shortened(name: &str) -> String {
    const MOST: usize = 28;
    if name.chars().count() <= MOST {
        return name.to_owned();
    }
    name.chars().take(MOST - 1).chain(['…']).collect()
}

/// Labels that a chart has when the figure names none.
#[derive(Clone, Copy, Default)]
pub(super) struct Labels {
    pub(super) title: &'static str,
    pub(super) x: &'static str,
    pub(super) y: &'static str,
}

/// The panel of a chart, with its scales.
pub(super) struct Frame {
    pub(super) scene: Scene,
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) top: f32,
    pub(super) bottom: f32,
    x: (f64, f64),
    y: (f64, f64),
}

/// Room that a chart wants for itself.
#[derive(Clone, Copy, Default)]
pub(super) struct Room {
    /// Beside the panel, for a colour bar.
    pub(super) right: f32,
    /// No grid and no panel colour.
    pub(super) bare: bool,
}

impl Frame {
    /// Lays out and draws everything but the data.
    pub(super) fn new(options: &Options, labels: Labels, x: &Axis, y: &Axis, room: Room) -> Self {
        let size = options.size.unwrap_or(DEFAULT_SIZE);
        let (width, height) = (size.0 as f32, size.1 as f32);
        let (x_range, y_range) = (x.range(), y.range());
        let y_ticks = y.ticks(y_range, (height / 90.0).clamp(3.0, 10.0) as usize);
        let widest = y_ticks
            .iter()
            .map(|tick| text::width(&tick.label, TICK, Face::Regular))
            .fold(0.0, f32::max);
        let name =
            |given: &Option<String>, own: &str| given.clone().unwrap_or_else(|| own.to_owned());
        let (title, x_label, y_label) = (
            name(&options.title, labels.title),
            name(&options.x_label, labels.x),
            name(&options.y_label, labels.y),
        );
        let left = 14.0
            + widest
            + 8.0
            + if y_label.is_empty() {
                0.0
            } else {
                LABEL + 12.0
            };
        let right = width - 24.0 - room.right;
        let x_ticks = fitting(x, x_range, right - left);
        let turned = crowded(&x_ticks, right - left);
        let below = if turned {
            x_ticks
                .iter()
                .map(|tick| text::width(&tick.label, TICK, Face::Regular))
                .fold(0.0, f32::max)
        } else {
            TICK
        };
        let bottom = height
            - 14.0
            - below
            - 8.0
            - if x_label.is_empty() {
                0.0
            } else {
                LABEL + 12.0
            };
        let top = if title.is_empty() {
            20.0
        } else {
            14.0 + TITLE + 12.0
        };
        let mut frame = Self {
            scene: Scene::new(size),
            left,
            right,
            top,
            bottom,
            x: x_range,
            y: y_range,
        };
        frame.panel(room.bare, (&x_ticks, x), (&y_ticks, y), turned);
        let middle = f32::midpoint(left, right);
        frame.write((middle, 14.0), &title, TITLE, Align::Middle, Level::Top, 0);
        frame.write(
            (middle, height - 12.0),
            &x_label,
            LABEL,
            Align::Middle,
            Level::Bottom,
            0,
        );
        frame.write(
            (14.0, f32::midpoint(top, bottom)),
            &y_label,
            LABEL,
            Align::Middle,
            Level::Top,
            3,
        );
        frame
    }

    fn panel(
        &mut self,
        bare: bool,
        (x_ticks, x): (&[Tick], &Axis),
        (y_ticks, y): (&[Tick], &Axis),
        turned: bool,
    ) {
        let (left, right, top, bottom) = (self.left, self.right, self.top, self.bottom);
        if !bare {
            self.scene.add(Shape::Rect {
                from: (left, top),
                to: (right, bottom),
                fill: PANEL,
            });
        }
        for tick in x_ticks {
            let at = self.x(tick.at);
            if !bare && !matches!(x, Axis::Names(_)) {
                self.line(vec![(at, top), (at, bottom)], GRID, 1.0);
            }
            if turned {
                self.write(
                    (at, bottom + 8.0),
                    &tick.label,
                    TICK,
                    Align::End,
                    Level::Middle,
                    3,
                );
            } else {
                self.write(
                    (at, bottom + 8.0),
                    &tick.label,
                    TICK,
                    Align::Middle,
                    Level::Top,
                    0,
                );
            }
        }
        for tick in y_ticks {
            let at = self.y(tick.at);
            if !bare && !matches!(y, Axis::Names(_)) {
                self.line(vec![(left, at), (right, at)], GRID, 1.0);
            }
            self.write(
                (left - 8.0, at),
                &tick.label,
                TICK,
                Align::End,
                Level::Middle,
                0,
            );
        }
    }

    /// Where a value lies across.
    pub(super) fn x(&self, value: f64) -> f32 {
        let share = (value - self.x.0) / (self.x.1 - self.x.0);
        (f64::from(self.left) + share * f64::from(self.right - self.left)) as f32
    }

    /// Where a value lies down.
    pub(super) fn y(&self, value: f64) -> f32 {
        let share = (value - self.y.0) / (self.y.1 - self.y.0);
        (f64::from(self.bottom) - share * f64::from(self.bottom - self.top)) as f32
    }

    pub(super) fn x_range(&self) -> (f64, f64) {
        self.x
    }

    /// A curve in the units of the axes.
    pub(super) fn curve(&mut self, points: &[(f64, f64)], color: Color, width: f32) {
        let points = self.clipped(points);
        self.line(points, color, width);
    }

    /// A dashed curve in the units of the axes.
    pub(super) fn dashes(&mut self, points: &[(f64, f64)], color: Color, width: f32) {
        let points = self.clipped(points);
        self.scene.add(Shape::Line {
            points,
            color,
            width,
            dash: Some((8.0, 5.0)),
        });
    }

    /// A curve's part within the panel; where it leaves there is a gap. A value that is no number
    /// is a gap too.
    fn clipped(&self, points: &[(f64, f64)]) -> Vec<(f32, f32)> {
        const GAP: (f32, f32) = (f32::NAN, f32::NAN);
        let mut clipped: Vec<(f32, f32)> = Vec::with_capacity(points.len());
        for pair in points.windows(2) {
            let Some((from, to)) = within(pair[0], pair[1], self.x, self.y) else {
                clipped.push(GAP);
                continue;
            };
            let ends = [from, to].map(|(x, y)| (self.x(x), self.y(y)));
            if clipped.last() != Some(&ends[0]) {
                clipped.extend([GAP, ends[0]]);
            }
            clipped.push(ends[1]);
        }
        clipped
    }

    /// The area between two curves over the same x.
    pub(super) fn band(&mut self, low: &[(f64, f64)], high: &[(f64, f64)], fill: Color) {
        let points = low
            .iter()
            .chain(high.iter().rev())
            .map(|(x, y)| (self.x(*x), self.y(*y)))
            .collect();
        self.scene.add(Shape::Area { points, fill });
    }

    /// Points in the units of the axes; those outside are left out.
    pub(super) fn discs(
        &mut self,
        points: impl IntoIterator<Item = (f64, f64)>,
        radius: f32,
        fill: Color,
    ) {
        let (x, y) = (self.x, self.y);
        let inside = |p: &(f64, f64)| (x.0..=x.1).contains(&p.0) && (y.0..=y.1).contains(&p.1);
        let centers = points
            .into_iter()
            .filter(inside)
            .map(|(x, y)| (self.x(x), self.y(y)))
            .collect();
        self.scene.add(Shape::Discs {
            centers,
            radius,
            fill: Some(fill),
            edge: None,
        });
    }

    pub(super) fn rect(&mut self, from: (f64, f64), to: (f64, f64), fill: Color) {
        let corner = |frame: &Self, (x, y): (f64, f64)| (frame.x(x), frame.y(y));
        let (from, to) = (corner(self, from), corner(self, to));
        self.scene.add(Shape::Rect { from, to, fill });
    }

    pub(super) fn line(&mut self, points: Vec<(f32, f32)>, color: Color, width: f32) {
        self.scene.add(Shape::Line {
            points,
            color,
            width,
            dash: None,
        });
    }

    /// A text at a place of the scene.
    pub(super) fn write(
        &mut self,
        at: (f32, f32),
        text: &str,
        em: f32,
        align: Align,
        level: Level,
        turns: u8,
    ) {
        self.write_in(INK, at, text, em, align, level, turns);
    }

    #[allow(clippy::too_many_arguments, reason = "a text is all of these")]
    pub(super) fn write_in(
        &mut self,
        color: Color,
        at: (f32, f32),
        text: &str,
        em: f32,
        align: Align,
        level: Level,
        turns: u8,
    ) {
        if !text.is_empty() {
            let text = text.to_owned();
            self.scene.add(Shape::Text(Text {
                at,
                line: text,
                em,
                face: Face::Regular,
                color,
                align,
                level,
                turns,
            }));
        }
    }
}

/// As many marks as their labels have room for.
fn fitting(axis: &Axis, range: (f64, f64), room: f32) -> Vec<Tick> {
    (3..=10)
        .rev()
        .map(|most| axis.ticks(range, most))
        .find(|ticks| !crowded(ticks, room))
        .unwrap_or_else(|| axis.ticks(range, 3))
}

fn crowded(ticks: &[Tick], room: f32) -> bool {
    let needed: f32 = ticks
        .iter()
        .map(|tick| text::width(&tick.label, TICK, Face::Regular) + TICK)
        .sum();
    needed > room
}
