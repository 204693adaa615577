//! What ML people ask for, one line each.

mod stats;
