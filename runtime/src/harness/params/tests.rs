#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde::{Deserialize, Serialize};

use super::*;
use crate::params::{defaults, read, read_again};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Optimizer {
    Sgd,
    Adam { rate: f32, beta: f64 },
    Momentum(f64),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Shared {
    workers: u8,
    host: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Params {
    alpha: f32,
    limit: f64,
    depth: u8,
    deep: bool,
    name: String,
    label: Option<String>,
    seed: Option<u64>,
    rate: Option<f64>,
    layers: Vec<f32>,
    optimizer: Optimizer,
    weights: BTreeMap<String, f64>,
    #[serde(flatten)]
    shared: Shared,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    hidden: Option<i32>,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            alpha: 0.1,
            limit: f64::INFINITY,
            depth: 3,
            deep: true,
            name: "ridge".to_owned(),
            label: None,
            seed: None,
            rate: None,
            layers: vec![0.1],
            optimizer: Optimizer::Sgd,
            weights: BTreeMap::new(),
            shared: Shared {
                workers: 2,
                host: None,
            },
            hidden: None,
        }
    }
}

fn apply_all(base: &Tree, given: &[(&str, &str)]) -> Result<Tree, Vec<String>> {
    let given: Vec<_> = given
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    overlay(base, read_again::<Params>, &given)
}

fn laid(given: &[(&str, &str)]) -> Params {
    let tree = apply_all(&defaults::<Params>().unwrap(), given).unwrap();
    read(tree).unwrap()
}

fn logged(given: &[(&str, &str)]) -> BTreeMap<String, String> {
    let tree = apply_all(&defaults::<Params>().unwrap(), given).unwrap();
    tree.flatten().into_iter().collect()
}

#[test]
fn what_is_logged_is_what_is_typed() {
    let typed = [
        ("alpha", "0.3"),
        ("limit", "-inf"),
        ("depth", "255"),
        ("deep", "false"),
        ("name", "12"),
        ("label", "12345"),
        ("seed", "18446744073709551615"),
        ("rate", "1e-7"),
        ("layers", "[0.1,3.4028235e38]"),
        ("optimizer.adam.rate", "0.1"),
        ("optimizer.adam.beta", "0.9"),
        ("weights.a", "0.5"),
        ("workers", "7"),
        ("hidden", "-1"),
    ];
    let logged = logged(&typed);
    for (key, text) in typed {
        assert_eq!(logged[key], text, "{key}");
    }
    // The optimizer's former variant is gone.
    assert!(!logged.contains_key("optimizer"));
}

#[test]
fn the_defaults_are_logged_by_their_shortest_texts() {
    let logged = logged(&[]);
    for (key, text) in [
        ("alpha", "0.1"),
        ("limit", "inf"),
        ("label", "None"),
        ("layers", "[0.1]"),
        ("optimizer", "sgd"),
        ("weights", "{}"),
    ] {
        assert_eq!(logged[key], text, "{key}");
    }
}

#[test]
fn an_option_takes_any_value_of_its_type() {
    for text in [
        "12345",
        "1e7",
        "true",
        "None of them",
        "[1]",
        "null is no text",
    ] {
        assert_eq!(laid(&[("label", text)]).label.as_deref(), Some(text));
        assert_eq!(laid(&[("host", text)]).shared.host.as_deref(), Some(text));
    }
    assert_eq!(
        laid(&[("label", "\"12345\"")]).label.as_deref(),
        Some("12345")
    );
    assert_eq!(laid(&[("label", "None")]).label, None);
    assert_eq!(
        laid(&[("label", "\"None\"")]).label.as_deref(),
        Some("None")
    );
    assert_eq!(laid(&[("rate", "2")]).rate, Some(2.0));
}

#[test]
fn an_enums_variant_is_given_whole_or_by_its_fields() {
    let adam = Optimizer::Adam {
        rate: 0.1,
        beta: 0.9,
    };
    let json = r#"{"adam":{"rate":0.1,"beta":0.9}}"#;
    assert_eq!(laid(&[("optimizer", json)]).optimizer, adam);
    assert_eq!(
        laid(&[("optimizer.momentum", "0.5")]).optimizer,
        Optimizer::Momentum(0.5)
    );
    assert_eq!(laid(&[("optimizer", "sgd")]).optimizer, Optimizer::Sgd);
}

#[test]
fn what_does_not_fit_is_reported_at_once() {
    let wrong = apply_all(
        &defaults::<Params>().unwrap(),
        &[
            ("alhpa", "1"),
            ("alpha", "abc"),
            ("depth", "300"),
            ("deep", "yes"),
            ("optimizer", "adamw"),
            ("x.y", "1"),
            ("alpha", "1e39"),
            ("limit", "-1e400"),
            ("limit", "2E-400"),
            ("alpha.x", "1"),
        ],
    )
    .unwrap_err();
    assert_eq!(
        wrong[..4],
        [
            "`-P alhpa`: there is no param `alhpa`; did you mean `alpha`?",
            "`-P alpha=abc`: `abc` is not a number; the default is `0.1`",
            "`-P depth=300`: `300` is not a whole number from 0 to 255; the default is `3`",
            "`-P deep=yes`: `yes` is not `true` or `false`; the default is `true`",
        ]
    );
    assert!(wrong[4].contains("unknown variant `adamw`"), "{}", wrong[4]);
    assert!(wrong[5].starts_with("`-P x.y`: there is no param `x.y`; there are `alpha`,"));
    assert_eq!(
        wrong[6..],
        [
            "`-P alpha=1e39`: `1e39` is out of the range of `f32`; the default is `0.1`",
            "`-P limit=-1e400`: `-1e400` is out of the range of `f64`; the default is `inf`",
            "`-P limit=2E-400`: `2E-400` is out of the range of `f64`; the default is `inf`",
            "`-P alpha.x=1`: `{\"x\":1}` is not a number; the default of `alpha` is `0.1`",
        ]
    );
}

#[test]
fn a_resumed_run_keeps_its_params() {
    let first = apply_all(
        &defaults::<Params>().unwrap(),
        &[
            ("alpha", "0.30000001"),
            ("label", "12345"),
            ("host", "8080"),
            ("limit", "NaN"),
            ("optimizer.adam.rate", "0.1"),
            ("optimizer.adam.beta", "0.9"),
            ("weights.b", "1"),
        ],
    )
    .unwrap();
    let mut kept: BTreeMap<_, _> = first.flatten().into_iter().collect();
    kept.insert("logged.by.hand".to_owned(), "1".to_owned());
    kept.insert("depth".to_owned(), "a text, once".to_owned());
    let resumed = keep(&defaults::<Params>().unwrap(), read_again::<Params>, &kept);
    assert_eq!(resumed.flatten(), first.flatten());
    // Typed again they are no change.
    let again = apply_all(&resumed, &[("alpha", "0.30000001"), ("host", "8080")]).unwrap();
    assert_eq!(again.flatten(), first.flatten());
}
