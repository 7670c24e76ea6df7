//! Opening hours: spans of the week, and what they mean at a moment. Pure: the moment and the zone are told.

use std::str::FromStr;

use jiff::civil::{Date, Time as Clock, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};

use crate::time::Time;

/// How far the next opening is looked for.
const DAYS_AHEAD: i64 = 400;

/// From when to when on some days of the week, as a setting writes it: `mon-fri 09:00-18:00`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// In the order of the week.
    pub days: Vec<Weekday>,
    pub from: Clock,
    /// `None`: the end of the day.
    pub to: Option<Clock>,
}

/// Why a text is no span.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not of the form \"mon-fri 09:00-18:00\", within a day")]
pub struct NoSpan(String);

const WEEK: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// `MON` … `SUN`.
pub fn day_name(day: Weekday) -> String {
    let found = WEEK.iter().find(|(_, named)| *named == day);
    found.map_or_else(String::new, |(name, _)| name.to_uppercase())
}

impl FromStr for Span {
    type Err = NoSpan;

    fn from_str(text: &str) -> Result<Self, NoSpan> {
        parse(text).ok_or_else(|| NoSpan(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

fn parse(text: &str) -> Option<Span> {
    let (days, clock) = text.trim().split_once(' ')?;
    let (from, to) = clock.trim().split_once('-')?;
    let (from, to) = (minute(from)?, minute_or_midnight(to)?);
    let in_order = to.is_none_or(|to| from < to);
    in_order.then_some(Span {
        days: days_named(&days.to_lowercase())?,
        from,
        to,
    })
}

fn days_named(days: &str) -> Option<Vec<Weekday>> {
    let index = |name: &str| WEEK.iter().position(|(known, _)| *known == name);
    let (first, last) = match days.split_once('-') {
        None if days == "daily" => (0, 6),
        None => (index(days)?, index(days)?),
        Some((first, last)) => (index(first)?, index(last)?),
    };
    let days = WEEK.get(first..=last)?;
    (!days.is_empty()).then(|| days.iter().map(|(_, day)| *day).collect())
}

fn minute(text: &str) -> Option<Clock> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    Clock::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

fn minute_or_midnight(text: &str) -> Option<Option<Clock>> {
    match text {
        "24:00" => Some(None),
        text => minute(text).map(Some),
    }
}

/// When somebody is there. Without spans: always.
#[derive(Clone, Debug)]
pub struct Hours {
    pub spans: Vec<Span>,
    pub closed_on: Vec<Date>,
    pub zone: TimeZone,
}

/// What opening hours mean at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Until this moment; `None`: it does not close in sight.
    Open { until: Option<Time> },
    /// Until this moment; `None`: it does not open in sight.
    Closed { until: Option<Time> },
}

impl Hours {
    /// What holds at `now`.
    pub fn at(&self, now: Time) -> Opening {
        if self.spans.is_empty() && self.closed_on.is_empty() {
            return Opening::Open { until: None };
        }
        let mut open_until = None;
        for (from, to) in self.ahead(now) {
            match open_until {
                None if from > now => return Opening::Closed { until: Some(from) },
                None if to > now => open_until = Some(to),
                // The next span begins when this one ends, or before.
                Some(until) if from <= until => open_until = Some(until.max(to)),
                Some(until) => return Opening::Open { until: Some(until) },
                None => {}
            }
        }
        match open_until {
            Some(_) => Opening::Open { until: None },
            None => Opening::Closed { until: None },
        }
    }

    /// The spans of yesterday and of the days to come, each from when to when, in order of their beginnings.
    fn ahead(&self, now: Time) -> impl Iterator<Item = (Time, Time)> {
        let timestamp = jiff::Timestamp::from_millisecond(now.ms()).unwrap_or_default();
        let today = timestamp.to_zoned(self.zone.clone()).date();
        let days = (-1..DAYS_AHEAD).filter_map(move |days| today.checked_add(jiff::Span::new().days(days)).ok());
        days.flat_map(|day| self.of_day(day))
    }

    fn of_day(&self, day: Date) -> Vec<(Time, Time)> {
        if self.closed_on.contains(&day) {
            return Vec::new();
        }
        let midnight = Clock::midnight();
        let mut spans: Vec<_> = match self.spans.as_slice() {
            [] => vec![(midnight, None)],
            spans => spans
                .iter()
                .filter(|span| span.days.contains(&day.weekday()))
                .map(|span| (span.from, span.to))
                .collect(),
        };
        spans.sort_unstable();
        let ends = |to: Option<Clock>| match to {
            Some(to) => self.moment(day, to),
            None => self.moment(day.tomorrow().ok()?, midnight),
        };
        let moments = spans
            .into_iter()
            .filter_map(|(from, to)| Some((self.moment(day, from)?, ends(to)?)));
        moments.collect()
    }

    fn moment(&self, day: Date, clock: Clock) -> Option<Time> {
        let zoned = day.to_datetime(clock).to_zoned(self.zone.clone()).ok()?;
        Some(Time::from_ms(zoned.timestamp().as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(spans: &[&str], closed_on: &[&str], zone: &str) -> Hours {
        Hours {
            spans: spans.iter().map(|span| span.parse().unwrap()).collect(),
            closed_on: closed_on.iter().map(|day| day.parse().unwrap()).collect(),
            zone: TimeZone::get(zone).unwrap(),
        }
    }

    fn at(hours: &Hours, now: &str) -> Opening {
        hours.at(Time::parse(now).unwrap())
    }

    fn open(until: &str) -> Opening {
        Opening::Open {
            until: Time::parse(until),
        }
    }

    fn closed(until: &str) -> Opening {
        Opening::Closed {
            until: Time::parse(until),
        }
    }

    #[test]
    fn without_hours_it_is_always_open() {
        assert_eq!(
            at(&hours(&[], &[], "Asia/Seoul"), "2026-11-21T03:00:00Z"),
            Opening::Open { until: None }
        );
        let daily = hours(&["daily 00:00-24:00"], &[], "Asia/Seoul");
        assert_eq!(at(&daily, "2026-11-21T03:00:00Z"), Opening::Open { until: None });
    }

    /// 2026-11-20 is a Friday.
    #[test]
    fn it_opens_at_the_first_minute_and_closes_at_the_last() {
        let week = hours(&["mon-fri 09:00-18:00", "sat 10:00-13:00"], &[], "Asia/Seoul");
        let friday = |clock: &str| format!("2026-11-20T{clock}+09:00");
        assert_eq!(at(&week, &friday("08:59:59.999")), closed(&friday("09:00:00")));
        assert_eq!(at(&week, &friday("09:00:00")), open(&friday("18:00:00")));
        assert_eq!(at(&week, &friday("17:59:59.999")), open(&friday("18:00:00")));
        assert_eq!(at(&week, &friday("18:00:00")), closed("2026-11-21T10:00:00+09:00"));
        assert_eq!(
            at(&week, "2026-11-21T13:00:00+09:00"),
            closed("2026-11-23T09:00:00+09:00")
        );
    }

    #[test]
    fn spans_that_touch_are_one_also_over_midnight() {
        let night = hours(
            &["fri 18:00-24:00", "sat 00:00-02:00", "fri 12:00-18:00"],
            &[],
            "Asia/Seoul",
        );
        assert_eq!(
            at(&night, "2026-11-20T13:00:00+09:00"),
            open("2026-11-21T02:00:00+09:00")
        );
        assert_eq!(
            at(&night, "2026-11-21T01:00:00+09:00"),
            open("2026-11-21T02:00:00+09:00")
        );
        assert_eq!(
            at(&night, "2026-11-21T02:00:00+09:00"),
            closed("2026-11-27T12:00:00+09:00")
        );
    }

    #[test]
    fn days_off_are_closed_whatever_day_of_the_week_they_are() {
        let week = hours(&["mon-fri 09:00-18:00"], &["2026-12-24", "2026-12-25"], "Asia/Seoul");
        assert_eq!(
            at(&week, "2026-12-24T12:00:00+09:00"),
            closed("2026-12-28T09:00:00+09:00")
        );
        let always = hours(&[], &["2026-12-25"], "Asia/Seoul");
        assert_eq!(
            at(&always, "2026-12-25T12:00:00+09:00"),
            closed("2026-12-26T00:00:00+09:00")
        );
        assert_eq!(
            at(&always, "2026-12-24T12:00:00+09:00"),
            open("2026-12-25T00:00:00+09:00")
        );
    }

    #[test]
    fn a_day_of_23_hours_opens_and_closes_by_the_clock_on_the_wall() {
        let sunday = hours(&["sun 01:00-24:00"], &[], "Europe/Berlin");
        assert_eq!(at(&sunday, "2026-03-29T00:30:00Z"), open("2026-03-29T22:00:00Z"));
        assert_eq!(at(&sunday, "2026-03-28T23:30:00Z"), closed("2026-03-29T00:00:00Z"));
    }

    #[test]
    fn what_never_opens_says_so() {
        let once = hours(&["mon 09:00-10:00"], &[], "Asia/Seoul");
        assert!(matches!(
            at(&once, "2026-11-20T00:00:00Z"),
            Opening::Closed { until: Some(_) }
        ));
        let mut never = once;
        let monday: Date = "2026-11-23".parse().unwrap();
        never.closed_on = (0..60)
            .filter_map(|week| monday.checked_add(jiff::Span::new().weeks(week)).ok())
            .collect();
        assert_eq!(at(&never, "2026-11-20T00:00:00Z"), Opening::Closed { until: None });
    }

    #[test]
    fn other_forms_are_no_spans() {
        for wrong in [
            "",
            "mon",
            "mon 9:00-18:00",
            "mon 09:00-09:00",
            "mon 22:00-02:00",
            "fri-mon 09:00-18:00",
            "mon 09:00-24:01",
            "day 09:00-18:00",
            "mon 24:00-24:00",
            "mon +9:00-18:00",
        ] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }
}
