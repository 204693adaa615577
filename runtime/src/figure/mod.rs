//! Figures: drawn once, written in any format.
