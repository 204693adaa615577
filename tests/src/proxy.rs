//! A TLS proxy in front of a server, like a company's authenticating proxy.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use tempfile::TempDir;

use crate::{MlflowServer, Venv};

/// Creates a certificate authority, a server certificate and a client certificate, then forwards
/// connections whose first request contains the token.
const SCRIPT: &str = r#"
import datetime, ipaddress, pathlib, socket, ssl, sys, threading
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

folder, upstream, token = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
now = datetime.datetime.now(datetime.timezone.utc)

def named(name):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])

def certificate(name, issuer, signer, extension):
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(issuer))
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(extension, critical=False).sign(signer or key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM), key

def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
authority, root = certificate("authority", "authority", None, x509.BasicConstraints(True, None))
for name in ["server", "client"]:
    made, key = certificate(name, "authority", root, here)
    (folder / f"{name}.pem").write_bytes(made + pem(key))
(folder / "authority.pem").write_bytes(authority)

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder / "server.pem")
context.load_verify_locations(folder / "authority.pem")
context.verify_mode = ssl.CERT_REQUIRED

def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass

def serve(connection):
    try:
        client = context.wrap_socket(connection, server_side=True)
        head = b""
        while b"\r\n\r\n" not in head:
            if not (more := client.recv(65536)):
                return
            head += more
        if f"\r\nauthorization: bearer {token}\r\n".lower().encode() not in head.lower():
            client.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 9\r\nConnection: close\r\n\r\nNo token.")
            return client.close()
        server = socket.create_connection(("127.0.0.1", upstream))
        server.sendall(head)
        threading.Thread(target=copy, args=[server, client], daemon=True).start()
        copy(client, server)
    except OSError:
        pass

listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=[listener.accept()[0]], daemon=True).start()
"#;

/// A running proxy that requires a client certificate and a token. Dropping the value stops it.
#[derive(Debug)]
pub struct TlsProxy {
    /// `https://127.0.0.1:PORT` with the path prefix of the server.
    pub url: String,
    folder: TempDir,
    process: Child,
}

impl TlsProxy {
    /// Starts a proxy for a server.
    pub fn start(server: &MlflowServer, token: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (_, address) = server.url.rsplit_once(':').expect("a port");
        let (port, prefix) = address.split_once('/').unwrap_or((address, ""));
        let mut process = Venv::get()
            .python()
            .args(["-c", SCRIPT])
            .arg(folder.path())
            .args([port, token])
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let mut line = String::new();
        let output = process.stdout.take().expect("the stdout of the proxy");
        BufReader::new(output)
            .read_line(&mut line)
            .expect("the proxy prints its port");
        Self {
            url: format!("https://127.0.0.1:{}/{prefix}", line.trim()),
            folder,
            process,
        }
    }

    /// The certificate of the authority that signed the server's certificate.
    pub fn ca_certificate(&self) -> PathBuf {
        self.file("authority.pem")
    }

    /// A client certificate with its key that the proxy accepts.
    pub fn client_certificate(&self) -> PathBuf {
        self.file("client.pem")
    }

    fn file(&self, name: &str) -> PathBuf {
        let folder: &Path = self.folder.path();
        folder.join(name)
    }
}

impl Drop for TlsProxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
