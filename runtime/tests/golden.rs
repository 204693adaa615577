//! Every chart of the gallery looks as it did: the picture is compared with the one kept in
//! `tests/golden`. `GOLDEN=overwrite cargo test -p mlplots --test golden` keeps the new ones, once
//! somebody has looked at them.

#[path = "../examples/gallery/classification.rs"]
mod classification;
#[path = "../examples/gallery/exploration.rs"]
mod exploration;
#[path = "../examples/gallery/inspection.rs"]
mod inspection;
#[path = "../examples/gallery/numbers.rs"]
mod numbers;
#[path = "../examples/gallery/regression.rs"]
mod regression;
#[path = "../examples/gallery/training.rs"]
mod training;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mlplots::Figure;
use png::{ColorType, Decoder, Encoder};

/// Large enough for the layout to be that of a figure, small enough to be kept.
const SIZE: (u32, u32) = (600, 480);
/// The share of pixels that may differ visibly: compilers may round a colour otherwise.
const TOLERANCE: f64 = 0.001;
/// A difference of a channel that is seen, of 255.
const VISIBLE: u8 = 24;

fn gallery() -> Vec<(&'static str, Figure)> {
    let families = [
        exploration::charts,
        regression::charts,
        classification::charts,
        training::charts,
        inspection::charts,
    ];
    families
        .into_iter()
        .flat_map(|charts| charts())
        .map(|(name, figure)| (name, figure.size(SIZE)))
        .collect()
}

fn drawn() -> Vec<(&'static str, Vec<u8>)> {
    gallery()
        .into_iter()
        .map(|(name, figure)| (name, figure.to_png(1.0).expect(name)))
        .collect()
}

#[test]
fn charts_look_as_they_did() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let overwrite = std::env::var_os("GOLDEN").is_some_and(|value| value == "overwrite");
    let report = Path::new(env!("CARGO_TARGET_TMPDIR")).join("golden");
    let mut different = Vec::new();
    for (name, actual) in drawn() {
        let path = golden.join(name).with_extension("png");
        if overwrite {
            fs::write(&path, actual).expect("the picture is kept");
            continue;
        }
        let expected = fs::read(&path).unwrap_or_default();
        if expected == actual {
            continue;
        }
        if let Some(difference) = difference(&expected, &actual) {
            fs::create_dir_all(&report).expect("a folder for the report");
            let save = |kind: &str, bytes: &[u8]| {
                let file = format!("{name}-{kind}.png");
                fs::write(report.join(&file), bytes).expect("a picture of the report");
                file
            };
            let files = [
                save("expected", &expected),
                save("actual", &actual),
                save("difference", &difference),
            ];
            different.push((name, files));
        }
    }
    if !different.is_empty() {
        let page = write_report(&report, &different);
        let names: Vec<&str> = different.iter().map(|(name, _)| *name).collect();
        panic!(
            "{} look otherwise; see {}",
            names.join(", "),
            page.display()
        );
    }
}

#[test]
fn bytes_are_the_same_in_every_thread_and_process() {
    const CHILD: &str = "MLPLOTS_GOLDEN_CHILD";
    let checksum = || {
        let mut all = crc32fast::Hasher::new();
        drawn().iter().for_each(|(_, bytes)| all.update(bytes));
        format!("{:08x}", all.finalize())
    };
    if std::env::var_os(CHILD).is_some() {
        println!("checksum {}", checksum());
        return;
    }
    let here = checksum();
    std::thread::scope(|scope| {
        let threads = [scope.spawn(checksum), scope.spawn(checksum)];
        for thread in threads {
            assert_eq!(thread.join().expect("a thread"), here);
        }
    });
    // A machine without fonts, as far as a process can be told so.
    let program = std::env::current_exe().expect("this program");
    let child = Command::new(program)
        .args(["bytes_are_the_same", "--nocapture"])
        .env(CHILD, "1")
        .env("HOME", "/nonexistent")
        .env("FONTCONFIG_FILE", "/nonexistent")
        .env("XDG_DATA_DIRS", "/nonexistent")
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(said.contains(&format!("checksum {here}")), "{said}");
}

/// Red where two pictures differ visibly, or nothing if hardly any pixel does.
fn difference(expected: &[u8], actual: &[u8]) -> Option<Vec<u8>> {
    let actual = pixels(actual);
    let expected = pixels(expected);
    let same_size = expected.len() == actual.len();
    let differs = |place: usize| {
        !same_size
            || (0..3).any(|channel| {
                expected[place + channel].abs_diff(actual[place + channel]) > VISIBLE
            })
    };
    let marked: Vec<bool> = (0..actual.len()).step_by(3).map(differs).collect();
    let count = marked.iter().filter(|marked| **marked).count();
    if count as f64 <= TOLERANCE * marked.len() as f64 {
        return None;
    }
    let faint = |place: usize, channel: usize| 192 + actual[place * 3 + channel] / 4;
    let samples: Vec<u8> = marked
        .iter()
        .enumerate()
        .flat_map(|(place, marked)| {
            if *marked {
                [220, 0, 0]
            } else {
                [0, 1, 2].map(|channel| faint(place, channel))
            }
        })
        .collect();
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, SIZE.0, SIZE.1);
    encoder.set_color(ColorType::Rgb);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&samples).expect("pixels");
    writer.finish().expect("an end");
    Some(bytes)
}

/// The samples of a picture; none of what is no picture.
fn pixels(png: &[u8]) -> Vec<u8> {
    let Ok(mut reader) = Decoder::new(std::io::Cursor::new(png)).read_info() else {
        return Vec::new();
    };
    let mut samples = vec![0; reader.output_buffer_size().unwrap_or(0)];
    match reader.next_frame(&mut samples) {
        Ok(_) => samples,
        Err(_) => Vec::new(),
    }
}

fn write_report(folder: &Path, different: &[(&str, [String; 3])]) -> PathBuf {
    let mut page =
        "<!doctype html><meta charset=\"utf-8\"><title>Charts that look otherwise</title>\
         <style>img { width: 32% }</style>"
            .to_owned();
    for (name, [expected, actual, difference]) in different {
        let _ = write!(
            page,
            "<h2>{name}: expected, actual, difference</h2>\
             <img src=\"{expected}\"><img src=\"{actual}\"><img src=\"{difference}\">"
        );
    }
    let path = folder.join("report.html");
    fs::write(&path, page).expect("the report");
    path
}
