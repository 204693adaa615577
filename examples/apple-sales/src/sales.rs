//! Synthetic daily sales of apples.

use std::f64::consts::TAU;

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// The sales of one day, and what may explain them.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    /// The date.
    pub date: NaiveDate,
    /// Average temperature in °C.
    pub average_temperature: f64,
    /// Rainfall in mm.
    pub rainfall: f64,
    /// Whether the day is a Saturday or Sunday.
    pub weekend: bool,
    /// Whether the day is a public holiday.
    pub holiday: bool,
    /// Price per kg.
    pub price_per_kg: f64,
    /// Whether a promotion takes place.
    pub promo: bool,
    /// Amount sold in kg: the target of the regression.
    pub demand: f64,
    /// Amount sold on the previous day, in kg.
    pub previous_days_demand: f64,
    /// The competitor's price per kg.
    pub competitor_price_per_kg: f64,
    /// Intensity of advertising, from 0 to 1.
    pub marketing_intensity: f64,
}

impl Day {
    /// Names of [`features`](Self::features).
    pub const FEATURES: [&str; 9] = [
        "average_temperature",
        "rainfall",
        "weekend",
        "holiday",
        "price_per_kg",
        "promo",
        "previous_days_demand",
        "competitor_price_per_kg",
        "marketing_intensity",
    ];

    /// The inputs of the model: all columns except the date and the demand.
    pub fn features(&self) -> [f64; 9] {
        let flag = |flag: bool| f64::from(u8::from(flag));
        [
            self.average_temperature,
            self.rainfall,
            flag(self.weekend),
            flag(self.holiday),
            self.price_per_kg,
            flag(self.promo),
            self.previous_days_demand,
            self.competitor_price_per_kg,
            self.marketing_intensity,
        ]
    }
}

/// Daily sales, sorted by date.
#[derive(Clone, Debug, PartialEq)]
pub struct Sales {
    /// The days.
    pub days: Vec<Day>,
}

const BASE_DEMAND: f64 = 1000.0;
const PRICE_EFFECT: f64 = -50.0;
const HARVEST_EFFECT: f64 = 50.0;
const PROMO_EFFECT: f64 = 200.0;
const WEEKEND_EFFECT: f64 = 300.0;
const COMPETITOR_EFFECT: f64 = -25.0;
const MARKETING_EFFECT: f64 = 50.0;
const NOISE: f64 = 50.0;
const YEARLY_INFLATION: f64 = 0.03;
/// The day after the last one.
const END: NaiveDate = NaiveDate::from_ymd_opt(2024, 1, 1).expect("a valid date");

impl Sales {
    /// Generates `count` days up to the end of 2023. The same `seed` gives the same days.
    ///
    /// Harvests in March and September lower the price and raise the demand. Promotions take place
    /// in the month after a harvest, and at random on 15 % of the other days. Demand decreases with
    /// the price, decreases by 25 kg if the competitor is cheaper, is higher on weekends, and grows
    /// with inflation.
    pub fn generate(count: usize, seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let first = END - Days::new(count as u64);
        let mut days: Vec<Day> = Vec::with_capacity(count);
        for date in first.iter_days().take(count) {
            let month = date.month();
            let harvest = (TAU * (f64::from(month) - 3.0) / 6.0).cos();
            let price = uniform(&mut rng, 0.5, 3.0) - 0.5 * harvest;
            let competitor_price = uniform(&mut rng, 0.5, 3.0);
            let promo = matches!(month, 4 | 10) || rng.f64() < 0.15;
            // A low price three days ago is followed by more advertising.
            let recent_price = days
                .iter()
                .rev()
                .nth(2)
                .map_or(price, |day| day.price_per_kg);
            let stock = (2.0 - (recent_price.max(0.0) + 1.0).ln()).clamp(0.0, 1.0);
            let marketing = (0.5 * stock + uniform(&mut rng, 0.0, 0.5)).min(1.0);
            let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
            let inflation = 1.0 + YEARLY_INFLATION * f64::from(date.year() - first.year());
            let expected = BASE_DEMAND
                + PRICE_EFFECT * price
                + HARVEST_EFFECT * harvest
                + if promo { PROMO_EFFECT } else { 0.0 }
                + if weekend { WEEKEND_EFFECT } else { 0.0 };
            let competition = if competitor_price < price {
                COMPETITOR_EFFECT
            } else {
                0.0
            };
            let demand = (expected + NOISE * normal(&mut rng)) * inflation
                + competition
                + MARKETING_EFFECT * marketing;
            days.push(Day {
                date,
                average_temperature: uniform(&mut rng, 10.0, 35.0),
                rainfall: -5.0 * (1.0 - rng.f64()).ln(),
                weekend,
                holiday: rng.f64() < 0.03,
                price_per_kg: price,
                promo,
                demand,
                previous_days_demand: days.last().map_or(demand, |day| day.demand),
                competitor_price_per_kg: competitor_price,
                marketing_intensity: marketing,
            });
        }
        Self { days }
    }

    /// Splits the days at random into a training set and a test set with the share `test`. The
    /// same `seed` gives the same split.
    pub fn split(&self, test: f64, seed: u64) -> (Vec<Day>, Vec<Day>) {
        let mut days = self.days.clone();
        fastrand::Rng::with_seed(seed).shuffle(&mut days);
        let test = days.split_off(days.len() - (test * days.len() as f64).round() as usize);
        (days, test)
    }

    /// The demand of the days that `select` accepts.
    pub fn demand(&self, select: impl Fn(&Day) -> bool) -> Vec<f64> {
        self.days
            .iter()
            .filter(|day| select(day))
            .map(|day| day.demand)
            .collect()
    }

    /// One value per day.
    pub fn column(&self, value: impl Fn(&Day) -> f64) -> Vec<f64> {
        self.days.iter().map(value).collect()
    }
}

fn uniform(rng: &mut fastrand::Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * rng.f64()
}

/// Draws from the standard normal distribution with the Box–Muller transform.
fn normal(rng: &mut fastrand::Rng) -> f64 {
    (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (TAU * rng.f64()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_days() {
        let sales = Sales::generate(400, 7);
        assert_eq!(sales, Sales::generate(400, 7));
        assert_ne!(sales, Sales::generate(400, 8));
        assert_eq!(sales.days[399].date.to_string(), "2023-12-31");
        let demand = sales.column(|day| day.demand);
        let previous = sales.column(|day| day.previous_days_demand);
        assert_eq!(previous[1..], demand[..399]);
    }

    #[test]
    fn a_split_contains_every_day_once() {
        let sales = Sales::generate(1000, 7);
        let (mut train, test) = sales.split(0.2, 0);
        assert_eq!((train.len(), test.len()), (800, 200));
        train.extend(test);
        train.sort_by_key(|day| day.date);
        assert_eq!(train, sales.days);
    }

    #[test]
    fn weekends_and_promotions_increase_the_demand() {
        let sales = Sales::generate(3000, 7);
        let mean = |select: fn(&Day) -> bool| {
            let demand = sales.demand(select);
            demand.iter().sum::<f64>() / demand.len() as f64
        };
        assert!(mean(|day| day.weekend) > mean(|day| !day.weekend) + 250.0);
        assert!(mean(|day| day.promo) > mean(|day| !day.promo) + 150.0);
    }
}
