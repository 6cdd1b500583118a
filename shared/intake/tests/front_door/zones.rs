//! In which zone a time without one is read, what is said of it, and when a file is doubtful.

use domain::code::FileCode;
use domain::time::StatedZone;
use domain::{PolicyBook, SellerId, Timestamp};
use intake::{Assumed, AssumedTimes, CheckedRow, Context, Fact, FileError, FileZone, Kind, Limits, Trust};
use proptest::prelude::*;

use crate::{at, checked, codes, operator, rows_of, seller, zone};

const ROW: &str = "8000011000000005,S1,2024-05-28 10:00,80.10,USD,ES";

/// When the order of a file was paid: `header` stands over the time, `zone` is the row's own cell.
fn paid_at(header: &str, zone_cell: &str, context: &Context) -> Timestamp {
    let file = format!(
        "order_id,seller_id,\"{header}\",amount,currency,destination_country,zone\n{ROW},{zone_cell}\n"
    );
    match checked(&file, Kind::Orders, context).remove(0).fact {
        Some(Fact::Order(fact)) => fact.paid_at,
        other => panic!("{header} {zone_cell}: {other:?}"),
    }
}

fn context(zone: FileZone) -> Context {
    Context { zone, ..operator() }
}

fn book(zones: &str) -> PolicyBook {
    PolicyBook::parse(zones).expect("a sound policy")
}

#[test]
fn the_zone_comes_from_the_row_the_header_the_upload_the_setting_the_source_and_the_default_in_this_order() {
    // Each step names a zone of its own: the hour of UTC at 10:00 on its clock tells which one was taken.
    let policy = book(
        "[zones]\ndefault = \"UTC+1\"\nkinds = { orders = \"UTC+2\", events = \"UTC+7\" }\noperator = { orders = \"UTC+3\" }\n\
         [zones.sellers.S1]\norders = \"UTC+4\"\n",
    );
    let stated = StatedZone::parse("UTC+5");
    let s1 = SellerId::parse("S1");
    let file = |sender: Option<&SellerId>, stated| FileZone::of(&policy, Kind::Orders, sender, stated);
    let ten_at = |offset: i64| at("2024-05-28T10:00:00Z").unix() - offset * 3_600;
    let other = SellerId::parse("S2");
    for (header, cell, zone, offset) in [
        ("paid_at (UTC+6)", "UTC+7", file(None, stated), 7),
        ("paid_at (UTC+6)", "", file(None, stated), 6),
        ("paid_at", "", file(None, stated), 5),
        ("paid_at", "", file(s1.as_ref(), None), 4),
        ("paid_at", "", file(None, None), 3),
        // The platform's own export, of a sender with whom nothing was agreed.
        ("gmt_pay_success", "", file(other.as_ref(), None), -7),
        ("paid_at", "", file(other.as_ref(), None), 2),
    ] {
        let read = paid_at(header, cell, &context(zone));
        assert_eq!(read.unix(), ten_at(offset), "{header} {cell} {read}");
    }
    let default = FileZone::of(&policy, Kind::Tracking, other.as_ref(), None);
    assert_eq!(paid_at("paid_at", "", &context(default)).unix(), ten_at(1));
    assert_eq!(
        paid_at("paid_at", "", &operator()),
        at("2024-05-28T17:00:00Z"),
        "as shipped: Pacific"
    );
}

#[test]
fn a_zone_in_the_cell_comes_before_all() {
    let file = "order_id,seller_id,paid_at (UTC+6),amount,currency,destination_country,zone\n\
                8000011000000005,S1,2024-05-28 10:00 PST,80.10,USD,ES,UTC+7\n";
    let zone = zone(Kind::Orders, None, StatedZone::parse("UTC+5"));
    let row = checked(file, Kind::Orders, &context(zone)).remove(0);
    let Some(Fact::Order(fact)) = row.fact else {
        panic!("{:?}", row.findings)
    };
    assert_eq!(fact.paid_at, at("2024-05-28T17:00:00Z"));
}

#[test]
fn a_zone_cell_that_names_none_is_the_rows_error() {
    let row = |cell: &str, time: &str| {
        let file = format!(
            "order_id,seller_id,paid_at,amount,currency,destination_country,时区\n\
             8000011000000005,S1,{time},80.10,USD,ES,{cell}\n"
        );
        checked(&file, Kind::Orders, &operator()).remove(0)
    };
    let refused = row("Pekin", "2024-05-28 10:00");
    assert_eq!(
        (codes(&refused), refused.findings[0].column.as_str()),
        (vec!["TYPE_INVALID"], "zone")
    );
    assert!(
        row("Pekin", "2024-05-28T10:00:00Z").fact.is_some(),
        "nobody asks it"
    );
}

