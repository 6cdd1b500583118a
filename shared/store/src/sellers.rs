//! What was stated of sellers' papers, and a directory of the sellers that have any.
//!
//! `pk` is `seller#` and the seller, `sk` the instant of learning and the upload, `body` the fact as JSON: one record for
//! each upload that told something of the seller. Records are added, never changed, so a profile is one query, and its
//! fold does not depend on the order in which the records came. The directory is one partition, `papers`, with the seller as
//! `sk`: a report finds by one query who has papers, orders or not.

use domain::{SellerFact, SellerId};

use crate::commit::Commit;
use crate::item::{key, name, string_of, text};
use crate::{Item, Store, StoreError};

/// The partition that names the sellers with papers.
const DIRECTORY: &str = "papers";

impl Store {
    /// All that was told of a seller, by the instant of learning.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read or a record does not decode.
    pub async fn seller_facts(&self, seller_id: &SellerId) -> Result<Vec<SellerFact>, StoreError> {
        let items = self
            .partition(&pk(seller_id), &format!("papers of seller {seller_id}"))
            .await?;
        items.iter().map(|item| read_fact(seller_id, item)).collect()
    }

    /// Every seller of whom papers were kept, by id; also one whose fact a killed write did not come to keep.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn sellers_with_papers(&self) -> Result<Vec<SellerId>, StoreError> {
        self.sellers_in(DIRECTORY, "the sellers with papers").await
    }

    /// Keeps what an upload tells of a seller. [`Commit::Raced`] when the upload has told something of it already: the
    /// first row of a file stands, also against a second run of the same upload.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn put_seller_fact(&self, fact: &SellerFact) -> Result<Commit, StoreError> {
        let subject = format!("papers of seller {}", fact.seller_id);
        let body = serde_json::to_string(fact).map_err(StoreError::unbuilt(subject.as_str()))?;
        let sk = format!("{:012}#{:016x}", fact.recorded_at.unix(), fact.source.upload);
        // The directory first: a fact that is kept is always found.
        self.put_record(key(DIRECTORY, fact.seller_id.as_str()), &subject)
            .await?;
        let mut item = key(pk(&fact.seller_id), sk);
        item.insert(name::BODY.to_owned(), text(body));
        self.put_new_record(item, &subject).await
    }
}

fn pk(seller_id: &SellerId) -> String {
    format!("seller#{seller_id}")
}

fn read_fact(seller_id: &SellerId, item: &Item) -> Result<SellerFact, StoreError> {
    let corrupt = |reason: String| StoreError::corrupt(format!("papers of seller {seller_id}"), reason);
    let body = string_of(item, name::BODY).ok_or_else(|| corrupt("they have no body".to_owned()))?;
    serde_json::from_str(&body).map_err(|error| corrupt(error.to_string()))
}
