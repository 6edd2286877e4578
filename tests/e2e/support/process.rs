//! What the operating system tells of the server's process.

use std::fs;

/// Clock ticks in a second of processor time, as Linux counts them.
const TICKS_PER_SECOND: u64 = 100;

/// The memory that the process holds, in bytes; `None` where the system does
/// not tell.
pub(crate) fn resident_bytes(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

/// The processor time that the process has used, in milliseconds; `None` where
/// the system does not tell.
pub(crate) fn cpu_ms(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let (user, system): (u64, u64) = (fields.get(11)?.parse().ok()?, fields.get(12)?.parse().ok()?);
    Some((user + system) * 1000 / TICKS_PER_SECOND)
}