#[test]
fn local_times_are_those_of_the_place_and_of_several_zones_the_reading_that_favours_the_seller_counts() {
    let event = |country: &str| {
        let file = format!(
            "carrier,tracking_number,event_code,发生时间（当地时间）,country\n\
             Yanwen,UG123456785YP,picked_up,2024-05-28 10:00,{country}\n"
        );
        let row = checked(&file, Kind::Events, &operator()).remove(0);
        let found = codes(&row);
        match row.fact {
            Some(Fact::Event(fact)) => (fact.occurred_at, found, row.assumed),
            _ => panic!("{:?}", row.findings),
        }
    };
    let none = AssumedTimes::default();
    assert_eq!(event("DE"), (at("2024-05-28T08:00:00Z"), vec![], none));
    // Moscow is no event's only zone in Russia: Kamchatka is the first to see the hour.
    assert_eq!(
        event("RU"),
        (at("2024-05-27T22:00:00Z"), vec!["TIME_AMBIGUOUS"], none)
    );
    let (occurred_at, found, assumed) = event("");
    assert_eq!((occurred_at, found), (at("2024-05-28T17:00:00Z"), vec![]));
    assert_ne!(assumed, none, "without a place the default is assumed");
}

/// What is said of the zone of a file's times.
fn settled(file: &str, kind: Kind, context: &Context) -> Result<Option<Assumed>, FileError> {
    let upload =
        intake::open(std::io::Cursor::new(file), kind, Limits::default()).expect("a readable header");
    let columns = upload.columns().clone();
    let mut times = AssumedTimes::default();
    for row in upload {
        let row = row.expect("a readable row");
        times.add(&intake::assumed_times(&row, &columns, context));
    }
    times.settled(&context.zone, &columns)
}

fn orders(times: &[&str]) -> String {
    let mut file = "order_id,seller_id,paid_at,amount,currency,destination_country\n".to_owned();
    for (index, time) in times.iter().enumerate() {
        file += &format!("80000110000{index:05},S1,{time},80.10,USD,ES\n");
    }
    file
}

#[test]
fn what_was_assumed_is_said_with_an_example_in_beijing_time() {
    let file = orders(&["2024-05-01T00:00:00Z", "2024-05-28 10:00", "2024-05-28 11:00"]);
    let expected = Assumed {
        zone: StatedZone::Named(chrono_tz::America::Los_Angeles),
        count: 2,
        example: ["2024-05-28 10:00", "2024-05-29 01:00"].map(str::to_owned),
    };
    assert_eq!(settled(&file, Kind::Orders, &operator()), Ok(Some(expected)));
    let stated = context(zone(Kind::Orders, None, Some(StatedZone::BEIJING)));
    assert_eq!(settled(&file, Kind::Orders, &stated), Ok(None));
    let instants = orders(&["2024-05-01T00:00:00Z"]);
    assert_eq!(settled(&instants, Kind::Orders, &operator()), Ok(None));
}

#[test]
fn a_file_is_doubtful_when_more_than_a_fifth_of_its_times_would_lie_ahead_and_in_beijing_none() {
    // The upload is recorded at 17:00 Pacific on 31 May, 08:00 on 1 June in Beijing.
    let beijing = "2024-06-01 07:59";
    let past = "2024-05-31 10:00";
    let is_doubtful = |times: &[&str]| match settled(&orders(times), Kind::Orders, &operator()) {
        Ok(assumed) => assumed.is_none(),
        Err(refused) => {
            assert_eq!(refused.code, FileCode::ZoneDoubtful);
            assert!(
                refused
                    .detail
                    .contains("2024-06-01 07:59, in Beijing 2024-06-01 22:59"),
                "{}",
                refused.detail
            );
            true
        }
    };
    assert!(is_doubtful(&[beijing]));
    assert!(is_doubtful(&[beijing, past, past, past]), "a fourth");
    assert!(
        !is_doubtful(&[beijing, past, past, past, past]),
        "a fifth is no more than a fifth"
    );
    // What is not near tells nothing, be it long past or a slip.
    assert!(is_doubtful(&[beijing, "2024-05-01 10:00", "2027-06-01 10:00"]));
    // 15 h ahead in summer is as far as Beijing's present is; a second more is ahead in Beijing too.
    assert!(
        !is_doubtful(&[beijing, "2024-06-01 08:00:01"]),
        "one would lie ahead in Beijing as well"
    );
    assert!(!is_doubtful(&["2024-05-31 17:00:00"]), "at the recording");
    assert!(!is_doubtful(&["2024-06-01 09:00:01"]), "more than 16 h ahead");
    assert!(!is_doubtful(&[past]));
    let stated = context(zone(Kind::Orders, None, StatedZone::parse("PST")));
    assert_eq!(
        settled(&orders(&[beijing]), Kind::Orders, &stated),
        Ok(None),
        "stated"
    );
}

