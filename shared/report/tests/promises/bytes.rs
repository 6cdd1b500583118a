//! The report's files: their columns, their cells, and that the same rows give the same bytes.

use std::collections::BTreeMap;
use std::io::Cursor;

use domain::{Cents, Node, Timestamp};
use polars::prelude::*;
use proptest::collection::vec;
use proptest::prelude::*;
use report::{Breakdown, MonthFigures, MonthReport, Slice, Tally, figures_of, write_csv, write_parquet};

use crate::lake::{EntryRow, Lake, OrderRow, fulfilled, month, orders, settled};

const COLUMNS: &str = "seller_id,month,gmv_usd,gmv_m1,gmv_m2,gmv_avg_usd,orders_due,orders_fulfilled,fulfilment_rate_bp,\
    rate_bp_m1,rate_bp_m2,on_time_delivery_bp,node_complete_bp,upload_on_time_bp,pickup_on_time_bp,fines_count,fines_usd,\
    class_ka,class_local,class_sensitive,eligible,final,reasons_en,reasons_zh,orders_excluded,orders_pending,policy,as_of,admission";

fn csv(report: &MonthReport) -> String {
    let mut bytes = Vec::new();
    write_csv(report, &mut bytes).expect("written");
    String::from_utf8(bytes).expect("utf-8")
}

fn parquet(report: &MonthReport) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_parquet(report, &mut bytes).expect("written");
    bytes
}

#[test]
fn the_csv_has_the_contracts_columns_then_ours_and_is_safe_in_a_spreadsheet() {
    let fine = |entry_id: &str, amount_cents| EntryRow {
        entry_id: entry_id.to_owned(),
        seller_id: "-shop".to_owned(),
        kind: "fine",
        amount_cents,
        as_of: 0,
    };
    let mut lake = Lake::empty();
    lake.add(
        month("2024-04"),
        &orders("-shop", month("2024-04"), 3, 1, 12_345),
        &[fine("1", 120), fine("2", 5)],
    );
    let text = csv(&lake.report(month("2024-04"), settled()));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, COLUMNS));
    let numbers = "'-shop,2024-04,123.45,0.00,0.00,41.15,3,2,6666,,,6666,10000,6666,10000,2,1.25,false,false,false,false,true,";
    assert!(lines[1].starts_with(numbers), "{text}");
    assert!(
        lines[1].ends_with(",0,0,V4.2,2025-01-01T00:00:00Z,2024-05"),
        "{text}"
    );
}

#[test]
fn the_parquet_has_the_same_columns_with_money_in_integer_cents() {
    let lake = Lake::of(&[(month("2024-04"), orders("-shop", month("2024-04"), 3, 1, 12_345))]);
    let bytes = parquet(&lake.report(month("2024-04"), settled()));
    let frame = ParquetReader::new(Cursor::new(bytes)).finish().expect("readable");
    let money = ["gmv_usd", "gmv_m1", "gmv_m2", "gmv_avg_usd", "fines_usd"];
    let expected: Vec<_> = COLUMNS
        .split(',')
        .map(|name| {
            if money.contains(&name) {
                format!("{name}_cents")
            } else {
                name.to_owned()
            }
        })
        .collect();
    assert_eq!(frame.get_column_names_owned(), expected);
    let integer = |name: &str| {
        frame
            .column(name)
            .expect("a column")
            .i64()
            .expect("integers")
            .get(0)
    };
    assert_eq!(
        (
            integer("gmv_usd_cents"),
            integer("gmv_avg_usd_cents"),
            integer("rate_bp_m1")
        ),
        (Some(12_345), Some(4_115), None)
    );
    assert_eq!(
        frame
            .column("seller_id")
            .expect("a column")
            .str()
            .expect("text")
            .get(0),
        Some("-shop")
    );
    assert_eq!(
        frame
            .column("final")
            .expect("a column")
            .bool()
            .expect("truth")
            .get(0),
        Some(true)
    );
}

/// A column as the table for readers has it: its names, its type, and whether it may be empty.
fn documented() -> Vec<[&'static str; 4]> {
    let rows = include_str!("../../../../infra/athena/REPORT.md")
        .lines()
        .filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        assert!(cells.len() == 8 && !cells[6].is_empty(), "{row} has a meaning");
        [cells[1], cells[2], cells[3], cells[4]]
    })
    .collect()
}

