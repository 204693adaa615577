//! A straight line through points, and how sure it is.

use super::{correlation::CrossMoments, normal::t_quantile, summary::finite_pairs};

/// The least-squares line `y = intercept + slope · x`.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// In units of y per unit of x.
    pub slope: f64,
    /// In units of y.
    pub intercept: f64,
    /// The correlation of x and y, in −1..=1; NaN if all y are equal.
    pub r: f64,
    moments: CrossMoments,
    /// Σ (y − ŷ)².
    residual_squares: f64,
}

impl Line {
    /// The ordinary least-squares line through the finite pairs, as `scipy.stats.linregress`.
    /// `None` unless two of them differ in x.
    pub fn fit(x: &[f64], y: &[f64]) -> Option<Self> {
        Self::through(&finite_pairs(x, y))
    }

    /// The same for pairs that are finite already.
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

    /// The line's y at `x`.
    pub fn at(&self, x: f64) -> f64 {
        self.moments.y_mean + self.slope * (x - self.moments.x_mean)
    }

    /// The share of y's variance that the line explains, `r²`, 0..=1, as statsmodels'
    /// `OLS(…).rsquared`; NaN if all y are equal.
    pub fn r_squared(&self) -> f64 {
        self.r * self.r
    }

    /// The interval in which the true *mean* of y at `x` lies with probability `level` (0.95): `ŷ ±
    /// t · s · √(1/n + (x − x̄)² / Σ(x − x̄)²)` with the t quantile of `n − 2` degrees (Draper and
    /// Smith, *Applied Regression Analysis*, 1998, §1.4), as statsmodels'
    /// `get_prediction(…).conf_int()`. `None` for fewer than three pairs.
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
