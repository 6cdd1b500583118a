//! What changed between two revisions, and why.

use domain::Timestamp;
use report::{Changes, FileDigest, Manifest, MonthReport, Part, Revision, changes, learned, write_parquet};

use crate::lake::{EntryRow, Lake, OrderRow, at, fulfilled, month, orders};

const GMV_CENTS: i64 = 5_000_000;
const BEFORE: &str = "2024-05-05T00:00:00Z";
pub const AFTER: &str = "2024-05-09T00:00:00Z";

/// Learned between the two revisions.
pub fn late(row: OrderRow) -> OrderRow {
    OrderRow {
        version: row.version + 1,
        learned_at: at("2024-05-06T00:00:00Z").unix(),
        ..row
    }
}

fn input(name: &str) -> FileDigest {
    FileDigest {
        name: name.to_owned(),
        bytes: 1,
        sha256: "00".to_owned(),
    }
}

/// April's changes from the first instant to the second, over one lake.
pub fn april(lake: &Lake) -> Changes {
    let report = |as_of: &str| lake.report(month("2024-04"), at(as_of));
    let parquet = |report: &MonthReport| {
        let mut bytes = Vec::new();
        write_parquet(report, &mut bytes).expect("written");
        bytes
    };
    let (old, new) = (report(BEFORE), report(AFTER));
    let inputs = |names: &[&str]| names.iter().map(|name| input(name)).collect();
    let before = Manifest::of(&old, String::new(), inputs(&["lake/1", "lake/2"]), Vec::new());
    let after = Manifest::of(
        &new,
        String::new(),
        inputs(&["lake/3", "lake/2", "lake/1"]),
        Vec::new(),
    );
    let (old, new) = (parquet(&old), parquet(&new));
    let revision = |id, manifest, parquet| Revision {
        id,
        manifest,
        parquet,
    };
    changes(
        revision("one", &before, &old),
        revision("two", &after, &new),
        learned(&lake.files, at(BEFORE), at(AFTER), Part::WHOLE).expect("files that can be read"),
    )
    .expect("two revisions that can be read")
}

pub fn three_months(seller: &str, failures: usize) -> Lake {
    let months = ["2024-02", "2024-03", "2024-04"].map(month);
    let failures = |index: usize| if index == 2 { failures } else { 0 };
    let months = months.iter().enumerate();
    Lake::of(
        &months
            .map(|(index, month)| (*month, orders(seller, *month, 20, failures(index), GMV_CENTS)))
            .collect::<Vec<_>>(),
    )
}

#[test]
fn nothing_learned_is_nothing_changed() {
    let found = april(&three_months("shop", 1));
    assert_eq!(
        (found.sellers, found.eligible_won, found.eligible_lost),
        (vec![], vec![], vec![])
    );
    assert_eq!(
        (found.inputs_added.count, &found.inputs_added.first[..]),
        (1, &["lake/3".to_owned()][..])
    );
    assert_eq!((found.before.as_of, found.after.as_of), (at(BEFORE), at(AFTER)));
}

#[test]
fn who_wins_and_who_loses_eligibility_is_named() {
    let won = {
        let mut lake = three_months("shop", 2);
        let mended = late(fulfilled("shop", month("2024-04"), 19, 0));
        lake.add(month("2024-04"), &[mended], &[]);
        april(&lake)
    };
    let names = |sellers: &[domain::SellerId]| sellers.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        (names(&won.eligible_won), names(&won.eligible_lost)),
        (vec!["shop".to_owned()], vec![])
    );
    let mut lake = three_months("shop", 1);
    let cancelled = OrderRow {
        excluded: true,
        gmv_cents: 0,
        ..late(fulfilled("shop", month("2024-03"), 0, 0))
    };
    lake.add(month("2024-03"), &[cancelled], &[]);
    let lost = april(&lake);
    assert_eq!(
        (names(&lost.eligible_won), names(&lost.eligible_lost)),
        (vec![], vec!["shop".to_owned()])
    );
    let change = &lost.sellers[0];
    let cells = &change.columns["gmv_m1_cents"];
    assert_eq!(
        (cells.before.as_deref(), cells.after.as_deref()),
        (Some("5000000"), Some("0"))
    );
    assert_eq!(change.orders_learned.count, 1, "also of a month before");
}

#[test]
fn of_many_causes_the_first_are_named_and_all_are_counted() {
    for (learned, named) in [(20, 20), (21, 20)] {
        let mut lake = three_months("shop", 0);
        let rows: Vec<OrderRow> = (100..100 + learned)
            .map(|number| late(fulfilled("shop", month("2024-04"), number, 100)))
            .collect();
        let entries: Vec<EntryRow> = (0..learned)
            .map(|number| EntryRow {
                entry_id: format!("entry.{number:03}"),
                seller_id: "shop".to_owned(),
                kind: "fine",
                amount_cents: 120,
                as_of: at("2024-05-07T00:00:00Z").unix(),
            })
            .collect();
        lake.add(month("2024-04"), &rows, &entries);
        let change = &april(&lake).sellers[0];
        for causes in [&change.orders_learned, &change.entries_posted] {
            assert_eq!((causes.count, causes.first.len()), (learned, named));
            assert!(causes.first.is_sorted());
        }
        assert_eq!(change.columns["fines_count"].after, Some(learned.to_string()));
    }
}

#[test]
fn what_parts_learned_is_what_one_run_learns() {
    let april = month("2024-04");
    let mut lake = three_months("shop", 0);
    for number in 100..160 {
        // Of some, twice, and in files of their own.
        let seller = if number % 3 == 0 { "shop" } else { "other" };
        let row = late(fulfilled(seller, april, number, 100));
        let again = OrderRow {
            version: row.version + 1,
            ..row.clone()
        };
        let entry = EntryRow {
            entry_id: format!("entry.{number:03}"),
            seller_id: seller.to_owned(),
            kind: "fine",
            amount_cents: 120,
            as_of: at("2024-05-07T00:00:00Z").unix(),
        };
        lake.add(april, &[row], &[entry]);
        if number % 2 == 0 {
            lake.add(april, &[again], &[]);
        }
    }
    let of = |part| learned(&lake.files, at(BEFORE), at(AFTER), part).expect("files that can be read");
    let whole = of(Part::WHOLE);
    for buckets in [1, 2, 8] {
        let parts = (0..buckets).rev().map(|bucket| of(Part { bucket, buckets }));
        let merged = parts.reduce(|mut all, part| {
            all.merge(part);
            all
        });
        assert_eq!(merged.as_ref(), Some(&whole), "{buckets}");
    }
}

#[test]
fn a_seller_who_was_not_there_before_has_no_cells_before() {
    let mut lake = three_months("shop", 0);
    lake.add(
        month("2024-04"),
        &[late(fulfilled("new", month("2024-04"), 500, 100))],
        &[],
    );
    let found = april(&lake);
    assert_eq!(found.sellers.len(), 1);
    assert!(
        found.sellers[0]
            .columns
            .values()
            .all(|cells| cells.before.is_none())
    );
}

#[test]
fn bytes_that_are_no_revision_are_an_error() {
    let lake = three_months("shop", 0);
    let report = lake.report(month("2024-04"), Timestamp::from_unix(at(AFTER).unix()));
    let manifest = Manifest::of(&report, String::new(), Vec::new(), Vec::new());
    let revision = Revision {
        id: "one",
        manifest: &manifest,
        parquet: b"PAR1 but not more",
    };
    let learned = learned(&lake.files, at(BEFORE), at(AFTER), Part::WHOLE).expect("readable");
    assert!(changes(revision, revision, learned).is_err());
}
