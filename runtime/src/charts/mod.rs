//! Charts for machine learning: each function takes typed slices and returns a
//! [`Figure`](crate::Figure).
//!
//! Every chart has a default title and default axis labels, which
//! [`title`](crate::Figure::title), [`x_label`](crate::Figure::x_label) and
//! [`y_label`](crate::Figure::y_label) replace; other methods of the figure set its size, theme,
//! colors and logarithmic axes. Charts ignore NaN and infinite values unless their documentation
//! says otherwise. More than 50 000 points of one color are drawn as their density.
//!
//! The functions do not fail. Invalid data, such as no finite value or slices of unequal length, is
//! reported when the figure is written: the error names the argument.
//!
//! ```
//! use mlplots::charts;
//!
//! let y_true = [1.0, 2.0, 3.0, 4.0];
//! let y_pred = [1.1, 1.9, 3.2, 3.9];
//! let figure = charts::residuals(&y_true, &y_pred).title("Residuals of a small model");
//! assert!(figure.to_png(1.0)?.starts_with(b"\x89PNG"));
//!
//! let error = charts::residuals(&[], &[]).to_png(1.0).unwrap_err();
//! assert_eq!(error.to_string(), "`y_true` has no finite value");
//! # Ok::<(), mlplots::Error>(())
//! ```

mod axes;
mod classification;
mod correlation;
mod curves;
mod data;
mod dates;
mod density;
mod frame;
mod groups;
mod heat;
mod ink;
mod input;
mod inspection;
mod kernel;
mod legend;
mod look;
mod marks;
mod missing;
mod pairs;
mod regression;
mod residuals;
mod sheet;
mod table;
mod ticks;
mod training;

#[cfg(test)]
mod tests;

pub use classification::{
    class_balance, class_report, confusion_matrix, confusion_matrix_normalized,
};
pub use correlation::{correlation, correlation_clustered};
pub use curves::{
    calibration, cumulative_gain, lift, precision_recall, precision_recall_multiclass, roc,
    roc_multiclass, thresholds,
};
pub use data::{histogram, scatter, scatter_groups, time_series};
pub use groups::{box_strip, group_means};
pub use inspection::{
    elbow, embedding, feature_importance, partial_dependence, partial_dependence_2d,
    permutation_importance, silhouette,
};
pub use kernel::{density, violin};
pub use missing::missing_values;
pub use pairs::pair_grid;
pub use regression::{coefficients, prediction_error, qq};
pub use residuals::{residuals, scale_location};
pub use training::{learning_curve, loss_bands, loss_curves, validation_curve};
