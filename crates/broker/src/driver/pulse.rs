use std::time::Duration;

use tokio::time::Instant;

use crate::Limits;
use crate::negotiation::Negotiated;

/// No deadline is looked at more often.
pub(super) const RESOLUTION: Duration = Duration::from_millis(1);
/// A deadline that is none.
const NEVER: Duration = Duration::from_secs(7 * 24 * 3600);

/// Everything about a connection that depends on time. Pure but for what `now` is set to.
#[derive(Debug)]
pub(super) struct Pulse {
    /// Of this turn.
    pub(super) now: Instant,
    connect_by: Option<Instant>,
    expires_at: Option<Instant>,
    /// How often to say something.
    speak_every: Option<Duration>,
    spoke_at: Instant,
    /// Reading stands still by our own doing: the peer's silence means nothing.
    paused: bool,
    heard_at: Instant,
    pinged: bool,
    ping_after: Option<Duration>,
    /// Silence that is the end; none where there is nothing to expect.
    lost_after: Option<Duration>,
    answers_pings: bool,
    frame_timeout: Duration,
    frame_since: Option<Instant>,
    write_timeout: Duration,
    blocked_since: Option<Instant>,
}

/// What has to happen because of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Say something.
    HeartBeat,
    /// Ask whether the peer is there.
    Ping,
    /// It is not.
    Silence,
    /// CONNECT did not come, or its answer is not known.
    Connect,
    /// A frame began and did not end.
    Frame,
    /// The log-in is over.
    Expiry,
    /// The peer takes nothing.
    Blocked,
}

impl Pulse {
    pub(super) fn new(now: Instant, limits: &Limits, answers_pings: bool) -> Pulse {
        Pulse {
            now,
            connect_by: Some(now + limits.connect_timeout),
            expires_at: None,
            speak_every: None,
            spoke_at: now,
            paused: false,
            heard_at: now,
            pinged: false,
            ping_after: answers_pings.then_some(limits.silence),
            lost_after: answers_pings.then_some(limits.silence * 2),
            answers_pings,
            frame_timeout: limits.frame_timeout,
            frame_since: None,
            write_timeout: limits.write_timeout,
            blocked_since: None,
        }
    }

    /// CONNECTED is on its way.
    pub(super) fn connected(&mut self, agreed: Negotiated, expires_at: Option<Instant>) {
        self.connect_by = None;
        self.expires_at = expires_at;
        // A little early, for the way there.
        self.speak_every = agreed.outgoing.map(|every| every * 9 / 10);
        if let Some(every) = agreed.incoming {
            // Timers of hidden tabs are held back, but a browser answers a ping by itself.
            self.ping_after = self.answers_pings.then_some(every * 3 / 2);
            self.lost_after = Some(every * 2);
        }
    }

    pub(super) fn spoke(&mut self) {
        self.spoke_at = self.now;
    }

    pub(super) fn heard(&mut self) {
        self.heard_at = self.now;
        self.pinged = false;
    }

    pub(super) fn pinged(&mut self) {
        self.pinged = true;
    }

    pub(super) fn pause(&mut self) {
        self.paused = true;
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused
    }

    /// Reading goes on; what the peer did meanwhile is not known yet.
    pub(super) fn resume(&mut self) {
        if self.paused {
            self.paused = false;
            self.heard();
            self.frame_since = self.frame_since.map(|_| self.now);
        }
    }

    pub(super) fn frame_ended(&mut self) {
        self.frame_since = None;
    }

    pub(super) fn waits_for_more(&mut self, is_mid_frame: bool) {
        self.frame_since = is_mid_frame.then(|| self.frame_since.unwrap_or(self.now));
    }

    pub(super) fn blocked(&mut self) {
        self.blocked_since.get_or_insert(self.now);
    }

    pub(super) fn unblocked(&mut self) {
        self.blocked_since = None;
    }

    /// All deadlines, in the order in which they count when several have passed.
    fn deadlines(&self) -> [(Option<Instant>, Due); 7] {
        let reading = !self.paused;
        [
            (self.expires_at, Due::Expiry),
            (self.connect_by, Due::Connect),
            (self.blocked_since.map(|since| since + self.write_timeout), Due::Blocked),
            (
                self.frame_since
                    .filter(|_| reading)
                    .map(|since| since + self.frame_timeout),
                Due::Frame,
            ),
            (
                self.lost_after.filter(|_| reading).map(|after| self.heard_at + after),
                Due::Silence,
            ),
            (
                self.ping_after
                    .filter(|_| reading && !self.pinged)
                    .map(|after| self.heard_at + after),
                Due::Ping,
            ),
            (self.speak_every.map(|every| self.spoke_at + every), Due::HeartBeat),
        ]
    }

    pub(super) fn next_deadline(&self) -> Instant {
        let deadlines = self.deadlines().into_iter().filter_map(|(at, _)| at);
        deadlines.min().unwrap_or(self.now + NEVER)
    }

    pub(super) fn due(&self) -> Option<Due> {
        let passed = |at: Option<Instant>| at.is_some_and(|at| at <= self.now);
        self.deadlines()
            .into_iter()
            .find(|(at, _)| passed(*at))
            .map(|(_, due)| due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(10);

    fn beating(answers_pings: bool) -> Pulse {
        let mut pulse = Pulse::new(Instant::now(), &Limits::default(), answers_pings);
        let agreed = Negotiated {
            outgoing: None,
            incoming: Some(EVERY),
            ..Negotiated::NOTHING
        };
        pulse.connected(agreed, None);
        pulse
    }

    #[test]
    fn a_silent_peer_is_asked_and_after_two_intervals_it_is_gone() {
        let mut pulse = beating(true);
        let heard = pulse.heard_at;
        for (after, due) in [
            (14, None),
            (15, Some(Due::Ping)),
            (19, Some(Due::Ping)),
            (20, Some(Due::Silence)),
        ] {
            pulse.now = heard + Duration::from_secs(after);
            assert_eq!(pulse.due(), due, "after {after} s");
        }
        pulse.heard();
        assert_eq!(pulse.due(), None, "a sign of life");
    }

    #[test]
    fn a_peer_that_answers_no_pings_is_not_asked() {
        let mut pulse = beating(false);
        let heard = pulse.heard_at;
        for (after, due) in [(19, None), (20, Some(Due::Silence))] {
            pulse.now = heard + Duration::from_secs(after);
            assert_eq!(pulse.due(), due, "after {after} s");
        }
    }
}
