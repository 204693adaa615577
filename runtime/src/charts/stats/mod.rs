//! The statistics under the charts: pure functions on slices.
//!
//! Three rules hold in every file:
//!
//! - **Non-finite values** (NaN, ±∞) are dropped first, pairwise where two slices are read
//!   together, except where a function says that they propagate.
//! - **No input panics.** Slices of unequal length are read up to the shorter one. Where a
//!   statistic does not exist (no value, no spread), a number is NaN and a structure is `None`.
//! - **Each formula names its source**, and its values are compared in `tests` with those of
//!   `SciPy`, scikit-learn, statsmodels, pandas, `NumPy` and matplotlib.

#![allow(
    dead_code,
    reason = "some measures are only compared with other libraries'"
)]

pub(crate) mod calibration;
pub(crate) mod classification;
pub(crate) mod confusion;
pub(crate) mod correlation;
pub(crate) mod gain;
pub(crate) mod histogram;
pub(crate) mod jitter;
pub(crate) mod kde;
pub(crate) mod lowess;
pub(crate) mod model;
pub(crate) mod multiclass;
pub(crate) mod normal;
pub(crate) mod regression;
pub(crate) mod residuals;
pub(crate) mod rolling;
pub(crate) mod summary;

#[cfg(test)]
mod tests;
