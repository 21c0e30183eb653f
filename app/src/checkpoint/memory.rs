//! Memory that a model would take, held against what there is, before anything is decoded.

use anyhow::bail;

/// Part of the available memory that weights may take; the rest is for activations and everything else.
const SHARE: f64 = 0.9;

/// Refuses what does not fit into memory: it would end the program, or make the system crawl.
///
/// # Errors
/// Memory needed and memory available.
pub(super) fn check_memory(bytes: u64) -> anyhow::Result<()> {
    match available() {
        Some(available) => check(bytes, available),
        None => Ok(()),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "bytes become gigabytes with one decimal"
)]
fn check(bytes: u64, available: u64) -> anyhow::Result<()> {
    let (bytes, available) = (bytes as f64, available as f64);
    if bytes > SHARE * available {
        bail!(
            "its weights take {:.1} GB of memory as F32, {:.1} GB are available",
            bytes / 1e9,
            available / 1e9
        );
    }
    Ok(())
}

/// Bytes that can be had without swapping, and without breaking the limit of a control group; `None` where the system does not tell.
fn available() -> Option<u64> {
    let system = std::fs::read_to_string("/proc/meminfo").ok()?;
    let free = available_in(&system)?;
    let number =
        |path: &str| -> Option<u64> { std::fs::read_to_string(path).ok()?.trim().parse().ok() };
    let group = || {
        let limit = number("/sys/fs/cgroup/memory.max")?;
        Some(limit.saturating_sub(number("/sys/fs/cgroup/memory.current")?))
    };
    Some(group().map_or(free, |group| group.min(free)))
}

fn available_in(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_with_both_figures() {
        let text = "MemTotal:       24000000 kB\nMemAvailable:   20000000 kB\n";
        let available = available_in(text).unwrap();
        assert_eq!(available, 20_480_000_000);
        check(18_000_000_000, available).unwrap();
        let told = check(50_000_000_000, available).unwrap_err().to_string();
        assert!(
            told.contains("50.0 GB") && told.contains("20.5 GB"),
            "{told}"
        );
    }
}
