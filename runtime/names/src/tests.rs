use super::*;

#[test]
fn keys() {
    for good in [
        "loss",
        "val/loss",
        "a b",
        "métrique",
        "Ⅷ²",
        "a:b",
        "x.y-z_0",
        "損失",
    ] {
        assert_eq!(check_key("metric", good), Ok(()), "{good}");
    }
    for bad in [
        "",
        "/a",
        "a/",
        "a//b",
        "./a",
        "a/..",
        "..",
        "..a",
        "a@b",
        "a%",
        "a#b",
        "a,b",
        "a\n",
        "a\\b",
        "हानि",
        "Ⓐ",
    ] {
        assert!(check_key("metric", bad).is_err(), "{bad:?}");
    }
    assert!(check_key("tag", &"x".repeat(250)).is_ok());
    assert!(check_key("tag", &"x".repeat(251)).is_err());
}

#[test]
fn what_some_databases_refuse_is_refused() {
    assert_eq!(check_tag("note", &"é".repeat(8000)), Ok(()));
    assert_eq!(check_param("text", "a\nb"), Ok(()));
    assert!(check_tag("note", &"é".repeat(8001)).is_err());
    assert!(check_param("text", &"x".repeat(6001)).is_err());
    assert!(check_tag("mlflow.runName", &"x".repeat(400)).is_err());
    for checked in [check_tag("a", "b\0c"), check_param("a", "b\0c")] {
        assert!(checked.is_err_and(|why| why.contains("NUL")));
    }
}

#[test]
fn experiments_and_runs() {
    assert_eq!(check_experiment_name(&"é".repeat(256)), Ok(()));
    assert_eq!(check_run_name(&"é".repeat(250)), Ok(()));
    for bad in ["", " ", "a\nb", &"x".repeat(251)] {
        assert!(check_run_name(bad).is_err(), "{bad:?}");
    }
    assert!(check_experiment_name(&"x".repeat(257)).is_err());
}

#[test]
fn figures_and_folders() {
    for good in [
        "prices",
        "Preis in €".trim_end_matches('€'),
        "q-q plot",
        "a.b",
    ] {
        assert_eq!(check_figure_name(good), Ok(()), "{good}");
    }
    for bad in ["", "..", " ", "a/b", "a?", "a:b", &"x".repeat(201)] {
        assert!(check_figure_name(bad).is_err(), "{bad:?}");
    }
    assert_eq!(check_folder("sales/north"), Ok(()));
    for bad in [
        "/tmp",
        "a/../b",
        "a/",
        "a//b",
        "C:",
        "50%",
        "mlplots",
        "mlplots/figures",
        &"x".repeat(256),
        &"x/".repeat(300),
    ] {
        assert!(check_folder(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn artifact_paths() {
    let longest = format!("a/{}", "x".repeat(255));
    for good in [
        "a.png",
        "plots/a b.png",
        "dé/ü.svg",
        "a+b.png",
        "a:b.txt",
        "50%.txt",
        "50%é.txt",
        "5%a",
        &longest,
    ] {
        assert_eq!(check_artifact_path(good), Ok(()), "{good}");
    }
    for bad in [
        "",
        "../a",
        "/etc/passwd",
        "a/../../b",
        "a#b",
        "a\\b",
        "a\0b",
        "a//b",
        "a?b",
        "a%20b",
        "5%%2F",
        "..a.png",
        "C:/a.txt",
        "file:x",
        "FILE:/x",
        "é:/x",
        &"x/".repeat(500),
        &format!("{}y", "x/".repeat(400)),
        &format!("{longest}x/b"),
    ] {
        assert!(check_artifact_path(bad).is_err(), "{bad:?}");
    }
}
