//! What a measurement was made with: the machine, and the commit that the program was built from.
//!
//! In: what the machine tells. Out: a line of words. Refuses to know: what was measured.

/// The commit, as far as known when the program was built.
pub const COMMIT: &str = env!("GRIDQUORUM_COMMIT");

/// Processor, cores, memory and operating system with its version, as far as the machine tells.
pub fn described() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned())
    };
    let processor =
        field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory = field(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
    let kilobytes: u64 = memory.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let system = format!("{} {}", std::env::consts::OS, read("/proc/sys/kernel/osrelease").trim());
    let system = system.trim_end();
    format!("{processor}, {cores} cores, {} GiB, {system}", (kilobytes + (1 << 19)) >> 20)
}
