//! What an order's status is called, from `data/statuses.toml`.

use std::collections::HashMap;
use std::sync::LazyLock;

use domain::order::OrderStatus;
use domain::plain_words;

/// What a word for a status says of its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatedStatus {
    /// Its status.
    Decided(OrderStatus),
    /// That it is over, not how: it stays as it was.
    Undecided,
    /// That nobody has paid yet.
    Unpaid,
}

static WORDS: LazyLock<HashMap<String, StatedStatus>> = LazyLock::new(|| {
    words(include_str!("../data/statuses.toml")).expect("a test reads the shipped statuses")
});

/// The lists of the table.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    paid: Vec<String>,
    cancelled: Vec<String>,
    refunded: Vec<String>,
    undecided: Vec<String>,
    unpaid: Vec<String>,
}

/// What a cell says; `None` for a word that nobody knows.
pub(crate) fn status_of(cell: &str) -> Option<StatedStatus> {
    // Nearly every cell.
    if cell == "paid" {
        return Some(StatedStatus::Decided(OrderStatus::Paid));
    }
    WORDS.get(&key(cell)?).copied()
}

fn key(text: &str) -> Option<String> {
    plain_words(text).map(|words| words.replace(' ', ""))
}

fn words(table: &str) -> Result<HashMap<String, StatedStatus>, String> {
    let lists: Lists = toml::from_str(table).map_err(|error| error.to_string())?;
    let mut words = HashMap::new();
    for (said, list) in [
        (StatedStatus::Decided(OrderStatus::Paid), lists.paid),
        (StatedStatus::Decided(OrderStatus::Cancelled), lists.cancelled),
        (StatedStatus::Decided(OrderStatus::Refunded), lists.refunded),
        (StatedStatus::Undecided, lists.undecided),
        (StatedStatus::Unpaid, lists.unpaid),
    ] {
        for word in list {
            let key = key(&word).ok_or_else(|| format!("no word: {word:?}"))?;
            if words.insert(key, said).is_some_and(|before| before != said) {
                return Err(format!("{word} stands in two lists"));
            }
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platforms_words_say_what_they_say() {
        use OrderStatus::{Cancelled, Paid, Refunded};
        use StatedStatus::{Decided, Undecided, Unpaid};
        for (cell, said) in [
            ("paid", Decided(Paid)),
            ("等待买家收货", Decided(Paid)),
            ("Wait_Seller_Send_Goods", Decided(Paid)),
            ("等待買家收貨", Decided(Paid)),
            ("买家申请取消", Decided(Paid)),
            ("Cancelled", Decided(Cancelled)),
            ("REFUNDED", Decided(Refunded)),
            ("FINISH", Undecided),
            ("订单关闭", Undecided),
            ("PLACE_ORDER_SUCCESS", Unpaid),
            ("待付款", Unpaid),
        ] {
            assert_eq!(status_of(cell), Some(said), "{cell}");
        }
        assert_eq!(status_of("shipped?!x"), None);
        assert_eq!(status_of(""), None);
    }

    #[test]
    fn a_word_of_two_lists_is_refused() {
        let table = "paid = [\"x\"]\ncancelled = [\"X\"]\nrefunded = []\nundecided = []\nunpaid = []";
        assert!(words(table).is_err_and(|error| error.contains("two lists")));
    }
}
