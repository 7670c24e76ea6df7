//! STOMP over TCP for back ends: sockets in, connections to the broker. Off unless `stomp.tcp_listen` names an address.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use metrics::{counter, describe_counter};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use wire::{Command, Frame, Version};

use crate::app::{Handshake, Maru};
use crate::http::{Places, SendBuffer, pause_after};
use crate::problem::{Code, Refusal};
use crate::sockets::slot;
use crate::texts::Locale;

/// What the accept loop holds its peers to, beside what the broker does.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long a peer may take nothing while something waits.
    pub write_timeout: Duration,
    /// What the kernel may hold for one socket.
    pub send_buffer: SendBuffer,
    /// Silence after which the kernel asks whether a peer is still there, and between its questions.
    pub keep_alive: Duration,
    /// Unanswered questions after which it is not.
    pub keep_alive_retries: u32,
}

/// A bound address that is about to be served.
pub struct Server {
    listener: TcpListener,
    maru: Maru,
    places: Places,
    options: Options,
}

impl Server {
    /// Takes the address. `places` are those of all sockets.
    ///
    /// # Errors
    /// It is taken, or may not be had.
    pub async fn bind(listen: SocketAddr, maru: Maru, places: Places, options: Options) -> io::Result<Self> {
        describe_counter!("tcp_refused_total", "streams over a limit of their address");
        let listener = TcpListener::bind(listen).await?;
        options.send_buffer.apply_to(&listener)?;
        // Those that are accepted inherit this, too.
        SockRef::from(&listener).set_tcp_keepalive(
            &TcpKeepalive::new()
                .with_time(options.keep_alive)
                .with_interval(options.keep_alive)
                .with_retries(options.keep_alive_retries),
        )?;
        Ok(Self {
            listener,
            maru,
            places,
            options,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Accepts until `stop`. Connections belong to the broker.
    pub async fn run(self, stop: CancellationToken) {
        while let Some(accepted) = stop.run_until_cancelled(self.listener.accept()).await {
            match accepted {
                Ok((stream, peer)) => self.serve(stream, peer),
                Err(error) => pause_after(&error).await,
            }
        }
    }

    fn serve(&self, stream: TcpStream, peer: SocketAddr) {
        let locale = self.maru.accounts().locale(None);
        let (place, slot) = match (self.places.take(), slot(&self.maru, peer.ip().to_canonical())) {
            (Some(place), Ok(slot)) => (place, slot),
            (None, _) => return turn_away(&stream, &Code::Unavailable.into(), locale),
            (_, Err(refusal)) => return turn_away(&stream, &refusal, locale),
        };
        let handshake = Handshake {
            principal: Ok(None),
            locale,
            slot,
        };
        self.maru
            .broker()
            .accept(place.hold(stream, self.options.write_timeout), handshake);
    }
}

/// Says why, as far as it can be said without waiting.
fn turn_away(stream: &TcpStream, refusal: &Refusal, locale: Locale) {
    counter!("tcp_refused_total").increment(1);
    let frame = Frame::new(Command::Error)
        .header("message", &refusal.sentence(locale))
        .header("code", refusal.code.as_str());
    let mut octets = Vec::new();
    wire::encode(&frame, Version::V1_0, &mut octets);
    let _ = stream.try_write(&octets);
}
