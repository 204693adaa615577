//! What stands between this machine and the tracking server.

use std::io::{Read as _, Write as _, copy};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use mlplots_tests::{Finished, MlflowServer, Project, Read, built, read};

const PROGRAM: &str = "healing";

/// A SOCKS 5 proxy, and the places that it led to.
fn socks() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("socks5://{}", listener.local_addr().expect("an address"));
    let places = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&places);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let seen = Arc::clone(&seen);
            thread::spawn(move || lead(stream, &seen));
        }
    });
    (url, places)
}

fn lead(mut client: TcpStream, seen: &Mutex<Vec<String>>) -> std::io::Result<()> {
    // Version 5 and the ways to log in: none is needed.
    let mut head = [0; 2];
    client.read_exact(&mut head)?;
    client.read_exact(&mut vec![0; head[1].into()])?;
    client.write_all(&[5, 0])?;
    // Version 5, connect, an IPv4 address and a port.
    let mut call = [0; 10];
    client.read_exact(&mut call)?;
    assert_eq!(call[..4], [5, 1, 0, 1]);
    let address = Ipv4Addr::new(call[4], call[5], call[6], call[7]);
    let place = format!("{address}:{}", u16::from_be_bytes([call[8], call[9]]));
    let mut server = TcpStream::connect(&place)?;
    seen.lock().expect("the list").push(place);
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    let (mut up, mut down) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || copy(&mut up, &mut down));
    copy(&mut server, &mut client)?;
    client.shutdown(std::net::Shutdown::Write)
}

fn exec(url: &str, variables: &[(&str, &str)]) -> Finished {
    let folder = Project::new(PROGRAM);
    let mut command = folder.command(&["exec", "--tracking-uri", url, "--flush-timeout", "10"]);
    command.arg("--").arg(built(PROGRAM));
    let output = command.envs(variables.iter().copied()).output();
    output.expect("cargo-mlplots starts").into()
}

#[test]
fn a_server_is_reached_through_the_proxy_that_the_environment_names_or_without() {
    let server = MlflowServer::start(&["--workers", "1"]);
    let (url, places) = socks();
    let finished = exec(&server.url, &[("ALL_PROXY", &url)]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    let host = server.url.replace("http://", "");
    let led = places.lock().expect("the list").clone();
    assert!(
        !led.is_empty() && led.iter().all(|place| *place == host),
        "{led:?}"
    );

    let nowhere = ("HTTP_PROXY", "http://127.0.0.1:9");
    for list in ["*", &host, &format!("example.org, {host}")] {
        let finished = exec(&server.url, &[nowhere, ("NO_PROXY", list)]);
        assert_eq!(finished.code, 0, "{list}: {}", finished.text());
    }
    let runs = read(&server.url);
    assert_eq!(
        runs.iter().map(Read::status).collect::<Vec<_>>(),
        ["FINISHED"; 4]
    );
    let finished = exec(&server.url, &[nowhere, ("NO_PROXY", "127.0.0.1:1")]);
    assert_eq!(finished.code, 4, "{}", finished.text());
}
