//! A shadow policy: assessed beside the one in force, over the same orders in the same pass.
//!
//! Gathers the difference of what is due, and nothing else: this room reaches no table, so nothing of it is ever posted.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use domain::assess::assess_seen;
use domain::order::OrderAsOf;
use domain::policy::PolicyError;
use domain::what_if::{Compared, OrderDifference};
use domain::{Cents, Clause, Policy, PolicyBook, SellerId, WhatIf};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::words::Words;

/// Sellers named in a digest: those with the greatest difference.
pub const SELLERS_NAMED_MAX: usize = 100;

/// A policy that is assessed beside the one in force.
#[derive(Clone, Debug)]
pub struct ShadowPolicy {
    /// What it is called.
    pub name: ShadowName,
    /// Its numbers.
    pub book: PolicyBook,
}

/// By what a shadow policy is told from any other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ShadowName {
    /// The file or key that it was read from.
    pub file: String,
    /// Its newest pack.
    pub version: String,
    /// The SHA-256 of its text, in hex: runs of one night that read another text are not added up.
    pub sha256: String,
}

/// What a pass, or a stretch of it, has gathered under a shadow policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shadow {
    /// The policy.
    pub policy: ShadowName,
    /// Whether both policies take files in alike. Otherwise what an upload left behind is as the one in force decided it.
    pub takes_in_alike: bool,
    /// What is due under each: "in force", and the shadow as the "alternative".
    pub what_if: WhatIf,
}

/// The shadow's part of a digest.
#[derive(Clone, Debug, Serialize)]
pub struct ShadowFigures {
    /// The shadow policy.
    pub policy: ShadowName,
    /// The newest pack of the policy in force.
    pub in_force: String,
    /// Live orders that the pass has seen.
    pub orders_seen: u64,
    /// Of them assessed under both policies.
    pub orders_compared: u64,
    /// Of them charged differently.
    pub orders_differing: u64,
    /// What is due under each, all clauses together.
    pub total: Compared,
    /// What is due under each, by clause.
    pub clauses: BTreeMap<Clause, Compared>,
    /// Sellers who are charged differently.
    pub sellers_differing: u64,
    /// Of them those with the greatest difference, greatest first, at most [`SELLERS_NAMED_MAX`].
    pub sellers: Vec<SellerCompared>,
    /// What is due of sellers beyond the number that is summed one by one; absent when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_sellers: Option<Compared>,
    /// The orders with the greatest difference, greatest first, with the reason on either side.
    pub orders: Vec<OrderDifference>,
    /// What the comparison does not see.
    pub notes: Vec<Words>,
}

/// One seller under both policies.
#[derive(Clone, Debug, Serialize)]
pub struct SellerCompared {
    /// The seller.
    pub seller_id: SellerId,
    /// All clauses together.
    #[serde(flatten)]
    pub compared: Compared,
}

impl ShadowPolicy {
    /// The policy of a file's text.
    ///
    /// # Errors
    /// [`PolicyError`] for a text that cannot be read or says something that cannot be meant.
    pub fn parse(file: &str, text: &str) -> Result<Self, PolicyError> {
        let book = PolicyBook::parse(text)?;
        let name = ShadowName {
            file: file.to_owned(),
            version: book.newest().version.clone(),
            sha256: hex::encode(Sha256::digest(text)),
        };
        Ok(Self { name, book })
    }
}

impl Shadow {
    /// Nothing gathered yet.
    pub(crate) fn beside(policy: &ShadowPolicy, in_force: &PolicyBook) -> Self {
        Self {
            policy: policy.name.clone(),
            takes_in_alike: in_force.takes_in_like(&policy.book),
            what_if: WhatIf::default(),
        }
    }

    pub(crate) fn order(&mut self, seen: &OrderAsOf<'_>, in_force: &Policy, shadow: &PolicyBook) {
        let due = assess_seen(seen, in_force).due;
        let in_the_shadow = assess_seen(seen, shadow.in_force_at(seen.order.paid_at)).due;
        self.what_if.examine(seen.order, &due, &in_the_shadow);
    }

    /// Adds another stretch. Of stretches under different shadows one shadow's are added up, whatever their order; that the
    /// rest was not compared is told.
    pub(crate) fn merge(&mut self, other: Self) {
        match other.policy.cmp(&self.policy) {
            Ordering::Less => {}
            Ordering::Equal => {
                self.takes_in_alike &= other.takes_in_alike;
                self.what_if.merge(other.what_if);
            }
            Ordering::Greater => *self = other,
        }
    }
}

impl ShadowFigures {
    pub(crate) fn new(shadow: Shadow, orders_seen: u64, book: &PolicyBook) -> Self {
        let (notes, what_if) = (notes(&shadow, orders_seen), shadow.what_if);
        let differing = what_if.sellers_differing();
        let named = differing.iter().take(SELLERS_NAMED_MAX);
        let others = what_if.of_other_sellers();
        Self {
            policy: shadow.policy,
            in_force: book.newest().version.clone(),
            orders_seen,
            orders_compared: what_if.orders_examined,
            orders_differing: what_if.orders_differing,
            total: what_if.total(),
            sellers_differing: differing.len() as u64,
            sellers: named
                .map(|(seller_id, compared)| SellerCompared {
                    seller_id: (*seller_id).clone(),
                    compared: *compared,
                })
                .collect(),
            other_sellers: (others != Compared::default()).then_some(others),
            clauses: what_if.clauses,
            orders: what_if.examples,
            notes,
        }
    }
}

/// An amount with its sign, also when it is positive.
pub(crate) fn signed(amount: Cents) -> String {
    let sign = if amount > Cents::ZERO { "+" } else { "" };
    format!("{sign}{amount}")
}

/// The clauses of which an order is charged differently, each once.
pub(crate) fn clauses(order: &OrderDifference) -> String {
    let clauses: BTreeSet<Clause> = order.matters.iter().map(|matter| matter.clause).collect();
    let clauses: Vec<&str> = clauses.iter().map(|clause| clause.as_str()).collect();
    clauses.join(" ")
}

fn notes(shadow: &Shadow, orders_seen: u64) -> Vec<Words> {
    let mut notes = vec![Words::new(
        "Nothing of the shadow is posted. Compared is all that is due of the live orders as of this night, not what this night posted; orders that left the table once they were settled are not seen.",
        "试行规则不入账。所比较的是未完结订单截至本夜的全部应罚，而非本夜新入账；结清后已离开订单表的订单不在其内。",
    )];
    if !shadow.takes_in_alike {
        notes.push(Words::new(
            "The two policies judge uploads differently (which rows are fined, refused or parked), and the shadow cannot see that: every upload stands as the policy in force judged it, under both. A season replayed under the shadow shows it.",
            "两套规则对上传的判定不同（哪些行罚款、拒绝或暂挂），试行规则看不到这一差别：两边都以现行规则的上传结果为准。用试行规则重放该季数据才能看到。",
        ));
    }
    let compared = shadow.what_if.orders_examined;
    if compared < orders_seen {
        notes.push(Words::new(
            format!("Only {compared} of {orders_seen} live orders were compared: part of the pass had no shadow policy, or another one."),
            format!("{orders_seen} 个未完结订单中只比较了 {compared} 个：部分扫描没有试行规则，或用的是另一套。"),
        ));
    }
    notes
}
