//! An HTTP proxy that injects faults into requests, as networks, proxies and failing servers cause
//! them.

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
use http::{Head, html_page, in_chunks};

/// Decides which fault the next request meets. The argument is the call, such as
/// `POST mlflow/runs/create`.
type Plan = Box<dyn FnMut(&str) -> Option<Fault> + Send>;

/// The delay per chunk of [`Fault::Slow`].
const SLOW_CHUNK: Duration = Duration::from_millis(25);

/// A running proxy. Dropping the value stops it.
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
    /// The number of requests that reached the server, by call.
    requests: BTreeMap<String, usize>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("faults", &self.faults)
            .field("requests", &self.requests)
            .finish_non_exhaustive()
    }
}

impl FaultyProxy {
    /// Starts a proxy for a server such as `http://127.0.0.1:5000`.
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
                requests: BTreeMap::new(),
            })),
            listening: None,
        };
        proxy.listen(listener);
        proxy
    }

    /// Replaces the plan.
    pub fn set_plan(&self, plan: impl FnMut(&str) -> Option<Fault> + Send + 'static) {
        lock(&self.state).plan = Box::new(plan);
    }

    /// The number of injected faults, by fault.
    pub fn faults(&self) -> BTreeMap<Fault, usize> {
        lock(&self.state).faults.clone()
    }

    /// The number of requests of this call that reached the server.
    pub fn request_count(&self, call: &str) -> usize {
        lock(&self.state).requests.get(call).copied().unwrap_or(0)
    }

    /// Stops listening, so that connections are refused.
    pub fn down(&mut self) {
        let Some(listening) = self.listening.take() else {
            return;
        };
        lock(&self.state).is_up = false;
        // The thread blocks until a connection arrives, then reads `is_up`.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        let _ = listening.join();
    }

    /// Listens again on the same port.
    pub fn up(&mut self) {
        let start = Instant::now();
        while self.listening.is_none() {
            // Another process may use the port for an outgoing connection for a moment.
            match TcpListener::bind(("127.0.0.1", self.port)) {
                Ok(listener) => self.listen(listener),
                Err(error) => assert!(start.elapsed() < Duration::from_mins(1), "{error}"),
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
                // Errors of a connection are expected: the client sees them too.
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

/// Handles the requests of a connection until one side closes it.
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
        if !handle(client, &mut reader, &head, fault, state)? {
            break;
        }
    }
    Ok(())
}

/// Handles one request. Returns whether the connection can be used again.
fn handle(
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
    let delay = if fault == Some(Fault::Slow) {
        SLOW_CHUNK
    } else {
        Duration::ZERO
    };
    let forward = || {
        let server = {
            let mut state = lock(state);
            *state.requests.entry(head.call()).or_default() += 1;
            state.server
        };
        head.forward(&body, server, delay)
    };
    match fault {
        Some(Fault::Closed | Fault::CutOff) => {}
        Some(Fault::Lost) => {
            forward()?;
            return reset(client);
        }
        Some(Fault::Truncated) => {
            client.write_all(&forward()?.half())?;
        }
        Some(Fault::Silent { handled }) => {
            if handled {
                forward()?;
            }
            // Until the client closes the connection.
            io::copy(&mut client, &mut io::sink())?;
        }
        Some(Fault::Status { code, handled }) => {
            if handled {
                forward()?;
            }
            client.write_all(&html_page(code))?;
            return Ok(true);
        }
        Some(Fault::Page { handled }) => {
            if handled {
                forward()?;
            }
            client.write_all(&html_page(200))?;
            return Ok(true);
        }
        Some(Fault::Slow) | None => {
            let response = forward()?;
            in_chunks(&response.bytes(), delay, |chunk| client.write_all(chunk))?;
            return Ok(response.is_complete() && lock(state).is_up);
        }
    }
    Ok(false)
}

/// Makes the end of the connection a TCP reset.
fn reset(client: &TcpStream) -> io::Result<bool> {
    rustix::net::sockopt::set_socket_linger(client, Some(Duration::ZERO))?;
    Ok(false)
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
