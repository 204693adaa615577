//! What people see: MLflow's pages of a run, in a real browser.

use mlplots_tests::{Browser, MlflowServer, Project, Read, read};

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
    run.log_model("model", model).map_err(|why| why.to_string())?;
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

/// What looks at the table's rows and at pictures. The table keeps the parts of a row in several
/// elements with the same index.
const LOOK: &str = r#"
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
    let [run, failed]: [Read; 2] = read(&server.url).try_into().expect("two runs");

    // The first experiment after "Default".
    let experiment = format!("{}/#/experiments/1", server.url);
    let page = format!("{experiment}/runs/{}", run.text("run_id"));
    let link = format!("{page}?workflowType=machine_learning");
    let view = format!("View {link}\n");
    assert!(finished.stderr.contains(&view), "{}", finished.text());

    // A browser that has not seen MLflow before.
    let mut browser = Browser::start();
    the_way_back(&mut browser, &link, &run, &failed);
    runs(&mut browser, &experiment, &run, &failed);
    one_run(&mut browser, &page, &run);
    failure(&mut browser, &experiment, &failed);
    figures(&mut browser, &page);
    model(&mut browser, &experiment, &run);
}

/// From a run's page, as its link opens it, the experiment is one click away, with its runs.
fn the_way_back(browser: &mut Browser, link: &str, run: &Read, failed: &Read) {
    let mut page = browser.open("link", link);
    page.shows(&[run.text("name"), "Finished"]);
    page.clicks("Pages");
    page.shows(&["Run Name", run.text("name"), failed.text("name")]);
    page.screenshot();
}

fn runs(browser: &mut Browser, experiment: &str, run: &Read, failed: &Read) {
    let mut page = browser.open("runs", &format!("{experiment}/runs"));
    let (name, failed) = (run.text("name"), failed.text("name"));
    page.shows(&["Run Name", "Duration", "Source", "Models"]);
    page.shows(&[name, failed, "2 matching runs"]);
    let row = format!("{LOOK} /main\\.rs:\\d+\\s+model\\b/.test(text({name:?}))");
    page.holds("the source and the model of the finished run", &row);
    let took = format!("{LOOK} /\\d(ms|s|min)\\b/.test(text({name:?}))");
    page.holds("the duration of the finished run", &took);
    let green = format!("{LOOK} statusColor({name:?}) == 'green'");
    page.holds("a green icon for the finished run", &green);
    let red = format!("{LOOK} statusColor({failed:?}) == 'red'");
    page.holds("a red icon for the failed run", &red);
    page.screenshot();
}

fn one_run(browser: &mut Browser, url: &str, run: &Read) {
    let mut page = browser.open("run", url);
    page.shows(&[run.text("name"), "A loss that falls.", "Finished"]);
    page.shows(&["Metrics (1)", "loss", "0.2962962962962963"]);
    page.shows(&["Parameters (1)", "rate", "0.125"]);
    page.shows(&["Logged models (1)", "Ready", "2 of 2"]);
    page.screenshot();
    drop(page);

    let mut page = browser.open("metrics", &format!("{url}/model-metrics"));
    page.shows(&["Step", &format!("{} (loss)", run.text("name"))]);
    let points = "document.querySelectorAll('.scatterlayer .point').length == 20";
    page.holds("a line with 20 points", points);
    page.screenshot();
}

fn failure(browser: &mut Browser, experiment: &str, failed: &Read) {
    let url = format!("{experiment}/runs/{}", failed.text("run_id"));
    let mut page = browser.open("failed", &url);
    page.shows(&[failed.text("name"), "Failed", "the rate is not positive"]);
    page.screenshot();
}

fn figures(browser: &mut Browser, run: &str) {
    for figure in ["curve.png", "curve.svg"] {
        let mut page = browser.open(figure, &format!("{run}/artifacts/{figure}"));
        page.shows(&["curve.png", "curve.svg", "page.html"]);
        page.shows(&[&format!("artifacts/{figure}")]);
        let drawn = format!("{LOOK} size({figure:?}) == '600 x 400' && colors({figure:?}) > 20");
        page.holds(&format!("the picture {figure}"), &drawn);
        page.screenshot();
    }
    let mut page = browser.open("page.html", &format!("{run}/artifacts/page.html"));
    page.shows(&["artifacts/page.html"]);
    page.frame_shows("after 20 steps");
    page.screenshot();
}

fn model(browser: &mut Browser, experiment: &str, run: &Read) {
    let model = run.0["models"][0].as_str().expect("the run has a model");
    let url = format!("{experiment}/models/{model}");
    let mut page = browser.open("model", &url);
    page.shows(&["About this logged model", "Ready", model]);
    page.shows(&["Source run", run.text("name"), run.text("run_id")]);
    page.shows(&["Metrics (1)", "loss", "Parameters (1)", "rate", "0.125"]);
    page.shows(&["Logged from", "main.rs"]);
    page.screenshot();
    drop(page);

    let mut page = browser.open("model-files", &format!("{url}/artifacts"));
    page.shows(&["conda.yaml", "model.onnx", "requirements.txt"]);
    page.clicks("MLmodel");
    page.shows(&["loader_module", "mlflow.onnx", "price", "rainfall"]);
    page.screenshot();
}
