//! What can happen to a request, and to which ones it does.

use std::collections::HashMap;
use std::fmt;

use fastrand::Rng;

/// What happens to one request. `obeyed` is whether the server does what is asked all the same:
/// then whoever asks does not know, and asks again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The connection is closed before anything is read.
    Closed,
    /// The connection is reset in the middle of the request's body.
    CutOff,
    /// The server obeys, and the connection is reset before it can say so.
    Lost,
    /// The server obeys, and half of its answer arrives.
    Halved,
    /// Nobody answers, and the connection stays open.
    Silent {
        /// See [`Fault`].
        obeyed: bool,
    },
    /// A status by which a server, or what stands before it, says "later".
    Status {
        /// 408, 429 or a 500.
        code: u16,
        /// See [`Fault`].
        obeyed: bool,
    },
    /// 200 with a page of HTML, as hotels and companies have them.
    Page {
        /// See [`Fault`].
        obeyed: bool,
    },
    /// Request and answer pass in small pieces.
    Slow,
}

use Fault::{Closed, CutOff, Halved, Lost, Page, Silent, Slow, Status};

const STATUSES: [u16; 6] = [408, 429, 500, 502, 503, 504];

impl Fault {
    /// All of which the server sees nothing, or all after which it has done what was asked.
    pub fn all(obeyed: bool) -> Vec<Self> {
        let own: &[Self] = if obeyed {
            &[Lost, Halved]
        } else {
            &[Closed, CutOff]
        };
        let both = [Silent { obeyed }, Page { obeyed }];
        let status = |code| Status { code, obeyed };
        let slow = obeyed.then_some(Slow);
        let some = own.iter().copied().chain(both);
        some.chain(STATUSES.map(status)).chain(slow).collect()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, obeyed) = match self {
            Closed => ("closed", false),
            CutOff => ("reset in the request", false),
            Lost => ("reset", true),
            Halved => ("half an answer", true),
            Silent { obeyed } => ("no answer", *obeyed),
            Status { code, obeyed } => {
                let when = if *obeyed { ", obeyed" } else { "" };
                return f.pad(&format!("status {code}{when}"));
            }
            Page { obeyed } => ("a page", *obeyed),
            Slow => ("slow", true),
        };
        f.pad(&format!("{name}{}", if obeyed { ", obeyed" } else { "" }))
    }
}

/// A plan that hits any request with this probability, by a fault of any kind.
pub fn at_random(seed: u64, probability: f64) -> impl FnMut(&str) -> Option<Fault> + Send {
    let mut rng = Rng::with_seed(seed);
    let all = [Fault::all(false), Fault::all(true)].concat();
    move |_| (rng.f64() < probability).then(|| all[rng.usize(..all.len())])
}

/// A plan that hits the first requests of every call by these faults, one after the other.
pub fn in_turn(faults: Vec<Fault>) -> impl FnMut(&str) -> Option<Fault> + Send {
    let mut seen: HashMap<String, usize> = HashMap::new();
    move |call| {
        let number = seen.entry(call.to_owned()).or_default();
        *number += 1;
        faults.get(*number - 1).copied()
    }
}
