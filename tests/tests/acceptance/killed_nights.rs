//! Every night of a season killed at three points and run again: the ledger is the one of nights that nothing disturbed, to
//! the byte, night by night.
//!
//! `SEED=42` makes the same season.

use domain::{EntryKind, Timestamp};
use entrypoint::TimeLeft;
use signoff_scan::SignoffScan;
use stall_scan::StallScan;
use tests::{
    Fuse, OwnCloud, Season, TableCall, assert_same, at, entries, made_up, operator_key, seed, written,
};

const ORDERS: u32 = 90;
/// Nights that must have died at each of the points.
const NIGHTS_MIN: usize = 30;
const FIRST_NIGHT: &str = "2024-04-02T07:15:00Z";
/// Until the last order is settled: six days of payments, thirty of sign-off, and the appeals.
const NIGHTS: i64 = 44;
const DAY: i64 = 24 * 3_600;
const SEGMENTS: u32 = 4;

/// A point at which a night dies, in words and as the fuse that blows there.
type Death = (&'static str, fn() -> Fuse);

/// Where a night dies, each time it is run, before it is run to its end.
const DEATHS: [Death; 3] = [
    ("before its first posting", || {
        Fuse::before_call(0).counting(is_posting)
    }),
    ("with a posting committed and its answer never seen", || {
        Fuse::after_call(0).counting(is_posting)
    }),
    ("between two segments", || {
        Fuse::before_call(SEGMENTS / 2).counting(|call| call.operation == "Scan")
    }),
];

/// The transaction that posts; a journal goes with it, and with no other.
fn is_posting(call: TableCall<'_>) -> bool {
    call.operation == "TransactWriteItems" && call.body.contains("entry_ids")
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_nights_killed_at_three_points_each_leave_the_ledger_of_calm_ones() {
    let season = with_appealed_orders(made_up(seed(42), ORDERS));
    let (calm, killed) = (OwnCloud::new().await, OwnCloud::new().await);
    let days = season.days(calm.policy.zone);
    let mut days = days.into_iter().peekable();
    let mut deaths = [0; DEATHS.len()];
    for night in 0..NIGHTS {
        let as_of = Timestamp::from_unix(at(FIRST_NIGHT).unix() + night * DAY);
        while let Some((_, day)) = days.next_if(|(day, _)| *day < as_of.date_in(calm.policy.zone)) {
            take_in(&calm, &day, as_of).await;
            take_in(&killed, &day, as_of).await;
        }
        run(&calm, as_of, night, None).await;
        for (count, (_, death)) in deaths.iter_mut().zip(DEATHS) {
            let fuse = death();
            run(&killed, as_of, night, Some(&fuse)).await;
            *count += usize::from(fuse.has_blown());
        }
        run(&killed, as_of, night, None).await;
        // A close holds its night's entries, and the close before.
        let [expected, found] = [&calm, &killed].map(|cloud| async move {
            cloud.close_night(as_of).await.expect("a close");
            cloud.store.newest_close().await.expect("the newest close")
        });
        assert_eq!(expected.await, found.await, "the night {as_of}");
    }
    for ((point, _), count) in DEATHS.iter().zip(deaths) {
        println!("{count} nights died {point}");
        assert!(count >= NIGHTS_MIN, "only {count} nights died {point}");
    }
    let expected = entries(&calm).await;
    for kind in [
        EntryKind::Fine,
        EntryKind::Hold,
        EntryKind::Void,
        EntryKind::Reversal,
    ] {
        let count = expected.iter().filter(|entry| entry.kind == kind).count();
        println!("{count} entries of the kind {}", kind.as_str());
        assert!(count > 0, "the season has no {}", kind.as_str());
    }
    assert_same("entries", written(&expected), written(&entries(&killed).await));
}

/// Orders of the first day that nobody ever sent, each appealed against before its thirty days are over; the decisions come
/// after them, so that what is held is voided, or charged and later reversed.
fn with_appealed_orders(mut season: Season) -> Season {
    let decided = [
        ("accepted", "2024-05-05T08:00:00Z"),
        ("rejected", "2024-05-07T08:00:00Z"),
        ("accepted", "2024-05-09T08:00:00Z"),
    ];
    let (mut orders, mut appeals) = (season.table("orders").clone(), season.table("appeals").clone());
    let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
    for (number, (status, decided_at)) in (0..).zip(decided) {
        let (order, paid_at) = (
            format!("{}", 8_200_000_000_000_000_u64 + number),
            "2024-04-01T09:00:00Z",
        );
        orders.rows.push(row(&[
            &order, "S00001", paid_at, "60.00", "USD", "US", "toys", "paid", "",
        ]));
        let (appeal, filed_at) = (format!("B{number}"), "2024-04-20T09:00:00Z");
        appeals.rows.push(row(&[
            &appeal,
            &order,
            "B4",
            "carrier_delay",
            status,
            filed_at,
            decided_at,
            "pod.pdf",
        ]));
    }
    season.put("orders", orders);
    season.put("appeals", appeals);
    season
}

/// A day's files, learned at the end of the day.
async fn take_in(cloud: &OwnCloud, day: &Season, learned_at: Timestamp) {
    for (file, table) in day.files() {
        let kind = file.split('-').next().unwrap_or(file);
        let key = operator_key(kind, &format!("{learned_at}-{file}.csv"));
        cloud.upload(&key, table.csv(), Some(learned_at)).await;
    }
}

/// Both scans of a night, as far as the fuse lets them; which comes first changes from night to night. A scan that died
/// has told nobody what it did.
async fn run(cloud: &OwnCloud, as_of: Timestamp, night: i64, fuse: Option<&Fuse>) {
    if night % 2 == 0 {
        scan_stalls(cloud, as_of, fuse).await;
        scan_signoffs(cloud, as_of, fuse).await;
    } else {
        scan_signoffs(cloud, as_of, fuse).await;
        scan_stalls(cloud, as_of, fuse).await;
    }
}

async fn scan_stalls(cloud: &OwnCloud, as_of: Timestamp, fuse: Option<&Fuse>) {
    let scan = match fuse {
        Some(fuse) => StallScan {
            store: fuse.store(cloud),
            lake: fuse.lake(cloud),
            ..cloud.stall_scan()
        },
        None => cloud.stall_scan(),
    };
    for segment in 0..SEGMENTS {
        let request = stall_scan::Request {
            as_of,
            segment,
            segments: SEGMENTS,
            cursor: None,
        };
        let outcome = stall_scan::handle_all(&scan, request, TimeLeft::unlimited).await;
        if fuse.is_some_and(Fuse::has_blown) {
            return;
        }
        assert_eq!(outcome.expect("a segment").failed_count, 0);
    }
}

async fn scan_signoffs(cloud: &OwnCloud, as_of: Timestamp, fuse: Option<&Fuse>) {
    if fuse.is_some_and(Fuse::has_blown) {
        return;
    }
    let scan = match fuse {
        Some(fuse) => SignoffScan {
            store: fuse.store(cloud),
            ..cloud.signoff_scan()
        },
        None => cloud.signoff_scan(),
    };
    let request = signoff_scan::Request {
        as_of,
        shard: None,
        cursor: None,
    };
    let outcome = signoff_scan::handle_all(&scan, request, TimeLeft::unlimited).await;
    if !fuse.is_some_and(Fuse::has_blown) {
        assert_eq!(outcome.expect("a sign-off scan").failed_count, 0);
    }
}
