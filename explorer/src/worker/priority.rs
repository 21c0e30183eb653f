//! Threads that stand back: where there are fewer cores than threads, a window that draws goes first.

/// Steps of niceness below a thread that draws: about a tenth of its share when both want the same core (`sched(7)`).
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Lets other threads of this process go before the calling one, and before those it starts from now on.
///
/// Does nothing where the system knows no priority of a single thread.
pub fn stand_back() {
    // On Linux the calling process is, for this call, the calling thread (`setpriority(2)`). A refusal costs smoothness alone.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICENESS);
}
