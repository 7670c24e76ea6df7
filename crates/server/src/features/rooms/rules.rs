//! The life of a plain room and what it takes: pure. `now`, how many are in it and the bounds are told.

use std::collections::BTreeMap;

use crate::problem::{Code, Refusal};
use crate::texts::TextKey;
use crate::time::Time;

/// Where a room stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Members write in it, people come in.
    Active,
    /// Members read in it, for good.
    Closed,
}

impl Status {
    /// As the wire and the database write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Closed => "CLOSED",
        }
    }

    /// The status with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Active, Self::Closed].into_iter().find(|s| s.as_str() == name)
    }
}

/// What decides who comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    pub status: Status,
    /// Anybody may join.
    pub is_open: bool,
    pub members_max: usize,
    /// Closes by itself then.
    pub closes_at: Option<Time>,
}

/// Why somebody does not come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    Closed,
    Full,
    /// People are added to this room by others.
    ByInvitation,
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Closed => Code::RoomClosed.into(),
            Refused::Full => Code::RoomFull.into(),
            Refused::ByInvitation => Self::saying(Code::Forbidden, TextKey("error-room-by-invitation")),
        }
    }
}

impl Room {
    /// Closed, or past its end though nobody has written that down yet.
    pub fn is_closed(&self, now: Time) -> bool {
        self.status == Status::Closed || self.closes_at.is_some_and(|end| end <= now)
    }

    /// May somebody who is not in it come in by oneself, where `count` are?
    ///
    /// # Errors
    /// Why not; of several reasons the one that time will not change.
    pub fn join(&self, count: usize, now: Time) -> Result<(), Refused> {
        if !self.is_open {
            return Err(Refused::ByInvitation);
        }
        self.add(1, count, now)
    }

    /// May so many `new` people be added to `count`? All of them or none.
    ///
    /// # Errors
    /// Why not.
    pub fn add(&self, new: usize, count: usize, now: Time) -> Result<(), Refused> {
        if self.is_closed(now) {
            return Err(Refused::Closed);
        }
        if count + new > self.members_max {
            return Err(Refused::Full);
        }
        Ok(())
    }
}

/// A room's name without white space at its ends; none if it is empty.
///
/// # Errors
/// `invalid_request` over `chars_max` Unicode scalar values, and for control characters.
pub fn name(raw: Option<String>, chars_max: usize) -> Result<Option<String>, Refusal> {
    let Some(raw) = raw else { return Ok(None) };
    let name = raw.trim();
    if name.chars().any(char::is_control) || name.chars().count() > chars_max {
        return Err(Refusal::invalid("name"));
    }
    Ok((!name.is_empty()).then(|| name.to_owned()))
}

/// Checks content that is said to be JSON.
///
/// # Errors
/// `invalid_request` if it is not.
pub fn json(content: &str) -> Result<(), Refusal> {
    let parsed = serde_json::from_str::<serde::de::IgnoredAny>(content);
    parsed
        .map(drop)
        .map_err(|_| Refusal::invalid("content (application/json)"))
}

/// How people came into a room or left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Movement {
    Joined,
    Left,
    /// By somebody else.
    Removed,
}

/// What a room is told of people: code, sentence and parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub code: &'static str,
    pub text: TextKey,
    pub params: Vec<(&'static str, String)>,
}

/// One line for many: the first one's name and how many others.
pub fn notice(movement: Movement, names: &[String]) -> Option<Notice> {
    let (first, others) = names.split_first()?;
    let (code, text) = match (movement, others.is_empty()) {
        (Movement::Joined, true) => ("room-joined", TextKey("system-room-joined")),
        (Movement::Joined, false) => ("room-joined-many", TextKey("system-room-joined-many")),
        (Movement::Left, true) => ("room-left", TextKey("system-room-left")),
        (Movement::Left, false) => ("room-left-many", TextKey("system-room-left-many")),
        (Movement::Removed, true) => ("room-removed", TextKey("system-room-removed")),
        (Movement::Removed, false) => ("room-removed-many", TextKey("system-room-removed-many")),
    };
    let mut params = vec![("name", first.clone())];
    if !others.is_empty() {
        params.push(("count", others.len().to_string()));
    }
    Some(Notice { code, text, params })
}

/// What happened in a room since its last notice, in order: (who, name, how).
pub type Waiting = Vec<(i64, String, Movement)>;

