//! Figures and the table they end in.

use std::time::Duration;

/// One figure, taken several times.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) test: String,
    pub(crate) figure: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) values: Vec<f64>,
    pub(crate) goal: &'static str,
}

impl Row {
    pub(crate) fn new(test: &str, figure: &'static str, unit: &'static str, goal: &'static str) -> Row {
        Row {
            test: test.to_owned(),
            figure,
            unit,
            values: Vec::new(),
            goal,
        }
    }

    /// The same with one more value.
    pub(crate) fn with(mut self, value: f64) -> Row {
        self.values.push(value);
        self
    }
}

/// Markdown: the median of each figure, its range, its goal.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = String::from("| test | figure | median | min – max | goal |\n|---|---|---|---|---|\n");
    for row in rows {
        let mut values = row.values.clone();
        values.sort_by(f64::total_cmp);
        let (low, high) = (values.first().copied(), values.last().copied());
        let show = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
        text.push_str(&format!(
            "| {} | {} | {} {} | {} – {} | {} |\n",
            row.test,
            row.figure,
            show(at(&values, 0.5)),
            row.unit,
            show(low),
            show(high),
            row.goal
        ));
    }
    text
}

fn number(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.digits$}")
}

/// The value below which `share` of the sorted values lie.
fn at(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * share).round() as usize).copied()
}

/// p50, p99 and the longest of some times, in milliseconds.
pub(crate) fn spread(times: &[Duration]) -> Option<[f64; 3]> {
    let mut ms: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1000.0).collect();
    ms.sort_by(f64::total_cmp);
    Some([at(&ms, 0.5)?, at(&ms, 0.99)?, at(&ms, 1.0)?])
}
