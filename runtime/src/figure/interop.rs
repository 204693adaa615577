//! Plots of other libraries as figures, each behind the feature of its name.

/// A page that opens without a network: plotly's script is part of it.
#[cfg(feature = "plotly")]
impl super::IntoFigure for plotly::Plot {
    fn into_output(self, _: &super::Spec) -> Result<super::Output, String> {
        Ok(super::output::one("html", self.to_html().into_bytes()))
    }
}

/// A page of the size that the plot names. It loads the script of `ECharts` when it is opened.
#[cfg(feature = "charming")]
impl super::IntoFigure for charming::Chart {
    fn into_output(self, spec: &super::Spec) -> Result<super::Output, String> {
        let (width, height) = spec.size.unwrap_or(super::DEFAULT_SIZE);
        let page = charming::HtmlRenderer::new("", width.into(), height.into())
            .render(&self)
            .map_err(|why| format!("the chart could not be written as HTML: {why}"))?;
        Ok(super::output::one("html", page.into_bytes()))
    }
}

/// Pixels of 8 bits, with or without opacity.
#[cfg(feature = "image")]
impl super::IntoFigure for image::RgbaImage {
    fn into_output(self, spec: &super::Spec) -> Result<super::Output, String> {
        let (width, height) = self.dimensions();
        super::Image::rgba8(width, height, self.into_raw())
            .map_err(|error| error.to_string())?
            .into_output(spec)
    }
}

#[cfg(feature = "image")]
impl super::IntoFigure for image::RgbImage {
    fn into_output(self, spec: &super::Spec) -> Result<super::Output, String> {
        let (width, height) = self.dimensions();
        super::Image::rgb8(width, height, self.into_raw())
            .map_err(|error| error.to_string())?
            .into_output(spec)
    }
}

#[cfg(feature = "image")]
impl super::IntoFigure for image::DynamicImage {
    fn into_output(self, spec: &super::Spec) -> Result<super::Output, String> {
        self.into_rgba8().into_output(spec)
    }
}
