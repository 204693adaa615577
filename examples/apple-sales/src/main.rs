//! The training program. Run it with `cargo mlplots run -p apple-sales`.

mlplots::main!(apple_sales);
