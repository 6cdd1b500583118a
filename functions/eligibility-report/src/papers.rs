//! What was known of the sellers' papers (C2, C3) by a report's instant. Papers are only ever added to, each with the instant
//! at which it was learned, so this is the same whenever it is asked. The operator's word alone counts: a certificate is the
//! platform's and an authorisation the compliance team's, and no seller admits itself.

use std::collections::BTreeMap;

use domain::SellerId;
use domain::seller::{Author, Profile, profile};
use futures::stream::{self, StreamExt, TryStreamExt};
use report::{FileDigest, MonthReport};
use sha2::{Digest, Sha256};

use crate::{EligibilityReport, Error};

/// Sellers whose papers are read at once.
const SELLERS_AT_ONCE: usize = 32;
/// As a manifest names them among what a report was made from.
const NAME: &str = "sellers' papers";

/// The papers of a report's sellers, as far as there are any.
pub(crate) struct Papers {
    pub(crate) profiles: BTreeMap<SellerId, Profile>,
}

pub(crate) async fn of(function: &EligibilityReport, report: &MonthReport) -> Result<Papers, Error> {
    let reads = report.rows.iter().map(|row| async move {
        let facts = function.store.seller_facts(&row.seller_id).await;
        let facts = facts.map_err(|source| Error::Papers(report.month, source))?;
        let operators = facts.iter().filter(|fact| fact.author == Author::Operator);
        Ok((row.seller_id.clone(), profile(operators, report.as_of)))
    });
    let profiles: Vec<_> = stream::iter(reads)
        .buffered(SELLERS_AT_ONCE)
        .try_collect()
        .await?;
    let told = profiles
        .into_iter()
        .filter(|(_, profile)| *profile != Profile::default());
    Ok(Papers {
        profiles: told.collect(),
    })
}

impl Papers {
    /// Their digest: it names nobody. `None` without papers.
    pub(crate) fn digest(&self) -> Option<FileDigest> {
        let papers: Vec<_> = (self.profiles.iter())
            .map(|(seller_id, profile)| (seller_id, &profile.certificates, &profile.authorisations))
            .filter(|(_, certificates, authorisations)| certificates.is_some() || authorisations.is_some())
            .collect();
        let bytes = serde_json::to_vec(&papers).expect("papers are written as they were read");
        (!papers.is_empty()).then(|| FileDigest {
            name: NAME.to_owned(),
            bytes: bytes.len() as u64,
            sha256: hex::encode(Sha256::digest(&bytes)),
        })
    }
}
