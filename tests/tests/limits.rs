//! Names, values and counts up to the limits of MLflow, and beyond them.

use std::path::Path;

use mlplots_tests::{Finished, MlflowServer, Project, StoredRun, program, python, read};

const PROGRAM: &str = "limits";

fn train(folder: &Project, case: &str, uri: &str) -> Finished {
    let case = format!("case={case}");
    let options = ["--tracking-uri", uri, "-P", &case];
    folder.exec(&options, &[program(PROGRAM, SOURCE)])
}

/// The rows of a query in Python's notation.
fn rows(database: &Path, query: &str) -> Vec<String> {
    const SCRIPT: &str = "import sqlite3, sys\n\
        for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]): print(row)";
    let database = database.to_str().expect("a path in UTF-8");
    let rows = python(SCRIPT, &[database, query]);
    rows.lines().map(str::to_owned).collect()
}

/// Checks that a store accepts names and values up to MLflow's limits.
fn assert_limits(folder: &Project, uri: &str, database: &Path) {
    for case in ["threads", "params", "names", "numbers"] {
        let finished = train(folder, case, uri);
        assert_eq!(finished.code, 0, "{case}: {}", finished.text());
    }
    let runs = read(uri);
    let run = |case: &str| -> &StoredRun {
        let found = runs.iter().find(|run| run.0["params"]["case"] == case);
        found.expect("MLflow has the run")
    };
    assert!(runs.iter().all(|run| run.status() == "FINISHED"));
    assert_eq!(run("names").text("experiment"), "Limits µ 損失 🍏");

    // Every point of every thread, once.
    let threads = &run("threads").0["history"];
    assert_eq!(threads.as_object().map(serde_json::Map::len), Some(65));
    let all: Vec<i64> = (0..100).collect();
    for thread in 0..64 {
        assert_eq!(run("threads").steps(&format!("own/{thread}")), all);
    }
    let mut shared = run("threads").steps("shared");
    shared.sort_unstable();
    assert_eq!(shared, (0..6400).collect::<Vec<_>>());

    let params = run("params").0["params"].as_object().expect("params");
    assert_eq!(params.len(), 5001);
    assert!((0..5000).all(|n| params[&format!("p/{n}")] == format!("value {n}")));

    let names = &run("names").0;
    let long = |end: &str| format!("{}{end}", "n".repeat(250 - end.chars().count()));
    assert_eq!(names["metrics"][long("損失")], "1.0");
    assert_eq!(names["metrics"]["a:b c.d-e_f/g"], "2.0");
    assert_eq!(names["params"][long("µ")], "ü".repeat(6000));
    assert_eq!(names["tags"][long("é")], "🍏".repeat(8000));
    assert_eq!(names["params"]["lines"], "a\nb\t\"c\" \\ {}");
    assert_eq!(names["params"]["empty"], "");

    let ends = format!(
        "[[{}, '1.0'], [-1, '2.0'], [{}, '3.0']]",
        i64::MIN,
        i64::MAX
    );
    let ends = ends.replace('\'', "\"");
    assert_eq!(
        run("numbers").0["history"]["ends"]
            .to_string()
            .replace(',', ", "),
        ends
    );
    let values: Vec<_> = run("numbers").0["history"]["values"]
        .as_array()
        .expect("points")
        .iter()
        .map(|point| point[1].as_str().expect("a number"))
        .collect();
    // MLflow stores infinity as the largest finite number, and negative zero as zero.
    assert_eq!(
        values,
        [
            "nan",
            "1.7976931348623157e+308",
            "-1.7976931348623157e+308",
            "5e-324",
            "2.225073858507201e-308",
            "1.7976931348623157e+308",
            "0.0",
            "0.30000000000000004",
        ]
    );
    // No point is outside of the run's duration.
    let outside = "SELECT count(*) FROM metrics JOIN runs USING (run_uuid) \
                   WHERE timestamp < start_time OR timestamp > end_time";
    assert_eq!(rows(database, outside), ["(0,)"]);
    let points = "SELECT count(*) FROM metrics";
    assert_eq!(rows(database, points), ["(12815,)"]);
}

#[test]
fn a_database_stores_values_up_to_the_limits() {
    let folder = Project::new(PROGRAM);
    let database = folder.path().join("mlflow.db");
    assert_limits(&folder, &folder.database(), &database);
}

#[test]
fn a_server_stores_values_up_to_the_limits() {
    let server = MlflowServer::start(&["--workers", "1"]);
    let folder = Project::new(PROGRAM);
    assert_limits(&folder, &server.url, &server.folder().join("mlflow.db"));
}

