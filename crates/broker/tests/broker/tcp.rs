//! STOMP straight on a stream of octets.

use std::time::Duration;

use broker::{Limits, Publication, Topic};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use wire::{Command, Decoder, Event, Frame, Version};

use crate::support::{PATIENCE, Server};

struct Stream {
    socket: TcpStream,
    decoder: Decoder,
    heart_beats: usize,
}

impl Stream {
    async fn open(server: &Server) -> Stream {
        let limits = wire::Limits {
            body_bytes_max: 16 << 20,
            ..wire::Limits::default()
        };
        Stream {
            socket: server.stream().await,
            decoder: Decoder::new(limits),
            heart_beats: 0,
        }
    }

    async fn connect(server: &Server, login: &str, heart_beat: &str) -> Stream {
        let mut stream = Stream::open(server).await;
        let connect = format!("CONNECT\naccept-version:1.2\nhost:h\nlogin:{login}\nheart-beat:{heart_beat}\n\n\0");
        stream.write(connect.as_bytes()).await;
        assert_eq!(stream.frame().await.command, Command::Connected);
        stream.decoder.set_version(Version::V1_2);
        stream
    }

    async fn write(&mut self, octets: &[u8]) {
        self.socket.write_all(octets).await.unwrap();
    }

    /// The next frame; none at the end of the stream.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            match self.decoder.next().unwrap() {
                Some(Event::Frame(frame)) => return Some(frame),
                Some(Event::HeartBeat) => self.heart_beats += 1,
                None => {
                    let mut octets = vec![0; 64 * 1024];
                    let read = timeout(PATIENCE, self.socket.read(&mut octets)).await;
                    let read = read.expect("something comes in time").unwrap();
                    if read == 0 {
                        return None;
                    }
                    self.decoder.push(&octets[..read]);
                }
            }
        }
    }

    async fn frame(&mut self) -> Frame {
        self.next().await.expect("a frame before the end")
    }
}

#[tokio::test]
async fn frames_come_and_go_in_any_split_and_with_any_octets() {
    let server = Server::start(Limits::default()).await;
    let mut stream = Stream::connect(&server, "kim", "0,0").await;
    let mut input = b"\n\r\nSUBSCRIBE\r\nid:1\r\ndestination:/topic/a\r\nreceipt:r\r\n\r\n\0\n".to_vec();
    input.extend_from_slice(b"SEND\ndestination:/topic/a\ncontent-length:4\n\n\xff\0\xfe\n\0\n\n");
    for octet in input {
        stream.write(&[octet]).await;
    }
    assert_eq!(stream.frame().await.get("receipt-id"), Some("r"));
    assert_eq!(&stream.frame().await.body[..], b"\xff\0\xfe\n");
}

#[tokio::test]
async fn disconnect_is_answered_and_then_the_stream_ends() {
    let server = Server::start(Limits::default()).await;
    let mut stream = Stream::connect(&server, "kim", "0,0").await;
    stream
        .write(b"DISCONNECT\nreceipt:bye\n\n\0SEND\ndestination:/topic/a\n\n\0")
        .await;
    assert_eq!(stream.frame().await.get("receipt-id"), Some("bye"));
    assert!(stream.next().await.is_none());
    drop(stream);
    server.shop.noted("closed kim Disconnect").await;
    assert!(!server.shop.notes().iter().any(|note| note.starts_with("sent")));
}