#[test]
fn a_sellers_ignored_times_and_deadlines_make_no_file_doubtful() {
    let tracking =
        "order_id,carrier,tracking_number,uploaded_at\n8000011000000005,DHL,3318810051,2024-06-01 07:59\n";
    assert!(settled(tracking, Kind::Tracking, &operator()).is_err());
    assert_eq!(settled(tracking, Kind::Tracking, &seller("S1")), Ok(None));
    let deadline = "order_id,seller_id,paid_at,amount,currency,destination_country,send_deadline\n\
                    8000011000000005,S1,2024-05-28T00:00:00Z,80.10,USD,ES,2024-06-01 07:59\n";
    assert_eq!(settled(deadline, Kind::Orders, &operator()), Ok(None));
}

#[test]
fn no_stated_time_lies_more_than_14_hours_after_its_recording() {
    // Recorded at 2024-06-01T00:00:00Z.
    let (last, beyond) = ("2024-06-01T14:00:00Z", "2024-06-01T14:00:01Z");
    let order = "order_id,seller_id,paid_at,amount,currency,destination_country,status,status_at\n8000011000000005,S1,";
    let appeal = "appeal_id,order_id,reason,status,filed_at,decided_at\nA1,8000011000000005,x,rejected,";
    let tracking = "order_id,carrier,tracking_number,uploaded_at\n8000011000000005,DHL,3318810051,";
    let statement = "statement_id,line_no,amount,currency,charged_at\nB1,1,1.20,USD,";
    let past = "2024-05-30T00:00:00Z";
    for (kind, column, row) in [
        (Kind::Orders, "paid_at", format!("{order}@,80.10,USD,ES,,")),
        (
            Kind::Orders,
            "status_at",
            format!("{order}{past},80.10,USD,ES,cancelled,@"),
        ),
        (Kind::Appeals, "filed_at", format!("{appeal}@,")),
        (Kind::Appeals, "decided_at", format!("{appeal}{past},@")),
        (Kind::Tracking, "uploaded_at", format!("{tracking}@")),
        (Kind::Statement, "charged_at", format!("{statement}@")),
    ] {
        let read = |time: &str| checked(&row.replace('@', time), kind, &operator()).remove(0);
        assert!(read(last).fact.is_some(), "{column}: {:?}", read(last).findings);
        let refused = read(beyond);
        assert_eq!(codes(&refused), ["TIME_IN_FUTURE"], "{column}");
        assert_eq!(refused.findings[0].column, column);
        assert_eq!(refused.findings[0].detail, "14 h 00 m 01 s > 14 h 00 m");
        assert!(refused.fact.is_none(), "{column}");
    }
}

#[test]
fn nothing_was_recorded_later_than_now() {
    let event = |recorded_at: &str| {
        let file = format!(
            "carrier,tracking_number,event_code,occurred_at,recorded_at\n\
             Yanwen,UG123456785YP,picked_up,2024-05-28T10:00:00Z,{recorded_at}\n"
        );
        checked(&file, Kind::Events, &operator()).remove(0)
    };
    assert!(
        event("2024-06-01T00:05:00Z").fact.is_some(),
        "clocks differ by 5 minutes"
    );
    let refused = event("2024-06-01T00:05:01Z");
    assert_eq!(
        (codes(&refused), refused.findings[0].column.as_str()),
        (vec!["TIME_IN_FUTURE"], "recorded_at")
    );
}

fn cell() -> impl Strategy<Value = String> {
    let time =
        "2024-0[1-6]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]( PST|Z|\\+08:00)?|soon|2024-05-28|05/06/2024 10:00";
    prop_oneof![Just(String::new()), time]
}

fn columns_of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Orders => &["paid_at", "send_deadline", "status_at"],
        Kind::Tracking => &["uploaded_at", "paid_at"],
        Kind::Events => &["occurred_at", "recorded_at"],
        Kind::Appeals => &["episode_start", "filed_at", "decided_at"],
        Kind::Statement => &["charged_at"],
        Kind::Rates | Kind::Sellers => &[],
    }
}

