//! The dry run and the upload itself say the same of a file, however dirty it is.

use std::collections::BTreeSet;

use domain::ruling::Uploader;
use domain::{PolicyBook, SellerId, Timestamp};
use intake::{Kind, Limits};
use lake::Answer;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;
use tests::{OwnCloud, Table, assert_same, at, made_up, operator_key, seed, seller_key};
use upload_validation::dry_run::{DryRun, KnownOrders};

/// After everything in a made-up season.
const LEARNED_AT: &str = "2024-07-01T00:00:00Z";
const SEASONS: u64 = 3;
const ORDERS: u32 = 40;
/// Codes that spoiled seasons have at least.
const CODES_MIN: usize = 20;
const SELLER: &str = "S00001";

/// What a file is judged beside.
struct Beside {
    rates: Table,
    orders: Option<Table>,
    seller: Option<SellerId>,
}

/// Spoils a table as clerks and spreadsheets do: cells, whole rows, rows again.
fn spoiled(random: &mut ChaCha8Rng, mut table: Table) -> Table {
    let mut rows = Vec::new();
    for row in std::mem::take(&mut table.rows) {
        let mut row = row;
        if random.random_ratio(1, 3) {
            spoil(random, &mut row);
        }
        rows.push(row.clone());
        if random.random_ratio(1, 12) {
            rows.push(row.clone());
        }
        if random.random_ratio(1, 12) {
            spoil(random, &mut row);
            rows.push(row);
        }
    }
    for _ in 0..rows.len() / 10 {
        let again = rows.choose(random).cloned().unwrap_or_default();
        rows.push(again);
    }
    // Two cells of an earlier row: one parcel of two orders, one line of two bills.
    for row in 1..rows.len() {
        if random.random_ratio(1, 5) {
            let earlier = random.random_range(0..row);
            let first = random.random_range(0..table.header.len() - 1);
            let cells = rows[earlier][first..first + 2].to_vec();
            rows[row][first..first + 2].clone_from_slice(&cells);
        }
    }
    Table { rows, ..table }
}

fn spoil(random: &mut ChaCha8Rng, row: &mut [String]) {
    let at = random.random_range(0..row.len());
    let cell = row[at].clone();
    row[at] = match random.random_range(0..14) {
        0 => String::new(),
        1 => {
            let other = random.random_range(0..row.len());
            std::mem::replace(&mut row[other], cell)
        }
        2 => "1.00000E+09".to_owned(),
        3 => format!(" {cell}\u{a0}"),
        4 => cell
            .chars()
            .enumerate()
            .flat_map(|(index, c)| (index == 4).then_some(' ').into_iter().chain([c]))
            .collect(),
        5 => cell.chars().map(full_width).collect(),
        6 => "Nobody Post".to_owned(),
        7 => format!("'{cell}"),
        8 => "=1+1".to_owned(),
        9 => format!("{cell}0"),
        // One digit mistyped.
        10..13 => cell.replacen(['1', '4', '7'], "3", 1),
        _ => "-12,5".to_owned(),
    };
}

