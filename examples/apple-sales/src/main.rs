//! The training program; `cargo mlplots run -p apple-sales` runs it.

mlplots::main!(apple_sales);
