//! The faults, and plans that choose the requests that meet them.

use std::collections::HashMap;
use std::fmt;

use fastrand::Rng;

/// A fault of one request. `handled` says whether the server handles the request anyway: the client
/// cannot know it and repeats the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The proxy closes the connection before it reads anything.
    Closed,
    /// The proxy resets the connection in the middle of the request body.
    CutOff,
    /// The server handles the request, and the proxy resets the connection before the response.
    Lost,
    /// The server handles the request, and the client receives half of the response.
    Truncated,
    /// No response arrives, and the connection stays open.
    Silent {
        /// See [`Fault`].
        handled: bool,
    },
    /// A status with which a server or a proxy asks the client to retry.
    Status {
        /// 408, 429 or 5xx.
        code: u16,
        /// See [`Fault`].
        handled: bool,
    },
    /// 200 with an HTML page, as from a captive portal.
    Page {
        /// See [`Fault`].
        handled: bool,
    },
    /// Request and response pass in small, delayed chunks.
    Slow,
}

use Fault::{Closed, CutOff, Lost, Page, Silent, Slow, Status, Truncated};

const STATUSES: [u16; 6] = [408, 429, 500, 502, 503, 504];

impl Fault {
    /// All faults after which the server has handled the request, or all others.
    pub fn all(handled: bool) -> Vec<Self> {
        let own: &[Self] = if handled {
            &[Lost, Truncated]
        } else {
            &[Closed, CutOff]
        };
        let both = [Silent { handled }, Page { handled }];
        let status = |code| Status { code, handled };
        let slow = handled.then_some(Slow);
        let some = own.iter().copied().chain(both);
        some.chain(STATUSES.map(status)).chain(slow).collect()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, handled) = match self {
            Closed => ("closed", false),
            CutOff => ("reset in request", false),
            Lost => ("reset", true),
            Truncated => ("truncated", true),
            Silent { handled } => ("no response", *handled),
            Status { code, handled } => {
                let suffix = if *handled { ", handled" } else { "" };
                return f.pad(&format!("status {code}{suffix}"));
            }
            Page { handled } => ("HTML page", *handled),
            Slow => ("slow", true),
        };
        f.pad(&format!("{name}{}", if handled { ", handled" } else { "" }))
    }
}

/// A plan that injects a random fault with this probability.
pub fn at_random(seed: u64, probability: f64) -> impl FnMut(&str) -> Option<Fault> + Send {
    let mut rng = Rng::with_seed(seed);
    let all = [Fault::all(false), Fault::all(true)].concat();
    move |_| (rng.f64() < probability).then(|| all[rng.usize(..all.len())])
}

/// A plan that injects these faults one after the other into the first requests of every call.
pub fn in_turn(faults: Vec<Fault>) -> impl FnMut(&str) -> Option<Fault> + Send {
    let mut seen: HashMap<String, usize> = HashMap::new();
    move |call| {
        let count = seen.entry(call.to_owned()).or_default();
        *count += 1;
        faults.get(*count - 1).copied()
    }
}
