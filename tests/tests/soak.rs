//! A short soak test: killed processes and network faults neither lose nor duplicate logged
//! records.

use mlplots_tests::soak;

#[test]
fn twenty_kills_lose_nothing() {
    let report = soak("soak-twenty", 20, 20);
    println!("{report}");
    assert!(report.is_complete(), "{report}");
    assert!(report.faults() >= 20, "{report}");
    assert!(report.kills() >= 20 && report.acknowledged > 0, "{report}");
}
