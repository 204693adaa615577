//! Run-scoped plots for machine learning.

#[cfg(feature = "plots")]
pub mod charts;
#[cfg(feature = "plots")]
pub mod figure;
pub mod journal;
pub mod record;
