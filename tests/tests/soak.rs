//! Whoever is killed, and whatever the network does meanwhile: nothing that was logged is lost or doubled.

use mlplots_tests::soak;

#[test]
fn twenty_kills_lose_nothing() {
    let soaked = soak("soak-twenty", 20, 20);
    println!("{soaked}");
    assert!(soaked.is_whole(), "{soaked}");
    assert!(soaked.faults() >= 20, "{soaked}");
    assert!(soaked.kills() >= 20 && soaked.acknowledged > 0, "{soaked}");
}
