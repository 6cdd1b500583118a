//! `waymark ledger verify --closes DIR`: proves a copy of the closes, without any cloud.

use std::path::Path;

use domain::Cents;
use lake::prove_chain;

use super::Proof;
use crate::Done;
use crate::failure::CommandError;
use crate::terminal::Terminal;

pub(crate) fn run(directory: &Path, newest: Option<&str>, terminal: &Terminal) -> Result<Done, CommandError> {
    if !directory.is_dir() {
        return Err(CommandError::usage(format!(
            "{0} is no folder; copy the bucket's closes/ and name the copy | {0} 不是文件夹；请复制桶中的 closes/ 并指定副本",
            directory.display()
        )));
    }
    let mut proof = Proof::default();
    let chain = prove_chain(directory, |_, _| {}).map_err(|error| CommandError::unreadable(&error))?;
    if chain.closes.is_empty() && chain.findings == 0 {
        return Err(CommandError::usage(format!(
            "{0} holds no close (date=YYYY-MM-DD/…); copy the bucket's closes/ and name the copy | {0} 中没有结账（date=YYYY-MM-DD/…）；请复制桶中的 closes/ 并指定副本",
            directory.display()
        )));
    }
    (proof.entries, proof.nights) = (chain.entries, chain.closes.len() as u64);
    proof.balance = chain.closes.last().map_or(Cents::ZERO, |close| close.balance);
    proof.take(chain);
    let found = proof.newest_close.as_ref().map(|close| close.sha256.clone());
    if newest.is_some() && newest != found.as_deref() {
        proof.tell(format!(
            "the newest close has SHA-256 {}, not the one that was named",
            found.as_deref().unwrap_or("none")
        ));
    }
    proof.ok = proof.discrepancies == 0;
    proof.show(terminal)
}
