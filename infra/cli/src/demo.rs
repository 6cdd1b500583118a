//! `waymark demo`

use crate::Done;
use crate::args::Demo;
use crate::failure::CommandError;
use crate::terminal::Terminal;

pub(crate) async fn run(_arguments: &Demo, _terminal: &Terminal) -> Result<Done, CommandError> {
    Err(CommandError::usage("being written"))
}
