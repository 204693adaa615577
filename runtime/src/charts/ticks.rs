//! The ticks of an axis and their labels.

/// A tick.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

/// Ticks at round numbers within a range, at most `most`.
pub(super) fn numbers(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let most = most.max(1) as f64;
    // Not by the parts of the span, which may be infinite.
    let narrowest = high / most - low / most;
    if !(narrowest.is_finite() && narrowest > 0.0) {
        return vec![Tick {
            at: low,
            label: number(low, 1.0),
        }];
    }
    let step = step(narrowest);
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    let places: Vec<f64> = (first..=last.max(first))
        .map(|place| place as f64 * step)
        .collect();
    let labels = alike(&places, step);
    let ticks = places.into_iter().zip(labels);
    ticks.map(|(at, label)| Tick { at, label }).collect()
}

/// The labels of an axis. All or none have a power of ten, whichever is shorter.
fn alike(places: &[f64], step: f64) -> Vec<String> {
    let labels: Vec<String> = places.iter().map(|at| number(*at, step)).collect();
    if !labels.iter().any(|label| label.contains('e')) {
        return labels;
    }
    let plain: Vec<String> = places.iter().map(|at| decimal(*at, step)).collect();
    let power: Vec<String> = places.iter().map(|at| scientific(*at, step)).collect();
    let longest = |labels: &[String]| labels.iter().map(|label| label.chars().count()).max();
    let exact = (1e-10..1e15).contains(&step);
    if exact && longest(&plain) <= longest(&power) {
        plain
    } else {
        power
    }
}

/// Ticks at powers of ten within a range of positive numbers, at most `most`; at round numbers if
/// the range has less than two powers.
pub(super) fn powers(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let (first, last) = (
        (low.log10() - 1e-9).ceil() as i32,
        (high.log10() + 1e-9).floor() as i32,
    );
    let marks: Vec<f64> = if last > first {
        let every = (last - first) as usize / most.max(1) + 1;
        (first..=last)
            .step_by(every)
            .map(|power| 10_f64.powi(power))
            .collect()
    } else {
        (first - 1..=last + 1)
            .flat_map(|power| [1.0, 2.0, 3.0, 5.0].map(|factor| factor * 10_f64.powi(power)))
            .filter(|at| (low..=high).contains(at))
            .collect()
    };
    marks
        .into_iter()
        .map(|at| Tick {
            at,
            label: number(at, at),
        })
        .collect()
}

/// The smallest of 1, 2, 2.5 and 5 times a power of ten that is at least `least`.
pub(super) fn step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= least * (1.0 - 1e-9))
        .filter(|step| step.is_finite())
        .unwrap_or(least)
}

/// A number with the decimals that the step needs.
pub(super) fn number(value: f64, step: f64) -> String {
    let largest = value.abs().max(step);
    if (1e-4..1e7).contains(&largest) {
        decimal(value, step)
    } else {
        scientific(value, step)
    }
}

fn decimal(value: f64, step: f64) -> String {
    const MOST: i32 = 15;
    let decimals = (0..MOST)
        .find(|&decimals| {
            let scaled = step * 10_f64.powi(decimals);
            (scaled - scaled.round()).abs() < 1e-6 * scaled.abs().max(1e-12)
        })
        .unwrap_or(MOST);
    let text = format!("{:.*}", decimals as usize, value.abs());
    let (whole, fraction) = text
        .split_once('.')
        .map_or((text.as_str(), ""), |parts| parts);
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let negative = value < 0.0 && text.chars().any(|c| c.is_ascii_digit() && c != '0');
    let sign = if negative { "−" } else { "" };
    if fraction.is_empty() {
        format!("{sign}{grouped}")
    } else {
        format!("{sign}{grouped}.{fraction}")
    }
}

fn scientific(value: f64, step: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let power = value.abs().log10().floor() as i32;
    let mantissa = value / 10_f64.powi(power);
    let fine = step / 10_f64.powi(power);
    let decimals = (0..15)
        .find(|&decimals| {
            let scaled = fine * 10_f64.powi(decimals);
            (scaled - scaled.round()).abs() < 1e-6 * scaled.abs().max(1e-12)
        })
        .unwrap_or(15);
    let text = format!("{mantissa:.*}", decimals as usize);
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text}e{power}").replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn round_numbers() {
        assert_eq!(
            labels(&numbers(0.0, 10_000.0, 6)),
            ["0", "2,000", "4,000", "6,000", "8,000", "10,000"]
        );
        assert_eq!(
            labels(&numbers(-0.3, 0.31, 8)),
            ["−0.3", "−0.2", "−0.1", "0.0", "0.1", "0.2", "0.3"]
        );
        assert_eq!(
            labels(&numbers(0.0, 1e9, 5)),
            ["0", "2e8", "4e8", "6e8", "8e8", "1e9"]
        );
        assert_eq!(
            labels(&numbers(0.0, 2e-4, 4)),
            ["0", "5e−5", "1e−4", "1.5e−4", "2e−4"]
        );
        assert_eq!(
            labels(&numbers(1e9, 1e9 + 2.0, 2)),
            ["1,000,000,000", "1,000,000,001", "1,000,000,002"]
        );
        assert_eq!(labels(&numbers(-1e308, 1e308, 2)), ["−1e308", "0", "1e308"]);
        assert!(numbers(3.0, 3.0, 5).len() == 1 && numbers(f64::NAN, 1.0, 5).len() == 1);
    }
}
