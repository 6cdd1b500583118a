//! Checkpoints: an upload goes on where a run of it ended, whether it stopped in time or was killed.
//!
//! What was ruled of a batch is kept before the next batch is begun, so each row is judged once; a further run reads these
//! rulings and the file again, and so makes the answer as if there had been no end of a run. The file's last batch is
//! followed by the answer itself, so an upload of one batch keeps nothing.
//!
//! Batches are cut by the file alone, never by where a run ended. A run that is short of time asks for the next one with an
//! object, which the bucket reports to the queue like an upload: a message of its own, received for the first time. So no
//! upload is set aside for taking long.

use aws_lc_rs::digest;
use domain::{PolicyBook, Timestamp};
use lake::{Lake, LakeError, NextRun, Progress, batch_of, chain_of};
use serde::{Deserialize, Serialize};

use crate::Written;
use crate::commit::RuledRow;

/// Changes whenever batches are cut otherwise or kept in another form: what was kept before is then of no use.
const FORMAT: u32 = 1;

/// How well what is kept of a batch is packed; findings repeat one another, so more effort gains little.
const PACKING: i32 = 3;

/// What the first run of an upload read from the tables, and what holds for all rows, whatever comes meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begun {
    /// When the upload was recorded.
    pub(crate) recorded_at: Timestamp,
    /// When the same prefix sent the same bytes before, if it did.
    pub(crate) sent_before: Option<Timestamp>,
    /// Whether order ids that look cut are whole.
    pub(crate) ids_are_whole: bool,
}

/// What is kept of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) state: State,
    /// What became of its rows.
    pub(crate) ruled: Vec<RuledRow>,
}

/// An upload's state after a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) begun: Begun,
    /// Order numbers that may still be looked up for proposals.
    pub(crate) proposal_keys_left: usize,
}

/// Rows one after the other that were ruled alike.
#[derive(Serialize, Deserialize)]
struct Line {
    rows: usize,
    ruled: RuledRow,
}

/// What is kept of one upload, under one policy and one version.
pub(crate) struct Journal<'a> {
    lake: &'a Lake,
    chain: String,
    progress: Progress,
}

impl<'a> Journal<'a> {
    /// What is kept of this writing of an upload. Another policy, another version and other batches have a journal of their
    /// own: a file is judged by one of each, from its first row on.
    pub(crate) async fn open(
        lake: &'a Lake,
        written: &Written,
        policy: &PolicyBook,
        batch_rows_max: usize,
    ) -> Result<Self, LakeError> {
        let Written {
            key,
            etag,
            sequencer,
            at_ms,
            version: _,
            is_again: _,
        } = written;
        let mut digest = digest::Context::new(&digest::SHA256);
        let upload = format!("{key}\n{etag:?}\n{sequencer}\n{at_ms:?}\n");
        let judge = format!("{FORMAT}\n{}\n{batch_rows_max}\n", entrypoint::VERSION);
        for part in [&upload, &judge, policy.text()] {
            digest.update(part.as_bytes());
        }
        let chain = chain_of(key, &hex::encode(&digest.finish().as_ref()[..16]));
        let progress = lake.progress(&chain).await?;
        Ok(Self {
            lake,
            chain,
            progress,
        })
    }

    /// Whether a later run was asked for already: then this one has nothing to do.
    pub(crate) fn is_past(&self, run: u32) -> bool {
        self.progress.run > run
    }

    /// How the upload was begun; `None` when nothing is kept of it.
    pub(crate) async fn begun(&self) -> Result<Option<Begun>, LakeError> {
        if self.progress.batches == 0 {
            return Ok(None);
        }
        Ok(Some(self.read(1).await?.state.begun))
    }

    /// What was kept before this run of a batch, numbered from 1, of so many rows.
    pub(crate) async fn kept(&self, number: u32, rows: usize) -> Result<Option<Kept>, LakeError> {
        if number > self.progress.batches {
            return Ok(None);
        }
        self.read_of(number, rows).await.map(Some)
    }

    /// Keeps what was ruled of a batch. Of two runs at once the first one's rulings stand for both.
    pub(crate) async fn keep(&self, number: u32, kept: Kept) -> Result<Kept, LakeError> {
        let packed = kept.pack().map_err(|source| LakeError::Encode {
            what: "the rulings of a batch",
            source: source.into(),
        })?;
        if self.lake.keep_batch(&self.chain, number, packed).await? {
            return Ok(kept);
        }
        self.read_of(number, kept.ruled.len()).await
    }

