use mlplots::prelude::*;

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Params {
    figures: u32,
    points: u64,
}

/// Logs many small, different figures and many points of one metric.
#[train(experiment = "Limits")]
fn fill(run: &Run, params: Params) -> Result<(), mlplots::Error> {
    for number in 0..params.figures {
        let image = Image::rgb8(32, 32, pixels(number))?;
        run.log_figure(image, &format!("figures/{number}.png"))?;
    }
    for step in 0..params.points {
        run.log_metric_at("loss", 1.0 / (step + 1) as f64, step);
    }
    Ok(())
}

/// The pixels of a pattern that depends on the number.
fn pixels(number: u32) -> Vec<u8> {
    let bits = (0..32 * 32).map(|at| number.rotate_left(at % 32) >> (at / 32 % 32));
    bits.flat_map(|bits| [bits as u8, (bits >> 8) as u8, number as u8])
        .collect()
}

mlplots::main!();
