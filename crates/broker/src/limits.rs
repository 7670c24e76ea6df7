use std::time::Duration;

/// Every bound that the broker holds a peer to. A time of zero is no limit only where it says so.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Of one frame, checked while it arrives.
    pub frame: wire::Limits,
    /// Frames of one WebSocket message.
    pub fragments_max: usize,
    /// Subscriptions of one connection.
    pub subscriptions_max: usize,
    /// Octets that wait to be written to one connection. From half of it on volatile publications are left out; over it
    /// a subscription with a history becomes a cursor into that, and for anything else the connection closes with 4500.
    pub queue_bytes_max: usize,
    /// SENDs whose completion is awaited, and receipts behind them, of one connection; then reading stops.
    pub replies_max: usize,
    /// Open transactions of one connection.
    pub transactions_max: usize,
    /// Frames that all open transactions of one connection hold.
    pub transaction_frames_max: usize,
    /// Octets that they hold.
    pub transaction_bytes_max: usize,
    /// Messages of one subscription that can be acknowledged, the newest; older ones count as acknowledged.
    pub unacknowledged_max: usize,
    /// Publications of one page of [`App::replay`](crate::App::replay).
    pub replay_page: usize,
    /// Octets of live publications held for a resuming subscription; over it the subscription reads on as a cursor.
    pub held_bytes_max: usize,
    /// Octets of the newest publications of one topic, kept while a subscription to it is behind.
    pub recent_bytes_max: usize,
    /// Connections of one person on this node; 0 is no limit.
    pub connections_per_user: usize,
    /// What happens over [`Limits::connections_per_user`].
    pub connections_per_user_policy: ConnectionsPerUserPolicy,
    /// From the upgrade to CONNECTED.
    pub connect_timeout: Duration,
    /// From the first to the last octet of a frame.
    pub frame_timeout: Duration,
    /// Without the peer taking anything while something waits; then 4500.
    pub write_timeout: Duration,
    /// For what is left to say, and for the peer's closing, after the last frame was decided.
    pub close_timeout: Duration,
    /// For a call of the app that still runs when its connection has ended.
    pub finish_timeout: Duration,
    /// The server's own two heart-beat values; zero offers and wants none.
    pub heart_beat: Duration,
    /// Silence after which a transport that can asks a peer without heart-beats whether it is there; twice that is the end.
    pub silence: Duration,
}

/// Over the limit on connections of one person, who has to go?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionsPerUserPolicy {
    /// The oldest, with 4409.
    CloseOldest,
    /// The one that comes, with an ERROR.
    RefuseNewest,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            frame: wire::Limits::default(),
            fragments_max: 1024,
            subscriptions_max: 128,
            queue_bytes_max: 512 * 1024,
            replies_max: 64,
            transactions_max: 16,
            transaction_frames_max: 1024,
            transaction_bytes_max: 256 * 1024,
            unacknowledged_max: 1024,
            replay_page: 100,
            held_bytes_max: 128 * 1024,
            recent_bytes_max: 256 * 1024,
            connections_per_user: 10,
            connections_per_user_policy: ConnectionsPerUserPolicy::CloseOldest,
            connect_timeout: Duration::from_secs(10),
            frame_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(1),
            finish_timeout: Duration::from_secs(10),
            heart_beat: Duration::from_secs(10),
            silence: Duration::from_secs(25),
        }
    }
}
