//! Whether a seller or an order that was typed is one that there is: an answer about a mistyped one would be empty, and
//! read as "nothing".

use domain::{OrderId, SellerId};

use crate::backend::Backend;
use crate::failure::CommandError;

/// Letters that may be wrong in what is proposed instead.
const DISTANCE_MAX: usize = 2;
/// Sellers named where none is like the one that was typed.
const NAMED_MAX: usize = 5;

/// That a seller has orders or papers, where one was named.
pub(super) async fn check_seller(
    backend: &Backend,
    seller_id: Option<&SellerId>,
) -> Result<(), CommandError> {
    let Some(seller_id) = seller_id else {
        return Ok(());
    };
    let mut known = backend.store.sellers().await?;
    if known.contains(seller_id) || !backend.store.seller_facts(seller_id).await?.is_empty() {
        return Ok(());
    }
    known.sort_by_key(|known| distance(known.as_str(), seller_id.as_str()));
    let nearest = known.first();
    let is_near = |nearest: &&SellerId| distance(nearest.as_str(), seller_id.as_str()) <= DISTANCE_MAX;
    let (instead_en, instead_zh) = match nearest.filter(is_near) {
        Some(nearest) => (format!("did you mean {nearest}?"), format!("是否为 {nearest}？")),
        None => listed(&known),
    };
    Err(CommandError::usage(format!(
        "no seller `{seller_id}`; {instead_en} | 没有店铺“{seller_id}”；{instead_zh}"
    )))
}

/// That an order is in the table or was: one without entries has none, one that nobody uploaded has neither.
pub(super) async fn check_order(backend: &Backend, order_id: &OrderId) -> Result<(), CommandError> {
    let is_there = backend.store.order(order_id).await?.is_some();
    if is_there
        || !backend
            .store
            .departed(std::slice::from_ref(order_id))
            .await?
            .is_empty()
    {
        return Ok(());
    }
    Err(CommandError::usage(format!(
        "no order `{order_id}` was uploaded; look at its number, `waymark parked` lists rows that wait for their order | 没有上传过订单“{order_id}”；请核对订单号，`waymark parked` 列出等待订单的行"
    )))
}

fn listed(known: &[SellerId]) -> (String, String) {
    if known.is_empty() {
        return (
            "no orders were uploaded yet".to_owned(),
            "尚未上传任何订单".to_owned(),
        );
    }
    let named: Vec<&str> = known.iter().take(NAMED_MAX).map(SellerId::as_str).collect();
    let more = known.len().saturating_sub(NAMED_MAX);
    let (more_en, more_zh) = match more {
        0 => Default::default(),
        more => (format!(" and {more} more"), format!(" 等，另有 {more} 个")),
    };
    (
        format!("there are {}{more_en}", named.join(", ")),
        format!("已有 {}{more_zh}", named.join("、")),
    )
}

/// How many letters have to be put in, taken out or changed to make one id of another; the case of letters is free.
fn distance(one: &str, other: &str) -> usize {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (place, wanted) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *wanted);
            diagonal = row[place + 1];
            row[place + 1] = changed.min(diagonal + 1).min(row[place] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn the_distance_counts_letters_and_no_case() {
        assert_eq!(distance("FUMBLE", "fumble"), 0);
        assert_eq!(distance("AURORA", "arora"), 1);
        assert_eq!(distance("S00001", "S0001"), 1);
        assert_eq!(distance("S00001", "S00012"), 2);
        assert_eq!(distance("", "abc"), 3);
    }
}