    /// Asks for run number `run` of the upload, once.
    pub(crate) async fn ask_for(&self, run: u32, written: &Written) -> Result<NextRun, LakeError> {
        let next = NextRun {
            chain: self.chain.clone(),
            run,
        };
        let stated = serde_json::to_vec(written).map_err(|source| LakeError::Encode {
            what: "a further run of an upload",
            source: source.into(),
        })?;
        // Who asked first matters to nobody.
        self.lake.put_next_run(&next, stated).await?;
        Ok(next)
    }

    async fn read_of(&self, number: u32, rows: usize) -> Result<Kept, LakeError> {
        let kept = self.read(number).await?;
        if kept.ruled.len() == rows {
            return Ok(kept);
        }
        Err(LakeError::Decode {
            key: batch_of(&self.chain, number),
            source: format!("it is about {} rows, and the batch has {rows}", kept.ruled.len()).into(),
        })
    }

    async fn read(&self, number: u32) -> Result<Kept, LakeError> {
        let packed = self.lake.batch(&self.chain, number).await?;
        Kept::unpack(&packed).map_err(|source| LakeError::Decode {
            key: batch_of(&self.chain, number),
            source: source.into(),
        })
    }
}

/// The upload of which a further run was asked for; `None` when what was stated of it is gone.
pub(crate) async fn asked_for(lake: &Lake, next: &NextRun) -> Result<Option<Written>, LakeError> {
    let Some(stated) = lake.next_run(next).await? else {
        return Ok(None);
    };
    let written = serde_json::from_slice(&stated);
    written.map(Some).map_err(|source| LakeError::Decode {
        key: next.to_string(),
        source: source.into(),
    })
}

impl Kept {
    /// JSON lines, compressed: the state, then the rulings.
    fn pack(&self) -> std::io::Result<Vec<u8>> {
        let mut packed = zstd::stream::Encoder::new(Vec::new(), PACKING)?;
        let mut write = |line: &[u8]| {
            use std::io::Write;
            packed.write_all(line)?;
            packed.write_all(b"\n")
        };
        write(&serde_json::to_vec(&self.state)?)?;
        for alike in self.ruled.chunk_by(PartialEq::eq) {
            let line = Line {
                rows: alike.len(),
                ruled: alike[0].clone(),
            };
            write(&serde_json::to_vec(&line)?)?;
        }
        packed.finish()
    }

    fn unpack(packed: &[u8]) -> std::io::Result<Self> {
        use std::io::BufRead;
        let reader = std::io::BufReader::new(zstd::stream::Decoder::new(packed)?);
        let mut lines = reader.lines();
        let first = lines.next().transpose()?.unwrap_or_default();
        let state = serde_json::from_str(&first)?;
        let mut ruled = Vec::new();
        for line in lines {
            let Line { rows, ruled: alike } = serde_json::from_str(&line?)?;
            ruled.resize(ruled.len() + rows, alike);
        }
        Ok(Self { state, ruled })
    }
}

#[cfg(test)]
mod tests {
    use domain::ruling::{Ruling, Verdict};
    use domain::{Cents, Finding, RowCode};

    use super::*;

    #[test]
    fn a_further_run_that_an_earlier_release_asked_for_is_read() {
        let stated =
            r#"{"key":"inbox/orders/_/a/b.csv","etag":"0ef6","sequencer":"0A","at_ms":1718175600123}"#;
        let written: Written = serde_json::from_str(stated).expect("it is read");
        assert_eq!(serde_json::to_string(&written).expect("it is written"), stated);
    }

    #[test]
    fn a_batch_is_unpacked_as_it_was_packed_and_rows_alike_take_no_room() {
        let accepted = RuledRow::free(Ruling::applied(Vec::new()));
        let finding = Finding::new(RowCode::NumFormat, "tracking_number", "33188 10025").with_detail("DHL");
        let fined = RuledRow {
            ruling: Ruling {
                fined: true,
                ..Ruling::applied(vec![finding.with_proposal("3318810025")])
            },
            fine: Some(Cents(50)),
            pending: Some(Cents(50)),
        };
        let unchanged = RuledRow::free(Ruling::unchanged());
        let mut ruled = vec![accepted; 10_000];
        ruled.extend([fined.clone(), fined, unchanged.clone()]);
        assert_eq!(unchanged.ruling.verdict, Verdict::Unchanged);
        let kept = Kept {
            state: State {
                begun: Begun {
                    recorded_at: Timestamp::from_unix(1_718_175_600),
                    sent_before: None,
                    ids_are_whole: true,
                },
                proposal_keys_left: 7,
            },
            ruled,
        };
        let packed = kept.pack().expect("memory takes it");
        assert!(packed.len() < 500, "{} bytes", packed.len());
        assert_eq!(Kept::unpack(&packed).expect("it is read"), kept);
        assert!(
            Kept::unpack(&packed[..packed.len() / 2]).is_err(),
            "half of it is nothing"
        );
    }
}
