//! The sheet of a chart: its title, and the regions of its panels.

use super::axes::shortened;
use super::look::TITLE;
use crate::figure::scene::{Align, Face, Level, Scene, Shape, Text};
use crate::figure::{Color, ColorMap, DEFAULT_SIZE, Figure, Look, Options, text};

/// A chart that is drawn when its labels, colours and size are known.
pub(super) fn chart(draw: impl Fn(&mut Sheet) -> Result<(), String> + Send + 'static) -> Figure {
    Figure::chart(move |options| {
        let mut sheet = Sheet::new(options);
        draw(&mut sheet)?;
        sheet.finish()
    })
}

/// The labels of a chart unless the figure sets others.
#[derive(Clone, Copy, Default)]
pub(super) struct Labels {
    pub(super) title: &'static str,
    pub(super) x: &'static str,
    pub(super) y: &'static str,
}

/// The labels of the axes of a panel; an empty label takes no space.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) x: String,
    pub(super) y: String,
}

/// Minimum width and height of a panel.
pub(super) const LEAST: f32 = 8.0;

/// A region of the sheet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Region {
    pub(super) left: f32,
    pub(super) top: f32,
    pub(super) right: f32,
    pub(super) bottom: f32,
}

/// A sheet that is being drawn.
pub(super) struct Sheet {
    pub(super) scene: Scene,
    pub(super) look: Look,
    pub(super) options: Options,
    asked_for_bins: bool,
    asked_for_map: bool,
}

impl Sheet {
    fn new(options: &Options) -> Self {
        let look = Look::new(options.theme, &options.colors);
        let mut scene = Scene::new(options.size.unwrap_or(DEFAULT_SIZE));
        scene.background = look.background;
        Self {
            scene,
            look,
            options: options.clone(),
            asked_for_bins: false,
            asked_for_map: false,
        }
    }

    fn finish(self) -> Result<Scene, String> {
        if self.options.bins.is_some() && !self.asked_for_bins {
            return Err("`bins` is for charts that count values in bins; this one does not".into());
        }
        if self.options.color_map.is_some() && !self.asked_for_map {
            return Err(
                "`color_map` is for heat maps; this chart has no colours for values".into(),
            );
        }
        Ok(self.scene)
    }

    /// The colour map that the figure sets, or the default of the chart.
    pub(super) fn color_map(&mut self, own: ColorMap) -> ColorMap {
        self.asked_for_map = true;
        self.options.color_map.unwrap_or(own)
    }

    /// The number of bins that the figure sets.
    pub(super) fn bins(&mut self) -> Option<usize> {
        self.asked_for_bins = true;
        self.options.bins
    }

    /// The colour of a series.
    pub(super) fn color(&self, place: usize) -> Color {
        self.look.color(place)
    }

    /// The labels of the axes: those of the figure, or the defaults of the chart.
    pub(super) fn names(&self, x: &str, y: &str) -> Names {
        let name =
            |given: &Option<String>, own: &str| given.clone().unwrap_or_else(|| own.to_owned());
        Names {
            x: name(&self.options.x_label, x),
            y: name(&self.options.y_label, y),
        }
    }

    /// Writes the title and returns the region below it.
    pub(super) fn title(&mut self, own: &str) -> Region {
        let (width, height) = (self.scene.width as f32, self.scene.height as f32);
        let title = self.options.title.clone().unwrap_or_else(|| own.to_owned());
        let top = if title.is_empty() {
            8.0
        } else {
            let (line, em) = fitting(&title, TITLE, width - 28.0);
            let at = (width / 2.0, 14.0);
            self.write(at, &line, em, Align::Middle, Level::Top, 0);
            14.0 + TITLE
        };
        Region {
            left: 0.0,
            top,
            right: width,
            bottom: height,
        }
    }

    /// The error if a panel does not fit.
    pub(super) fn too_small(&self) -> String {
        let (width, height) = (self.scene.width, self.scene.height);
        format!("`size` is {width} × {height}: too small for the panels and labels of this chart")
    }

    /// A text in coordinates of the sheet, in the colour of text.
    pub(super) fn write(
        &mut self,
        at: (f32, f32),
        line: &str,
        em: f32,
        align: Align,
        level: Level,
        turns: u8,
    ) {
        let color = self.look.ink;
        self.write_in(color, at, line, em, align, level, turns);
    }

    #[allow(clippy::too_many_arguments, reason = "a text is all of these")]
    pub(super) fn write_in(
        &mut self,
        color: Color,
        at: (f32, f32),
        line: &str,
        em: f32,
        align: Align,
        level: Level,
        turns: u8,
    ) {
        if !line.is_empty() {
            self.scene.add(Shape::Text(Text {
                at,
                line: line.to_owned(),
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

/// A line of text with the size at which it fits. It is cut if it would become too small.
pub(super) fn fitting(line: &str, em: f32, room: f32) -> (String, f32) {
    let wide = text::width(line, em, Face::Regular);
    let em = em * (room / wide).clamp(0.7, 1.0);
    (shortened(line, em, room), em)
}
