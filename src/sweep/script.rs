//! Job scripts: the same sweep under an engine that people already have.
//!
//! A script is one Bash file that can be read, edited and run again: finished cells are kept, so that running
//! it a second time repairs what failed. Every task runs one shard of the sweep ([`super::shard`]) with the
//! threads that it was given; a last step joins the cells. The tasks share nothing but the sweep's folder,
//! which all of them must see.

use std::fmt::Write as _;
use std::path::Path;

/// What a script needs to know.
#[derive(Clone, Debug)]
pub struct Job<'a> {
    /// The program; `GRADFADE` in the environment replaces it.
    pub program: &'a Path,
    /// The sweep's folder, absolute.
    pub folder: &'a Path,
    /// Where the plan's relative paths begin.
    pub directory: &'a Path,
    pub name: &'a str,
    pub cells: usize,
    pub cells_per_task: usize,
    /// Threads of a task.
    pub threads: usize,
}

impl Job<'_> {
    fn tasks(&self) -> usize {
        self.cells.div_ceil(self.cells_per_task.max(1)).max(1)
    }

    /// The name without what job names and file names do not take.
    fn job_name(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
        format!("gradfade-{}", self.name.chars().map(plain).collect::<String>())
    }

    /// Lines that both scripts begin with.
    fn head(&self, what: &str, usage: &str) -> String {
        let mut text = String::from("#!/usr/bin/env bash\n");
        let _ = writeln!(
            text,
            "# {what} of the sweep {:?}: {} cells in {} tasks.",
            self.name,
            self.cells,
            self.tasks()
        );
        let _ = writeln!(text, "# {usage}");
        text += "# Run it again after a failure: finished cells are kept.\nset -euo pipefail\n";
        let _ = writeln!(text, "gradfade=${{GRADFADE:-{}}}", quoted(&self.program.to_string_lossy()));
        let _ = writeln!(text, "sweep={}", quoted(&self.folder.to_string_lossy()));
        let _ = writeln!(text, "cd {}", quoted(&self.directory.to_string_lossy()));
        let _ = writeln!(text, "tasks={}", self.tasks());
        text
    }
}

/// A Slurm job array and a job that merges when the array has ended, whatever became of its tasks.
///
/// Indices of an array stay below the cluster's `MaxArraySize`, which is asked when the script runs: with
/// fewer tasks each has more cells. The number of tasks travels by itself, since `SLURM_ARRAY_TASK_COUNT` is
/// another one when only some indices are submitted again.
pub fn slurm(job: &Job) -> String {
    let usage = "Usage: bash THIS [options of sbatch, such as --partition=short --time=1:00:00 --mem=2G]";
    let mut text = job.head("A Slurm job array", usage);
    text += r#"
# The indices of an array must be smaller than the cluster's MaxArraySize.
most=$(scontrol show config | awk '$1 == "MaxArraySize" { print $3 - 1 }')
if [ -n "$most" ] && [ "$most" -ge 1 ] && [ "$tasks" -gt "$most" ]; then tasks=$most; fi
mkdir -p "$sweep/logs"
export gradfade sweep tasks

"#;
    let name = job.job_name();
    let _ = write!(
        text,
        r#"array=$(sbatch --parsable --export=ALL --job-name={name} --array="1-$tasks" --cpus-per-task={} \
  --output="$sweep/logs/%A-%a.txt" "$@" <<'TASK'
#!/usr/bin/env bash
exec "$gradfade" sweep run --out "$sweep" --shard "$SLURM_ARRAY_TASK_ID/$tasks" --threads "${{SLURM_CPUS_PER_TASK:-1}}" --quiet
TASK
)
array=${{array%%;*}}
merge=$(sbatch --parsable --export=ALL --job-name={name}-merge --dependency="afterany:$array" \
  --output="$sweep/logs/merge-%j.txt" "$@" <<'MERGE'
#!/usr/bin/env bash
exec "$gradfade" sweep merge --out "$sweep"
MERGE
)
echo "array $array with $tasks tasks, merge job ${{merge%%;*}}; logs in $sweep/logs"
"#,
        job.threads
    );
    text
}

/// GNU parallel on this machine, or on several with `--sshlogin` where the folder is shared.
pub fn parallel(job: &Job) -> String {
    let usage = "Usage: bash THIS [options of parallel, such as --jobs 8 or --sshlogin 4/nodeA,4/nodeB]";
    let mut text = job.head("GNU parallel", usage);
    let _ = write!(
        text,
        r#"
# The log says which tasks are done; those that failed, and those that never ran, are run.
parallel --quote --joblog "$sweep/parallel.log" --resume-failed "$@" \
  "$gradfade" sweep run --out "$sweep" --shard "{{}}/$tasks" --threads {} --quiet ::: $(seq "$tasks")
"$gradfade" sweep merge --out "$sweep"
"#,
        job.threads
    );
    text
}

/// As one word of the shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job<'a>(cells: usize, cells_per_task: usize) -> Job<'a> {
        let (program, folder, directory) = (Path::new("bin/it's me"), Path::new("a b/sweep"), Path::new("."));
        Job { program, folder, directory, name: "20 vs 56; rm", cells, cells_per_task, threads: 4 }
    }

    /// `bash -n` reads the script without running it.
    fn is_bash(script: &str) -> bool {
        let mut child =
            std::process::Command::new("bash").arg("-n").stdin(std::process::Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), script.as_bytes()).unwrap();
        child.wait().unwrap().success()
    }

    #[test]
    fn scripts_are_bash_and_quote_what_they_are_given() {
        for script in [slurm(&job(10, 3)), parallel(&job(10, 3))] {
            assert!(is_bash(&script), "{script}");
            assert!(script.contains(r"'bin/it'\''s me'") && script.contains("sweep='a b/sweep'"), "{script}");
            assert!(script.contains("tasks=4\n"), "{script}");
        }
        assert!(
            slurm(&job(10, 3))
                .contains("--job-name=gradfade-20-vs-56--rm --array=\"1-$tasks\" --cpus-per-task=4")
        );
        assert!(slurm(&job(1, 100)).contains("tasks=1\n"));
    }
}