/// What every row of a kind has beside its times.
fn beside(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Orders => (
            "order_id,seller_id,amount,currency,destination_country",
            "8000011000000005,S1,80.10,USD,ES",
        ),
        Kind::Tracking => (
            "order_id,carrier,tracking_number",
            "8000011000000005,@,3318810051",
        ),
        Kind::Events => (
            "carrier,tracking_number,event_code,country",
            "DHL,3318810051,signed,DE",
        ),
        Kind::Appeals => (
            "appeal_id,order_id,reason,status",
            "A1,8000011000000005,x,pending",
        ),
        Kind::Statement => ("statement_id,line_no,amount,currency", "B1,1,1.20,USD"),
        Kind::Rates | Kind::Sellers => ("", ""),
    }
}

fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(vec![
        Kind::Orders,
        Kind::Tracking,
        Kind::Events,
        Kind::Appeals,
        Kind::Statement,
    ])
}

proptest! {
    /// Whatever is stated and whatever is not, the first in the rulebook's order that speaks is heard, and it is an assumption
    /// exactly where only the source or the default did.
    #[test]
    fn the_first_that_speaks_is_heard(speaks in prop::collection::vec(any::<bool>(), 6), is_sellers in any::<bool>()) {
        let [in_cell, in_column, in_header, with_upload, in_setting, by_source] = speaks[..] else {
            unreachable!("six of them")
        };
        let mut zones = "[zones]\ndefault = \"UTC+7\"\n".to_owned();
        if in_setting {
            zones += if is_sellers { "sellers = { S1 = { orders = \"UTC+5\" } }\n" } else { "operator = { orders = \"UTC+5\" }\n" };
        }
        let s1 = SellerId::parse("S1").filter(|_| is_sellers);
        let stated = StatedZone::parse("UTC+4").filter(|_| with_upload);
        let zone = FileZone::of(&book(&zones), Kind::Orders, s1.as_ref(), stated);
        let trust = s1.map_or(Trust::Operator, Trust::Seller);
        let context = Context { zone, trust, ..operator() };
        let name = if by_source { "gmt_pay_success" } else { "paid_at" };
        let note = if in_header { " (UTC+3)" } else { "" };
        let (own, column) = (if in_cell { "+01:00" } else { "" }, if in_column { "UTC+2" } else { "" });
        let file = format!(
            "order_id,seller_id,{name}{note},amount,currency,destination_country,zone\n\
             8000011000000005,S1,2024-05-28 10:00{own},80.10,USD,ES,{column}\n"
        );
        let CheckedRow { fact, assumed, findings, .. } = checked(&file, Kind::Orders, &context).remove(0);
        let Some(Fact::Order(fact)) = fact else { panic!("{findings:?}") };
        let heard = speaks.iter().position(|speaks| *speaks).unwrap_or(6);
        // Each step names the zone of its own place in the order; the source's is Pacific.
        let offset = if heard == 5 { -7 } else { heard as i64 + 1 };
        prop_assert_eq!(fact.paid_at.unix(), at("2024-05-28T10:00:00Z").unix() - offset * 3_600, "{}", file);
        prop_assert_eq!(assumed != AssumedTimes::default(), heard >= 5);
    }

    /// What is looked at of a row before the file is applied is what is read of it when it is: whatever the sender, the header
    /// and the row say, and whether the row is refused or not.
    #[test]
    fn a_row_is_looked_at_as_it_is_read(
        kind in kind(),
        times in prop::collection::vec(cell(), 3),
        zone_cell in "|UTC\\+3|Pekin",
        note in "| \\(UTC\\+2\\)| \\(local time\\)",
        carrier in "DHL|AliExpress Standard Shipping|nobody",
        is_seller in any::<bool>(),
    ) {
        let (mut header, row) = beside(kind);
        let mut row = row.replace('@', &carrier);
        let mut headers = header.to_owned();
        for (column, time) in columns_of(kind).iter().zip(&times) {
            headers += &format!(",{column}{note}");
            row += &format!(",{time}");
        }
        headers += ",zone";
        header = &headers;
        let file = format!("{header}\n{row},{zone_cell}\n");
        let trust = if is_seller {
            Trust::Seller(SellerId::parse("S1").expect("a seller's id"))
        } else {
            Trust::Operator
        };
        let context = Context { trust, ..operator() };
        let upload = intake::open(std::io::Cursor::new(file.as_str()), kind, Limits::default()).expect("a readable header");
        let columns = upload.columns().clone();
        let raw = rows_of(file.as_bytes(), kind, Limits::default()).expect("a row").remove(0);
        let CheckedRow { assumed, .. } = intake::check(&raw, &columns, &context);
        prop_assert_eq!(assumed, intake::assumed_times(&raw, &columns, &context), "{}", file);
    }
}
