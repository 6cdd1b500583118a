//! The figures of a month, as of an instant.

use domain::Timestamp;
use report::{MonthFigures, Tally, figures_of};

use crate::lake::{EntryRow, Lake, OrderRow, failed, fulfilled, month, settled};

fn april(lake: &Lake, as_of: Timestamp) -> MonthFigures {
    let mut figures = figures_of(&lake.files, month("2024-04"), as_of).expect("figures");
    assert_eq!(figures.len(), 1);
    figures.remove(0)
}

fn order(number: usize) -> OrderRow {
    fulfilled("shop", month("2024-04"), number, 1_000)
}

fn entry(entry_id: &str, kind: &'static str, amount_cents: i64, as_of: i64) -> EntryRow {
    EntryRow {
        entry_id: entry_id.to_owned(),
        seller_id: "shop".to_owned(),
        kind,
        amount_cents,
        as_of,
    }
}

#[test]
fn an_order_is_its_latest_row_however_the_rows_lie() {
    let first = OrderRow {
        version: 1,
        fulfilment: None,
        pickup: None,
        nodes: None,
        ..order(0)
    };
    let second = OrderRow {
        version: 2,
        gmv_cents: 2_000,
        ..first.clone()
    };
    let third = OrderRow {
        version: 1,
        learned_at: first.learned_at + 1,
        gmv_cents: 3_000,
        ..order(0)
    };
    let rows = [
        third.clone(),
        first.clone(),
        second.clone(),
        third.clone(),
        first.clone(),
    ];
    let mut lake = Lake::of(&[(month("2024-04"), rows.to_vec())]);
    lake.add(month("2024-04"), &[second.clone(), first.clone()], &[]);
    let learned = |row: &OrderRow| Timestamp::from_unix(row.learned_at);
    assert_eq!(
        (april(&lake, settled()).orders, april(&lake, settled()).gmv.0),
        (1, 3_000)
    );
    assert_eq!(
        april(&lake, learned(&first)).gmv.0,
        2_000,
        "of one instant the higher version"
    );
    let before = figures_of(
        &lake.files,
        month("2024-04"),
        Timestamp::from_unix(first.learned_at - 1),
    );
    assert_eq!(before.expect("figures"), [], "not known yet");
}

#[test]
fn a_figure_counts_from_the_instant_at_which_it_is_decided() {
    let row = failed("shop", month("2024-04"), 0, 1_000);
    let lake = Lake::of(&[(month("2024-04"), vec![row.clone()])]);
    let as_of = |at: i64| april(&lake, Timestamp::from_unix(at));
    let deadline = row.upload.1;
    assert_eq!(
        (as_of(deadline - 1).fulfilment, as_of(deadline - 1).pending),
        (Tally { due: 0, met: 0 }, 1)
    );
    assert_eq!(
        (as_of(deadline).fulfilment, as_of(deadline).pending),
        (Tally { due: 1, met: 0 }, 0)
    );
    assert_eq!(as_of(deadline).upload, Tally { due: 1, met: 0 });
    assert_eq!(
        (as_of(deadline).pickup, as_of(deadline).nodes),
        (Tally::default(), Tally::default())
    );
    assert_eq!(as_of(row.delivery.1 - 1).delivery, Tally::default());
    assert_eq!(as_of(row.delivery.1).delivery, Tally { due: 1, met: 0 });
}

#[test]
fn an_excluded_order_is_in_no_figure_but_its_own_and_the_fines() {
    let excluded = OrderRow {
        excluded: true,
        gmv_cents: 0,
        ..failed("shop", month("2024-04"), 1, 0)
    };
    let open = OrderRow {
        excluded: true,
        gmv_cents: 0,
        fulfilment: None,
        ..order(2)
    };
    let mut lake = Lake::empty();
    lake.add(
        month("2024-04"),
        &[order(0), excluded, open],
        &[entry("1", "fine", 50, 0)],
    );
    let figures = april(&lake, settled());
    assert_eq!(
        (figures.orders, figures.excluded, figures.pending, figures.gmv.0),
        (3, 2, 0, 1_000)
    );
    let one = Tally { due: 1, met: 1 };
    assert_eq!(
        [
            figures.fulfilment,
            figures.upload,
            figures.pickup,
            figures.delivery,
            figures.nodes
        ],
        [one; 5]
    );
    assert_eq!((figures.fines_count, figures.fines.0), (1, 50));
}

#[test]
fn fines_are_net_of_reversals_as_of_the_instant_and_counted_once() {
    let entries = [
        entry("1", "fine", 120, 10),
        entry("2", "reversal", -120, 20),
        entry("3", "fine", 5_000, 20),
        entry("4", "hold", 401, 5),
        entry("5", "void", -401, 6),
        entry("3", "fine", 5_000, 20),
    ];
    let mut lake = Lake::empty();
    lake.add(month("2024-04"), &[order(0)], &entries);
    lake.add(month("2024-04"), &[order(1)], &[entry("3", "fine", 5_000, 20)]);
    lake.add(month("2024-03"), &[], &[entry("9", "fine", 50, 0)]);
    let fines = |as_of: i64| {
        let figures =
            figures_of(&lake.files, month("2024-04"), Timestamp::from_unix(as_of)).expect("figures");
        figures
            .first()
            .map(|figures| (figures.fines_count, figures.fines.0))
    };
    assert_eq!(
        [fines(9), fines(10), fines(19), fines(20)],
        [None, Some((1, 120)), Some((1, 120)), Some((1, 5_000))]
    );
    let report = lake.report(month("2024-04"), settled());
    assert_eq!((report.rows[0].fines_count, report.rows[0].fines.0), (1, 5_000));
}

#[test]
fn rates_are_floor_basis_points() {
    assert_eq!(Tally { due: 371, met: 352 }.rate_bp(), Some(9_487));
    assert_eq!(Tally { due: 3, met: 2 }.rate_bp(), Some(6_666));
    assert_eq!(Tally { due: 0, met: 0 }.rate_bp(), None);
}