#[tokio::test]
async fn a_client_that_has_said_all_still_hears_the_answer() {
    let limits = Limits {
        queue_bytes_max: 64 << 20,
        close_timeout: PATIENCE,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut stream = Stream::connect(&server, "kim", "0,0").await;
    stream.write(b"SUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0").await;
    server.shop.noted("subscribed kim /topic/a").await;
    // More than the system takes at once.
    for _ in 0..16 {
        let publication = Publication::json(vec![b'x'; 1 << 20]);
        server.broker().publish(&Topic::from("/topic/a"), &publication);
    }
    stream
        .write(b"SEND\ndestination:/app/slow\nreceipt:1\n\nx\0DISCONNECT\nreceipt:2\n\n\0")
        .await;
    stream.socket.shutdown().await.unwrap();
    server.shop.noted("sent /app/slow x").await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    for _ in 0..16 {
        assert_eq!(stream.frame().await.command, Command::Message);
    }
    for receipt in ["1", "2"] {
        assert_eq!(stream.frame().await.get("receipt-id"), Some(receipt));
    }
    assert!(stream.next().await.is_none());
    server.shop.noted("closed kim Disconnect").await;
}

#[tokio::test]
async fn a_stream_that_ends_without_disconnect_was_lost() {
    let server = Server::start(Limits::default()).await;
    drop(Stream::connect(&server, "kim", "0,0").await);
    server.shop.noted("closed kim Lost").await;
}

#[tokio::test]
async fn a_broken_frame_is_told_before_the_stream_ends() {
    let server = Server::start(Limits::default()).await;
    let mut stream = Stream::connect(&server, "kim", "0,0").await;
    // More than is read: a reset would take the ERROR from the client.
    stream.write(&[&b"NONSENSE\n\n\0"[..], &[b'x'; 100_000]].concat()).await;
    let error = stream.frame().await;
    assert_eq!(
        (error.command, error.get("code")),
        (Command::Error, Some("invalid_request"))
    );
    assert!(stream.next().await.is_none());
    server.shop.noted("closed kim ByServer(1002)").await;
}

#[tokio::test]
async fn promised_heart_beats_are_kept_and_missed() {
    let limits = Limits {
        heart_beat: Duration::from_millis(50),
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut silent = Stream::connect(&server, "kim", "50,50").await;
    let error = silent.frame().await;
    assert_eq!(error.get("code"), Some("heart_beat_missed"));
    assert!(silent.heart_beats >= 1, "{}", silent.heart_beats);
}

#[tokio::test]
async fn without_heart_beats_a_silent_peer_may_stay() {
    let limits = Limits {
        silence: Duration::from_millis(20),
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut stream = Stream::connect(&server, "kim", "0,0").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    stream
        .write(b"SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:r\n\n\0")
        .await;
    assert_eq!(stream.frame().await.get("receipt-id"), Some("r"));
}

#[tokio::test]
async fn connect_and_frames_have_to_come_in_time() {
    let limits = Limits {
        connect_timeout: Duration::from_millis(50),
        frame_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut mute = Stream::open(&server).await;
    assert_eq!(mute.frame().await.get("code"), Some("timed_out"));
    assert!(mute.next().await.is_none());
    let mut stuck = Stream::connect(&server, "kim", "0,0").await;
    stuck.write(b"SEND\ndestination:/topic/a\nreceipt:r\n\nhal").await;
    let error = stuck.frame().await;
    assert_eq!(
        (error.get("code"), error.get("receipt-id")),
        (Some("timed_out"), Some("r"))
    );
}

#[tokio::test]
async fn a_stream_that_is_never_read_is_let_go() {
    let limits = Limits {
        write_timeout: Duration::from_millis(100),
        queue_bytes_max: 64 << 20,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut stuck = Stream::connect(&server, "kim", "0,0").await;
    stuck.write(b"SUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0").await;
    server.shop.noted("subscribed kim /topic/a").await;
    let topic = Topic::from("/topic/a");
    for _ in 0..32 {
        let publication = Publication::json(vec![b'x'; 1 << 20]);
        server.broker().publish(&topic, &publication);
    }
    server.shop.noted("closed kim ByServer(4500)").await;
    assert_eq!(server.broker().counts().queued_bytes, 0);
}

#[tokio::test]
async fn a_drain_ends_streams() {
    let server = Server::start(Limits::default()).await;
    let mut stream = Stream::connect(&server, "kim", "0,0").await;
    let (_, ()) = tokio::join!(stream.next(), server.broker().drain(Duration::ZERO));
    server.shop.noted("closed kim ByServer(1012)").await;
}