#[test]
fn values_over_a_limit_are_reported_and_do_not_affect_others() {
    let folder = Project::new(PROGRAM);
    let uri = folder.database();
    let finished = train(&folder, "over", &uri);
    assert_eq!(finished.code, 1, "{}", finished.text());
    let run = read(&uri).remove(0);
    assert_eq!(run.status(), "FAILED");
    for expected in [
        "the metric name `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn…` has 251 characters; MLflow takes 250",
        "the param name `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn…` has 251 characters; MLflow takes 250",
        "the tag name `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn…` has 251 characters; MLflow takes 250",
        "the param `long` has a value of 6001 characters; MLflow keeps 6000",
        "the tag `long` has a value of 8001 characters; MLflow keeps 8000",
        r"'\n' in the metric name `a\nb` is not allowed",
        "'@' in the param name `a@b` is not allowed",
        "the tag name `../b` has the part `..`, which leads elsewhere",
        "a metric needs a name",
        "the metric name `/a` starts with `/`",
        "a step is larger than MLflow's 64-bit integers hold",
        "the param `once` is `1` and cannot become `2`",
    ] {
        assert!(
            finished.stderr.contains(expected),
            "{expected}\n{}",
            finished.text()
        );
        assert!(run.tag("mlplots.problems").contains(expected), "{expected}");
    }
    let metric = |key: &str| run.metric(key);
    assert_eq!(
        (metric("before"), metric("beside"), metric("after")),
        (Some(1.0), Some(2.0), Some(3.0))
    );
    assert_eq!(
        (&run.0["params"]["beside"], &run.0["params"]["after"]),
        (&"2".into(), &"3".into())
    );
    assert_eq!((run.tag("beside"), run.tag("after")), ("2", "3"));
    assert_eq!(run.0["params"]["once"], "1");
    assert_eq!(
        run.0["metrics"].as_object().map(serde_json::Map::len),
        Some(3)
    );
}

const SOURCE: &str = r#"
use mlplots::prelude::*;

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Params { case: String }

/// What a run can hold.
#[train(experiment = "Limits µ 損失 🍏")]
fn fill(run: &Run, params: Params) {
    match &*params.case {
        "threads" => threads(run),
        "params" => run.log_params((0..5000).map(|n| (format!("p/{n}"), format!("value {n}")))),
        "names" => names(run),
        "numbers" => numbers(run),
        _ => over(run),
    }
}

fn threads(run: &Run) {
    std::thread::scope(|scope| {
        for thread in 0..64 {
            scope.spawn(move || {
                for step in 0..100 {
                    run.log_metric_at(format!("own/{thread}"), f64::from(step), step);
                    run.log_metric_at("shared", f64::from(thread), thread * 100 + step);
                }
            });
        }
    });
}

fn long(end: &str) -> String {
    format!("{}{end}", "n".repeat(250 - end.chars().count()))
}

fn names(run: &Run) {
    run.log_metric(long("損失"), 1.0);
    run.log_metric("a:b c.d-e_f/g", 2.0);
    run.log_param(long("µ"), "ü".repeat(6000));
    run.log_params([("lines", "a\nb\t\"c\" \\ {}"), ("empty", "")]);
    run.set_tag(long("é"), "🍏".repeat(8000));
}

fn numbers(run: &Run) {
    for (step, value) in [(i64::MIN, 1.0), (-1, 2.0), (i64::MAX, 3.0)] {
        run.log_metric_at("ends", value, step);
    }
    let tiny = f64::from_bits(1);
    let values = [
        f64::NAN, f64::INFINITY, f64::NEG_INFINITY, tiny, f64::MIN_POSITIVE - tiny, f64::MAX, -0.0, 0.1 + 0.2,
    ];
    for (step, value) in values.into_iter().enumerate() {
        run.log_metric_at("values", value, step);
    }
    run.log_metrics([("float", 0.1_f32)]);
    run.log_metrics([("integer", 7)]);
}

fn over(run: &Run) {
    run.log_metric("before", 1.0);
    run.log_metrics([(&*(long("x") + "z"), 0.0), ("beside", 2.0), ("a\nb", 0.0)]);
    run.log_metrics([("", 0.0), ("/a", 0.0)]);
    run.log_metric_at("far", 0.0, u64::MAX);
    run.log_params([(&*(long("x") + "z"), "0"), ("a@b", "0"), ("beside", "2")]);
    run.log_param("long", "ü".repeat(6001));
    run.set_tags([(&*(long("x") + "z"), "0"), ("../b", "0"), ("beside", "2")]);
    run.set_tag("long", "🍏".repeat(8001));
    run.log_param("once", 1);
    run.log_param("once", 2);
    run.log_metric("after", 3.0);
    run.log_param("after", 3);
    run.set_tag("after", 3);
}

mlplots::main!();
"#;
