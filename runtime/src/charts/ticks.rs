//! Where an axis has its marks, and what stands at them.

/// A mark on an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

/// Marks at round numbers within a range, at most `most`.
pub(super) fn numbers(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let most = most.max(1) as f64;
    // Not the span in parts, which may not be finite.
    let least = high / most - low / most;
    if !(least.is_finite() && least > 0.0) {
        return vec![Tick {
            at: low,
            label: number(low, 1.0),
        }];
    }
    let step = step(least);
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    let places: Vec<f64> = (first..=last.max(first))
        .map(|place| place as f64 * step)
        .collect();
    let labels = alike(&places, step);
    let ticks = places.into_iter().zip(labels);
    ticks.map(|(at, label)| Tick { at, label }).collect()
}

/// The labels of an axis, all with a power of ten or none: what is shorter, where some have one.
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

/// Marks at powers of ten within a range of positive numbers, at most `most`; at round numbers
/// where the range has less than two powers.
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

/// The least of 1, 2, 2.5 and 5 times a power of ten that is not below `least`.
fn step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= least * (1.0 - 1e-9))
        .filter(|step| step.is_finite())
        .unwrap_or(least)
}

/// A number as people write it, with the decimals that the step needs.
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

/// Marks at dates, by the length of the range; days since 1970-01-01.
pub(super) fn dates(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let span = high - low;
    let many = most.max(2) as f64;
    if !(span.is_finite() && span > 0.0) {
        return vec![Tick {
            at: low,
            label: day_label(low),
        }];
    }
    if span / 365.25 >= 2.0 {
        // Two and a half years are none that people count in.
        let years = match step((span / 365.25 / many).max(1.0)).floor() as i64 {
            2 if span / 365.25 / many > 2.0 => 5,
            years => years.max(1),
        };
        return months(low, high, years * 12, |year, _| year.to_string());
    }
    if span / 30.4 >= 3.0 {
        let every = [1, 2, 3, 6, 12]
            .into_iter()
            .find(|&every| span / 30.4 / f64::from(every) <= many)
            .unwrap_or(12);
        return months(low, high, i64::from(every), |year, month| {
            format!("{} {year}", MONTHS[month as usize - 1])
        });
    }
    if span >= 3.0 {
        let every = [1.0, 2.0, 7.0, 14.0]
            .into_iter()
            .find(|every| span / every <= many)
            .unwrap_or(14.0);
        return evenly(low, high, every, day_label);
    }
    times(low, high, many)
}

/// Marks at times of day; the first moment of a day is its date.
fn times(low: f64, high: f64, many: f64) -> Vec<Tick> {
    const DAY: f64 = 86_400.0;
    const SECONDS: [u32; 17] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200,
    ];
    let every = SECONDS
        .into_iter()
        .find(|&every| (high - low) * DAY / f64::from(every) <= many)
        .unwrap_or(43_200);
    let first = (low * DAY / f64::from(every)).ceil() as i64;
    let last = (high * DAY / f64::from(every)).floor() as i64;
    (first..=last)
        .map(|place| {
            let seconds = place * i64::from(every);
            let second = seconds.rem_euclid(86_400);
            let (hour, minute) = (second / 3600, second / 60 % 60);
            let at = seconds as f64 / DAY;
            let label = if second == 0 {
                day_label(at)
            } else if every < 60 {
                format!("{hour:02}:{minute:02}:{:02}", second % 60)
            } else {
                format!("{hour:02}:{minute:02}")
            };
            Tick { at, label }
        })
        .collect()
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

fn evenly(low: f64, high: f64, every: f64, label: impl Fn(f64) -> String) -> Vec<Tick> {
    let first = (low / every).ceil() as i64;
    let last = (high / every).floor() as i64;
    (first..=last)
        .map(|place| Tick {
            at: place as f64 * every,
            label: label(place as f64 * every),
        })
        .collect()
}

/// Marks at the first day of every n-th month.
fn months(low: f64, high: f64, every: i64, label: impl Fn(i64, i64) -> String) -> Vec<Tick> {
    let (year, month, _) = civil(low.floor() as i64);
    let mut place = (year * 12 + month - 1).div_euclid(every) * every;
    let mut ticks = Vec::new();
    loop {
        let (year, month) = (place.div_euclid(12), place.rem_euclid(12) + 1);
        let at = days(year, month, 1) as f64;
        if at > high {
            return ticks;
        }
        if at >= low {
            ticks.push(Tick {
                at,
                label: label(year, month),
            });
        }
        place += every;
    }
}

fn day_label(day: f64) -> String {
    let (_, month, day) = civil(day.floor() as i64);
    format!("{} {day}", MONTHS[month as usize - 1])
}

/// Year, month and day of a day since 1970-01-01, in the proleptic Gregorian calendar (Hinnant,
/// *chrono-Compatible Low-Level Date Algorithms*, `civil_from_days`).
fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The day since 1970-01-01 of a date; the inverse of [`civil`], from the same source.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
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
        assert!(numbers(3.0, 3.0, 5).len() == 1 && numbers(f64::NAN, 1.0, 5).len() == 1);
    }

    #[test]
    fn dates_by_zoom() {
        let day = |year, month, day_of| days(year, month, day_of) as f64;
        assert_eq!(
            labels(&dates(day(2010, 6, 1), day(2015, 3, 1), 8)),
            ["2011", "2012", "2013", "2014", "2015"]
        );
        assert_eq!(
            labels(&dates(day(2020, 1, 1), day(2020, 6, 15), 8))[..2],
            ["Jan 2020", "Feb 2020"]
        );
        assert_eq!(
            labels(&dates(0.5, 0.5 + 30.0 / 1440.0, 8)).first(),
            Some(&"12:00")
        );
    }

    #[test]
    fn calendar_is_its_own_inverse() {
        for day in (-800_000..800_000).step_by(97) {
            let (year, month, of_month) = civil(day);
            assert_eq!(days(year, month, of_month), day);
        }
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
    }
}
