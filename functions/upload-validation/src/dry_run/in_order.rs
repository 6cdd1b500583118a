//! Work on many pieces at once, taken back in the order in which they were given out.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Pieces that a worker has waiting, beside the one at hand: enough for it to go on while the others have the processors.
const WAITING_MAX: usize = 4;

/// Takes pieces from `next`, works on them on `workers` threads and hands what comes out to `take`, in order.
///
/// The calling thread draws and takes; pieces go round the workers, so that no result waits for a place. Bounded: no more
/// than a few pieces a worker are under way.
///
/// # Errors
/// The first error of `next` or `take`; the pieces under way are dropped.
pub(crate) fn in_order<P: Send, T: Send, E>(
    workers: usize,
    mut next: impl FnMut() -> Result<Option<P>, E>,
    work: impl Fn(P) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    thread::scope(|scope| {
        let lanes: Vec<(SyncSender<P>, Receiver<T>)> = (0..workers.max(1))
            .map(|_| {
                let (give, given) = sync_channel::<P>(WAITING_MAX);
                let (hand, handed) = sync_channel(WAITING_MAX);
                let work = &work;
                // Ends when the calling thread has gone, or gives no more.
                scope.spawn(move || given.into_iter().try_for_each(|piece| hand.send(work(piece))));
                (give, handed)
            })
            .collect();
        let (mut given, mut taken, mut ended) = (0, 0, false);
        let under_way_max = lanes.len() * (WAITING_MAX + 1);
        loop {
            while !ended && given - taken < under_way_max {
                let piece = next()?;
                // A worker is gone only by a panic, which the scope passes on.
                ended = piece.is_none_or(|piece| lanes[given % lanes.len()].0.send(piece).is_err());
                given += usize::from(!ended);
            }
            if taken == given {
                return Ok(());
            }
            match lanes[taken % lanes.len()].1.recv() {
                Ok(result) => take(result)?,
                Err(_) => return Ok(()),
            }
            taken += 1;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_their_pieces() {
        for workers in [0, 1, 2, 7] {
            let (mut pieces, mut results) = (0..1_000_u64, Vec::new());
            let done = in_order(
                workers,
                || Ok::<_, ()>(pieces.next()),
                |piece| (0..piece % 97).fold(piece, |piece, _| std::hint::black_box(piece)),
                |result| {
                    results.push(result);
                    Ok(())
                },
            );
            assert_eq!(
                (done, results),
                (Ok(()), (0..1_000).collect()),
                "{workers} workers"
            );
        }
    }

    #[test]
    fn an_error_ends_the_work() {
        let mut pieces = 0..;
        let fails_at = |at: u64| move |piece: u64| if piece == at { Err(piece) } else { Ok(()) };
        assert_eq!(
            in_order(2, || Ok(pieces.next()), |piece| piece, fails_at(10)),
            Err(10)
        );
        let mut pieces = 0..20_u64;
        assert_eq!(
            in_order(2, || pieces.next().map(Some).ok_or(99), |piece| piece, |_| Ok(())),
            Err(99)
        );
    }
}