#[test]
fn the_table_of_columns_says_what_both_files_have() {
    // Who failed, and who has nothing due: what may be empty is.
    let april = month("2024-04");
    let waits = OrderRow {
        fulfilment: None,
        upload: (true, i64::MAX),
        pickup: None,
        delivery: (false, i64::MAX),
        nodes: None,
        ..fulfilled("waits", april, 700, 100)
    };
    let mut rows = orders("shop", april, 3, 1, 12_345);
    rows.push(waits);
    let report = Lake::of(&[(april, rows)]).report(april, settled());
    let frame = ParquetReader::new(Cursor::new(parquet(&report)))
        .finish()
        .expect("readable");
    let in_parquet = frame.columns().iter().map(|column| {
        let kind = match column.dtype() {
            DataType::String => "string",
            DataType::Int64 => "int64",
            DataType::Boolean => "boolean",
            other => panic!("{} is {other}", column.name()),
        };
        let empty = if column.null_count() > 0 { "yes" } else { "no" };
        (column.name().to_string(), kind, empty)
    });
    let in_csv: Vec<String> = csv(&report)
        .lines()
        .next()
        .expect("a header")
        .split(',')
        .map(str::to_owned)
        .collect();
    let documented = documented();
    let names: Vec<&str> = documented.iter().map(|[name, ..]| *name).collect();
    assert_eq!(in_csv, names);
    let documented = documented
        .iter()
        .map(|[_, name, kind, empty]| ((*name).to_owned(), *kind, *empty));
    assert_eq!(in_parquet.collect::<Vec<_>>(), documented.collect::<Vec<_>>());
}

/// Rows of few orders and sellers around one instant, so that everything collides; of one order and version, one row.
pub fn any_order_rows() -> impl Strategy<Value = Vec<OrderRow>> {
    let standing = || prop::option::of((any::<bool>(), -5_i64..10));
    let row = (
        (0..12_usize, 0..4_i64),
        -5_i64..8,
        any::<(bool, bool)>(),
        0..100_i64,
        vec(standing(), 5),
        (0..3_usize, 0..3_usize, 0..3_usize),
    );
    vec(row, 1..60).prop_map(|rows| {
        let rows = rows.into_iter().map(
            |((number, version), learned, (excluded, policy_early), gmv_cents, standings, names)| {
                let at = |standing: Option<(bool, i64)>| standing.map(|(met, at)| (met, NOW + at));
                let seller = ["-a", "B", "b.1"][number % 3];
                let row = OrderRow {
                    version,
                    learned_at: NOW + learned,
                    excluded,
                    policy_early,
                    fulfilment: at(standings[0]),
                    upload: at(standings[1]).unwrap_or((false, NOW)),
                    pickup: at(standings[2]),
                    delivery: at(standings[3]).unwrap_or((true, NOW + 1)),
                    nodes: at(standings[4]),
                    destination: ["ES", "RU", "FR"][names.0],
                    carrier: [None, Some("dhl"), Some("yanwen")][names.1],
                    nodes_missing: [None, Some("departed_origin"), Some("picked_up,signed")][names.2],
                    ..fulfilled(seller, month("2024-04"), number, gmv_cents)
                };
                ((row.order_id.clone(), version), row)
            },
        );
        rows.collect::<BTreeMap<_, _>>().into_values().collect()
    })
}

pub fn any_entries() -> impl Strategy<Value = Vec<EntryRow>> {
    let kinds = prop::sample::select(vec![("fine", 1), ("reversal", -1), ("hold", 1), ("void", -1)]);
    vec((kinds, 0..3_usize, 1..500_i64, -3_i64..4), 0..20).prop_map(|entries| {
        let entries =
            entries
                .into_iter()
                .enumerate()
                .map(|(number, ((kind, sign), seller, cents, as_of))| EntryRow {
                    entry_id: format!("entry.{number}"),
                    seller_id: ["-a", "B", "b.1"][seller].to_owned(),
                    kind,
                    amount_cents: sign * cents,
                    as_of: NOW + as_of,
                });
        entries.collect()
    })
}

/// The instant of the figures.
pub const NOW: i64 = 1_714_000_000;

/// The rows again in another order, some of them twice, spread over files.
fn shuffled<T: Clone + std::fmt::Debug + 'static>(rows: Vec<T>) -> impl Strategy<Value = Vec<Vec<T>>> {
    let count = rows.len();
    let again = vec(0..count.max(1), 0..10).prop_map({
        let rows = rows.clone();
        move |again| {
            let more = again.into_iter().filter_map(|index| rows.get(index).cloned());
            rows.iter().cloned().chain(more).collect::<Vec<_>>()
        }
    });
    (again.prop_shuffle(), 1..6_usize).prop_map(|(rows, files)| {
        let size = rows.len().div_ceil(files).max(1);
        rows.chunks(size).map(<[T]>::to_vec).collect()
    })
}

