//! A wire that can be cut: what connects to it is carried to a server, until the wire is cut.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Carries connections to a port of this machine. Ends when dropped, and they with it.
#[derive(Debug)]
pub struct Relay {
    pub port: u16,
    whole: watch::Sender<bool>,
}

impl Relay {
    pub async fn to(port: u16) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own_port = listener.local_addr().unwrap().port();
        let whole = watch::Sender::new(true);
        tokio::spawn(accept(listener, port, whole.subscribe()));
        Relay { port: own_port, whole }
    }

    /// Ends all connections without a word; new ones end too.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// New connections are carried again.
    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}

async fn accept(listener: TcpListener, to: u16, mut whole: watch::Receiver<bool>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            changed = whole.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        if let (Ok((stream, _)), true) = (accepted, *whole.borrow()) {
            tokio::spawn(carry(stream, to, whole.clone()));
        }
    }
}

async fn carry(mut stream: TcpStream, to: u16, mut whole: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", to)).await else {
        return;
    };
    tokio::select! {
        // How it ends, both sides see for themselves.
        _ = copy_bidirectional(&mut stream, &mut server) => {}
        _ = whole.wait_for(|whole| !whole) => {}
    }
}
