//! All shapes of serde's, through their texts and back.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Choice {
    Unit,
    Newtype(f32),
    Tuple(u8, String),
    Struct { a: Option<i64>, b: bool },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Wrapped(f64);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Inner {
    single: f32,
    double: f64,
    text: String,
    letter: char,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    A { x: i32 },
    B { y: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct All {
    small: i8,
    large: u64,
    huge: i128,
    truth: bool,
    inner: Inner,
    choice: Choice,
    choices: Vec<Choice>,
    tagged: Tagged,
    wrapped: Wrapped,
    pair: (i16, f32),
    some_text: Option<String>,
    some_number: Option<f32>,
    numbers: Vec<f64>,
    nested: Vec<Vec<Option<u8>>>,
    map: BTreeMap<String, i32>,
    by_number: BTreeMap<u16, bool>,
    nothing: (),
}

fn single() -> impl Strategy<Value = f32> {
    any::<u32>()
        .prop_map(f32::from_bits)
        .prop_filter("NaN is not itself", |x| !x.is_nan())
}

fn double() -> impl Strategy<Value = f64> {
    any::<u64>()
        .prop_map(f64::from_bits)
        .prop_filter("NaN is not itself", |x| !x.is_nan())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,8}",
        Just("None".to_owned()),
        Just("null".to_owned()),
        Just("\"quoted\"".to_owned()),
        Just("12345".to_owned()),
        Just("true".to_owned()),
        Just("1e7".to_owned()),
        Just(String::new()),
    ]
}

/// serde buffers the fields of a tagged enum without their types: texts that look like others are
/// given as JSON there.
fn plain() -> impl Strategy<Value = String> {
    "[a-z]{4,8} [a-z]{1,4}"
}

fn choice() -> impl Strategy<Value = Choice> {
    prop_oneof![
        Just(Choice::Unit),
        single().prop_map(Choice::Newtype),
        (any::<u8>(), text()).prop_map(|(a, b)| Choice::Tuple(a, b)),
        (option::of(any::<i64>()), any::<bool>()).prop_map(|(a, b)| Choice::Struct { a, b }),
    ]
}

fn finite() -> impl Strategy<Value = f64> {
    double().prop_filter("JSON has it as a text", |x| x.is_finite())
}

prop_compose! {
    fn inner()(single in single(), double in double(), text in text(), letter in any::<char>()) -> Inner {
        Inner { single, double, text, letter }
    }
}

prop_compose! {
    fn all()(
        numbers in (any::<i8>(), any::<u64>(), any::<i128>(), any::<bool>()),
        inner in inner(),
        choices in (choice(), vec(choice(), 0..4)),
        tagged in prop_oneof![
            any::<i32>().prop_map(|x| Tagged::A { x }),
            plain().prop_map(|y| Tagged::B { y }),
        ],
        floats in (double(), (any::<i16>(), single()), option::of(single()), vec(double(), 0..4)),
        some_text in option::of(text()),
        nested in vec(vec(option::of(any::<u8>()), 0..3), 0..3),
        maps in (
            btree_map("[a-z]{1,5}", any::<i32>(), 0..3),
            btree_map(any::<u16>(), any::<bool>(), 0..3),
        ),
    ) -> All {
        All {
            small: numbers.0, large: numbers.1, huge: numbers.2, truth: numbers.3,
            inner,
            choice: choices.0, choices: choices.1,
            tagged,
            wrapped: Wrapped(floats.0), pair: floats.1, some_number: floats.2, numbers: floats.3,
            some_text, nested, map: maps.0, by_number: maps.1, nothing: (),
        }
    }
}

/// What MLflow holds, read by the type: each leaf by its text alone.
fn from_texts(flat: &[(String, String)]) -> Tree {
    let mut tree = Tree::Map(Vec::new());
    for (key, text) in flat {
        tree.set(key, Tree::Untyped(text.clone()));
    }
    tree
}

proptest! {
    #[test]
    fn every_value_comes_back_from_its_texts(value in all()) {
        let flat = to_tree(&value).unwrap().flatten();
        let again: All = read(from_texts(&flat)).unwrap();
        prop_assert_eq!(&again, &value);
        prop_assert_eq!(to_tree(&again).unwrap().flatten(), flat);
    }

    #[test]
    fn a_tree_is_read_as_it_is_written(value in all()) {
        prop_assert_eq!(read::<All>(to_tree(&value).unwrap()).unwrap(), value);
    }

    #[test]
    fn a_single_float_is_logged_by_its_shortest_text(value in single()) {
        let text = to_tree(&value).unwrap().text();
        prop_assert_eq!(text.parse::<f32>().unwrap().to_bits(), value.to_bits());
        let as_double = format!("{:?}", f64::from(value));
        prop_assert!(text.len() <= as_double.len());
    }

    #[test]
    fn no_text_makes_reading_panic(text in "\\PC{0,40}", key in "[a-z.]{0,20}") {
        let mut tree = to_tree(&Inner {
            single: 1.0, double: 1.0, text: String::new(), letter: 'a',
        }).unwrap();
        tree.set(&key, Tree::Untyped(text));
        let _ = read_again::<Inner>(tree);
    }

    #[test]
    fn json_gives_the_same_floats(value in finite()) {
        let json = format!("[{}]", to_tree(&value).unwrap().text());
        let read: Vec<f64> = read(Tree::Untyped(json)).unwrap();
        prop_assert_eq!(read[0].to_bits(), value.to_bits());
    }
}

#[test]
fn not_a_number_and_the_infinities_have_texts() {
    for (value, text) in [
        (f64::NAN, "NaN"),
        (f64::INFINITY, "inf"),
        (-f64::INFINITY, "-inf"),
    ] {
        assert_eq!(to_tree(&value).unwrap().text(), text);
        let read: f64 = read(Tree::Untyped(text.to_owned())).unwrap();
        assert!(read.to_bits() == value.to_bits() || read.is_nan() && value.is_nan());
    }
}
