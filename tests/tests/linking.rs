//! `#[train]` and `#[plot]` functions are linked from a program, a library or a dependency, in
//! every profile. Functions that are not linked are reported.

use mlplots_tests::{Finished, Project};
use serde_json::Value;

const PLOTS: &str = "
use mlplots::prelude::*;
pub struct Data(pub Vec<f64>);
#[plot]
fn values(data: &Data) -> Figure { charts::histogram(&data.0) }
#[train(experiment = \"Linking\")]
fn fit(run: &Run) -> Data { run.log_metric(\"n\", 3.0); Data(vec![1.0, 2.0, 4.0]) }
";

/// Trains and checks that the program contains the training and the plot.
fn train(project: &Project, arguments: &[&str]) {
    let finished = project.mlplots(&[&["run", "--json"], arguments].concat());
    assert_eq!(finished.code, 0, "{}", finished.text());
    let json: Value = serde_json::from_str(finished.stdout.trim()).expect("one JSON object");
    assert_eq!(json["figures"][0]["status"], "logged", "{json}");
    assert_eq!(
        (&json["metrics"]["n"], &json["status"]),
        (&Value::from(3.0), &Value::from("FINISHED"))
    );
}

fn listed(project: &Project) -> Finished {
    project.mlplots(&["list"])
}

#[test]
fn functions_in_the_program_are_linked_in_every_profile() {
    let project = Project::new("linking-bin")
        .file("src/main.rs", &format!("{PLOTS}\nmlplots::main!();\n"))
        .manifest(
            "[profile.fat]\ninherits = \"release\"\nlto = \"fat\"\npanic = \"abort\"\nstrip = true",
        );
    train(&project, &[]);
    train(&project, &["--release"]);
    train(&project, &["--profile", "fat"]);
}

#[test]
fn functions_in_the_library_are_linked_or_reported() {
    let project = Project::new("linking-lib")
        .file("src/lib.rs", PLOTS)
        .file("src/main.rs", "mlplots::main!(linking_lib);\n")
        .file("examples/forgotten.rs", "mlplots::main!();\n");
    train(&project, &[]);
    let forgotten = project.mlplots(&["check", "--example", "forgotten"]);
    assert_eq!(forgotten.code, 3, "{}", forgotten.text());
    assert!(
        forgotten.stderr.contains("error: `#[plot] fn values` (")
            && forgotten
                .stderr
                .contains("src/lib.rs:5) is not linked into this program"),
        "{}",
        forgotten.text()
    );
    assert!(
        forgotten.stderr.contains("mlplots::main!(my_lib);"),
        "{}",
        forgotten.text()
    );
}

#[test]
fn functions_in_a_dependency_are_linked() {
    let project = Project::new("linking-dep")
        .file("plots/Cargo.toml", "[package]\nname = \"linking-plots\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nmlplots = { path = \"RUNTIME\" }\n".replace("RUNTIME", &mlplots_tests::checkout().join("runtime").display().to_string()).as_str())
        .file("plots/src/lib.rs", PLOTS)
        .file("src/main.rs", "mlplots::main!(linking_plots);\n")
        .manifest("[dependencies.linking-plots]\npath = \"plots\"");
    train(&project, &[]);
    let list = listed(&project);
    assert_eq!(list.code, 0, "{}", list.text());
    assert!(
        list.stdout.contains("train fit  plots/src/lib.rs:7")
            && list.stdout.contains("plot values  plots/src/lib.rs:5"),
        "{}",
        list.text()
    );
}

#[test]
fn a_program_runs_from_another_folder_and_without_cargo() {
    let project =
        Project::new("linking-exec").file("src/main.rs", &format!("{PLOTS}\nmlplots::main!();\n"));
    assert_eq!(project.cargo(&["build", "--quiet"]).code, 0);
    let finished = project.exec(&[], &[project.program()]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    assert!(project.path().join("mlflow.db").exists());
    let mut command = project.command(&["run", "--manifest-path"]);
    command
        .arg(project.path().join("Cargo.toml"))
        .current_dir("/");
    let finished: Finished = command.output().expect("the process starts").into();
    assert_eq!(finished.code, 0, "{}", finished.text());
}
