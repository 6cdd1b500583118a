//! Words, times and rows of templates as people and the platform write them.

use domain::appeal::{AppealStatus, AppealedClause};
use domain::message::message;
use intake::{CheckedRow, Fact, Kind, Remark};

use crate::{at, checked, codes, one, operator, with};

const ORDER: &[(&str, &str)] = &[
    ("order_id", "8100311000000003"),
    ("seller_id", "S1"),
    ("paid_at", "2024-05-01 00:00:00Z"),
    ("amount", "25.00"),
    ("currency", "USD"),
    ("destination_country", "ES"),
    ("status", ""),
];
const APPEAL: &[(&str, &str)] = &[
    ("appeal_id", "A1"),
    ("order_id", "8100311000000003"),
    ("clause", ""),
    ("reason", "x"),
    ("status", "pending"),
    ("filed_at", "2024-05-02T00:00:00Z"),
    ("decided_at", ""),
];

fn order(changes: &[(&str, &str)]) -> CheckedRow {
    one(Kind::Orders, &with(ORDER, changes), &operator())
}

fn appeal(changes: &[(&str, &str)]) -> CheckedRow {
    one(Kind::Appeals, &with(APPEAL, changes), &operator())
}

/// Cause and remedy of the first finding, in English.
fn said(row: &CheckedRow) -> String {
    let text = message(&row.findings[0]);
    format!("{} {}", text.message_en, text.fix_en)
}

#[test]
fn parts_of_the_day_and_weekdays_are_read() {
    for (cell, utc) in [
        ("2024-05-09 晚上8点", "2024-05-09T12:00:00Z"),
        ("2024年5月9日晚上8点30分", "2024-05-09T12:30:00Z"),
        ("2024年5月9日 晚8点半", "2024-05-09T12:30:00Z"),
        ("2024-05-09 傍晚6时15分", "2024-05-09T10:15:00Z"),
        ("2024-05-09 凌晨2点10分", "2024-05-08T18:10:00Z"),
        ("2024-05-09 凌晨12点", "2024-05-08T16:00:00Z"),
        ("2024-05-09 中午12点", "2024-05-09T04:00:00Z"),
        ("2024-05-09 中午1点", "2024-05-09T05:00:00Z"),
        ("2024-05-09 早上9:05", "2024-05-09T01:05:00Z"),
        ("2024-05-09 晚上 20:00:08", "2024-05-09T12:00:08Z"),
        ("2024-05-09 星期四 09:15", "2024-05-09T01:15:00Z"),
        ("2024年5月9日 周四 下午3点", "2024-05-09T07:00:00Z"),
        ("2024年5月9日星期四晚上8点", "2024-05-09T12:00:00Z"),
        ("2024/5/9（周四）09:15", "2024-05-09T01:15:00Z"),
        ("星期四 2024-05-09 09:15", "2024-05-09T01:15:00Z"),
        ("2024-05-09 09:15 星期四", "2024-05-09T01:15:00Z"),
        ("2024-05-09 09:15:00 週四", "2024-05-09T01:15:00Z"),
    ] {
        let cells = with(ORDER, &[("paid_at", cell), ("zone", "Beijing")]);
        let row = one(Kind::Orders, &cells, &operator());
        let Some(Fact::Order(fact)) = &row.fact else {
            panic!("{cell}: {:?}", row.findings)
        };
        assert_eq!(fact.paid_at, at(utc), "{cell}");
    }
    // Twelve of the night is of one day or of the next, and a weekday of another day is a slip of one of the two.
    for cell in [
        "2024-05-09 晚上12点",
        "2024-05-09 星期五 09:15",
        "2024-05-09 上午15点",
        "2024-05-09 傍晚2点",
        "2024-05-09 09:15 周一",
    ] {
        assert_eq!(codes(&order(&[("paid_at", cell)])), ["TIME_INVALID"], "{cell}");
    }
    let rate = one(
        Kind::Rates,
        &[
            ("date", "2024-05-09 星期四"),
            ("currency", "EUR"),
            ("usd_per_unit", "1.1"),
        ],
        &operator(),
    );
    assert!(rate.fact.is_some(), "{:?}", rate.findings);
}

