//! What the runs came to.

use crate::peers::{Contender, Run, times};

/// Prints each contender's median, and ours (named `waymark`, `warm`, `raw`) against the fastest of the others.
pub fn tell(contenders: &[Contender], runs: &[Run], rows: u64) {
    let is_ours = |name: &str| ["waymark", "warm", "raw"].contains(&name);
    for (contender, run) in contenders.iter().zip(runs) {
        println!(
            "{:<10} {:>8.2} s  {:>8.2} s of processor  {:>10} rows/s  peak {:>5} MB",
            contender.name,
            run.took.as_secs_f64(),
            run.processor.as_secs_f64(),
            u128::from(rows) * 1_000 / run.took.as_millis().max(1),
            run.peak / 1_000_000,
        );
    }
    let both = || contenders.iter().zip(runs);
    let peers = || {
        both()
            .filter(|(contender, _)| !is_ours(contender.name))
            .map(|(_, run)| run)
    };
    let (Some(fastest), Some(least)) = (
        peers().map(|run| run.took).min(),
        peers().map(|run| run.processor).min(),
    ) else {
        return;
    };
    for (contender, run) in both().filter(|(contender, _)| is_ours(contender.name)) {
        println!(
            "{} against the fastest peer: {} × as fast; by processor time {} ×",
            contender.name,
            times(fastest, run.took),
            times(least, run.processor)
        );
    }
}
