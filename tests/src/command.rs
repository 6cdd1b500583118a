//! The `waymark` command as a process.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// The command, with the directory that its embedded cloud lives in.
#[derive(Clone, Debug)]
pub struct Waymark {
    program: PathBuf,
    data_dir: PathBuf,
}

/// A command under way, gone with its value.
#[derive(Debug)]
pub struct Running(Child);

/// How a command ended.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Its exit status.
    pub status: i32,
    /// What it said on stdout.
    pub stdout: String,
    /// What it said on stderr.
    pub stderr: String,
}

impl Waymark {
    /// The command `program`, working on the cloud under `data_dir`.
    pub fn new(program: &str, data_dir: &Path) -> Self {
        Self {
            program: program.into(),
            data_dir: data_dir.to_owned(),
        }
    }

    /// The process to be started, with nothing of this process's settings.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(&self.program);
        let kept = |name: &str| std::env::var_os(name).map(|value| (name.to_owned(), value));
        command
            .arg0("waymark")
            .env_clear()
            .envs(["PATH", "HOME", "TMPDIR"].into_iter().filter_map(kept));
        // Answers without a place go to the present folder.
        if let Some(beside) = self.data_dir.parent().filter(|parent| parent.is_dir()) {
            command.current_dir(beside);
        }
        command.arg("--data-dir").arg(&self.data_dir).args(arguments);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Running {
        Running(
            self.command(arguments)
                .spawn()
                .expect("the command can be started"),
        )
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it cannot be started, is killed, or says something that is no text.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ran {
        Ran::of(
            self.command(arguments)
                .output()
                .expect("the command can be started"),
        )
    }
}

impl Running {
    /// The lines of stdout, as they come.
    ///
    /// # Panics
    /// When they were asked for before.
    pub fn lines(&mut self) -> impl Iterator<Item = String> + Send + use<> {
        let stdout = self.0.stdout.take().expect("stdout is asked for once");
        // A process killed in the middle of a line leaves none.
        BufReader::new(stdout).lines().map_while(Result::ok)
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Kills it, as `kill -9` does; a process that has ended already stays ended.
    ///
    /// # Panics
    /// When the system refuses.
    pub fn kill(&mut self) {
        self.0.kill().expect("a process of ours can be killed");
        self.0.wait().expect("a killed process ends");
    }

    /// Waits for its end; gives its exit status, `None` when it was killed.
    ///
    /// # Panics
    /// When the system refuses.
    pub fn wait(&mut self) -> Option<i32> {
        self.0.wait().expect("a process ends").code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Ended already, when the test went well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Ran {
    /// How a process ended by itself.
    ///
    /// # Panics
    /// When it was killed, or says something that is no text.
    pub fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the command says text");
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        let status = output.status.code();
        Self {
            status: status.unwrap_or_else(|| panic!("the command ends by itself; it said: {stderr}")),
            stdout,
            stderr,
        }
    }

    /// The lines of stdout, each a JSON value: the only thing there.
    ///
    /// # Panics
    /// When a line is none.
    pub fn json_lines(&self) -> Vec<Value> {
        let value =
            |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in `{line}`"));
        self.stdout.lines().map(value).collect()
    }
}