#[test]
fn a_time_that_is_none_has_the_one_cause_that_applies() {
    for (cell, words) in [
        ("soon", "is not a date and time."),
        ("2024-05-28", "a day without a time of day"),
        ("13/05/2024 09:15", "Write it as 2024-05-13 09:15"),
        ("13/05/2024", "Write it as 2024-05-13, with its time of day"),
        (
            "05/06/2024 09:15",
            "2024-05-06 09:15 or 2024-06-05 09:15, the year first",
        ),
        (
            "2024-03-10 02:30",
            "falls into the hour that the clock change skips",
        ),
        (
            "1970-01-01 00:00:00",
            "lies before 2000-01-01, when the platform had no orders",
        ),
        ("1970-01-01", "lies before 2000-01-01"),
        ("1999-12-31 23:59:59Z", "lies before 2000-01-01"),
        ("0202-05-01 00:00:00Z", "lies before 2000-01-01"),
    ] {
        let row = order(&[("paid_at", cell)]);
        assert_eq!(codes(&row), ["TIME_INVALID"], "{cell}");
        assert!(said(&row).contains(words), "{cell}: {}", said(&row));
        assert!(
            cell == "soon" || !said(&row).contains("not a date and time"),
            "{}",
            said(&row)
        );
    }
    assert!(order(&[("paid_at", "2000-01-01 00:00:00Z")]).fact.is_some());
    let event = one(
        Kind::Events,
        &[
            ("carrier", "DHL"),
            ("tracking_number", "3318810025"),
            ("event_code", "picked_up"),
            ("occurred_at", "2024-05-01T00:00:00Z"),
            ("recorded_at", "2030-01-01T00:00:00Z"),
        ],
        &operator(),
    );
    assert_eq!(codes(&event), ["TIME_IN_FUTURE"]);
    assert!(
        said(&event).contains("ahead of the clock, so nothing was recorded then"),
        "{}",
        said(&event)
    );
}

#[test]
fn the_platforms_words_for_a_status_are_known() {
    for (word, refunded) in [
        ("全部退款", true),
        ("REFUND_SUCCESS", false),
        ("卖家部分发货", false),
        ("等待退款", false),
        ("等待您处理", false),
        ("SELLER_SEND_PART_GOODS", false),
        ("PAY_SUCCESS", false),
        ("已作废", false),
        ("待打包", false),
        ("等待成团", false),
        ("Order frozen", false),
        ("Awaiting confirmation of receipt", false),
        ("Refund processed", false),
    ] {
        let row = order(&[("status", word)]);
        let Some(Fact::Order(fact)) = &row.fact else {
            panic!("{word}: {:?}", row.findings)
        };
        assert_eq!(
            fact.status == domain::order::OrderStatus::Refunded,
            refunded,
            "{word}"
        );
    }
    let unpaid = order(&[("status", "等待买家付款"), ("paid_at", "-")]);
    assert_eq!((unpaid.remark, unpaid.findings.len()), (Some(Remark::Unpaid), 0));
    let refused = order(&[("status", "paid"), ("paid_at", "-")]);
    assert_eq!(codes(&refused), ["CELL_MISSING"]);
}

