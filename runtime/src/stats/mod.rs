//! The statistics that the charts compute, as functions on slices for your own plots and metrics.
//!
//! Three rules hold for every function:
//!
//! - **Non-finite values** (NaN, ±∞) are dropped first, pairwise where a function reads two slices
//!   together, unless it documents that they propagate.
//! - **No input panics.** Of slices with unequal lengths, extra elements of the longer one are
//!   ignored. Where a statistic does not exist (no value, no spread), a number is NaN, a struct is
//!   `None`, and a curve is empty.
//! - **Each formula names its source.** Tests compare the values with those of `SciPy`,
//!   scikit-learn, statsmodels, pandas, `NumPy` and matplotlib.
//!
//! ```
//! use mlplots::stats::classification::Ranking;
//! use mlplots::stats::summary::{mean, std};
//!
//! assert_eq!(mean(&[1.0, 2.0, f64::NAN, 6.0]), 3.0);
//! assert!(std(&[], 1).is_nan());
//!
//! let ranking = Ranking::new(&[false, true, true], &[0.2, 0.4, 0.9]).unwrap();
//! assert_eq!(ranking.auc(), 1.0);
//! ```

pub mod calibration;
pub mod classification;
pub mod confusion;
pub mod correlation;
pub mod gain;
pub mod histogram;
pub mod jitter;
pub mod kde;
pub mod lowess;
pub mod model;
pub mod multiclass;
pub mod normal;
pub mod probability;
pub mod regression;
pub mod residuals;
pub mod rolling;
pub mod summary;

#[cfg(test)]
mod tests;