/// The lines for all that waits: people who came and went again meanwhile are not spoken of.
pub fn gather(waiting: &Waiting) -> Vec<Notice> {
    let mut by_member: BTreeMap<i64, (usize, Movement, Movement, &String)> = BTreeMap::new();
    for (at, (member, name, movement)) in waiting.iter().enumerate() {
        let entry = by_member.entry(*member).or_insert((at, *movement, *movement, name));
        entry.2 = *movement;
    }
    let was_in = |first: Movement| first != Movement::Joined;
    let is_in = |last: Movement| last == Movement::Joined;
    let mut moved: Vec<_> = by_member
        .into_values()
        .filter(|(_, first, last, _)| was_in(*first) != is_in(*last))
        .collect();
    moved.sort_by_key(|(at, ..)| *at);
    let of = |wanted: Movement| {
        let moved = moved.iter().filter(move |(_, _, last, _)| *last == wanted);
        let names: Vec<String> = moved.map(|(_, _, _, name)| (*name).clone()).collect();
        notice(wanted, &names)
    };
    [Movement::Joined, Movement::Left, Movement::Removed]
        .into_iter()
        .filter_map(of)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_ms(1_000_000);

    fn room(status: Status, is_open: bool, closes_at: Option<i64>) -> Room {
        Room {
            status,
            is_open,
            members_max: 3,
            closes_at: closes_at.map(Time::from_ms),
        }
    }

    #[test]
    fn every_way_into_a_room() {
        use Refused::{ByInvitation, Closed, Full};
        let past = Some(NOW.ms());
        let future = Some(NOW.ms() + 1);
        let cases = [
            // status, open, closes at, members, join, add two
            (Status::Active, true, None, 0, Ok(()), Ok(())),
            (Status::Active, true, future, 1, Ok(()), Ok(())),
            (Status::Active, true, None, 2, Ok(()), Err(Full)),
            (Status::Active, true, None, 3, Err(Full), Err(Full)),
            (Status::Active, true, past, 0, Err(Closed), Err(Closed)),
            (Status::Closed, true, None, 0, Err(Closed), Err(Closed)),
            (Status::Closed, true, None, 3, Err(Closed), Err(Closed)),
            (Status::Active, false, None, 0, Err(ByInvitation), Ok(())),
            (Status::Active, false, None, 2, Err(ByInvitation), Err(Full)),
            (Status::Active, false, past, 0, Err(ByInvitation), Err(Closed)),
            (Status::Closed, false, None, 0, Err(ByInvitation), Err(Closed)),
        ];
        for (status, is_open, closes_at, count, join, add) in cases {
            let room = room(status, is_open, closes_at);
            assert_eq!(room.join(count, NOW), join, "{room:?} {count}");
            assert_eq!(room.add(2, count, NOW), add, "{room:?} {count}");
        }
    }

    /// Whoever joins and leaves in any order, there are never more than the bound, and nobody comes in after the end.
    #[test]
    fn a_room_never_holds_more_than_it_may_whatever_is_tried() {
        let mut random: u64 = 7;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) % below
        };
        for _ in 0..500 {
            let end = Time::from_ms(NOW.ms() + next(40).cast_signed());
            let room = Room {
                status: Status::Active,
                is_open: next(2) == 0,
                members_max: 5,
                closes_at: (next(2) == 0).then_some(end),
            };
            let mut count = 0_usize;
            for tick in 0..60_i64 {
                let now = Time::from_ms(NOW.ms() + tick);
                let before = count;
                match next(3) {
                    0 if room.join(count, now).is_ok() => count += 1,
                    1 => {
                        let new = usize::try_from(next(4)).unwrap();
                        if room.add(new, count, now).is_ok() {
                            count += new;
                        }
                    }
                    2 => count = count.saturating_sub(1),
                    _ => {}
                }
                assert!(count <= room.members_max);
                assert!(count <= before || !room.is_closed(now));
            }
        }
    }

    fn moved(list: &[(i64, Movement)]) -> Vec<(&'static str, Vec<String>)> {
        let waiting = list.iter().map(|(id, how)| (*id, format!("p{id}"), *how)).collect();
        let lines = gather(&waiting).into_iter();
        lines
            .map(|n| (n.code, n.params.into_iter().map(|(_, value)| value).collect()))
            .collect()
    }

    #[test]
    fn many_are_one_line() {
        use Movement::{Joined, Left, Removed};
        let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        assert_eq!(moved(&[]), []);
        assert_eq!(moved(&[(2, Joined)]), [("room-joined", owned(&["p2"]))]);
        let many: Vec<_> = (1..=13).rev().map(|id| (id, Joined)).collect();
        assert_eq!(moved(&many), [("room-joined-many", owned(&["p13", "12"]))]);
        assert_eq!(
            moved(&[(1, Left), (2, Joined), (3, Left), (4, Removed)]),
            [
                ("room-joined", owned(&["p2"])),
                ("room-left-many", owned(&["p1", "1"])),
                ("room-removed", owned(&["p4"])),
            ]
        );
    }

    #[test]
    fn who_came_and_went_again_is_not_spoken_of() {
        use Movement::{Joined, Left, Removed};
        assert_eq!(moved(&[(1, Joined), (1, Left)]), []);
        assert_eq!(moved(&[(1, Left), (1, Joined)]), []);
        assert_eq!(moved(&[(1, Joined), (1, Removed), (1, Joined)]).len(), 1);
        assert_eq!(moved(&[(1, Left), (1, Joined), (1, Removed)])[0].0, "room-removed");
    }

    #[test]
    fn names_are_trimmed_and_bounded() {
        let named = |raw: &str| name(Some(raw.to_owned()), 5).map_err(|r| r.code);
        assert_eq!(named(" 우리 방 "), Ok(Some("우리 방".to_owned())));
        assert_eq!(named("  "), Ok(None));
        assert_eq!(named("여섯글자이름"), Err(Code::InvalidRequest));
        assert_eq!(named("a\nb"), Err(Code::InvalidRequest));
    }

    #[test]
    fn content_that_is_said_to_be_json_has_to_be() {
        for good in ["{}", "[1,2]", "\"a\"", "null", "{\"a\":{\"b\":[]}}"] {
            assert!(json(good).is_ok(), "{good}");
        }
        for bad in ["", "{", "{a:1}", "{} {}", "안녕"] {
            assert!(json(bad).is_err(), "{bad}");
        }
    }
}
