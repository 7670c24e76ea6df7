//! Figures, and the tables they end in.

use std::time::Duration;

use crate::kind::{Kind, SPRING};

/// What a figure is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    None,
    AtMost(f64),
    AtLeast(f64),
}

/// One figure of one server, taken in several rounds.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    test: String,
    kind: Kind,
    figure: &'static str,
    unit: &'static str,
    values: Vec<f64>,
    /// Of Maru.
    goal: Goal,
    /// The most that Maru may cost for each of Spring's.
    of_spring: Option<f64>,
    /// Left out of the ratios.
    is_aside: bool,
}

impl Row {
    pub(crate) fn new(test: &str, kind: Kind, figure: &'static str, unit: &'static str) -> Row {
        Row {
            test: test.to_owned(),
            kind,
            figure,
            unit,
            values: Vec::new(),
            goal: Goal::None,
            of_spring: None,
            is_aside: false,
        }
    }

    pub(crate) fn goal(mut self, goal: Goal) -> Row {
        self.goal = goal;
        self
    }

    pub(crate) fn of_spring(mut self, at_most: f64) -> Row {
        self.of_spring = Some(at_most);
        self
    }

    /// Of no use beside a peer's.
    pub(crate) fn aside(mut self) -> Row {
        self.is_aside = true;
        self
    }

    pub(crate) fn add(&mut self, value: f64) {
        self.values.push(value);
    }

    /// The same with one more value.
    pub(crate) fn with(mut self, value: f64) -> Row {
        self.add(value);
        self
    }

    /// Whether more of it is better. Everything else is a cost.
    fn is_gain(&self) -> bool {
        self.unit.starts_with("/s") || self.unit.starts_with('%')
    }
}

/// Markdown: the median of each figure, its range, its goal.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = String::from("| test | server | figure | median | min – max | goal |\n|---|---|---|---|---|---|\n");
    for row in rows {
        let goal = if row.kind.is_peer() { Goal::None } else { row.goal };
        text.push_str(&format!(
            "| {} | {} | {} | {} {} | {} | {} |\n",
            row.test,
            row.kind.name(),
            row.figure,
            median(&row.values).map_or_else(|| "–".to_owned(), number),
            row.unit,
            range(&row.values),
            verdict(goal, median(&row.values))
        ));
    }
    text
}

/// Markdown: what Maru costs for each of a peer's, round by round. Below 1 it costs less; rates are turned round.
pub(crate) fn ratios(rows: &[Row]) -> String {
    let mut text =
        String::from("| test | figure | compared | median | min – max | goal |\n|---|---|---|---|---|---|\n");
    for ours in rows.iter().filter(|row| !row.kind.is_peer() && !row.is_aside) {
        let same = |row: &&Row| row.kind.is_peer() && row.test == ours.test && row.figure == ours.figure;
        for theirs in rows.iter().filter(same) {
            let ratios: Vec<f64> = ours
                .values
                .iter()
                .zip(&theirs.values)
                .map(|(ours_is, theirs_is)| match ours.is_gain() {
                    true => theirs_is / ours_is,
                    false => ours_is / theirs_is,
                })
                .filter(|ratio| ratio.is_finite())
                .collect();
            let order = if ours.is_gain() { "peer ÷ Maru" } else { "Maru ÷ peer" };
            let goal = match ours.of_spring {
                Some(at_most) if theirs.kind == SPRING => Goal::AtMost(at_most),
                _ => Goal::None,
            };
            text.push_str(&format!(
                "| {} | {}, {order} | {} : {} | {} | {} | {} |\n",
                ours.test,
                ours.figure,
                ours.kind.name(),
                theirs.kind.name(),
                median(&ratios).map_or_else(|| "–".to_owned(), number),
                range(&ratios),
                verdict(goal, median(&ratios))
            ));
        }
    }
    text
}

fn verdict(goal: Goal, value: Option<f64>) -> String {
    let (sign, bound, is_met) = match (goal, value) {
        (Goal::None, _) => return String::new(),
        (Goal::AtMost(bound), value) => ("≤", bound, value.is_some_and(|value| value <= bound)),
        (Goal::AtLeast(bound), value) => ("≥", bound, value.is_some_and(|value| value >= bound)),
    };
    let says = if is_met { "met" } else { "**missed**" };
    format!("{sign} {}: {says}", short(bound))
}

fn number(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 0.1 => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}

/// Without digits that say nothing.
fn short(value: f64) -> String {
    if value.fract() == 0.0 {
        format!("{value}")
    } else {
        number(value).trim_end_matches('0').to_owned()
    }
}

fn median(values: &[f64]) -> Option<f64> {
    at(&sorted(values), 0.5)
}

fn range(values: &[f64]) -> String {
    match sorted(values)[..] {
        [] => "–".to_owned(),
        [low, ..] => format!("{} – {}", number(low), number(at(&sorted(values), 1.0).unwrap_or(low))),
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
}

/// The value below which `share` of the sorted values lie.
fn at(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * share).round() as usize).copied()
}

/// The time below which `share` of some times lie, in milliseconds.
pub(crate) fn quantile(times: &[Duration], share: f64) -> f64 {
    let ms: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1000.0).collect();
    at(&sorted(&ms), share).unwrap_or(f64::NAN)
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::{Db, RABBITMQ};

    const MARU: Kind = Kind::Maru(Db::Sqlite);

    fn row(kind: Kind, unit: &'static str, values: &[f64]) -> Row {
        let mut row = Row::new("test", kind, "figure", unit);
        row.values = values.to_vec();
        row
    }

    #[test]
    fn below_one_speaks_for_maru_whether_less_or_more_is_better() {
        let cost = ratios(&[row(MARU, "µs", &[1.0]), row(SPRING, "µs", &[4.0])]);
        assert!(cost.contains("Maru ÷ peer | Maru, SQLite : Spring | 0.25 |"), "{cost}");
        let gain = ratios(&[row(MARU, "/s", &[4.0]), row(SPRING, "/s", &[1.0])]);
        assert!(gain.contains("peer ÷ Maru | Maru, SQLite : Spring | 0.25 |"), "{gain}");
    }

    #[test]
    fn a_ratio_is_of_the_same_round() {
        let text = ratios(&[
            row(MARU, "µs", &[1.0, 2.0, 30.0]),
            row(SPRING, "µs", &[10.0, 10.0, 100.0]),
        ]);
        assert!(text.contains("| 0.20 | 0.10 – 0.30 |"), "{text}");
    }

    #[test]
    fn goals_are_marus_and_its_ratios_to_spring() {
        let ours = row(MARU, "µs", &[3.0]).goal(Goal::AtMost(2.5)).of_spring(0.1);
        let rows = [ours, row(SPRING, "µs", &[60.0]), row(RABBITMQ, "µs", &[60.0])];
        let figures = table(&rows);
        assert_eq!(figures.matches("missed").count(), 1, "{figures}");
        let ratios = ratios(&rows);
        assert_eq!(ratios.matches("≤ 0.1: met").count(), 1, "{ratios}");
    }
}
