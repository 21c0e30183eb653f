//! What is kept of a panic: one line for the user, and a report in a file that can be sent.
//!
//! A panic is a fault of the program. It ends the request that it happened in, never silently: the report names program, place and
//! calls, and nothing of the user's files but the command line.

use std::backtrace::Backtrace;
use std::fmt::Write as _;
use std::panic::PanicHookInfo;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use blockscape_explorer::sweep::store::write_whole;
use blockscape_model::language_model::tokenizer::is_contained;

use super::{identity, output};

/// Reports that one run writes at most.
const MOST_REPORTS: u32 = 5;
/// Longest message that is told; the report has all of it.
const LONGEST_TOLD: usize = 300;

static WRITTEN: AtomicU32 = AtomicU32::new(0);
static QUIET: AtomicBool = AtomicBool::new(false);
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// From now on panics are told in one line and reported into `folder`, of the system for temporary files where there is none.
pub fn install(folder: Option<PathBuf>) {
    let folder = folder.unwrap_or_else(std::env::temp_dir);
    std::panic::set_hook(Box::new(move |panic| {
        // What a caller is told in any case.
        if is_contained() {
            return;
        }
        let line = line(panic);
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(line.clone());
        if QUIET.load(Ordering::Relaxed) {
            return;
        }
        let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let kept = (number < MOST_REPORTS).then(|| {
            let name = format!("report-{}-{}.txt", std::process::id(), number + 1);
            let path = folder.join(name);
            match write_whole(&path, report(panic).as_bytes()) {
                Ok(()) => format!("; please send {}", path.display()),
                Err(error) => format!("; no report: {error}"),
            }
        });
        output::note(&format!(
            "internal error: {line}{}",
            kept.unwrap_or_default()
        ));
    }));
}

/// Whether panics are kept to themselves: while something is tried that there is another way for.
pub fn keep_quiet(quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
}

/// What the last panic said and where it was.
pub fn last() -> Option<String> {
    LAST.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn line(panic: &PanicHookInfo<'_>) -> String {
    let message = panic.payload_as_str().unwrap_or("no message");
    let told: String = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = told.floor_char_boundary(LONGEST_TOLD);
    let place = panic.location().map_or_else(String::new, |place| {
        // Where the sources lay when the program was built is nobody's matter.
        let file = place.file().rsplit(['/', '\\']).next().unwrap_or_default();
        format!(" ({file}:{})", place.line())
    });
    format!("{}{place}", &told[..end])
}

fn report(panic: &PanicHookInfo<'_>) -> String {
    let mut text = format!("blockscape {}\n", identity::text());
    let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
    let thread = std::thread::current();
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "system {system} {machine}");
    let _ = writeln!(text, "thread {}", thread.name().unwrap_or("without a name"));
    let _ = writeln!(text, "arguments {arguments:?}");
    let _ = writeln!(text, "{panic}");
    let _ = writeln!(text, "{}", Backtrace::force_capture());
    text
}
