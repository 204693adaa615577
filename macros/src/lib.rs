//! The `#[train]` and `#[plot]` attributes.
