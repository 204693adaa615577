//! Ticks of a date axis. A date is a number of days since 1970-01-01.

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::ticks::{Tick, step};

/// Ticks at dates for a range in days since 1970-01-01; the step depends on its length.
pub(super) fn marks(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let span = high - low;
    let many = most.max(2) as f64;
    if !(span.is_finite() && span > 0.0) {
        return vec![Tick {
            at: low,
            label: day_label(low),
        }];
    }
    if span / 365.25 >= 2.0 {
        // Steps of 2.5 years are uncommon.
        let years = match step((span / 365.25 / many).max(1.0)).floor() as i64 {
            2 if span / 365.25 / many > 2.0 => 5,
            years => years.max(1),
        };
        return months(low, high, years * 12, |date| date.year().to_string());
    }
    if span / 30.4 >= 3.0 {
        let every = [1, 2, 3, 6, 12]
            .into_iter()
            .find(|&every| span / 30.4 / f64::from(every) <= many)
            .unwrap_or(12);
        return months(low, high, i64::from(every), |date| {
            date.format("%b %Y").to_string()
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

/// Ticks at times of day; midnight shows the date.
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

/// The label of a date axis: the part of the date that the ticks omit.
pub(super) fn name(low: f64, high: f64) -> String {
    let days = (low.floor() as i64, high.floor() as i64);
    let (from, to) = (date(days.0).year(), date(days.1).year());
    if (high - low) / 30.4 >= 3.0 {
        "Date".to_owned()
    } else if high - low >= 3.0 && from == to {
        format!("Date in {from}")
    } else if high - low >= 3.0 {
        format!("Date in {from} and {to}")
    } else if days.0 == days.1 {
        format!("Time on {} {from}", day_label(low))
    } else {
        format!("Time from {} {from}", day_label(low))
    }
}

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

/// Ticks at the first day of every n-th month.
fn months(low: f64, high: f64, every: i64, label: impl Fn(NaiveDate) -> String) -> Vec<Tick> {
    let first = date(low.floor() as i64);
    let mut month =
        (i64::from(first.year()) * 12 + i64::from(first.month0())).div_euclid(every) * every;
    let mut ticks = Vec::new();
    while let Some(date) = first_of_month(month)
        && let at = (date - NaiveDate::default()).num_days() as f64
        && at <= high
    {
        if at >= low {
            ticks.push(Tick {
                at,
                label: label(date),
            });
        }
        month += every;
    }
    ticks
}

fn day_label(day: f64) -> String {
    date(day.floor() as i64).format("%b %-d").to_string()
}

/// The date of a day since 1970-01-01; the nearest that chrono has beyond those.
fn date(day: i64) -> NaiveDate {
    let days = TimeDelta::try_days(day);
    let date = days.and_then(|days| NaiveDate::default().checked_add_signed(days));
    date.unwrap_or(if day < 0 {
        NaiveDate::MIN
    } else {
        NaiveDate::MAX
    })
}

/// The first day of a month, counted from January of the year 0; none beyond the years of chrono.
fn first_of_month(month: i64) -> Option<NaiveDate> {
    let year = i32::try_from(month.div_euclid(12)).ok()?;
    NaiveDate::from_ymd_opt(year, month.rem_euclid(12) as u32 + 1, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn dates_by_zoom() {
        let day = |year, month, day| {
            let date = NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
            (date - NaiveDate::default()).num_days() as f64
        };
        assert_eq!(
            labels(&marks(day(2010, 6, 1), day(2015, 3, 1), 8)),
            ["2011", "2012", "2013", "2014", "2015"]
        );
        assert_eq!(
            labels(&marks(day(2020, 1, 1), day(2020, 6, 15), 8))[..2],
            ["Jan 2020", "Feb 2020"]
        );
        assert_eq!(
            labels(&marks(0.5, 0.5 + 30.0 / 1440.0, 8)).first(),
            Some(&"12:00")
        );
    }

    #[test]
    fn an_axis_says_what_its_dates_leave_out() {
        assert_eq!(name(0.0, 4000.0), "Date");
        assert_eq!(name(20_000.0, 20_030.0), "Date in 2024");
        assert_eq!(name(20_080.0, 20_110.0), "Date in 2024 and 2025");
        assert_eq!(name(20_000.3, 20_000.6), "Time on Oct 4 2024");
        assert_eq!(
            labels(&marks(20_000.5, 20_000.5 + 40.0 / 86_400.0, 4)),
            ["12:00:00", "12:00:10", "12:00:20", "12:00:30", "12:00:40"]
        );
    }
}
