//! The board: exact, bounded, the same however the pass was split, and never surprised.

use digest::{Fines, Part, Sum, Watch};
use domain::deadlines::Matter;
use domain::{Cents, Node, PolicyBook};
use proptest::prelude::*;

use crate::made::{book, entries, hour, order, orders, send, watched};

const SHIPPED: &str = include_str!("../../../domain/data/policy.toml");

fn book_of_rows(rows_max: usize) -> PolicyBook {
    let text = SHIPPED.replace("rows_max = 20_000", &format!("rows_max = {rows_max}"));
    PolicyBook::parse(&text).expect("a sound policy")
}

#[test]
fn the_dearest_comes_first_and_the_nearest_among_equals() {
    let board = watched(&orders(700), hour(690), book()).board;
    let ranks: Vec<_> = board
        .rows
        .iter()
        .map(|row| (-row.at_risk.0, row.deadline))
        .collect();
    assert!(ranks.len() > 80 && ranks.is_sorted(), "{ranks:?}");
    assert!(
        board
            .rows
            .iter()
            .any(|row| row.clause == Matter::Upload && row.at_risk == Cents::ZERO)
    );
}

#[test]
fn beyond_its_room_a_board_keeps_the_dearest_and_counts_all() {
    let all = orders(400);
    let whole = watched(&all, hour(690), book()).board;
    let room = whole.rows.len() - 1;
    let small = watched(&all, hour(690), &book_of_rows(room)).board;
    assert_eq!((whole.cut(), small.cut(), small.rows.len()), (0, 1, room));
    assert!(small.rows.iter().eq(whole.rows.iter().take(room)));
    assert_eq!(small.totals, whole.totals);
    let exact: Cents = whole.rows.iter().map(|row| row.at_risk).sum();
    assert_eq!(
        small.all().listed,
        Sum {
            count: room as u64 + 1,
            at_risk: exact
        }
    );
}

#[test]
fn what_is_urgent_is_by_the_policys_thresholds() {
    let mut silent = order(1, 8_010, 0);
    send(&mut silent, "dhl", &[(Node::PickedUp, 10)]);
    let urgent = |as_of| {
        let board = watched(std::slice::from_ref(&silent), as_of, book()).board;
        board
            .rows
            .into_iter()
            .find(|row| row.clause == Matter::Silence)
            .map(|row| row.urgent)
    };
    // Silent for 23 h, for 24 h, for 36 h, and for longer.
    assert_eq!(urgent(hour(33)), None, "not before the next night");
    assert_eq!(urgent(hour(34)), Some(false));
    assert_eq!(urgent(hour(46)), Some(false));
    assert_eq!(urgent(hour(46).next()), Some(true));
}

#[test]
fn the_horizons_hold_one_another() {
    let all = watched(&orders(2_000), hour(690), book()).board.all();
    let [six, day, two_days] = all.within;
    assert!(
        0 < six.count && six.count <= day.count && day.count <= two_days.count,
        "{all:?}"
    );
    assert!(six.at_risk <= day.at_risk && day.at_risk <= two_days.at_risk);
}

#[test]
fn a_part_is_read_as_it_was_written() {
    let part = Part {
        until: None,
        watch: watched(&orders(300), hour(690), book()),
    };
    let text = serde_json::to_vec(&part).expect("a part can be written");
    assert_eq!(
        serde_json::from_slice::<Part>(&text).expect("a part can be read"),
        part
    );
}

#[test]
fn a_nights_fines_are_summed_by_seller_whatever_room_there_is() {
    let posted = entries(&orders(300), hour(900));
    let fines = |rows_max| {
        let mut fines = Fines::new(rows_max);
        for entry in posted.iter().rev() {
            fines.add(entry.clone());
        }
        fines.sorted()
    };
    let (whole, small) = (fines(20_000), fines(posted.len() - 1));
    assert_eq!((whole.cut(), small.cut(), whole.sellers.len()), (0, 1, 7));
    assert_eq!((whole.balance, &whole.totals), (small.balance, &small.totals));
    let by_seller: Cents = whole.sellers.iter().map(|seller| seller.balance).sum();
    assert_eq!(by_seller, whole.balance);
    assert!(
        whole
            .sellers
            .is_sorted_by(|one, other| one.balance >= other.balance)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However the orders are split over runs and in whatever order the parts come, the board is the same.
    #[test]
    fn parts_merge_to_what_one_pass_sees(cuts in prop::collection::vec(0_usize..5, 200), rows_max in 1_usize..300, hours in 0_i64..900) {
        let (all, book) = (orders(200), book_of_rows(rows_max));
        let whole = watched(&all, hour(hours), &book);
        let mut merged = Watch::new(hour(hours), &book);
        for run in (0..5).rev() {
            let stretch: Vec<_> = all.iter().zip(&cuts).filter(|(_, cut)| **cut == run).map(|(order, _)| order.clone()).collect();
            merged.merge(watched(&stretch, hour(hours), &book));
        }
        prop_assert_eq!(merged, whole);
    }

    /// Whatever the next night fines without news stood on this night's board, with its price.
    #[test]
    fn the_next_nights_fines_stood_on_the_board(hours in 0_i64..900) {
        let all = orders(200);
        let board = watched(&all, hour(hours), book()).board;
        let known = entries(&all, hour(hours));
        for entry in entries(&all, hour(hours + 24)) {
            let is_new = !known.iter().any(|known| known.subject == entry.subject && known.order_id == entry.order_id);
            let was_learned_of = all.iter().any(|order| order.order_id == entry.order_id
                && order.learned_at().iter().any(|at| *at > hour(hours) && *at <= hour(hours + 24)));
            if is_new && !was_learned_of {
                let is_on_it = board.rows.iter().any(|row| row.order_id == entry.order_id && row.at_risk == entry.amount
                    && row.deadline.next() == entry.effective_at && row.clause.clause() == entry.clause.as_str());
                prop_assert!(is_on_it, "{:?}", entry);
            }
        }
    }
}
