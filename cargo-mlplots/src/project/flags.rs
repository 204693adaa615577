//! Cargo's flags, passed through unchanged.

use std::ffi::OsString;

use crate::cli::BuildArgs;

impl BuildArgs {
    /// The flags of `cargo metadata`.
    pub(super) fn flags_of_workspace(&self) -> Vec<String> {
        let switches = [
            ("--locked", self.locked),
            ("--offline", self.offline),
            ("--frozen", self.frozen),
        ];
        let switches = switches.into_iter().filter(|(_, on)| *on);
        let mut flags: Vec<String> = switches.map(|(flag, _)| flag.to_owned()).collect();
        for config in &self.config {
            flags.extend(["--config".to_owned(), config.clone()]);
        }
        for flag in &self.unstable {
            flags.extend(["-Z".to_owned(), flag.clone()]);
        }
        flags
    }

    /// The flags of `cargo build`.
    pub(super) fn flags(&self) -> Vec<OsString> {
        let mut flags: Vec<OsString> = Vec::new();
        let switches = [
            ("--release", self.release),
            ("--all-features", self.all_features),
            ("--no-default-features", self.no_default_features),
            ("--locked", self.locked),
            ("--offline", self.offline),
            ("--frozen", self.frozen),
            ("--ignore-rust-version", self.ignore_rust_version),
            ("--keep-going", self.keep_going),
            ("--quiet", self.quiet),
        ];
        flags.extend(
            switches
                .into_iter()
                .filter(|(_, on)| *on)
                .map(|(flag, _)| flag.into()),
        );
        let mut valued = |flag: &str, value: Option<OsString>| {
            if let Some(value) = value {
                flags.extend([flag.into(), value]);
            }
        };
        valued("--profile", self.profile.clone().map(Into::into));
        valued("--target", self.target.clone().map(Into::into));
        valued("--target-dir", self.target_dir.clone().map(Into::into));
        valued("--jobs", self.jobs.clone().map(Into::into));
        valued("--color", self.color.clone().map(Into::into));
        for config in &self.config {
            valued("--config", Some(config.into()));
        }
        for flag in &self.unstable {
            valued("-Z", Some(flag.into()));
        }
        for features in &self.features {
            valued("--features", Some(features.into()));
        }
        flags.extend(self.timings.iter().map(|formats| match formats.as_str() {
            "" => "--timings".into(),
            formats => format!("--timings={formats}").into(),
        }));
        flags.extend((0..self.verbose).map(|_| "--verbose".into()));
        flags
    }
}
