//! What `/proc` tells of processes and of the machine.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use crate::Result;

/// `USER_HZ`: Linux shows all programs 100, whatever it runs at.
const TICKS_PER_SECOND: u64 = 100;

/// One line of `/proc/PID/stat`.
struct Stat {
    parent: u32,
    /// User and system time.
    own_ticks: u64,
    /// The same with that of children that have ended.
    ticks: u64,
}

/// CPU that the process and its descendants have used, in user and system mode.
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let stats = stats()?;
    let ticks: u64 = family(&stats, pid).iter().map(|pid| stats[pid].ticks).sum();
    Ok(time(ticks))
}

fn time(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

/// CPU that the process has used, without its descendants.
pub(crate) fn cpu_alone(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let stat = parse(&stat).ok_or("a stat line that cannot be read")?;
    Ok(time(stat.own_ticks))
}

/// The memory that is the own share (PSS) of the process and its descendants, in bytes.
pub(crate) fn memory(pid: u32) -> Result<u64> {
    family(&stats()?, pid).into_iter().map(pss).sum()
}

fn pss(pid: u32) -> Result<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kb: u64 = line
        .and_then(|line| line.split_whitespace().next())
        .ok_or("smaps_rollup without Pss")?
        .parse()?;
    Ok(kb * 1024)
}

/// Every process there is. Who ends meanwhile is not in it.
fn stats() -> Result<HashMap<u32, Stat>> {
    let mut stats = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        if let Some(stat) = parse(&text) {
            stats.insert(pid, stat);
        }
    }
    Ok(stats)
}

/// The name stands in parentheses and may hold anything; the parent is the second after it, utime, stime, cutime and
/// cstime the 12th to 15th.
fn parse(stat: &str) -> Option<Stat> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: Vec<u64> = fields
        .get(11..15)?
        .iter()
        .filter_map(|ticks| ticks.parse().ok())
        .collect();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own_ticks: ticks.iter().take(2).sum(),
        ticks: ticks.iter().sum(),
    })
}

/// The process, if it is there, and all that descend from it.
fn family(stats: &HashMap<u32, Stat>, pid: u32) -> Vec<u32> {
    let mut family: Vec<u32> = stats.contains_key(&pid).then_some(pid).into_iter().collect();
    let mut at = 0;
    while let Some(&parent) = family.get(at) {
        let children = stats.iter().filter(|(_, stat)| stat.parent == parent);
        family.extend(children.map(|(pid, _)| *pid));
        at += 1;
    }
    family
}

/// The load averages of 1, 5 and 15 minutes.
pub(crate) fn load() -> Result<String> {
    let load = fs::read_to_string("/proc/loadavg")?;
    Ok(load.split_whitespace().take(3).collect::<Vec<_>>().join(" "))
}

/// One line on where this runs.
pub(crate) fn machine() -> Result<String> {
    let cpus = fs::read_to_string("/proc/cpuinfo")?;
    let models: Vec<&str> = cpus
        .lines()
        .filter_map(|line| line.strip_prefix("model name"))
        .map(|line| line.trim_start_matches([' ', '\t', ':']))
        .collect();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    Ok(format!(
        "{} × {}, Linux {}, load {}; the generator runs on the same cores",
        models.len(),
        models.first().unwrap_or(&"?"),
        kernel.trim(),
        load()?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let stat = "12 (a) b) (c) S 7 12 12 0 -1 4194304 1 2 3 4 50 20 5 2 20 0 9 0 100";
        let stat = parse(stat).expect("a line as the kernel writes it");
        assert_eq!((stat.parent, stat.own_ticks, stat.ticks), (7, 70, 77));
    }

    #[test]
    fn descendants_count_and_strangers_do_not() {
        let one = |parent| Stat {
            parent,
            own_ticks: 0,
            ticks: 0,
        };
        let stats = HashMap::from([(1, one(0)), (5, one(1)), (6, one(5)), (7, one(1))]);
        let mut family = family(&stats, 5);
        family.sort_unstable();
        assert_eq!(family, [5, 6]);
    }
}
