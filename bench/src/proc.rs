//! What `/proc` tells of a process and of the machine.

use std::fs;
use std::time::Duration;

use crate::Result;

/// `USER_HZ`: Linux shows all programs 100, whatever it runs at.
const TICKS_PER_SECOND: u64 = 100;

/// CPU that the process has used, in user and system mode.
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name stands in parentheses and may hold anything; utime and stime are the 12th and 13th after it.
    let (_, after_name) = stat.rsplit_once(')').ok_or("a stat line without a name")?;
    let ticks: Vec<u64> = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse)
        .collect::<std::result::Result<_, _>>()?;
    Ok(Duration::from_millis(
        ticks.iter().sum::<u64>() * 1000 / TICKS_PER_SECOND,
    ))
}

/// The memory that is the process's own share (PSS), in bytes.
pub(crate) fn memory(pid: u32) -> Result<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kb: u64 = line
        .and_then(|line| line.split_whitespace().next())
        .ok_or("smaps_rollup without Pss")?
        .parse()?;
    Ok(kb * 1024)
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
