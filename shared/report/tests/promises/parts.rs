//! Parts of a month, and files of earlier releases.

use domain::{Node, Timestamp};
use proptest::prelude::*;
use report::{Breakdown, Detail, Folded, Kept, Part, figures_of, fold};

use crate::bytes::{NOW, any_entries, any_order_rows};
use crate::lake::{Lake, OrderRow, fulfilled, month, order_frame, settled, write_frame};

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn parts_folded_apart_and_merged_come_to_what_one_fold_does(
        orders in any_order_rows(),
        entries in any_entries(),
        exponent in 0..5_u32,
    ) {
        let april = month("2024-04");
        let as_of = Timestamp::from_unix(NOW);
        let mut lake = Lake::empty();
        let (first, second) = orders.split_at(orders.len() / 2);
        lake.add(april, first, &entries);
        lake.add(april, second, &entries);
        let whole = fold(&lake.files, april, as_of, Part::WHOLE, Detail::Breakdown).expect("figures");
        let buckets = 1 << exponent;
        let mut merged = Folded::none(april);
        for bucket in (0..buckets).rev() {
            let part = fold(&lake.files, april, as_of, Part { bucket, buckets }, Detail::Breakdown).expect("a part");
            let kept = Kept { inputs: Vec::new(), folded: part };
            let bytes = Kept::to_bytes(std::slice::from_ref(&kept));
            prop_assert_eq!(Kept::from_bytes(&bytes), Some(vec![kept.clone()]));
            merged.merge(kept.folded);
        }
        prop_assert_eq!(&merged, &whole);
        // The figures alone are the same figures, and stay as long.
        let mut figures = whole.clone();
        figures.sellers.values_mut().for_each(|of| of.breakdown = Breakdown::default());
        let alone = fold(&lake.files, april, as_of, Part::WHOLE, Detail::Figures).expect("figures");
        prop_assert_eq!(&alone, &figures);
        // Within its stretch, the figures are the same as of any instant; at its ends they may differ.
        for second in NOW - 12..NOW + 12 {
            let at = Timestamp::from_unix(second);
            if whole.stretch.covers(at) {
                let then = fold(&lake.files, april, at, Part::WHOLE, Detail::Breakdown).expect("figures");
                prop_assert_eq!(&then.sellers, &whole.sellers);
            }
        }
    }
}

#[test]
fn figures_stay_for_ever_once_nothing_is_left_to_be_decided() {
    let row = fulfilled("shop", month("2024-04"), 0, 100);
    let late = OrderRow {
        delivery: (false, row.learned_at + 1_000),
        ..row.clone()
    };
    let folded = |row: &OrderRow, as_of: i64| {
        let lake = Lake::of(&[(month("2024-04"), vec![row.clone()])]);
        let as_of = Timestamp::from_unix(as_of);
        fold(
            &lake.files,
            month("2024-04"),
            as_of,
            Part::WHOLE,
            Detail::Breakdown,
        )
        .expect("figures")
    };
    assert!(folded(&row, row.learned_at).stretch.is_open_ended());
    assert!(folded(&row, row.learned_at).stretch.covers(settled()));
    assert!(!folded(&row, row.learned_at - 1).stretch.covers(settled()));
    let waiting = folded(&late, row.learned_at).stretch;
    let last = Timestamp::from_unix(row.learned_at + 999);
    assert!(waiting.covers(last) && !waiting.covers(last.next()) && !waiting.is_open_ended());
}

#[test]
fn bytes_of_another_form_are_none_of_ours() {
    let kept = [Kept {
        inputs: Vec::new(),
        folded: Folded::none(month("2024-04")),
    }];
    let mut bytes = Kept::to_bytes(&kept);
    assert_eq!(Kept::from_bytes(&bytes), Some(kept.to_vec()));
    assert_eq!(Kept::from_bytes(&bytes[..bytes.len() - 1]), None);
    bytes[0] += 1;
    assert_eq!(Kept::from_bytes(&bytes), None);
    assert_eq!(Kept::from_bytes(&[]), None);
}

#[test]
fn files_of_a_release_that_knew_no_carriers_are_read_beside_newer_ones() {
    let april = month("2024-04");
    let incomplete = OrderRow {
        nodes: Some((false, 0)),
        nodes_missing: Some("departed_origin,import_customs,of_a_later_release"),
        ..fulfilled("shop", april, 0, 100)
    };
    let mut lake = Lake::of(&[(april, vec![incomplete.clone()])]);
    let mut older = order_frame(&[OrderRow {
        order_id: "20240400000000777".to_owned(),
        ..incomplete
    }]);
    for column in ["nodes_missing", "carrier"] {
        older = older.drop(column).expect("a column");
    }
    let path = lake.path("older.parquet");
    write_frame(&path, &mut older);
    lake.files[0].orders.push(path);
    let figures = figures_of(&lake.files, april, settled()).expect("figures");
    let breakdown = &figures[0].breakdown;
    let orders = |slices: &report::Slices, name: &str| slices.get(name).map(|slice| slice.orders);
    assert_eq!(orders(&breakdown.destinations, "ES"), Some(2));
    assert_eq!(orders(&breakdown.carriers, "dhl"), Some(1));
    assert_eq!(
        breakdown.missing_nodes.clone().into_iter().collect::<Vec<_>>(),
        [(Node::DepartedOrigin, 1), (Node::ImportCustoms, 1)]
    );
}
