//! Plots of other libraries as figures, each behind the feature with its name.

/// A page that works without a network, since it includes plotly's script.
#[cfg(feature = "plotly")]
impl super::IntoFigure for plotly::Plot {
    fn into_output(self, _: &super::Spec) -> Result<super::Output, crate::error::Error> {
        Ok(super::output::one("html", self.to_html().into_bytes()))
    }
}

/// A page with the size of the plot. It loads the script of `ECharts` when it is opened.
#[cfg(feature = "charming")]
impl super::IntoFigure for charming::Chart {
    fn into_output(self, spec: &super::Spec) -> Result<super::Output, crate::error::Error> {
        let (width, height) = spec.size.unwrap_or(super::DEFAULT_SIZE);
        let page = charming::HtmlRenderer::new("", width.into(), height.into())
            .render(&self)
            .map_err(|why| {
                crate::error::Error::new(format!("the chart could not be written as HTML: {why}"))
            })?;
        // charming writes the options into a script without escapes.
        let options = self.to_string();
        let page = page.replacen(&options, &in_script(&options), 1);
        Ok(super::output::one("html", page.into_bytes()))
    }
}

/// Escapes JavaScript so that it cannot end the `script` element around it: a label may be any text.
#[cfg(feature = "charming")]
fn in_script(code: &str) -> String {
    let mut safe = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        safe.push_str(before);
        let begins = |word: &str| {
            from.get(..word.len())
                .is_some_and(|text| text.eq_ignore_ascii_case(word))
        };
        // In a JavaScript string a backslash before these characters has no effect.
        safe.push('<');
        if begins("</script") || begins("<script") || begins("<!--") {
            safe.push('\\');
        }
        rest = &from[1..];
    }
    safe + rest
}

/// Pixels of 8 bits, with or without opacity.
#[cfg(feature = "image")]
impl super::IntoFigure for image::RgbaImage {
    fn into_output(self, spec: &super::Spec) -> Result<super::Output, crate::error::Error> {
        let (width, height) = self.dimensions();
        super::Image::rgba8(width, height, self.into_raw())?.into_output(spec)
    }
}

#[cfg(feature = "image")]
impl super::IntoFigure for image::RgbImage {
    fn into_output(self, spec: &super::Spec) -> Result<super::Output, crate::error::Error> {
        let (width, height) = self.dimensions();
        super::Image::rgb8(width, height, self.into_raw())?.into_output(spec)
    }
}

#[cfg(feature = "image")]
impl super::IntoFigure for image::DynamicImage {
    fn into_output(self, spec: &super::Spec) -> Result<super::Output, crate::error::Error> {
        self.into_rgba8().into_output(spec)
    }
}