/// The figures by the book, row by row: what Polars must agree with.
fn reference(orders: &[OrderRow], entries: &[EntryRow]) -> BTreeMap<String, MonthFigures> {
    let mut latest: BTreeMap<&str, &OrderRow> = BTreeMap::new();
    for row in orders.iter().filter(|row| row.learned_at <= NOW) {
        let known = latest.entry(&row.order_id).or_insert(row);
        if (row.learned_at, row.version) > (known.learned_at, known.version) {
            *known = row;
        }
    }
    let mut sellers = BTreeMap::new();
    for row in latest.into_values() {
        let figures = of_seller(&mut sellers, &row.seller_id);
        figures.orders += 1;
        figures.gmv += Cents(row.gmv_cents);
        figures.early_policy = figures
            .early_policy
            .take()
            .or(row.policy_early.then(|| "V4.2".to_owned()));
        if row.excluded {
            figures.excluded += 1;
            continue;
        }
        let count = |tally: &mut Tally, standing: Option<(bool, i64)>| {
            let decided = standing.filter(|(_, at)| *at <= NOW);
            tally.due += i64::from(decided.is_some());
            tally.met += i64::from(decided.is_some_and(|(met, _)| met));
            decided.is_none()
        };
        figures.pending += i64::from(count(&mut figures.fulfilment, row.fulfilment));
        count(&mut figures.upload, Some(row.upload));
        count(&mut figures.pickup, row.pickup);
        count(&mut figures.delivery, Some(row.delivery));
        count(&mut figures.nodes, row.nodes);
        let mut slice = Slice {
            orders: 1,
            gmv: Cents(row.gmv_cents),
            ..Slice::default()
        };
        count(&mut slice.fulfilment, row.fulfilment);
        count(&mut slice.delivery, Some(row.delivery));
        count(&mut slice.nodes, row.nodes);
        let breakdown = &mut figures.breakdown;
        let destination = breakdown.destinations.entry(row.destination.into());
        destination.or_default().merge(&slice);
        if let Some(carrier) = row.carrier {
            breakdown
                .carriers
                .entry(carrier.into())
                .or_default()
                .merge(&slice);
        }
        let missing = row.nodes_missing.filter(|_| slice.nodes.failed() > 0);
        for name in missing.iter().flat_map(|names| names.split(',')) {
            let node = Node::ALL
                .into_iter()
                .find(|node| node.as_str() == name)
                .expect("a node");
            *breakdown.missing_nodes.entry(node).or_default() += 1;
        }
    }
    for entry in entries
        .iter()
        .filter(|entry| entry.as_of <= NOW && ["fine", "reversal"].contains(&entry.kind))
    {
        let figures = of_seller(&mut sellers, &entry.seller_id);
        figures.fines_count += if entry.kind == "fine" { 1 } else { -1 };
        figures.fines += Cents(entry.amount_cents);
    }
    sellers
}

fn of_seller<'a>(sellers: &'a mut BTreeMap<String, MonthFigures>, seller_id: &str) -> &'a mut MonthFigures {
    sellers
        .entry(seller_id.to_owned())
        .or_insert_with(|| MonthFigures {
            seller_id: domain::SellerId::parse(seller_id).expect("a seller"),
            month: month("2024-04"),
            orders: 0,
            excluded: 0,
            pending: 0,
            gmv: Cents::ZERO,
            fulfilment: Tally::default(),
            upload: Tally::default(),
            pickup: Tally::default(),
            delivery: Tally::default(),
            nodes: Tally::default(),
            fines_count: 0,
            fines: Cents::ZERO,
            early_policy: None,
            breakdown: Breakdown::default(),
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn rows_repeated_shuffled_and_split_over_files_give_the_same_figures_and_the_same_bytes(
        (orders, entries, order_files, entry_files) in (any_order_rows(), any_entries())
            .prop_flat_map(|(orders, entries)| (Just(orders.clone()), Just(entries.clone()), shuffled(orders), shuffled(entries)))
    ) {
        let april = month("2024-04");
        let as_of = Timestamp::from_unix(NOW);
        let mut tidy = Lake::empty();
        tidy.add(april, &orders, &entries);
        let mut untidy = Lake::empty();
        order_files.iter().for_each(|rows| untidy.add(april, rows, &[]));
        entry_files.iter().for_each(|rows| untidy.add(april, &[], rows));
        let expected: Vec<_> = reference(&orders, &entries).into_values().collect();
        prop_assert_eq!(figures_of(&untidy.files, april, as_of).expect("figures"), expected);
        let (tidy, untidy) = (tidy.report(april, as_of), untidy.report(april, as_of));
        prop_assert_eq!(csv(&tidy), csv(&untidy));
        prop_assert!(parquet(&tidy) == parquet(&untidy));
    }
}
