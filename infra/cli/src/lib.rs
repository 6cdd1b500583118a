//! `waymark`, the operator's command: thin, loads and prints.

mod args;
mod backend;
mod commands;
mod demo;
mod failure;
mod help;
mod policy;
mod terminal;
mod usage;

use std::ffi::OsString;
use std::process::ExitCode;

use args::{Arguments, Command};
use clap::Parser;
use failure::CommandError;
use terminal::Terminal;

/// How a command that did its work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// All well.
    Well,
    /// Done, but with rejected rows or failed checks.
    WithFindings,
    /// Done as far as it could be: the service failed at some of it, and that was said.
    WithFailures,
}

/// Runs the command that the process was started with; gives its exit status.
///
/// 0 done, 1 done but with rejected rows or failed checks, 2 bad usage or input that cannot be read, 3 the service failed.
pub fn main() -> ExitCode {
    let line: Vec<OsString> = std::env::args_os().collect();
    let arguments = match Arguments::try_parse_from(&line) {
        Ok(arguments) => arguments,
        Err(error) => {
            let error = help::told(error, &line);
            // Help and version are no errors; clap knows where each goes. Nothing is left to do when even that fails.
            match usage::complaint(&error, help::language_of(&line)) {
                Some(complaint) => anstream::eprint!("{complaint}"),
                None => drop(error.print()),
            }
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let terminal = Terminal::new(&arguments);
    match run(arguments, &terminal) {
        Ok(Done::Well) => ExitCode::SUCCESS,
        Ok(Done::WithFindings) => ExitCode::from(1),
        Ok(Done::WithFailures) => ExitCode::from(3),
        Err(error) => {
            terminal.complain(&error);
            ExitCode::from(error.status())
        }
    }
}

fn run(arguments: Arguments, terminal: &Terminal) -> Result<Done, CommandError> {
    terminal::init_tracing();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        CommandError::service(format!("no threads to run on: {error} | 无法创建线程：{error}"))
    })?;
    let done = runtime.block_on(async {
        let shared = &arguments.shared;
        match arguments.command {
            Command::Demo(demo) => demo::run(shared, &demo, terminal).await,
            Command::Up(up) => commands::up::run(shared, &up, terminal).await,
            Command::Validate(validate) => commands::validate::run(shared, &validate, terminal),
            Command::Upload(upload) => commands::upload::run(shared, &upload, terminal).await,
            Command::Replay(replay) => commands::replay::run(shared, &replay, terminal).await,
            Command::Scan(scan) => commands::scan::run(shared, &scan, terminal).await,
            Command::Nights(nights) => commands::nights::run(shared, &nights, terminal).await,
            Command::History(history) => commands::history::run(shared, &history, terminal).await,
            Command::Restore(restore) => commands::restore::run(shared, &restore, terminal).await,
            Command::Report(report) => commands::report::run(shared, &report, terminal).await,
            Command::Ledger(ledger) => commands::ledger::run(shared, &ledger, terminal).await,
            Command::Explain(explain) => commands::explain::run(shared, &explain, terminal).await,
            Command::Diagnose(diagnose) => commands::diagnose::run(shared, &diagnose, terminal).await,
            Command::Board(board) => commands::board::run(shared, &board, terminal).await,
            Command::Parked(parked) => commands::parked::run(shared, &parked, terminal).await,
            Command::Failures(failures) => commands::failures::run(shared, &failures, terminal).await,
            Command::Erase(erase) => commands::erase::run(shared, &erase, terminal).await,
            Command::Identify(identify) => commands::identify::run(shared, &identify, terminal),
            Command::Policy(policy) => commands::policy::run(shared, &policy, terminal).await,
        }
    });
    // What still runs on other threads was given up by whoever waited for it.
    runtime.shutdown_background();
    done
}
