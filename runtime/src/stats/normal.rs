//! The normal distribution and Student's t distribution.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// Computes the density of the standard normal distribution, `exp(−z²/2) / √(2π)`, as
/// `scipy.stats.norm.pdf`. 0 for ±∞, NaN for NaN.
///
/// ```
/// use mlplots::stats::normal::pdf;
///
/// assert!((pdf(0.0) - 0.398_942_280_401_432_7).abs() < 1e-12);
/// assert_eq!(pdf(f64::INFINITY), 0.0);
/// ```
pub fn pdf(z: f64) -> f64 {
    (-0.5 * z * z).exp() / TAU.sqrt()
}

/// Computes the probability that a standard normal value is at most `z`, as
/// `scipy.stats.norm.cdf`. 0 for −∞, 1 for ∞, NaN for NaN.
///
/// For `|z| ≤ 3`, it sums the series of Marsaglia, *Evaluating the Normal Distribution* (2004); in
/// the tails, it evaluates Laplace's continued fraction (Abramowitz and Stegun 26.2.14).
///
/// ```
/// use mlplots::stats::normal::cdf;
///
/// assert_eq!(cdf(0.0), 0.5);
/// assert!((cdf(1.96) - 0.975_002_104_851_780).abs() < 1e-12);
/// ```
pub fn cdf(z: f64) -> f64 {
    if z.is_nan() {
        return z;
    }
    if z.abs() > 3.0 {
        let fraction = (1..=80)
            .rev()
            .fold(z.abs(), |rest, k| z.abs() + f64::from(k) / rest);
        let tail = pdf(z) / fraction;
        return if z < 0.0 { tail } else { 1.0 - tail };
    }
    let (mut term, mut sum, mut k) = (z, z, 1.0);
    while term.abs() > f64::EPSILON * 1e-3 * sum.abs() {
        k += 2.0;
        term *= z * z / k;
        sum += term;
    }
    0.5 + pdf(z) * sum
}

/// Computes the quantile of the standard normal distribution: the `z` at which [`cdf`] is `p`, as
/// `scipy.stats.norm.ppf`. −∞ for 0, ∞ for 1, NaN for `p` outside 0..=1 or NaN.
///
/// The algorithm is PPND16 of Wichura, *Algorithm AS 241: The Percentage Points of the Normal
/// Distribution* (1988).
///
/// ```
/// use mlplots::stats::normal::quantile;
///
/// assert!((quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-12);
/// assert_eq!(quantile(0.0), f64::NEG_INFINITY);
/// assert!(quantile(1.5).is_nan());
/// ```
pub fn quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * ratio(r, &CENTRE);
    }
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    if tail == 0.0 {
        return f64::INFINITY.copysign(q);
    }
    let r = (-tail.ln()).sqrt();
    let z = if r <= 5.0 {
        ratio(r - 1.6, &SHOULDER)
    } else {
        ratio(r - 5.0, &TAIL)
    };
    z.copysign(q)
}

/// The coefficients of the numerator and the denominator of a rational approximation, in ascending
/// order of the power.
type Ratio = [[f64; 8]; 2];

#[allow(
    clippy::unreadable_literal,
    clippy::excessive_precision,
    reason = "as published"
)]
const CENTRE: Ratio = [
    [
        3.3871328727963666080,
        1.3314166789178437745e2,
        1.9715909503065514427e3,
        1.3731693765509461125e4,
        4.5921953931549871457e4,
        6.7265770927008700853e4,
        3.3430575583588128105e4,
        2.5090809287301226727e3,
    ],
    [
        1.0,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    ],
];

#[allow(
    clippy::unreadable_literal,
    clippy::excessive_precision,
    reason = "as published"
)]
const SHOULDER: Ratio = [
    [
        1.42343711074968357734,
        4.63033784615654529590,
        5.76949722146069140550,
        3.64784832476320460504,
        1.27045825245236838258,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ],
    [
        1.0,
        2.05319162663775882187,
        1.67638483018380384940,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ],
];

#[allow(
    clippy::unreadable_literal,
    clippy::excessive_precision,
    reason = "as published"
)]
const TAIL: Ratio = [
    [
        6.65790464350110377720,
        5.46378491116411436990,
        1.78482653991729133580,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ],
    [
        1.0,
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ],
];

fn ratio(x: f64, [above, below]: &Ratio) -> f64 {
    let horner = |terms: &[f64; 8]| terms.iter().rev().fold(0.0, |sum, term| sum * x + term);
    horner(above) / horner(below)
}

/// Computes the quantile of Student's t distribution with `degrees` degrees of freedom: the value
/// that a t variable exceeds with probability `1 − p`, as `scipy.stats.t.ppf`. −∞ for a `p` of 0,
/// ∞ for 1, NaN for `p` outside 0..=1 or NaN, and for 0 degrees.
///
/// Below 400 degrees, bisection inverts the closed form of the distribution for whole degrees
/// (Abramowitz and Stegun 26.7.3 and 26.7.4); from 400 degrees, the result is the expansion around
/// the normal quantile (26.7.5).
///
/// ```
/// use mlplots::stats::normal::t_quantile;
///
/// assert!((t_quantile(0.975, 10) - 2.228_138_851_964_938).abs() < 1e-8);
/// assert!((t_quantile(0.75, 1) - 1.0).abs() < 1e-12);
/// assert!(t_quantile(0.975, 0).is_nan());
/// ```
pub fn t_quantile(p: f64, degrees: usize) -> f64 {
    if degrees == 0 || !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if degrees >= 400 {
        return t_expansion(quantile(p), degrees as f64);
    }
    let within = (2.0 * p - 1.0).abs();
    if within >= 1.0 {
        return f64::INFINITY.copysign(p - 0.5);
    }
    let (mut low, mut high) = (0.0, FRAC_PI_2);
    for _ in 0..64 {
        let angle = f64::midpoint(low, high);
        if t_within(angle, degrees) < within {
            low = angle;
        } else {
            high = angle;
        }
    }
    (f64::midpoint(low, high).tan() * (degrees as f64).sqrt()).copysign(p - 0.5)
}

/// The probability of |t| ≤ √degrees · tan(angle).
fn t_within(angle: f64, degrees: usize) -> f64 {
    let (sin, cos) = angle.sin_cos();
    let odd = degrees % 2 == 1;
    let mut term = if odd { cos } else { 1.0 };
    let mut sum = if degrees == 1 { 0.0 } else { term };
    // The exponent of cos increases in steps of two, from 1 or 0 to degrees − 2.
    for power in (2 + usize::from(odd)..degrees.saturating_sub(1)).step_by(2) {
        term *= cos * cos * (power - 1) as f64 / power as f64;
        sum += term;
    }
    if odd {
        (angle + sin * sum) * 2.0 / PI
    } else {
        sin * sum
    }
}

fn t_expansion(z: f64, n: f64) -> f64 {
    let s = z * z;
    let first = (s + 1.0) / 4.0;
    let second = ((5.0 * s + 16.0) * s + 3.0) / 96.0;
    let third = (((3.0 * s + 19.0) * s + 17.0) * s - 15.0) / 384.0;
    let fourth = ((((79.0 * s + 776.0) * s + 1482.0) * s - 1920.0) * s - 945.0) / 92160.0;
    z * (1.0 + (first + (second + (third + fourth / n) / n) / n) / n)
}
