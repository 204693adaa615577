//! Opens MLflow's pages of a run in a browser. They show problems that the API does not, such as a
//! figure that the page cannot display.

use mlplots_tests::{Browser, MlflowServer, Project, StoredRun, read};

const SOURCE: &str = r#"
use mlplots::{onnx, prelude::*};

#[derive(Serialize, Deserialize)]
struct Params { rate: f64 }

impl Default for Params {
    fn default() -> Self {
        Self { rate: 0.125 }
    }
}

struct Fit { loss: Vec<f64> }

/// A loss that falls.
#[train(experiment = "Pages")]
fn falling(run: &Run, params: Params) -> Result<Fit, String> {
    if params.rate <= 0.0 {
        return Err("the rate is not positive".to_owned());
    }
    let mut loss = Vec::new();
    for step in 0..20 {
        loss.push(1.0 / (1.0 + params.rate * f64::from(step)));
        run.log_metric_at("loss", loss[step as usize], step);
    }
    let model = Model::onnx(onnx::linear(&[2.0, -1.0], 0.5))
        .input_example(&[[1.0, 3.0], [1.5, 2.0]])
        .columns(["price", "rainfall"]);
    run.log_model("model", model).map_err(|error| error.to_string())?;
    Ok(Fit { loss })
}

/// How the loss is spread.
#[plot(formats(png, svg), size = (600, 400))]
fn curve(fit: &Fit) -> Figure {
    charts::histogram(&fit.loss).title("Loss")
}

/// The steps, written by a script: MLflow runs it in a frame.
#[plot]
fn page(fit: &Fit) -> Html {
    let steps = fit.loss.len();
    Html(format!("<h1></h1><script>document.body.firstChild.innerText = 'after ' + {steps} + ' steps'</script>"))
}

mlplots::main!();
"#;

/// JavaScript functions that read table rows and images. The table splits a row into several
/// elements with the same index.
const HELPERS: &str = r#"
var rows = [...document.querySelectorAll("[role=row]")];
var row = name => {
    const index = rows.find(part => part.innerText.includes(name)).getAttribute("row-index");
    return rows.filter(part => part.getAttribute("row-index") == index);
};
var text = name => row(name).map(part => part.innerText).join("\n");
var statusColor = name => {
    const [icon] = row(name).flatMap(part => [...part.querySelectorAll("[col-id=runDateAndNestInfo] svg")]);
    const [red, green, blue] = getComputedStyle(icon).color.match(/\d+/g).map(Number);
    return red > 2 * green ? "red" : green > 2 * red ? "green" : `${red}, ${green}, ${blue}`;
};
var image = name => document.querySelector(`img[alt="${name}"]`);
var size = name => `${image(name).naturalWidth} x ${image(name).naturalHeight}`;
var colors = name => {
    const { naturalWidth, naturalHeight } = image(name);
    const context = new OffscreenCanvas(naturalWidth, naturalHeight).getContext("2d");
    context.drawImage(image(name), 0, 0);
    const pixels = context.getImageData(0, 0, naturalWidth, naturalHeight).data;
    return new Set(new Uint32Array(pixels.buffer)).size;
};
"#;

#[test]
fn mlflow_shows_runs_figures_and_models() {
    let server = MlflowServer::start(&[]);
    let project = Project::new("pages").file("src/main.rs", SOURCE);
    let tracking = ["run", "--tracking-uri", &server.url];
    let finished = project.mlplots(&tracking);
    assert_eq!(finished.code, 0, "{}", finished.text());
    let refused = project.mlplots(&[&tracking[..], &["-P", "rate=0"]].concat());
    assert_eq!(refused.code, 1, "{}", refused.text());
    let [run, failed]: [StoredRun; 2] = read(&server.url).try_into().expect("two runs");

    // Experiment 0 is "Default".
    let experiment = format!("{}/#/experiments/1", server.url);
    let page = format!("{experiment}/runs/{}", run.text("run_id"));
    let link = format!("{page}?workflowType=machine_learning");
    let view = format!("View {link}\n");
    assert!(finished.stderr.contains(&view), "{}", finished.text());

    let mut browser = Browser::start();
    check_link(&mut browser, &link, &run, &failed);
    check_runs(&mut browser, &experiment, &run, &failed);
    check_run(&mut browser, &page, &run);
    check_failed_run(&mut browser, &experiment, &failed);
    check_figures(&mut browser, &page);
    check_model(&mut browser, &experiment, &run);
}

