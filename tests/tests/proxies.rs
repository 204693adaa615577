//! HTTP and SOCKS proxies in front of the tracking server.

use std::io::{Read as _, Write as _, copy};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use mlplots_tests::{Finished, MlflowServer, Project, StoredRun, read, sample_program};

const PROGRAM: &str = "healing";

/// Starts a SOCKS 5 proxy. Returns its URL and the list of addresses it connected to.
fn socks() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("socks5://{}", listener.local_addr().expect("an address"));
    let addresses = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&addresses);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let log = Arc::clone(&log);
            thread::spawn(move || forward(stream, &log));
        }
    });
    (url, addresses)
}

fn forward(mut client: TcpStream, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    // Greeting: version 5 and a list of authentication methods. The response selects `no
    // authentication`.
    let mut head = [0; 2];
    client.read_exact(&mut head)?;
    client.read_exact(&mut vec![0; head[1].into()])?;
    client.write_all(&[5, 0])?;
    // Request: version 5, command `connect`, an IPv4 address and a port.
    let mut request = [0; 10];
    client.read_exact(&mut request)?;
    assert_eq!(request[..4], [5, 1, 0, 1]);
    let ip = Ipv4Addr::new(request[4], request[5], request[6], request[7]);
    let address = format!("{ip}:{}", u16::from_be_bytes([request[8], request[9]]));
    let mut server = TcpStream::connect(&address)?;
    log.lock().expect("the list").push(address);
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    let (mut up, mut down) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || copy(&mut up, &mut down));
    copy(&mut server, &mut client)?;
    client.shutdown(std::net::Shutdown::Write)
}

fn exec(url: &str, variables: &[(&str, &str)]) -> Finished {
    let folder = Project::new(PROGRAM);
    let mut command = folder.command(&["exec", "--tracking-uri", url, "--flush-timeout", "10"]);
    command.arg("--").arg(sample_program(PROGRAM));
    let output = command.envs(variables.iter().copied()).output();
    output.expect("cargo-mlplots starts").into()
}

#[test]
fn proxy_variables_and_no_proxy_are_respected() {
    let server = MlflowServer::start(&["--workers", "1"]);
    let (url, addresses) = socks();
    let finished = exec(&server.url, &[("ALL_PROXY", &url)]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    let host = server.url.replace("http://", "");
    let addresses = addresses.lock().expect("the list").clone();
    assert!(
        !addresses.is_empty() && addresses.iter().all(|address| *address == host),
        "{addresses:?}"
    );

    let unreachable = ("HTTP_PROXY", "http://127.0.0.1:9");
    for list in ["*", &host, &format!("example.org, {host}")] {
        let finished = exec(&server.url, &[unreachable, ("NO_PROXY", list)]);
        assert_eq!(finished.code, 0, "{list}: {}", finished.text());
    }
    let runs = read(&server.url);
    assert_eq!(
        runs.iter().map(StoredRun::status).collect::<Vec<_>>(),
        ["FINISHED"; 4]
    );
    let finished = exec(&server.url, &[unreachable, ("NO_PROXY", "127.0.0.1:1")]);
    assert_eq!(finished.code, 4, "{}", finished.text());
}
