//! Plots of other libraries, and figures as PDF: `cargo test -p mlplots --all-features`.

use mlplots::figure::{Encoded, Output, Spec};
use mlplots::{IntoFigure, charts};

fn file(figure: impl IntoFigure) -> Encoded {
    let mut spec = Spec::default();
    spec.size = Some((640, 480));
    match figure.into_output(&spec).expect("a figure") {
        Output::Files(mut files) => files.remove(0),
        other => panic!("{other:?} is no file"),
    }
}

#[test]
fn a_plot_of_plotly_needs_no_network() {
    let mut plot = plotly::Plot::new();
    plot.add_trace(plotly::Scatter::new(vec![1, 2, 3], vec![3, 1, 2]).name("loss"));
    let Encoded { extension, bytes } = file(plot);
    let page = String::from_utf8(bytes).expect("HTML is text");
    assert_eq!(extension, "html");
    assert!(page.contains("Plotly.newPlot") && page.contains("loss"));
    assert!(
        !page.contains("<script src="),
        "a script comes from the network"
    );
}

#[test]
fn a_chart_of_charming_is_a_page() {
    use charming::{component::Axis, series::Line};
    let chart = charming::Chart::new()
        .x_axis(Axis::new().data(vec!["1", "2", "3"]))
        .y_axis(Axis::new())
        .series(Line::new().data(vec![3, 1, 2]));
    let Encoded { extension, bytes } = file(chart);
    let page = String::from_utf8(bytes).expect("HTML is text");
    assert_eq!(extension, "html");
    assert!(page.contains("echarts") && page.contains("640"));
}

#[test]
fn a_label_of_any_library_cannot_run_a_script() {
    use charming::{component::Axis, series::Line};
    const LABEL: &str = "</script><script>alert(1)</SCRIPT><!-- & é";
    let chart = charming::Chart::new()
        .x_axis(Axis::new().data(vec![LABEL, "2"]))
        .y_axis(Axis::new())
        .series(Line::new().name(LABEL).data(vec![3, 1]));
    let mut plot = plotly::Plot::new();
    plot.add_trace(plotly::Scatter::new(vec![1, 2], vec![3, 1]).name(LABEL));
    for page in [file(chart), file(plot)] {
        let page = String::from_utf8(page.bytes).expect("HTML is text");
        assert!(page.contains("alert(1)"), "the label is there");
        assert!(
            !page.contains("</script><script>alert"),
            "it ends no script"
        );
        assert!(!page.contains("<script>alert(1)"), "it begins none");
    }
}

#[test]
fn an_image_is_a_png() {
    let image = image::RgbaImage::from_pixel(4, 3, image::Rgba([255, 0, 0, 128]));
    let Encoded { extension, bytes } = file(image);
    assert_eq!(extension, "png");
    let back = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info();
    assert_eq!(back.expect("a PNG").info().size(), (4, 3));
}

#[test]
fn a_chart_is_a_page_of_pdf() {
    let pdf = charts::histogram(&[1.0, 2.0, 2.0, 3.0])
        .size((720, 360))
        .to_pdf()
        .expect("a PDF");
    assert!(pdf.starts_with(b"%PDF-1."));
    let text = String::from_utf8_lossy(&pdf);
    // 100 pixels an inch, and 72 points.
    assert!(text.contains("/MediaBox [0 0 518.4 259.2]"), "{text}");
    assert!(text.trim_end().ends_with("%%EOF"));
}