#[test]
fn appeals_and_send_types_are_read_as_they_are_written() {
    for (cell, clause) in [
        ("B4 签收超时", AppealedClause::B4),
        ("b3-断更", AppealedClause::B3),
        ("A6（单号上传失败）", AppealedClause::A6),
        ("签收超时", AppealedClause::B4),
        ("簽收超時", AppealedClause::B4),
    ] {
        let row = appeal(&[("clause", cell)]);
        let Some(Fact::Appeal(fact)) = &row.fact else {
            panic!("{cell}: {:?}", row.findings)
        };
        assert_eq!(fact.clause, clause, "{cell}");
    }
    assert_eq!(codes(&appeal(&[("clause", "B3/B4")])), ["TYPE_INVALID"]);
    for (cell, status) in [
        ("审核通过", AppealStatus::Accepted),
        ("审核不通过", AppealStatus::Rejected),
        ("申诉不成立", AppealStatus::Rejected),
        ("已提交", AppealStatus::Pending),
        ("申诉撤回", AppealStatus::Withdrawn),
    ] {
        let row = appeal(&[("status", cell), ("decided_at", "2024-05-03T00:00:00Z")]);
        let Some(Fact::Appeal(fact)) = &row.fact else {
            panic!("{cell}: {:?}", row.findings)
        };
        assert_eq!(fact.status, status, "{cell}");
    }
    let row = appeal(&[("status", "申訴成功"), ("decided_at", "2024-05-03T00:00:00Z")]);
    let Some(Fact::Appeal(fact)) = &row.fact else {
        panic!("{:?}", row.findings)
    };
    assert_eq!(fact.status, AppealStatus::Accepted);
    assert_eq!(codes(&appeal(&[("status", "accepted")])), ["CELL_MISSING"]);
    let early = appeal(&[("status", "rejected"), ("decided_at", "2024-05-01T00:00:00Z")]);
    assert_eq!(codes(&early), ["TIME_INVALID"]);
    assert!(
        said(&early).contains("before the filing of its appeal at 2024-05-02T00:00:00Z"),
        "{}",
        said(&early)
    );
    for (cell, send_type) in [
        ("补发", domain::SendType::Part),
        ("Partial shipment", domain::SendType::Part),
        ("Full shipment", domain::SendType::All),
    ] {
        let tracking = one(
            Kind::Tracking,
            &[
                ("order_id", "8100311000000003"),
                ("carrier", "DHL"),
                ("tracking_number", "3318810025"),
                ("send_type", cell),
            ],
            &operator(),
        );
        let Some(Fact::Tracking(fact)) = &tracking.fact else {
            panic!("{tracking:?}")
        };
        assert_eq!(
            (fact.send_type, tracking.findings.len()),
            (send_type, 0),
            "{cell}"
        );
    }
}

#[test]
fn hints_and_examples_of_a_template_are_skipped_and_real_rows_never() {
    let head = "订单号,承运商,运单号,上传时间,发货类型\n";
    let remarks = |row: &str| {
        let rows = checked(&format!("{head}{row}\n"), Kind::Tracking, &operator());
        (
            rows[0].remark,
            rows[0].fact.is_some() || !rows[0].findings.is_empty(),
        )
    };
    for row in [
        "必填,必填,必填,选填,选填",
        "（必填）,（必填）,（必填）,,",
        "如：8100311000000003,如：DHL,如：3318810025,格式 yyyy-MM-dd HH:mm:ss,all/part",
        "如：8100311000000003,DHL,3318810025,2024-05-01 12:00:00,全部发货",
        "例：8100311000000003,例：DHL,例：3318810025,,",
        "示例：8100311000000003,DHL,3318810025,,",
        "8100311000000003,如：DHL,必填,,",
        "e.g. 8100311000000003,e.g. DHL,e.g. 3318810025,yyyy-MM-dd,",
        "10-20位数字,必填,必填,,",
    ] {
        assert_eq!(remarks(row), (Some(Remark::Hint), false), "{row}");
    }
    for row in [
        "8100311000000003,DHL,3318810025,,",
        "8100311000000003,DHL,必填,,",
        "8100311000000003,如风达,3318810025,,",
        "必填,DHL,3318810025,,",
        "8100311000000003,DHL,3318810025,yyyy-MM-dd,选填",
        "x,DHL,3318810025,,",
        ",DHL,,,",
    ] {
        assert_eq!(remarks(row), (None, true), "{row}");
    }
}
