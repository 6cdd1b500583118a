//! What was known of the sellers' papers (C2–C4) by a report's instant: of its sellers, and of all who have papers and no
//! orders. Papers are only ever added to, each with the instant at which it was recorded, so this is the same whenever it is
//! asked.
//!
//! Whose word counts: a certificate is the platform's, an authorisation the compliance team's, a notarisation a notary's, and
//! no seller admits itself, so of these the operator's word alone counts. What the owner is (C4), a seller may state where the
//! operator does not: it can only refuse itself by it.

use std::collections::{BTreeMap, BTreeSet};

use domain::SellerId;
use domain::Timestamp;
use domain::seller::{Author, Profile, SellerFact, profile};
use futures::stream::{self, StreamExt, TryStreamExt};
use report::{FileDigest, MonthReport, PAPERS};
use sha2::{Digest, Sha256};

use crate::{EligibilityReport, Error};

/// Sellers whose papers are read at once.
const SELLERS_AT_ONCE: usize = 32;

/// The papers of the sellers who have any.
pub(crate) struct Papers {
    pub(crate) profiles: BTreeMap<SellerId, Profile>,
}

pub(crate) async fn of(function: &EligibilityReport, report: &MonthReport) -> Result<Papers, Error> {
    let refused = |source| Error::Papers(report.month, source);
    let noted = function.store.sellers_with_papers().await.map_err(refused)?;
    let of_orders = report.rows.iter().map(|row| row.seller_id.clone());
    let sellers: BTreeSet<SellerId> = of_orders.chain(noted).collect();
    let reads = sellers.into_iter().map(|seller_id| async move {
        let facts = function.store.seller_facts(&seller_id).await.map_err(refused)?;
        Ok(known(&facts, report.as_of).map(|profile| (seller_id, profile)))
    });
    let profiles: Vec<_> = stream::iter(reads)
        .buffered(SELLERS_AT_ONCE)
        .try_collect()
        .await?;
    Ok(Papers {
        profiles: profiles.into_iter().flatten().collect(),
    })
}

/// What counts of a seller's papers as of an instant; `None` where nobody had stated any by then.
fn known(facts: &[SellerFact], as_of: Timestamp) -> Option<Profile> {
    let all = profile(facts, as_of);
    if all == Profile::default() {
        return None;
    }
    let operators = facts.iter().filter(|fact| fact.author == Author::Operator);
    Some(Profile {
        entity_type: all.entity_type,
        ..profile(operators, as_of)
    })
}

impl Papers {
    /// Their digest: it names nobody. `None` without papers.
    pub(crate) fn digest(&self) -> Option<FileDigest> {
        let papers: Vec<_> = (self.profiles.iter())
            .map(|(seller_id, profile)| {
                (
                    seller_id,
                    profile.entity_type,
                    profile.notarised,
                    &profile.certificates,
                    &profile.authorisations,
                )
            })
            .collect();
        let bytes = serde_json::to_vec(&papers).expect("papers are written as they were read");
        (!papers.is_empty()).then(|| FileDigest {
            name: PAPERS.to_owned(),
            bytes: bytes.len() as u64,
            sha256: hex::encode(Sha256::digest(&bytes)),
        })
    }
}
