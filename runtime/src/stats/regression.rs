//! Simple linear regression: a least-squares line and its confidence interval.

use super::{correlation::CrossMoments, normal::t_quantile, summary::finite_pairs};

/// The least-squares line `y = intercept + slope · x`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Line {
    /// The slope, in units of y per unit of x.
    pub slope: f64,
    /// The intercept, in units of y.
    pub intercept: f64,
    /// Pearson's correlation of x and y, −1..=1; NaN if all y are equal.
    pub r: f64,
    moments: CrossMoments,
    /// Σ (y − ŷ)².
    residual_squares: f64,
}

impl Line {
    /// Fits the ordinary least-squares line through the finite pairs, as `scipy.stats.linregress`.
    ///
    /// Pairs with a non-finite value are dropped, and extra elements of the longer slice are
    /// ignored. `None` unless at least two remaining pairs differ in x and the slope is finite.
    ///
    /// ```
    /// use mlplots::stats::regression::Line;
    ///
    /// let line = Line::fit(&[0.0, 1.0, 2.0, f64::NAN], &[1.0, 3.0, 5.0, 9.0]).unwrap();
    /// assert_eq!((line.slope, line.intercept), (2.0, 1.0));
    /// assert!((line.r - 1.0).abs() < 1e-12);
    /// ```
    pub fn fit(x: &[f64], y: &[f64]) -> Option<Self> {
        Self::through(&finite_pairs(x, y))
    }

    /// Fits the same line as [`Line::fit`] through (x, y) pairs that are all finite. `None` as
    /// there, and also if a value is not finite.
    ///
    /// ```
    /// use mlplots::stats::regression::Line;
    ///
    /// let line = Line::through(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]).unwrap();
    /// assert_eq!((line.slope, line.intercept), (2.0, 1.0));
    /// assert!(Line::through(&[(1.0, 1.0), (1.0, 3.0)]).is_none());
    /// ```
    pub fn through(pairs: &[(f64, f64)]) -> Option<Self> {
        let moments = CrossMoments::of(pairs);
        let slope = moments.xy / moments.xx;
        if !slope.is_finite() {
            return None;
        }
        let (x_mean, y_mean) = (moments.x_mean, moments.y_mean);
        let residual = |(x, y): &(f64, f64)| (y - y_mean) - slope * (x - x_mean);
        Some(Self {
            slope,
            intercept: y_mean - slope * x_mean,
            r: moments.r(),
            moments,
            residual_squares: pairs.iter().map(|pair| residual(pair).powi(2)).sum(),
        })
    }

    /// Returns the line's y at `x`. Not finite if `x` is not.
    ///
    /// ```
    /// use mlplots::stats::regression::Line;
    ///
    /// let line = Line::fit(&[0.0, 1.0, 2.0], &[1.0, 3.0, 5.0]).unwrap();
    /// assert_eq!(line.at(10.0), 21.0);
    /// ```
    pub fn at(&self, x: f64) -> f64 {
        self.moments.y_mean + self.slope * (x - self.moments.x_mean)
    }

    /// Returns the coefficient of determination `r²`, 0..=1, the fraction of the variance of y that
    /// the line explains, as statsmodels' `OLS(…).fit().rsquared`. NaN if all y are equal.
    ///
    /// ```
    /// use mlplots::stats::regression::Line;
    ///
    /// let line = Line::fit(&[0.0, 1.0, 2.0, 3.0], &[1.0, 3.0, 2.0, 4.0]).unwrap();
    /// assert!((line.r_squared() - 0.64).abs() < 1e-12);
    /// ```
    pub fn r_squared(&self) -> f64 {
        self.r * self.r
    }

    /// Computes the confidence interval of the true *mean* of y at `x`, as (lower bound, upper
    /// bound): `ŷ ± t · s · √(1/n + (x − x̄)² / Σ(x − x̄)²)` with the t quantile of `n − 2` degrees
    /// of freedom (Draper and Smith, *Applied Regression Analysis*, 1998, §1.4), as statsmodels'
    /// `get_prediction(…).conf_int()`.
    ///
    /// `level` is the confidence level in 0..1, usually 0.95; above 1 or for NaN, the bounds are
    /// NaN. They are not finite if `x` is not. `None` for fewer than three pairs.
    ///
    /// ```
    /// use mlplots::stats::regression::Line;
    ///
    /// let line = Line::fit(&[0.0, 1.0, 2.0, 3.0], &[1.0, 3.0, 2.0, 4.0]).unwrap();
    /// let (low, high) = line.mean_interval(1.5, 0.95).unwrap();
    /// assert!((low - 0.459_073).abs() < 1e-6 && (high - 4.540_927).abs() < 1e-6);
    /// ```
    pub fn mean_interval(&self, x: f64, level: f64) -> Option<(f64, f64)> {
        let degrees = self
            .moments
            .count
            .checked_sub(2)
            .filter(|&degrees| degrees > 0)?;
        let scale = (self.residual_squares / degrees as f64).sqrt();
        let leverage =
            1.0 / self.moments.count as f64 + (x - self.moments.x_mean).powi(2) / self.moments.xx;
        let reach = t_quantile(f64::midpoint(1.0, level), degrees) * scale * leverage.sqrt();
        Some((self.at(x) - reach, self.at(x) + reach))
    }
}
