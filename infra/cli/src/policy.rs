//! The policy that a command works by: the data directory's or the stack's, never another.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::PolicyBook;
use domain::policy::PolicyError;

use crate::args::Shared;
use crate::failure::CommandError;
use crate::terminal::short_sha256;

/// The variable that names a policy file where the command line names none.
const VARIABLE: &str = "WAYMARK_POLICY";
/// In a shell that has the settings of a stack, that variable is a key of this bucket, and for `--aws` alone.
const BUCKET_VARIABLE: &str = "WAYMARK_BUCKET";

/// The policy file that a command line or the environment names, read.
pub(crate) fn named(shared: &Shared) -> Result<Option<Arc<PolicyBook>>, CommandError> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let by_variable = || match variable(BUCKET_VARIABLE) {
        Some(_) => None,
        None if shared.aws => None,
        None => variable(VARIABLE).map(PathBuf::from),
    };
    let path = shared.policy.clone().or_else(by_variable);
    path.map(|path| read(&path).map(Arc::new)).transpose()
}

/// The policy of a command that opens no cloud: that of the data directory, if there is one.
pub(crate) fn in_force(shared: &Shared) -> Result<Arc<PolicyBook>, CommandError> {
    Ok(local::policy_of(&shared.data_dir, named(shared)?)?)
}

/// Refuses a policy that a command line names beside a stack that works by another.
pub(crate) fn is_of_stack(stack: &PolicyBook, named: Option<&PolicyBook>) -> Result<(), CommandError> {
    match named {
        Some(named) if named.text() != stack.text() => Err(CommandError::usage(format!(
            "the stack works by the policy with SHA-256 {0}, and another was named, with SHA-256 {1}; the stack's parameters PolicyKey \
             and PolicySha256 replace it | 云上部署使用 SHA-256 为 {0} 的规则文件，而指定的是 {1}；请用参数 PolicyKey 和 PolicySha256 更换",
            short_sha256(&local::policy_sha256(stack)),
            short_sha256(&local::policy_sha256(named))
        ))),
        _ => Ok(()),
    }
}

pub(crate) fn read(path: &Path) -> Result<PolicyBook, CommandError> {
    parsed(path, PolicyBook::parse)
}

/// What `parse` reads in a policy file.
pub(crate) fn parsed<T>(
    path: &Path,
    parse: impl FnOnce(&str) -> Result<T, PolicyError>,
) -> Result<T, CommandError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        CommandError::usage(format!(
            "{0} cannot be read: {error} | 无法读取 {0}：{error}",
            path.display()
        ))
    })?;
    parse(&text).map_err(|error| {
        let because = std::error::Error::source(&error).map_or(String::new(), |source| {
            format!(": {}", without_excerpt(&source.to_string()))
        });
        CommandError::usage(format!(
            "{0}: {error}{because} | 规则文件 {0} 无法使用：{error}{because}",
            path.display()
        ))
    })
}

/// A TOML error in one line: it brings an excerpt of the file, framed with `|`.
fn without_excerpt(error: &str) -> String {
    let lines = error.lines().map(str::trim);
    let told = lines.filter(|line| !line.is_empty() && !line.contains('|'));
    told.collect::<Vec<_>>().join(", ")
}
