//! Which part of a sweep to do: given, or that of a task of a Slurm array.

use anyhow::{Context as _, bail};

/// The part to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shard {
    /// Part and number of parts, from 1.
    Given(u64, u64),
    /// The task of a Slurm array says which; of so many parts, or as many as the array has tasks.
    OfTask(Option<u64>),
}

/// Reads `I/N`, `auto` or `auto/N`.
///
/// # Errors
/// What is allowed, if the text is not.
pub fn shard(text: &str) -> Result<Shard, String> {
    let wrong = || {
        "I/N with I from 1 to N is needed, such as 2/8, or auto in a Slurm array, or auto/N"
            .to_owned()
    };
    if text == "auto" {
        return Ok(Shard::OfTask(None));
    }
    let (shard, of) = text.split_once('/').ok_or_else(wrong)?;
    let of: u64 = of.parse().ok().filter(|of| *of > 0).ok_or_else(wrong)?;
    if shard == "auto" {
        return Ok(Shard::OfTask(Some(of)));
    }
    let shard = shard.parse().ok();
    let shard = shard.filter(|shard| (1..=of).contains(shard));
    Ok(Shard::Given(shard.ok_or_else(wrong)?, of))
}

/// A variable of the environment, or of a test.
type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Shard {
    /// Part and number of parts.
    ///
    /// # Errors
    /// `auto` outside a Slurm array, or in one whose tasks do not count from 0 or 1 without gaps.
    pub fn resolve(self) -> anyhow::Result<(u64, u64)> {
        self.resolve_in(&|name| std::env::var(name).ok())
    }

    fn resolve_in(self, variable: Variable<'_>) -> anyhow::Result<(u64, u64)> {
        let parts = match self {
            Self::Given(shard, n_shards) => return Ok((shard, n_shards)),
            Self::OfTask(parts) => parts,
        };
        let number = |name: &str| -> anyhow::Result<u64> {
            let text = variable(name).with_context(|| {
                format!("--shard auto: {name} is not set; it is for tasks of a Slurm array")
            })?;
            let number = text.parse();
            number.with_context(|| format!("{name} is \"{text}\"; a whole number is needed"))
        };
        let task = number("SLURM_ARRAY_TASK_ID")?;
        // A task that is submitted again alone has other bounds; then only the number of parts says what its part is.
        if let Some(n_shards) = parts {
            if !(1..=n_shards).contains(&task) {
                bail!(
                    "--shard auto/{n_shards}: SLURM_ARRAY_TASK_ID is {task}; allowed: 1 to {n_shards}"
                );
            }
            return Ok((task, n_shards));
        }
        let least = number("SLURM_ARRAY_TASK_MIN")?;
        let most = number("SLURM_ARRAY_TASK_MAX")?;
        let count = number("SLURM_ARRAY_TASK_COUNT")?;
        let is_whole = least <= 1 && most.checked_sub(least) == count.checked_sub(1);
        if !is_whole || count == 0 || !(least..=most).contains(&task) {
            bail!(
                "--shard auto: the tasks of the array run from {least} to {most} and are {count}; with tasks left out, \
                 --shard auto/N says how many parts there are, the task from 1 to N"
            );
        }
        Ok((task - least + 1, count))
    }
}

/// Threads of a task, as Slurm gives processors to it.
pub fn threads_of_task() -> Option<usize> {
    std::env::var("SLURM_CPUS_PER_TASK").ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_array(shard: Shard, values: [&str; 4]) -> Result<(u64, u64), String> {
        let names = ["ID", "MIN", "MAX", "COUNT"].map(|name| format!("SLURM_ARRAY_TASK_{name}"));
        let variable = |name: &str| {
            let at = names.iter().position(|known| known == name)?;
            Some(values[at].to_owned()).filter(|value| !value.is_empty())
        };
        let resolved = shard.resolve_in(&variable);
        resolved.map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn parts_are_read_from_text() {
        assert_eq!(shard("2/8"), Ok(Shard::Given(2, 8)));
        assert_eq!(shard("auto"), Ok(Shard::OfTask(None)));
        assert_eq!(shard("auto/100"), Ok(Shard::OfTask(Some(100))));
        for wrong in ["", "0/3", "4/3", "1", "auto/0", "auto/", "/", "x/2"] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_task_of_an_array_says_the_part() {
        let auto = Shard::OfTask(None);
        assert_eq!(in_array(auto, ["3", "1", "8", "8"]), Ok((3, 8)));
        assert_eq!(in_array(auto, ["0", "0", "7", "8"]), Ok((1, 8)));
        // Tasks 5 and 77 of an array submitted again.
        assert!(
            in_array(auto, ["77", "5", "77", "2"])
                .unwrap_err()
                .contains("auto/N")
        );
        assert_eq!(
            in_array(Shard::OfTask(Some(100)), ["77", "5", "77", "2"]),
            Ok((77, 100))
        );
        assert!(
            in_array(Shard::OfTask(Some(50)), ["77", "", "", ""])
                .unwrap_err()
                .contains("1 to 50")
        );
        assert!(
            in_array(auto, ["", "", "", ""])
                .unwrap_err()
                .contains("SLURM_ARRAY_TASK_ID")
        );
        assert!(
            in_array(auto, ["x", "1", "2", "2"])
                .unwrap_err()
                .contains("whole number")
        );
    }
}
