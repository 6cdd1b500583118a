//! The shadow policy: the same however the pass was split, told in both languages with what it does not see, and bounded.

use digest::{Digest, Fines, Part, SELLERS_NAMED_MAX, Watch, html, xlsx};
use domain::{Cents, Clause, Order, SellerId};
use proptest::prelude::*;

use crate::made::{book, hour, order, orders, shadow, watched_beside as watched};
use crate::workbook::sheets;

/// B4 at most 3.00 in place of 50.00: the facts are the same.
const CAPPED: (&str, &str) = ("fine_cents_max = 5000", "fine_cents_max = 300");
/// An upload of another number is fined.
const UPLOADS: (&str, &str) = ("\"NUM_EMPTY\", ", "");

fn digest_of(watch: Watch) -> Digest {
    Digest::new(watch, Vec::new(), Fines::new(book().board.rows_max), book())
}

#[test]
fn the_digest_tells_what_is_due_under_each_policy() {
    // Two orders of 100.00 and one of 20.00, none of them signed after 30 days: 5.00, 5.00 and 1.00.
    let all = [
        order(0, 10_000, 0),
        order(1, 10_000, 0),
        order(7, 2_000, 0),
        order(2, 2_000, 100),
    ];
    let digest = digest_of(watched(&all, hour(721), &shadow("capped.toml", &[CAPPED])));
    let shadow = digest.shadow.as_ref().expect("there is a shadow");
    let b4 = shadow.clauses[&Clause::B4];
    assert_eq!((b4.in_force.fines, b4.in_force.fined), (3, Cents(1_100)));
    assert_eq!((b4.alternative.fines, b4.alternative.fined), (3, Cents(700)));
    assert_eq!(shadow.total, b4);
    assert_eq!(
        (
            shadow.orders_seen,
            shadow.orders_compared,
            shadow.orders_differing
        ),
        (4, 4, 2)
    );
    let sellers: Vec<_> = shadow
        .sellers
        .iter()
        .map(|seller| (seller.seller_id.as_str(), seller.compared.difference().fined))
        .collect();
    assert_eq!(sellers, [("S00000", Cents(-200)), ("S00001", Cents(-200))]);
    assert_eq!(shadow.notes.len(), 1, "the policies take files in alike");

    let page = html(&digest, book());
    for text in [
        "试行规则对照",
        "Under the shadow policy",
        "capped.toml",
        "-4.00",
        "Nothing of the shadow is posted",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert_eq!(
        page.matches("<span lang=\"en\">").count(),
        page.matches("<span lang=\"zh-CN\">").count()
    );
    let sheets = sheets(&xlsx(&digest, book()).expect("a workbook"));
    for text in ["店铺 / seller S00001", "11.00", "7.00", "试行规则不入账"] {
        assert!(sheets.contains(text), "{text}");
    }
}

#[test]
fn what_a_shadow_cannot_see_is_said_in_both_languages() {
    let all = [order(0, 10_000, 0)];
    let digest = digest_of(watched(&all, hour(721), &shadow("other.toml", &[UPLOADS])));
    let page = html(&digest, book());
    assert!(page.contains("judge uploads differently") && page.contains("对上传的判定不同"));
    let json = serde_json::to_value(&digest).expect("JSON");
    assert_eq!(json["shadow"]["notes"].as_array().map(Vec::len), Some(2));
}

#[test]
fn without_a_shadow_nothing_speaks_of_one() {
    let digest = digest_of(Watch::new(hour(721), book()));
    assert!(digest.shadow.is_none());
    assert!(!html(&digest, book()).contains("shadow-title"));
    assert!(
        serde_json::to_value(&digest)
            .expect("JSON")
            .get("shadow")
            .is_none()
    );
}

#[test]
fn stretches_under_different_shadows_are_never_added_up_and_that_is_said() {
    let all = orders(30);
    let (one, other) = (
        shadow("capped.toml", &[CAPPED]),
        shadow("capped.toml", &[UPLOADS]),
    );
    let parts = [
        watched(&all[..10], hour(721), &one),
        watched(&all[10..25], hour(721), &other),
        Watch::new(hour(721), book()),
    ];
    let merged = |order: [usize; 3]| {
        let mut merged = Watch::new(hour(721), book());
        order.iter().for_each(|part| merged.merge(parts[*part].clone()));
        merged
    };
    let whole = merged([0, 1, 2]);
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        assert_eq!(merged(order), whole);
    }
    let digest = digest_of(whole);
    let shadow = digest.shadow.expect("one of them");
    assert_eq!(shadow.orders_seen, 25);
    assert!([10, 15].contains(&shadow.orders_compared), "{shadow:?}");
    let told = format!("Only {} of 25", shadow.orders_compared);
    assert!(
        shadow.notes.iter().any(|note| note.en.contains(&told)),
        "{shadow:?}"
    );
}

#[test]
fn one_seller_above_the_limit_is_counted_and_not_named() {
    let all: Vec<Order> = (0..=SELLERS_NAMED_MAX as u64)
        .map(|number| Order {
            seller_id: SellerId::parse(&format!("S{number:06}")).expect("a seller's id"),
            ..order(number, 10_000 + 100 * number as i64, 0)
        })
        .collect();
    let digest = digest_of(watched(&all, hour(721), &shadow("capped.toml", &[CAPPED])));
    let shadow = digest.shadow.expect("there is a shadow");
    assert_eq!(
        (shadow.sellers_differing, shadow.sellers.len()),
        (SELLERS_NAMED_MAX as u64 + 1, SELLERS_NAMED_MAX)
    );
    let last = |seller: &str| {
        shadow
            .sellers
            .iter()
            .any(|named| named.seller_id.as_str() == seller)
    };
    assert!(last("S000001") && !last("S000000"), "the greatest are named");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// However the orders are split over runs and in whatever order their parts come, also once written and read again.
    #[test]
    fn parts_merge_to_what_one_pass_gathers(cuts in prop::collection::vec(0_usize..5, 100), hours in 700_i64..900) {
        let (all, shadow) = (orders(100), shadow("capped.toml", &[CAPPED]));
        let whole = watched(&all, hour(hours), &shadow);
        let mut merged = Watch::new(hour(hours), book());
        for run in (0..5).rev() {
            let stretch: Vec<_> = all.iter().zip(&cuts).filter(|(_, cut)| **cut == run).map(|(order, _)| order.clone()).collect();
            let part = Part { until: None, watch: watched(&stretch, hour(hours), &shadow) };
            let written = serde_json::to_vec(&part).expect("a part can be written");
            merged.merge(serde_json::from_slice::<Part>(&written).expect("a part can be read").watch);
        }
        prop_assert_eq!(merged, whole);
    }
}
