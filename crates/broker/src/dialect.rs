use wire::Version;

/// What a connection's bytes mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// Frames of STOMP in this version.
    Stomp(Version),
    /// Bodies and nothing else: every message in is a SEND to the one destination, every publication out is its body.
    Raw,
}
