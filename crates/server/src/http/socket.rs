//! An accepted socket with its place among all connections.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use metrics::gauge;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

use crate::config::Limits;

/// What the kernel may hold of what one peer has not yet got. Octets.
#[derive(Clone, Copy, Debug)]
pub struct SendBuffer {
    /// Of all, sent or not: `SO_SNDBUF`, which Linux doubles for its own needs.
    bytes: usize,
    /// Of what was not sent yet: `TCP_NOTSENT_LOWAT`. What waits beyond it waits where it can still be left out.
    unsent_bytes: u32,
}

impl SendBuffer {
    /// As the settings say.
    pub const fn new(limits: &Limits) -> Self {
        Self {
            bytes: limits.socket_send_buffer_bytes,
            unsent_bytes: limits.socket_unsent_bytes,
        }
    }

    /// Bounds the sockets that this one accepts: they inherit it.
    ///
    /// # Errors
    /// The system refuses it.
    pub fn apply_to(self, listener: &TcpListener) -> io::Result<()> {
        let socket = SockRef::from(listener);
        socket.set_send_buffer_size(self.bytes)?;
        #[cfg(target_os = "linux")]
        socket.set_tcp_notsent_lowat(self.unsent_bytes)?;
        Ok(())
    }
}

/// Room for so many sockets of all kinds. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Places(Arc<Semaphore>);

/// Room for one socket.
#[derive(Debug)]
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Places {
    /// Room for `max`; 0 is no limit.
    pub fn new(max: usize) -> Self {
        let max = if max == 0 { Semaphore::MAX_PERMITS } else { max };
        Self(Arc::new(Semaphore::new(max)))
    }

    /// A place, if one is left.
    pub fn take(&self) -> Option<Place> {
        let permit = Arc::clone(&self.0).try_acquire_owned().ok()?;
        Some(Place { _permit: permit })
    }
}

impl Place {
    /// The stream in this place. It breaks when its peer takes nothing for `patience` while something waits.
    pub fn hold(self, stream: TcpStream, patience: Duration) -> Socket {
        // Frames are small and somebody waits for each. It fails only for a socket that is already gone.
        let _ = stream.set_nodelay(true);
        gauge!("http_connections").increment(1.0);
        Socket {
            stream,
            _place: self,
            patience,
            stuck: None,
        }
    }
}

/// A stream that gives its place back when it is dropped, also after an upgrade has carried it elsewhere.
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    _place: Place,
    patience: Duration,
    /// Runs while the peer takes nothing.
    stuck: Option<Pin<Box<Sleep>>>,
}

impl Socket {
    fn stream(self: Pin<&mut Self>) -> Pin<&mut TcpStream> {
        Pin::new(&mut self.get_mut().stream)
    }

    /// A write that does not go on for too long has failed.
    fn in_time<T>(self: Pin<&mut Self>, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        let socket = self.get_mut();
        if written.is_ready() {
            socket.stuck = None;
            return written;
        }
        let patience = socket.patience;
        let stuck = socket
            .stuck
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        stuck.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        gauge!("http_connections").decrement(1.0);
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.as_mut().stream().poll_write(cx, buf);
        self.in_time(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.as_mut().stream().poll_write_vectored(cx, bufs);
        self.in_time(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn accepted_sockets_inherit_what_the_kernel_may_hold_for_them() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let buffer = SendBuffer {
            bytes: 32_768,
            unsent_bytes: 16_384,
        };
        buffer.apply_to(&listener).unwrap();
        let (peer, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        let (_peer, (accepted, _)) = (peer.unwrap(), accepted.unwrap());
        let socket = SockRef::from(&accepted);
        assert_eq!(socket.send_buffer_size().unwrap(), 2 * buffer.bytes);
        assert_eq!(socket.tcp_notsent_lowat().unwrap(), buffer.unsent_bytes);
    }
}