fn full_width(c: char) -> char {
    match c {
        '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// Sellers' papers and the platform's bill, of which a season has none.
fn sellers_and_statement(random: &mut ChaCha8Rng, orders: &Table) -> [(Kind, Table); 2] {
    let mut sellers = Table::new(&[
        "seller_id",
        "entity_type",
        "name",
        "credit_code",
        "licence_valid_until",
    ]);
    for number in 1..=30_u32 {
        let entity = if random.random_ratio(1, 4) {
            "overseas"
        } else {
            "company"
        };
        let cells = [
            &format!("S{number:05}"),
            entity,
            &format!("Shop {number}"),
            "91440300708461136T",
            "2026-01-31",
        ];
        sellers.rows.push(cells.map(str::to_owned).to_vec());
    }
    let mut statement = Table::new(&[
        "账单号",
        "行号",
        "order_id",
        "扣款类型",
        "扣款金额",
        "币种",
        "扣款时间",
        "description",
    ]);
    for (number, order) in orders.rows.iter().enumerate() {
        let kind = if random.random_ratio(1, 2) {
            "轨迹断更罚金"
        } else {
            "fee"
        };
        let cells = [
            "B1",
            &number.to_string(),
            &order[0],
            kind,
            "1.20",
            "USD",
            "2024-05-09T00:00:00Z",
            "",
        ];
        statement.rows.push(cells.map(str::to_owned).to_vec());
    }
    [(Kind::Sellers, sellers), (Kind::Statement, statement)]
}

/// All but every eighth row: orders that nobody has told of.
fn most_of(table: &Table) -> Table {
    let rows = table.rows.iter().enumerate();
    let known = rows.filter(|(index, _)| index % 8 != 0);
    Table {
        rows: known.map(|(_, row)| row.clone()).collect(),
        ..table.clone()
    }
}

/// The answer of the cloud to a file, with what it is beside uploaded first; rates are the first that it learns.
async fn uploaded(kind: Kind, file: &Table, beside: &Beside) -> Answer {
    let cloud = OwnCloud::new().await;
    let learned_at = Some(at(LEARNED_AT));
    if kind != Kind::Rates {
        cloud
            .upload(
                &operator_key("rates", "known.csv"),
                beside.rates.csv(),
                learned_at,
            )
            .await;
    }
    if let Some(orders) = beside.orders.as_ref().filter(|_| kind != Kind::Rates) {
        let key = operator_key("orders", "known.csv");
        let answer = cloud.upload(&key, orders.csv(), learned_at).await;
        assert_eq!(answer.counts.accepted, answer.counts.rows, "{:?}", answer.issues);
    }
    let key = match &beside.seller {
        Some(seller) => seller_key(kind.as_str(), seller.as_str(), "dirty.csv"),
        None => operator_key(kind.as_str(), "dirty.csv"),
    };
    // A seller's own file is learned when it comes.
    let learned_at = learned_at.filter(|_| beside.seller.is_none());
    cloud.upload(&key, file.csv(), learned_at).await
}

/// The answer of a dry run that is given the same orders.
fn dry(kind: Kind, file: &Table, beside: &Beside, recorded_at: Timestamp) -> Answer {
    let directory: TempDir = tempfile::tempdir().expect("a directory");
    let put = |name: &str, table: &Table| {
        let path = directory.path().join(name);
        std::fs::write(&path, table.csv()).expect("a file");
        path
    };
    let policy = PolicyBook::shipped();
    let orders = beside.orders.as_ref().map(|orders| {
        KnownOrders::read(&put("orders.csv", orders), policy, at(LEARNED_AT)).expect("sound orders")
    });
    let dry_run = DryRun {
        filled: intake::Filled::default(),
        kind,
        uploader: beside.seller.clone().map_or(Uploader::Operator, Uploader::Seller),
        recorded_at,
        clock: recorded_at,
        zone: None,
        policy,
        limits: Limits::default(),
        orders,
        progress: &|_| {},
    };
    let answer = dry_run
        .run(&put("dirty.csv", file), None)
        .expect("the file is there");
    let counts = answer.counts;
    let applied = counts.accepted + counts.accepted_with_warning + counts.unchanged;
    assert_eq!(
        applied + counts.parked + counts.rejected,
        counts.rows,
        "{kind}: a dry run's verdicts add up"
    );
    answer
}

/// Rows with what was found in each.
fn found(answer: &Answer) -> BTreeSet<(u64, &str)> {
    let issues = answer.issues.iter();
    issues.map(|issue| (issue.row, issue.code.as_str())).collect()
}

/// Fails unless both say the same of each row.
async fn assert_agree(what: &str, kind: Kind, file: &Table, beside: &Beside) -> BTreeSet<String> {
    let recorded_at = at(LEARNED_AT);
    let (cloud, dry) = (
        uploaded(kind, file, beside).await,
        dry(kind, file, beside, recorded_at),
    );
    let what = format!("{what}, {kind}, cloud against dry run");
    assert!(cloud.counts.rows > 0 && !cloud.is_refused(), "{what}: {cloud:?}");
    assert_eq!(cloud.counts.rows, dry.counts.rows, "{what}");
    let rows = |found: BTreeSet<(u64, &str)>| -> Vec<(u64, String, String)> {
        let told = |(row, code): (u64, &str)| {
            let cells = usize::try_from(row - 1)
                .ok()
                .and_then(|index| file.rows.get(index));
            (
                row,
                code.to_owned(),
                format!("{:?}", cells.cloned().unwrap_or_default()),
            )
        };
        found.into_iter().map(told).collect()
    };
    assert_same(&what, rows(found(&cloud)), rows(found(&dry)));
    assert_eq!(cloud.counts, dry.counts, "{what}");
    assert_eq!(cloud.undone, dry.undone, "{what}");
    cloud.by_code.into_keys().collect()
}

/// Whether a seller may send such a file.
fn policy_allows(kind: Kind) -> bool {
    PolicyBook::shipped().seller_may_send(kind.as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_of_every_row_what_the_upload_says() {
    let own = seed(61);
    let mut codes = BTreeSet::new();
    for seed in own..own + SEASONS {
        let random = &mut ChaCha8Rng::seed_from_u64(seed);
        let season = made_up(seed, ORDERS);
        let mut beside = Beside {
            rates: season.table("rates").clone(),
            orders: Some(most_of(season.table("orders"))),
            seller: None,
        };
        let of_season = |file: &str| season.table(file).clone();
        let mut files = vec![
            (Kind::Tracking, of_season("tracking")),
            (Kind::Orders, of_season("orders")),
            (Kind::Appeals, of_season("appeals")),
            (Kind::Rates, of_season("rates")),
        ];
        files.extend(sellers_and_statement(random, season.table("orders")));
        for (kind, table) in files {
            let file = spoiled(random, table);
            codes.extend(assert_agree(&format!("season {seed}"), kind, &file, &beside).await);
            if kind == Kind::Orders {
                let orders = beside.orders.take();
                codes.extend(assert_agree(&format!("season {seed}, no orders"), kind, &file, &beside).await);
                beside.orders = orders;
            }
            if policy_allows(kind) {
                beside.seller = SellerId::parse(SELLER);
                codes.extend(assert_agree(&format!("season {seed}, a seller's"), kind, &file, &beside).await);
                beside.seller = None;
            }
        }
    }
    // Files that were not dirty would prove nothing.
    assert!(codes.len() >= CODES_MIN, "{codes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_verdicts_on_events_add_up_in_both() {
    let seed = seed(71);
    let random = &mut ChaCha8Rng::seed_from_u64(seed);
    let season = made_up(seed, ORDERS);
    let beside = Beside {
        rates: season.table("rates").clone(),
        orders: Some(season.table("orders").clone()),
        seller: None,
    };
    let file = spoiled(random, season.table("events").clone());
    // The dry run knows no parcels: it parks none, and says so. What the row itself says is the same.
    let (cloud, dry) = (
        uploaded(Kind::Events, &file, &beside).await,
        dry(Kind::Events, &file, &beside, at(LEARNED_AT)),
    );
    assert_eq!(
        (cloud.counts.rows, dry.counts.rows),
        (file.rows.len() as u64, file.rows.len() as u64)
    );
    assert_eq!(cloud.counts.rejected, dry.counts.rejected);
    assert!(!dry.notes.is_empty(), "what was not checked is said");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_orders_with_one_number_the_first_row_has_it_in_both() {
    let season = made_up(81, ORDERS);
    let mut tracking = season.table("tracking").clone();
    tracking.rows.clear();
    for (index, order) in season.table("orders").rows.iter().enumerate() {
        let number = format!("YT{:016}", index / 2);
        let cells = [&order[0], "YunExpress", &number, LEARNED_AT, "all", "INV1", ""];
        tracking.rows.push(cells.map(str::to_owned).to_vec());
    }
    let beside = Beside {
        rates: season.table("rates").clone(),
        orders: Some(season.table("orders").clone()),
        seller: None,
    };
    let codes = assert_agree("numbers in pairs", Kind::Tracking, &tracking, &beside).await;
    assert!(codes.contains("NUM_USED_ELSEWHERE"), "{codes:?}");
}