/// The link of a run opens its page, from which one click leads to the experiment and its runs.
fn check_link(browser: &mut Browser, link: &str, run: &StoredRun, failed: &StoredRun) {
    let mut page = browser.open("link", link);
    page.wait_for_texts(&[run.text("name"), "Finished"]);
    page.click("Pages");
    page.wait_for_texts(&["Run Name", run.text("name"), failed.text("name")]);
    page.screenshot();
}

fn check_runs(browser: &mut Browser, experiment: &str, run: &StoredRun, failed: &StoredRun) {
    let mut page = browser.open("runs", &format!("{experiment}/runs"));
    let (name, failed) = (run.text("name"), failed.text("name"));
    page.wait_for_texts(&["Run Name", "Duration", "Source", "Models"]);
    page.wait_for_texts(&[name, failed, "2 matching runs"]);
    let source = format!("{HELPERS} /main\\.rs:\\d+\\s+model\\b/.test(text({name:?}))");
    page.wait_for("the source and the model of the finished run", &source);
    let duration = format!("{HELPERS} /\\d(ms|s|min)\\b/.test(text({name:?}))");
    page.wait_for("the duration of the finished run", &duration);
    let green = format!("{HELPERS} statusColor({name:?}) == 'green'");
    page.wait_for("a green icon for the finished run", &green);
    let red = format!("{HELPERS} statusColor({failed:?}) == 'red'");
    page.wait_for("a red icon for the failed run", &red);
    page.screenshot();
}

fn check_run(browser: &mut Browser, url: &str, run: &StoredRun) {
    let mut page = browser.open("run", url);
    page.wait_for_texts(&[run.text("name"), "A loss that falls.", "Finished"]);
    page.wait_for_texts(&["Metrics (1)", "loss", "0.2962962962962963"]);
    page.wait_for_texts(&["Parameters (1)", "rate", "0.125"]);
    page.wait_for_texts(&["Logged models (1)", "Ready", "2 of 2"]);
    page.screenshot();
    drop(page);

    let mut page = browser.open("metrics", &format!("{url}/model-metrics"));
    page.wait_for_texts(&["Step", &format!("{} (loss)", run.text("name"))]);
    let points = "document.querySelectorAll('.scatterlayer .point').length == 20";
    page.wait_for("a line with 20 points", points);
    page.screenshot();
}

fn check_failed_run(browser: &mut Browser, experiment: &str, failed: &StoredRun) {
    let url = format!("{experiment}/runs/{}", failed.text("run_id"));
    let mut page = browser.open("failed", &url);
    page.wait_for_texts(&[failed.text("name"), "Failed", "the rate is not positive"]);
    page.screenshot();
}

fn check_figures(browser: &mut Browser, run: &str) {
    for figure in ["curve.png", "curve.svg"] {
        let mut page = browser.open(figure, &format!("{run}/artifacts/{figure}"));
        page.wait_for_texts(&["curve.png", "curve.svg", "page.html"]);
        page.wait_for_texts(&[&format!("artifacts/{figure}")]);
        let drawn = format!("{HELPERS} size({figure:?}) == '600 x 400' && colors({figure:?}) > 20");
        page.wait_for(&format!("the image {figure}"), &drawn);
        page.screenshot();
    }
    let mut page = browser.open("page.html", &format!("{run}/artifacts/page.html"));
    page.wait_for_texts(&["artifacts/page.html"]);
    page.wait_for_frame_text("after 20 steps");
    page.screenshot();
}

fn check_model(browser: &mut Browser, experiment: &str, run: &StoredRun) {
    let model = run.0["models"][0].as_str().expect("the run has a model");
    let url = format!("{experiment}/models/{model}");
    let mut page = browser.open("model", &url);
    page.wait_for_texts(&["About this logged model", "Ready", model]);
    page.wait_for_texts(&["Source run", run.text("name"), run.text("run_id")]);
    page.wait_for_texts(&["Metrics (1)", "loss", "Parameters (1)", "rate", "0.125"]);
    page.wait_for_texts(&["Logged from", "main.rs"]);
    page.screenshot();
    drop(page);

    let mut page = browser.open("model-files", &format!("{url}/artifacts"));
    page.wait_for_texts(&["conda.yaml", "model.onnx", "requirements.txt"]);
    page.click("MLmodel");
    page.wait_for_texts(&["loader_module", "mlflow.onnx", "price", "rainfall"]);
    page.screenshot();
}
