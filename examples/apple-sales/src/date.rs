//! Days of the calendar.

use std::fmt;

/// A day, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub i32);

impl Date {
    /// Year, month (1 to 12) and day of the month, in the Gregorian calendar.
    pub fn civil(self) -> (i32, u32, u32) {
        // Years that begin in March end with the leap day; 400 of them have 146,097 days.
        let days = self.0 + 719_468;
        let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day_of_month = day - (153 * month + 2) / 5 + 1;
        let month = (month + 2) % 12 + 1;
        (
            era * 400 + year + i32::from(month <= 2),
            month as u32,
            day_of_month as u32,
        )
    }

    /// The year.
    pub fn year(self) -> i32 {
        self.civil().0
    }

    /// The month, 1 to 12.
    pub fn month(self) -> u32 {
        self.civil().1
    }

    /// Saturday or Sunday.
    pub fn is_weekend(self) -> bool {
        // 1970-01-01 was a Thursday.
        matches!((self.0 + 3).rem_euclid(7), 5 | 6)
    }
}

/// As `2023-12-31`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates() {
        for (day, date) in [
            (0, "1970-01-01"),
            (11_016, "2000-02-29"),
            (-1, "1969-12-31"),
            (19_722, "2023-12-31"),
        ] {
            assert_eq!(Date(day).to_string(), date);
        }
    }

    #[test]
    fn two_days_of_seven_are_the_weekend() {
        let weekend: Vec<_> = (0..7).map(|day| Date(day).is_weekend()).collect();
        assert_eq!(weekend, [false, false, true, true, false, false, false]);
    }
}
