//! Jitter: reproducible noise that separates overlapping points.

/// Returns `count` offsets, uniform in `−width / 2 .. width / 2`, which keep the points of one
/// category from covering each other. The same seed gives the same offsets on every machine.
///
/// The offsets have the unit of `width`; they are not finite if `width` is not. The generator is
/// `SplitMix64` (Steele, Lea and Flood, *Fast Splittable Pseudorandom Number Generators*, 2014),
/// of which each offset uses the upper 53 bits.
///
/// ```
/// use mlplots::stats::jitter::jitter;
///
/// let offsets = jitter(100, 0.4, 7);
/// assert_eq!(offsets, jitter(100, 0.4, 7));
/// assert!(offsets.iter().all(|offset| (-0.2..0.2).contains(offset)));
/// ```
pub fn jitter(count: usize, width: f64, seed: u64) -> Vec<f64> {
    let mut state = seed;
    (0..count)
        .map(|_| (unit(splitmix64(&mut state)) - 0.5) * width)
        .collect()
}

fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

fn splitmix64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
