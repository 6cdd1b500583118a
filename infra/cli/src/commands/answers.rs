//! Where a command puts the files of what it answers: the folder that `--out` names, else one named after what was asked.

use std::path::{Path, PathBuf};

use crate::failure::CommandError;
use crate::terminal::Terminal;

/// A folder for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    /// Whether the command line named it. One that it did not may be missing at the end: the answer is elsewhere too.
    is_named: bool,
}

impl Folder {
    /// The folder of an answer called `name`.
    pub(crate) fn of(named: Option<&Path>, name: &str) -> Self {
        Self {
            path: named.map_or_else(|| PathBuf::from(name), Path::to_path_buf),
            is_named: named.is_some(),
        }
    }

    /// The folders of the answers to files, each named after its file's stem, within the one that the command line names or the
    /// present one. Of files of one stem the later ones are counted, unless the place was named: there they would overwrite what
    /// somebody looks for.
    ///
    /// # Errors
    /// For two files of one stem in a named place.
    pub(crate) fn of_files(named: Option<&Path>, files: &[PathBuf]) -> Result<Vec<Self>, CommandError> {
        let mut folders: Vec<Self> = Vec::with_capacity(files.len());
        for file in files {
            let stem = file.file_stem().unwrap_or_default().to_string_lossy();
            let within = |name: &str| Self {
                path: named.unwrap_or(Path::new("")).join(name),
                is_named: named.is_some(),
            };
            let mut folder = within(&stem);
            let mut count = 1;
            while folders.contains(&folder) {
                if named.is_some() {
                    return Err(CommandError::usage(format!(
                        "two files are called {stem}; their answers would overwrite each other | 有两个文件同名 {stem}，结果文件会互相覆盖"
                    )));
                }
                count += 1;
                folder = within(&format!("{stem}-{count}"));
            }
            folders.push(folder);
        }
        Ok(folders)
    }

    /// Prints where the files are, once they are `saved`. Of a folder that the command line did not name it is said that they
    /// could not be written, and the command goes on; gives whether they were.
    ///
    /// # Errors
    /// That of `saved`, of a folder that was named, and where the service failed.
    pub(crate) fn show(
        &self,
        saved: Result<(), CommandError>,
        terminal: &Terminal,
    ) -> Result<bool, CommandError> {
        match saved {
            Ok(()) => {
                let lead = terminal.say("answer files:", "结果文件：");
                terminal.line(format!("  {lead} {}", self.path.display()));
                Ok(true)
            }
            Err(error) if !self.is_named && error.status() == 2 => {
                terminal.complain(&error);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// That the folder cannot be written.
    pub(crate) fn unwritable(&self, error: &std::io::Error) -> CommandError {
        CommandError::usage(format!(
            "{0} cannot be written: {error} | 无法写入 {0}：{error}",
            self.path.display()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_go_to_folders_named_after_the_stems() {
        let files = ["a/发货表.xlsx", "b/发货表.csv", "orders.v1.csv"].map(PathBuf::from);
        let paths = |named: Option<&Path>, files: &[PathBuf]| -> Result<Vec<String>, CommandError> {
            let folders = Folder::of_files(named, files)?;
            Ok(folders
                .iter()
                .map(|folder| folder.path.display().to_string())
                .collect())
        };
        let unnamed = paths(None, &files).expect("folders");
        assert_eq!(unnamed, ["发货表", "发货表-2", "orders.v1"]);
        let named = Some(Path::new("out"));
        assert_eq!(
            paths(named, &files[1..]).expect("folders"),
            ["out/发货表", "out/orders.v1"]
        );
        assert!(
            paths(named, &files).is_err(),
            "one answer would overwrite the other"
        );
    }
}
