//! A proxy in front of a server that does to requests what networks, proxies and dying servers do.

mod fault;
mod http;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use fault::{Fault, at_random, in_turn};
use http::{Head, in_pieces, page};

/// Tells what happens to the next request; it is given the call, such as `POST mlflow/runs/create`.
type Plan = Box<dyn FnMut(&str) -> Option<Fault> + Send>;

/// How long a piece takes that passes slowly.
const SLOWLY: Duration = Duration::from_millis(25);

/// A running proxy; it ends when dropped.
#[derive(Debug)]
pub struct FaultyProxy {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    port: u16,
    state: Arc<Mutex<State>>,
    listening: Option<JoinHandle<()>>,
}

struct State {
    server: u16,
    plan: Plan,
    is_up: bool,
    faults: BTreeMap<Fault, usize>,
    /// How often the server was asked, by call.
    asked: BTreeMap<String, usize>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("faults", &self.faults)
            .field("asked", &self.asked)
            .finish_non_exhaustive()
    }
}

impl FaultyProxy {
    /// Starts one in front of a server such as `http://127.0.0.1:5000`.
    pub fn start(server: &str, plan: impl FnMut(&str) -> Option<Fault> + Send + 'static) -> Self {
        let server = server
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse().ok());
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("the port").port();
        let mut proxy = Self {
            url: format!("http://127.0.0.1:{port}"),
            port,
            state: Arc::new(Mutex::new(State {
                server: server.expect("an address with a port"),
                plan: Box::new(plan),
                is_up: false,
                faults: BTreeMap::new(),
                asked: BTreeMap::new(),
            })),
            listening: None,
        };
        proxy.listen(listener);
        proxy
    }

    /// Follows another plan from now on.
    pub fn follow(&self, plan: impl FnMut(&str) -> Option<Fault> + Send + 'static) {
        lock(&self.state).plan = Box::new(plan);
    }

    /// How often each fault has happened.
    pub fn faults(&self) -> BTreeMap<Fault, usize> {
        lock(&self.state).faults.clone()
    }

    /// How often the server was asked this.
    pub fn asked(&self, call: &str) -> usize {
        lock(&self.state).asked.get(call).copied().unwrap_or(0)
    }

    /// Connections are refused from now on.
    pub fn down(&mut self) {
        let Some(listening) = self.listening.take() else {
            return;
        };
        lock(&self.state).is_up = false;
        // It waits for a connection, and looks up with this one.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        let _ = listening.join();
    }

    /// Connections are taken again, at the same address.
    pub fn up(&mut self) {
        let since = Instant::now();
        while self.listening.is_none() {
            // An outgoing connection of somebody else may have the port for a moment.
            match TcpListener::bind(("127.0.0.1", self.port)) {
                Ok(listener) => self.listen(listener),
                Err(why) => assert!(since.elapsed() < Duration::from_mins(1), "{why}"),
            }
        }
    }

    fn listen(&mut self, listener: TcpListener) {
        lock(&self.state).is_up = true;
        let state = Arc::clone(&self.state);
        self.listening = Some(std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if !lock(&state).is_up {
                    return;
                }
                let state = Arc::clone(&state);
                // What becomes of a connection is its client's business.
                std::thread::spawn(move || serve(&client, &state));
            }
        }));
    }
}

impl Drop for FaultyProxy {
    fn drop(&mut self) {
        self.down();
    }
}

/// Serves a connection until one side has enough.
fn serve(client: &TcpStream, state: &Mutex<State>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut reader = BufReader::new(client);
    while let Some(head) = Head::read(&mut reader)? {
        let fault = {
            let mut state = lock(state);
            let fault = (state.plan)(&head.call());
            if let Some(fault) = fault {
                *state.faults.entry(fault).or_default() += 1;
            }
            fault
        };
        if !one(client, &mut reader, &head, fault, state)? {
            break;
        }
    }
    Ok(())
}

/// Serves a request, or not; tells whether the connection may be used again.
fn one(
    mut client: &TcpStream,
    reader: &mut impl Read,
    head: &Head,
    fault: Option<Fault>,
    state: &Mutex<State>,
) -> io::Result<bool> {
    let mut body = vec![0; head.length()];
    match fault {
        Some(Fault::Closed) => return Ok(false),
        Some(Fault::CutOff) => {
            let half = body.len() / 2;
            reader.read_exact(&mut body[..half])?;
            return reset(client);
        }
        _ => reader.read_exact(&mut body)?,
    }
    let pause = if fault == Some(Fault::Slow) {
        SLOWLY
    } else {
        Duration::ZERO
    };
    let ask = || {
        let server = {
            let mut state = lock(state);
            *state.asked.entry(head.call()).or_default() += 1;
            state.server
        };
        head.ask(&body, server, pause)
    };
    match fault {
        Some(Fault::Closed | Fault::CutOff) => {}
        Some(Fault::Lost) => {
            ask()?;
            return reset(client);
        }
        Some(Fault::Halved) => {
            client.write_all(&ask()?.half())?;
        }
        Some(Fault::Silent { obeyed }) => {
            if obeyed {
                ask()?;
            }
            // Until the client is tired of it.
            io::copy(&mut client, &mut io::sink())?;
        }
        Some(Fault::Status { code, obeyed }) => {
            if obeyed {
                ask()?;
            }
            client.write_all(&page(code))?;
            return Ok(true);
        }
        Some(Fault::Page { obeyed }) => {
            if obeyed {
                ask()?;
            }
            client.write_all(&page(200))?;
            return Ok(true);
        }
        Some(Fault::Slow) | None => {
            let answer = ask()?;
            in_pieces(&answer.bytes(), pause, |piece| client.write_all(piece))?;
            return Ok(answer.is_whole() && lock(state).is_up);
        }
    }
    Ok(false)
}

/// Ends a connection by a reset instead of a farewell.
fn reset(client: &TcpStream) -> io::Result<bool> {
    rustix::net::sockopt::set_socket_linger(client, Some(Duration::ZERO))?;
    Ok(false)
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
