//! What the broker counts. Names start with `stomp_`.

use metrics::{Counter, Gauge, counter, describe_counter, describe_gauge, gauge};

/// Handles of what changes with every frame; the rest is looked up by its label when it happens.
pub(crate) struct Metrics {
    pub(crate) frames_in: Counter,
    pub(crate) frames_out: Counter,
    pub(crate) encoded: Counter,
    pub(crate) queue_bytes: Gauge,
    pub(crate) recent_bytes: Gauge,
    pub(crate) fell_behind: Counter,
    pub(crate) slow_closes: Counter,
    pub(crate) refused_sends: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Metrics {
        describe_gauge!("stomp_connections", "open sockets, by transport");
        describe_counter!(
            "stomp_closed_total",
            "connections that ended, by close code; 1006 where the socket just ended"
        );
        describe_counter!("stomp_frames_in_total", "frames read");
        describe_counter!("stomp_frames_out_total", "frames and heart-beats written");
        describe_counter!(
            "stomp_encoded_total",
            "frames made of publications; each may be written to many"
        );
        describe_counter!("stomp_refused_total", "refusals told to peers, by code");
        describe_counter!("stomp_refused_sends_total", "refusals that left the connection open");
        describe_gauge!("stomp_queue_bytes", "octets that could not be written at once and wait");
        describe_gauge!(
            "stomp_recent_bytes",
            "octets of recent publications kept for subscriptions that are behind"
        );
        describe_counter!(
            "stomp_fell_behind_total",
            "subscriptions that missed something (a slow peer, mostly) and read on from history"
        );
        describe_counter!(
            "stomp_slow_closes_total",
            "connections that ended because the peer was too slow"
        );
        Metrics {
            frames_in: counter!("stomp_frames_in_total"),
            frames_out: counter!("stomp_frames_out_total"),
            encoded: counter!("stomp_encoded_total"),
            queue_bytes: gauge!("stomp_queue_bytes"),
            recent_bytes: gauge!("stomp_recent_bytes"),
            fell_behind: counter!("stomp_fell_behind_total"),
            slow_closes: counter!("stomp_slow_closes_total"),
            refused_sends: counter!("stomp_refused_sends_total"),
        }
    }

    pub(crate) fn connections(&self, transport: &'static str) -> Gauge {
        gauge!("stomp_connections", "transport" => transport)
    }

    pub(crate) fn refused(&self, code: &'static str) {
        counter!("stomp_refused_total", "code" => code).increment(1);
    }

    pub(crate) fn closed(&self, code: u16) {
        counter!("stomp_closed_total", "code" => code.to_string()).increment(1);
    }
}
